"""Finished parts of a backtest, kept in a folder for a run that goes on after an interruption."""

import hashlib
import io
import json
import os
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from loopcast import __version__
from loopcast.data.calendar import to_ticks
from loopcast.data.panel import Panel
from loopcast.errors import OptionError
from loopcast.models.base import Forecaster
from loopcast.storage.atomic import write_whole

if TYPE_CHECKING:
    from loopcast.evaluation.folds import FoldResult

COLUMN = "column "  # before the name of each column in a file


class Finished(Protocol):
    """Where finished parts are looked up."""

    def get(self, key: str) -> "FoldResult | None": ...

    def put(self, key: str, part: "FoldResult") -> None: ...


class NullCache:
    """Nothing is kept."""

    def get(self, key: str) -> None:
        return None

    def put(self, key: str, part: "FoldResult") -> None:
        pass


class FolderCache:
    """A file for each part, named after everything that it depends on; a failure is not kept, but tried again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> "FoldResult | None":
        from loopcast.evaluation.folds import FoldResult

        path = self.folder / f"{key}.npz"
        if not path.exists():
            return None
        with np.load(path, allow_pickle=False) as stored:
            facts = json.loads(str(stored["facts"]))
            columns = {name.removeprefix(COLUMN): stored[name] for name in stored.files if name.startswith(COLUMN)}
        return FoldResult(columns=columns, **facts)

    def put(self, key: str, part: "FoldResult") -> None:
        if part.failure is not None:
            return
        facts = {each.name: getattr(part, each.name) for each in fields(part) if each.name != "columns"}
        buffer = io.BytesIO()
        arrays = {COLUMN + name: values for name, values in part.columns.items()}
        np.savez(buffer, facts=np.array(json.dumps(facts)), **arrays)  # type: ignore[arg-type]
        write_whole(self.folder / f"{key}.npz", buffer.getvalue())


def open_cache(folder: str | os.PathLike[str] | None) -> Finished:
    """The parts kept in a folder, which is made where it is missing; None keeps nothing."""
    if folder is None:
        return NullCache()
    path = Path(folder)
    if path.exists() and not path.is_dir():
        raise OptionError(f"keep is a folder, and {path} is a file")
    path.mkdir(exist_ok=True)
    return FolderCache(path)


def cache_key(
    forecaster: Forecaster[Any], panel: Panel, horizon: int, cutoffs: tuple[int, ...], level: tuple[float, ...]
) -> str:
    """A name for all that a part depends on: the version, the model, the data, the cutoffs and the levels."""
    options = {name: value for name, value in forecaster.options().items() if name not in forecaster.runtime}
    kind = f"{type(forecaster).__module__}.{type(forecaster).__qualname__}"
    said = repr((__version__, kind, sorted(options.items()), panel.season, horizon, cutoffs, level))
    return digest_of(said, panel).hexdigest()[:32]


def digest_of(said: str, panel: Panel) -> "hashlib._Hash":
    """A digest of what was asked, and of all in a panel that a forecast may depend on: values, calendar, covariates."""
    digest = hashlib.sha256(said.encode())
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
