"""Finished results of a backtest, kept in a folder for a run that goes on after an interruption."""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from loopcast.columns import Bands
from loopcast.data.calendar import to_ticks
from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction
from loopcast.errors import DataError, ModelFileError, OptionError
from loopcast.evaluation.fold_result import FoldResult
from loopcast.models.forecaster import Forecaster
from loopcast.public import public
from loopcast.storage import tensors
from loopcast.storage.atomic import write_whole
from loopcast.storage.canonical_zip import chunks, locate, pack
from loopcast.storage.codec import Encoded, decode, encode
from loopcast.storage.strict_json import strict_json

FACTS, ARRAYS = "facts.json", "arrays.safetensors"


class Facts(NamedTuple):
    """What a result says besides its prediction."""

    fit_seconds: float
    predict_seconds: float
    parameters: int
    description: str


class ResultCache(Protocol):
    """Where finished results are looked up."""

    def get(self, key: str, like: Prediction) -> FoldResult | None:
        """The result kept under `key`, its prediction as `like` but for the numbers; None where there is none.

        DataError for one that is damaged.
        """

    def put(self, key: str, result: FoldResult) -> None:
        """Keep a result."""


class NullCache:
    """Nothing is kept."""

    def get(self, key: str, like: Prediction) -> None:
        return None

    def put(self, key: str, result: FoldResult) -> None:
        pass


class FolderCache:
    """A file for each result, named after everything that it depends on; a failure is not kept, but tried again.

    It is an archive of facts and arrays as a model file is, of which damage in any byte shows.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str, like: Prediction) -> FoldResult | None:
        path = self._path(key)
        if not path.is_file():
            return None
        try:
            facts, arrays = read_result(path)
            require_shapes(arrays, arrays_of(like))
        except ModelFileError as error:
            raise DataError(f"{path} is damaged: remove it, and that part of the backtest is run again") from error
        return result_of(facts, arrays, like)

    def put(self, key: str, result: FoldResult) -> None:
        if result.failure is not None:
            return
        content = {
            FACTS: json.dumps(encode(facts_of(result)).facts).encode(),
            ARRAYS: tensors.write(arrays_of(result.prediction)),
        }
        write_whole(self._path(key), pack(content))

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.result"


def facts_of(result: FoldResult) -> Facts:
    """What a result says besides its prediction."""
    return Facts(*(getattr(result, name) for name in Facts._fields))


def result_of(facts: Facts, arrays: dict[str, np.ndarray], like: Prediction) -> FoldResult:
    """A result of its facts and the numbers of its prediction, which is as `like` but for these."""
    prediction = replace(like, values=arrays["values"], quantiles=arrays.get("quantiles"))
    return FoldResult(prediction=prediction, **facts._asdict())


def arrays_of(prediction: Prediction) -> dict[str, np.ndarray]:
    """The numbers of a prediction, by name."""
    arrays = {"values": prediction.values, "quantiles": prediction.quantiles}
    return {name: array for name, array in arrays.items() if array is not None}


def require_shapes(arrays: dict[str, np.ndarray], like: dict[str, np.ndarray]) -> None:
    """ModelFileError for other arrays than these, or of other shapes."""
    got, wanted = ({name: array.shape for name, array in each.items()} for each in (arrays, like))
    if got != wanted:
        raise ModelFileError(f"arrays of the shapes {wanted} were expected, got {str(got)[:200]}")


def read_result(path: Path) -> tuple[Facts, dict[str, np.ndarray]]:
    """The facts and arrays of a kept result; ModelFileError for a file that is not as it was written."""
    with path.open("rb") as file:
        members = locate(file, path.stat().st_size, (FACTS, ARRAYS))
        for member in members.values():
            for _ in chunks(file, member):  # compares the checksum
                pass
        file.seek(members[FACTS].start)
        facts: Facts = decode(Facts, Encoded(strict_json(file, members[FACTS].size), {}))
        header, start = tensors.read_header(file, members[ARRAYS].start, members[ARRAYS].size)
        return facts, tensors.read_arrays(file, header, start)


def open_cache(folder: str | os.PathLike[str] | None) -> ResultCache:
    """The parts kept in a folder, which is made where it is missing; None keeps nothing."""
    if folder is None:
        return NullCache()
    path = Path(folder)
    if path.exists() and not path.is_dir():
        raise OptionError(f"cache_dir is a folder, and {path} is a file")
    path.mkdir(exist_ok=True)
    return FolderCache(path)


def cache_key(forecaster: Forecaster, panel: Panel, horizon: int, cutoffs: tuple[int, ...], bands: Bands) -> str:
    """A name for all that a part depends on: the version, the model, the data, the cutoffs and the intervals."""
    options = forecaster.stored_options()
    kind = f"{type(forecaster).__module__}.{type(forecaster).__qualname__}"
    asked = repr((public("__version__"), kind, sorted(options.items()), panel.season, horizon, cutoffs, bands))
    return digest_of(asked, panel).hexdigest()[:32]


def digest_of(asked: str, panel: Panel) -> "hashlib._Hash":
    """A digest of what was asked, and of all in a panel that a forecast may depend on: values, calendar, covariates."""
    digest = hashlib.sha256(asked.encode())
    digest.update(panel.values.tobytes())
    digest.update(panel.offsets.tobytes())
    columns, covariates = panel.schema.columns, panel.covariates
    if columns.calendar or columns.countries:
        holidays = columns.countries, columns.holiday_window
        calendar = columns.calendar, holidays, str(panel.schema.freq.alias), panel.schema.zone
        digest.update(repr(calendar).encode())
        digest.update(to_ticks(panel.starts).tobytes())
    if len(columns.targets) > 1:
        digest.update(repr(columns.targets).encode())
    if covariates is not None:
        digest.update(repr((columns.past, columns.future, columns.static)).encode())
        for known in (covariates.past, covariates.future, covariates.offsets):
            digest.update(known.tobytes())
        digest.update(covariates.static.write_json().encode())
    return digest
