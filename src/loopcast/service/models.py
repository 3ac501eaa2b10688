"""The models that are put on a server: versions that never change."""

import json
import sqlite3
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from loopcast.service import blobs, catalog
from loopcast.service.options import UNTUNED
from loopcast.service.problems import Problem
from loopcast.service.store import Row, Store

SHIPPED: dict[str, Any] = {
    "name": UNTUNED,
    "version": 1,
    "kind": "Pretrained",
    "description": "The pretrained network, as it is shipped: it forecasts any series at once.",
}


class Models:
    """What is put, asked for and removed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, name: str, version: int, blob: str, facts: dict[str, Any]) -> bool:
        """Keep a version of a model; whether it is new. Problem 409 where that version is another file."""
        check_name(name)
        size = blobs.place(self._store.blobs, blob).stat().st_size
        row = {"name": name, "version": version, "blob": blob, "size": size, "created": time.time()}
        try:
            self._store.insert("models", {**row, "facts": json.dumps(facts)})
        except sqlite3.IntegrityError:
            if self._row(name, version)["blob"] != blob:
                raise Problem(409, "this version is another file: versions never change, so take the next") from None
            return False
        return True

    def facts(self, name: str, version: int) -> dict[str, Any]:
        """What is known of a version; Problem 404 where there is none."""
        if name == UNTUNED:
            return SHIPPED
        return shown(self._row(name, version))

    def file(self, name: str, version: int) -> Path:
        """The place of the file of a version."""
        return blobs.place(self._store.blobs, self._row(name, version)["blob"])

    def versions(self, name: str) -> list[int]:
        """Ascending; Problem 404 where there is no such model."""
        if name == UNTUNED:
            return [1]
        found = self._store.rows("SELECT version FROM models WHERE name = ? ORDER BY version", (name,))
        if not found:
            raise Problem(404, "there is no model of this name: GET /v1/models says which there are")
        return [row["version"] for row in found]

    def all(self) -> list[dict[str, Any]]:
        """All versions of all models, the shipped one first."""
        return [SHIPPED, *(shown(row) for row in self._store.rows("SELECT * FROM models ORDER BY name, version"))]

    def remove(self, name: str, version: int) -> None:
        """Keep a version no longer; streams and jobs that it made have their own copies."""
        self._row(name, version)
        self._store.change("DELETE FROM models WHERE name = ? AND version = ?", (name, version))

    def fitted(self) -> Iterator[tuple[str, float]]:
        """When the newest version of each model was fitted."""
        query = "SELECT name, facts, max(version) FROM models GROUP BY name"
        return ((row["name"], when(row["facts"])) for row in self._store.rows(query))

    def _row(self, name: str, version: int) -> Row:
        row = self._store.row("SELECT * FROM models WHERE name = ? AND version = ?", (name, version))
        if row is None:
            raise Problem(404, "there is no such version of a model: GET /v1/models says which there are")
        return row


def check_name(name: str) -> None:
    """Problem 400 for a name that a model cannot have."""
    if not catalog.NAME.fullmatch(name) or name == UNTUNED:
        raise Problem(400, f"{catalog.NAMED}{name[:80]!r}; {UNTUNED} is the shipped one's")


def when(facts: str) -> float:
    """The time at which a model was fitted, by its facts."""
    fitted = json.loads(facts)["fitted"]
    return datetime.fromisoformat(fitted).timestamp() if fitted else time.time()


def shown(row: Row) -> dict[str, Any]:
    """A version as it is shown."""
    about = {name: row[name] for name in ("name", "version", "size", "created")}
    return {**about, "sha256": row["blob"], **json.loads(row["facts"])}
