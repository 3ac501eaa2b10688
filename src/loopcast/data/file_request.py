"""Which file is to be read, what of it, and how it is written."""

import gzip
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, cast

from loopcast.columns import Columns
from loopcast.data.categories import base_names
from loopcast.data.read_options import ReadOptions
from loopcast.data.series_index import Source
from loopcast.data.tables import Table
from loopcast.errors import DataError, printable, reason

CHUNK = 2**20
STANDARD_INPUT = Path("-")


@dataclass(frozen=True, kw_only=True, eq=False)
class FileTable:
    """The table in a file, and what its rows are called in errors."""

    table: Table
    source: Source


@dataclass(frozen=True, kw_only=True)
class Request:
    """Which file is to be read: `-` is standard input. ending: which says its format.

    every: all columns, and not only those that `columns` and `options` name.
    """

    path: Path
    ending: str
    columns: Columns
    options: ReadOptions
    every: bool = False

    @property
    def name(self) -> str:
        """What errors call the file."""
        return "standard input" if self.path == STANDARD_INPUT else printable(str(self.path))

    @cached_property
    def _wanted(self) -> frozenset[str]:
        columns = self.columns
        named = (columns.id, columns.time, *columns.targets, *columns.covariates, *self.options.time_parts)
        return frozenset((*named, *base_names(columns.covariates)))

    def wants(self, name: str) -> bool:
        """Whether a column is to be read."""
        return self.every or self.options.layout == "wide" or name in self._wanted

    def knows(self, names: Sequence[str]) -> bool:
        """Whether these columns have the time among them, or what makes it up."""
        return set(self.options.time_parts or (self.columns.time,)) <= set(names)

    def data(self) -> bytes:
        """What the file holds, unpacked where it is a .gz; DataError for more bytes than `options` allow."""
        if self.path == STANDARD_INPUT:
            return sys.stdin.buffer.read()
        if self.path.suffix.lower() != ".gz":
            return self.path.read_bytes()
        try:
            with gzip.open(self.path) as file:
                parts = list(_up_to(self.options.max_unpacked, cast(BinaryIO, file), self.name))
            return b"".join(parts)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise DataError(
                f"{self.name} is no gzip file, or not a whole one ({reason(error)}): is its ending right?"
            ) from error


def _up_to(most: int, file: BinaryIO, name: str) -> Iterator[bytes]:
    """What a file holds, part by part; DataError as soon as that is more than so many bytes."""
    size = 0
    while part := file.read(CHUNK):
        size += len(part)
        if size > most:
            raise DataError(
                f"{name} has more than {most:,} bytes once it is unpacked: state a larger max_unpacked, or "
                "unpack it first"
            )
        yield part
