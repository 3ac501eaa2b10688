"""A Parquet file in parts that hold whole series, so that it need never be in memory as a whole."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from loopcast.columns import Columns
from loopcast.data.read import check_file
from loopcast.errors import DataError, quote, reason

PIECE = 2**22  # rows whose ids are looked at together


class PartRows(NamedTuple):
    """Some rows of a file that follow one another."""

    first: int
    length: int


def series_parts(path: Path, columns: Columns, chunk_series: int) -> list[PartRows]:
    """The rows of the first so many series, of the next ones, and so on; all rows where there is no column of ids.

    Only the ids are read. DataError for a file that is no Parquet, and for one in which the rows of a series do not
    follow one another.
    """
    table = _scan(path)
    total = int(_collect(table.select(pl.len())).item())
    if total == 0:
        raise DataError("it has no rows")
    if columns.id not in _collect(table.head(0)).columns:
        return [PartRows(0, total)]
    blocks = list(_blocks(table.select(columns.id), total))
    ids, begins = pl.concat([ids for ids, _ in blocks]), np.concatenate([rows for _, rows in blocks])
    twice = ids.filter(ids.is_duplicated())
    if len(twice):
        raise DataError(
            f"the rows of series {quote(twice[0])} do not follow one another: sort the file by {quote(columns.id)} and "
            f"time, as with pl.scan_parquet(...).sort({columns.id!r}, {columns.time!r}).sink_parquet(...)"
        )
    edges = [*begins[::chunk_series].tolist(), total]
    return [PartRows(first, after - first) for first, after in pairwise(edges)]


def read_rows(path: Path, columns: Columns, rows: PartRows) -> pl.DataFrame:
    """The named columns of these rows."""
    table = _scan(path)
    there = _collect(table.head(0)).columns
    wanted = [name for name in (columns.id, columns.time, *columns.targets) if name in there]
    return _collect(table.select(wanted).slice(*rows))


def _blocks(ids: pl.LazyFrame, total: int) -> Iterator[tuple[pl.Series, np.ndarray]]:
    """The id of each block of rows, and its first row, int64, piece by piece."""
    before: Any = None
    for first in range(0, total, PIECE):
        piece = _collect(ids.slice(first, PIECE)).to_series()
        begins = piece.ne_missing(piece.shift(1)).to_numpy().copy()
        begins[0] = first == 0 or piece[0] != before
        before = piece[-1]
        places = np.flatnonzero(begins)
        yield piece.gather(places), places + first


def _scan(path: Path) -> pl.LazyFrame:
    check_file(path)
    return pl.scan_parquet(path, glob=False)


def _collect(table: pl.LazyFrame) -> pl.DataFrame:
    try:
        return table.collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"it is no Parquet file, or a damaged one: {reason(error)}") from error
