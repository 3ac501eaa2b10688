"""An imputer out of its file."""

import os

from loopcast.errors import OptionError
from loopcast.models.imputer.imputer import Imputer
from loopcast.storage import model_file


def load_imputer(path: str | os.PathLike[str]) -> Imputer:
    """The imputer that `save` wrote to `path`; `impute(data)` with it gives the same numbers, bit for bit.

    Errors are those of `load`, with OptionError for a forecaster's file.
    """
    found = model_file.load(path)
    if not isinstance(found, Imputer):
        raise OptionError(f"{os.fspath(path)} forecasts, and does not fill gaps: load, or loopcast predict")
    return found
