"""Rows of a table put series by series, with the way back to where each stood in the caller's table."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from loopcast.errors import printable, quote


@dataclass(frozen=True)
class Source:
    """Where the rows came from, so that an error names a place as the caller sees it.

    file: path of the file, "" for a table in memory; lines: whether its rows are lines of text, of which the first row
    is line `first`. repeats: after how many rows the file begins again, for each column of a wide one; 0 is never.
    """

    file: str = ""
    lines: bool = False
    first: int = 2
    repeats: int = 0

    def row(self, row: int) -> str:
        """The place of a row (counted from 0), as "row 5" or "line 7 of sales.csv"."""
        row = row % self.repeats if self.repeats else row
        place = f"line {row + self.first}" if self.lines else f"row {row}"
        return f"{place} of {self}" if self.file else place

    def __str__(self) -> str:
        return "standard input" if self.file == "-" else printable(self.file) or "the table"


@dataclass(frozen=True, eq=False)
class SeriesIndex:
    """Which rows make up which series.

    ids: `[series]`, in order of first appearance; offsets: int64 `[series + 1]`.
    order: int64 `[row]`, the caller's row of each row; None where the rows already stood series by series.
    """

    ids: pl.Series
    offsets: np.ndarray
    order: np.ndarray | None
    source: Source

    @classmethod
    def group(cls, ids: pl.Series, source: Source) -> "SeriesIndex":
        """Rows by the id that each has; rows of one series keep their order."""
        starts = np.flatnonzero(np.append(True, (ids != ids.shift(1)).to_numpy()[1:]))
        unique = ids.unique(maintain_order=True)
        if len(unique) == len(starts):
            return cls(unique, np.append(starts, len(ids)), None, source)
        codes = _codes(ids, unique)
        offsets = np.append(0, np.cumsum(np.bincount(codes, minlength=len(unique))))
        return cls(unique, offsets, np.argsort(codes, kind="stable"), source)

    @classmethod
    def one(cls, name: str, length: int, source: Source) -> "SeriesIndex":
        """All rows as one series."""
        return cls(pl.Series([name]), np.array([0, length]), None, source)

    def reorder(self, column: pl.Series) -> pl.Series:
        """A column of the caller's table in the order of these rows."""
        return column if self.order is None else column.gather(self.order)

    def only(self, rows: np.ndarray) -> "SeriesIndex":
        """Some of the rows, ascending; a series may have none of them."""
        order = rows if self.order is None else self.order[rows]
        return SeriesIndex(self.ids, np.searchsorted(rows, self.offsets), order, self.source)

    @property
    def first(self) -> np.ndarray:
        """int64 `[row]`: the first row of the series that each row belongs to."""
        return np.repeat(self.offsets[:-1], np.diff(self.offsets))

    def series_of(self, row: int) -> int:
        """The series that a row belongs to."""
        return int(np.searchsorted(self.offsets, row, side="right")) - 1

    def describe_row(self, row: int) -> str:
        """A row as its caller knows it: "series 'a', row 5"."""
        theirs = row if self.order is None else int(self.order[row])
        return f"series {quote(self.ids[self.series_of(row)])}, {self.source.row(theirs)}"


def _codes(ids: pl.Series, unique: pl.Series) -> np.ndarray:
    """The place in `unique` of each id."""
    index = unique.to_frame("id").with_row_index("code")
    return ids.to_frame("id").join(index, on="id", how="left", maintain_order="left")["code"].to_numpy()
