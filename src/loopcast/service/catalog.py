"""The models of a server: which there are, where their files lie, and what is in these."""

import re
import sqlite3
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any

from loopcast.errors import OptionError, quote
from loopcast.models.forecaster import Forecaster
from loopcast.models.load import load
from loopcast.service.blobs import place
from loopcast.storage import model_file
from loopcast.storage.registry import kind_of

BASE, BLOBS = "service.sqlite", "blobs"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
NAMED = "a model's name is small letters, digits, dots, - and _, 64 at most, got "


def parse(name: str) -> tuple[str, int | None]:
    """NAME, or NAME@VERSION; OptionError for what is neither.

    >>> parse("sales@3"), parse("sales")
    (('sales', 3), ('sales', None))
    """
    base, at, version = name.partition("@")
    if not NAME.fullmatch(base) or (at and not re.fullmatch(r"[1-9]\d{0,8}", version)):
        raise OptionError(f"{NAMED}{quote(name)}; name@3 is its third version")
    return base, int(version) if at else None


def file_of(root: Path, name: str) -> Path:
    """The file of a model, of its newest version where none is named; OptionError where there is none."""
    base, version = parse(name)
    query = "SELECT blob FROM models WHERE name = ? AND (version = ? OR ? IS NULL) ORDER BY version DESC LIMIT 1"
    with closing(sqlite3.connect(f"file:{root / BASE}?mode=ro", uri=True)) as base_file:
        row = base_file.execute(query, (base, version, version)).fetchone()
    if row is None:
        raise OptionError(f"this server has no model {quote(name)}: GET /v1/models says which it has")
    return place(root / BLOBS, row[0])


@lru_cache(maxsize=8)
def loaded(path: Path) -> Forecaster:
    """The forecaster in a file of a name that says its content; it is the same for all who ask."""
    return load(path)


def inspected(content: bytes) -> dict[str, Any]:
    """What is in a model file; ModelFileError for one that is damaged, OptionError for no forecaster's."""
    estimator = model_file.from_bytes(content)
    if not isinstance(estimator, Forecaster):
        raise OptionError("the file holds an imputer, and a model of this server forecasts")
    model = estimator.model
    created = None if model.provenance is None else model.provenance.fitted_at
    return {
        "kind": kind_of(estimator),
        "description": estimator.describe(),
        "targets": list(model.schema.columns.targets),
        "frequency": str(model.schema.freq.alias),
        "fitted": created,
        "tags": dict(model.tags),
    }
