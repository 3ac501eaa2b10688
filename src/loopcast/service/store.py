"""What a server keeps besides blobs and live folders: models, jobs, streams and tokens, in one SQLite file."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from loopcast.errors import OptionError
from loopcast.service.catalog import BASE, BLOBS

VERSION = 1  # of the tables
TABLES = """
CREATE TABLE models (
    name TEXT NOT NULL, version INTEGER NOT NULL, blob TEXT NOT NULL, size INTEGER NOT NULL,
    created REAL NOT NULL, facts TEXT NOT NULL, PRIMARY KEY (name, version)
) STRICT;
CREATE TABLE jobs (
    id TEXT PRIMARY KEY, task TEXT NOT NULL, options TEXT NOT NULL, asked TEXT NOT NULL,
    body TEXT NOT NULL, ending TEXT NOT NULL,
    future TEXT, name TEXT NOT NULL, model TEXT, series INTEGER NOT NULL, rows INTEGER NOT NULL,
    state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, created REAL NOT NULL, started REAL, ended REAL,
    files TEXT, problem TEXT
) STRICT;
CREATE INDEX jobs_by_state ON jobs (state, created);
CREATE TABLE streams (name TEXT PRIMARY KEY, model TEXT, options TEXT NOT NULL, created REAL NOT NULL) STRICT;
CREATE TABLE tokens (
    hash TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, scope TEXT NOT NULL, created REAL NOT NULL
) STRICT;
"""
Row = dict[str, Any]


class Store:
    """The tables of a server in a folder. Each call is whole, and survives a power cut once it returns.

    Any thread may call; OptionError where the file was made by a newer version.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.blobs, self.streams = folder, folder / BLOBS, folder / "streams"
        for each in (self.blobs, self.streams):
            each.mkdir(exist_ok=True)
        self._lock = threading.Lock()
        self._base = sqlite3.connect(folder / BASE, check_same_thread=False, isolation_level=None)
        self._base.row_factory = sqlite3.Row
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 10000"):
            self._base.execute(f"PRAGMA {pragma}")
        self._make_tables()

    def _make_tables(self) -> None:
        with self.transaction() as base:
            [found] = base.execute("PRAGMA user_version").fetchone()
            if found > VERSION:
                raise OptionError("the folder of models was made by a newer Loopcast: upgrade this one")
            if found < VERSION:
                for statement in filter(str.strip, TABLES.split(";")):
                    base.execute(statement)
                base.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of what is done within, or nothing."""
        with self._lock:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield self._base
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """What a query finds."""
        with self._lock:
            return [dict(row) for row in self._base.execute(query, values)]

    def row(self, query: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row of it; None where there is none."""
        return next(iter(self.rows(query, values)), None)

    def insert(self, table: str, row: Row) -> None:
        """A new row; sqlite3.IntegrityError where its key is taken."""
        places = ", ".join("?" for _ in row)
        with self.transaction() as base:
            base.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", list(row.values()))  # noqa: S608

    def change(self, query: str, values: Sequence[Any] = ()) -> int:
        """Do what a statement says; how many rows it was done to."""
        with self.transaction() as base:
            return base.execute(query, values).rowcount

    def version(self) -> int:
        """Another number once another process has changed something."""
        with self._lock:
            [found] = self._base.execute("PRAGMA data_version").fetchone()
        return int(found)

    def blobs_in_use(self) -> set[str]:
        """The names of all blobs that a row needs."""
        query = (
            "SELECT blob FROM models UNION SELECT body FROM jobs UNION SELECT future FROM jobs UNION "
            "SELECT each.value FROM jobs, json_each(jobs.files) AS each UNION SELECT model FROM jobs "
            "UNION SELECT model FROM streams"
        )
        return {row["blob"] for row in self.rows(query) if row["blob"]}

    def close(self) -> None:
        """Keep nothing open."""
        with self._lock:
            self._base.close()
