"""A forecaster or an imputer out of its file, each by a function that says which."""

import os

from loopcast.errors import OptionError
from loopcast.models.forecaster import Forecaster
from loopcast.storage import model_file


def load(path: str | os.PathLike[str]) -> Forecaster:
    """The forecaster that `save` wrote to `path`; `predict(data=...)` with it gives the same numbers, bit for bit.

    ModelFileError for a file that is damaged in any byte, foreign, or not there, or of another version; OptionError for
    an imputer's. OSError when it cannot be read. The file may come from anyone: it can hold numbers only, and no more
    of them than its own size.
    """
    found = model_file.load(path)
    if not isinstance(found, Forecaster):
        raise OptionError(
            f"{os.fspath(path)} fills gaps, and does not forecast: load_imputer, or loopcast impute --model"
        )
    return found
