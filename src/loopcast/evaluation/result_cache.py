"""Finished results of a backtest, kept in a folder for a run that goes on after an interruption."""

import hashlib
import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np

from loopcast.columns import Bands
from loopcast.data.calendar import to_ticks
from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction
from loopcast.errors import OptionError
from loopcast.evaluation.fold_result import FoldResult
from loopcast.models.forecaster import Forecaster
from loopcast.public import public
from loopcast.storage.atomic import write_whole

FACTS = ("fit_seconds", "predict_seconds", "parameters", "description")


class ResultCache(Protocol):
    """Where finished results are looked up."""

    def get(self, key: str, like: Prediction) -> FoldResult | None:
        """The result kept under `key`, its prediction as `like` but for the numbers; None where there is none."""

    def put(self, key: str, result: FoldResult) -> None:
        """Keep a result."""


class NullCache:
    """Nothing is kept."""

    def get(self, key: str, like: Prediction) -> None:
        return None

    def put(self, key: str, result: FoldResult) -> None:
        pass


class FolderCache:
    """A file for each result, named after everything that it depends on; a failure is not kept, but tried again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str, like: Prediction) -> FoldResult | None:
        path = self.folder / f"{key}.npz"
        if not path.exists():
            return None
        with np.load(path, allow_pickle=False) as stored:
            facts = json.loads(str(stored["facts"]))
            quantiles = stored["quantiles"] if like.quantiles is not None else None
            prediction = replace(like, values=stored["values"], quantiles=quantiles)
        return FoldResult(prediction=prediction, **facts)

    def put(self, key: str, result: FoldResult) -> None:
        if result.failure is not None:
            return
        prediction, buffer = result.prediction, io.BytesIO()
        arrays = {"values": prediction.values}
        if prediction.quantiles is not None:
            arrays["quantiles"] = prediction.quantiles
        facts = {name: getattr(result, name) for name in FACTS}
        np.savez(buffer, facts=np.array(json.dumps(facts)), **arrays)  # type: ignore[arg-type]
        write_whole(self.folder / f"{key}.npz", buffer.getvalue())


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
    if columns.calendar or columns.holidays:
        digest.update(repr((columns.calendar, columns.holidays, str(panel.schema.freq), panel.schema.zone)).encode())
        digest.update(to_ticks(panel.starts).tobytes())
    if len(columns.targets) > 1:
        digest.update(repr(columns.targets).encode())
    if covariates is not None:
        digest.update(repr((columns.past, columns.future, columns.static)).encode())
        for known in (covariates.past, covariates.future, covariates.offsets):
            digest.update(known.tobytes())
        digest.update(covariates.static.write_json().encode())
    return digest
