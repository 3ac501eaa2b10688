"""The last rows of a stream, to be looked at: kept as they came, and written out only for whoever looks."""

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from loopcast.columns import Columns
from loopcast.live.checks import Id
from loopcast.tasks.plain import plain

MOST = 5000  # rows that are remembered


@dataclass(frozen=True)
class OneRow:
    """A row that came alone, as it is shown."""

    series: Id
    time: str
    value: float | None
    status: str
    surprise: float | None
    drift: bool

    def __len__(self) -> int:
        return 1

    def of(self, series: Id) -> list[dict[str, Any]]:
        """The row, where it is of this series."""
        return [asdict(self)] if series == self.series else []


@dataclass(frozen=True, eq=False)
class ManyRows:
    """Rows that came together: the table of `Live.update`. id: of all, where it has no column for that."""

    table: pl.DataFrame
    columns: Columns
    id: Id

    def __len__(self) -> int:
        return self.table.height

    def of(self, series: Id) -> list[dict[str, Any]]:
        """The rows of a series, as they are shown."""
        names, found = self.columns, self.table
        if names.id in found.columns:
            found = found.filter(pl.col(names.id).cast(pl.String) == str(series))
        elif series != self.id:
            return []
        values = [found[name].to_list() for name in (names.one_target, "status", "surprise")]
        times = [str(plain(time)) for time in found[names.time].to_list()]
        no_drift = [False] * len(times)
        return [asdict(OneRow(series, *row)) for row in zip(times, *values, no_drift, strict=True)]


class Recent:
    """What came last, MOST rows or a little more."""

    def __init__(self) -> None:
        self.count = 0  # rows that ever came
        self._parts: deque[tuple[int, OneRow | ManyRows]] = deque()  # each after how many rows it ended

    def add(self, came: OneRow | ManyRows) -> None:
        """Remember rows."""
        self.count += len(came)
        self._parts.append((self.count, came))
        while self._parts[0][0] <= self.count - MOST:
            self._parts.popleft()

    def of(self, series: Id, since: int, most: int) -> list[dict[str, Any]]:
        """The last rows of a series, `most` at most, of those that came after so many of the stream."""
        rows = [row for end, came in self._parts if end > since for row in came.of(series)]
        return rows[-most:]
