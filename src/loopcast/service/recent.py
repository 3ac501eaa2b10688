"""The last rows of a stream, to be looked at: kept as they came, and written out only for whoever looks."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from loopcast.columns import Columns
from loopcast.live.checks import Id
from loopcast.live.tables import SURPRISE, column_of
from loopcast.tasks.plain import plain

MOST = 5000  # rows that are remembered


@dataclass(frozen=True)
class OneRow:
    """A row that came alone; values, surprises and drifts: of each target."""

    series: Id
    time: str
    status: str
    values: Sequence[float | None]
    surprises: Sequence[float | None]
    drifts: Sequence[bool]

    def __len__(self) -> int:
        return 1

    def of(self, series: Id, target: int) -> list[dict[str, Any]]:
        """The row, where it is of this series, as it is shown of one of its targets."""
        if series != self.series:
            return []
        said = self.values[target], self.surprises[target], self.drifts[target]
        return [_shown(series, self.time, self.status, *said)]


@dataclass(frozen=True, eq=False)
class ManyRows:
    """Rows that came together: the table of `Live.update`. id: of all, where it has no column for that."""

    table: pl.DataFrame
    columns: Columns
    id: Id

    def __len__(self) -> int:
        return self.table.height

    def of(self, series: Id, target: int) -> list[dict[str, Any]]:
        """The rows of a series, as they are shown of one of its targets."""
        names, found = self.columns, self.table
        if names.id in found.columns:
            found = found.filter(pl.col(names.id).cast(pl.String) == str(series))
        elif series != self.id:
            return []
        value = names.targets[target]
        surprise = column_of(SURPRISE, value, names.targets)
        each = (found[name].to_list() for name in (names.time, "status", value, surprise))
        return [
            _shown(series, str(plain(time)), status, y, surprise, drift=False)
            for time, status, y, surprise in zip(*each, strict=True)
        ]


def _shown(
    series: Id, time: str, status: str, value: float | None, surprise: float | None, drift: bool
) -> dict[str, Any]:
    return {"series": series, "time": time, "value": value, "status": status, "surprise": surprise, "drift": drift}


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

    def of(self, series: Id, target: int, since: int, most: int) -> list[dict[str, Any]]:
        """The last rows of a target of a series, `most` at most, of those after so many of the stream."""
        rows = [row for end, came in self._parts if end > since for row in came.of(series, target)]
        return rows[-most:]
