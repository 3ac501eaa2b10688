"""One live series: its record, its place on the calendar, and the rows that may still change."""

import ctypes
import math
from array import array
from collections.abc import Sequence

from loopcast.live.clock import Phase
from loopcast.live.follower import Follower

TAKEN, DUPLICATE, REVISED, LATE = "taken", "duplicate", "revised", "late"


class Series:
    """rows: how many were taken in, the first at step `start` of the phase; due: the tick of the next one.

    at: the address of the record, behind which lie, where rows may come late, two anchors: copies of it as it was
    before the rows at the last two multiples of `lateness`. values: the latest rows, in a ring, from which a record is
    made anew. judged: the first row that is judged; those before it may have been learned from.
    """

    __slots__ = (
        "at", "block", "due", "duplicates", "judged", "late", "lateness", "phase", "revised", "rows", "seen", "size",
        "start", "values",
    )  # fmt: skip

    def __init__(self, block: int, at: int, size: int, lateness: int) -> None:
        self.block, self.at, self.size, self.lateness = block, at, size, lateness
        self.values = array("d", [math.nan]) * ring_rows(lateness)
        self.rows = self.judged = self.duplicates = self.late = self.revised = 0
        self.seen = False

    def begin(self, phase: Phase, step: int) -> None:
        """At a step of a phase."""
        self.phase, self.start, self.due = phase, step, phase.tick(step)

    @property
    def end(self) -> int:
        """The step of the last row."""
        return self.start + self.rows - 1

    def take(self, y: float, follower: Follower) -> None:
        """The next row."""
        row = self.rows
        if self.lateness and row % self.lateness == 0:
            ctypes.memmove(self._anchor(row), self.at, self.size)
        follower.follow(self.at, y, row >= self.judged - 1)
        self.values[row % len(self.values)] = y
        self.rows = row + 1
        self.due = self.phase.tick(self.start + self.rows)
        if y == y:  # noqa: PLR0124 - no NaN
            self.seen = True

    def place(self, step: int, y: float, follower: Follower) -> str:
        """A row at a step of the phase, whichever: its status; steps that were left out before it are missing."""
        end = self.end
        if step > end:
            for _ in range(step - end - 1):
                self.take(math.nan, follower)
            self.take(y, follower)
            return TAKEN
        far = end - step
        if self._known(step) and same(self.values[(step - self.start) % len(self.values)], y):
            self.duplicates += 1
            return DUPLICATE
        if not self.lateness or far > self.lateness:
            self.late += 1
            return LATE
        self.revised += 1
        self._revise(step - self.start, y, follower)
        return REVISED

    def _known(self, step: int) -> bool:
        """Whether the value at a step is still there."""
        return self.start <= step and self.end - step < len(self.values)

    def _revise(self, row: int, y: float, follower: Follower) -> None:
        """Make the record anew with another value at a row, or with rows before its first; the verdict is the row's."""
        if row < 0:
            values = [y, *[math.nan] * (-row - 1), *self.values[: self.rows]]
            self.start += row
            self.judged = self.judged and self.judged - row
            return self._replay(0, values, 0, follower)
        anchor = (self.rows - 1) // self.lateness * self.lateness
        anchor = anchor if anchor <= row else anchor - self.lateness
        values = [self.values[i % len(self.values)] for i in range(anchor, self.rows)]
        values[row - anchor] = y
        return self._replay(anchor, values, row, follower)

    def _replay(self, first: int, values: Sequence[float], wanted: int, follower: Follower) -> None:
        """Take rows from `first` on in again; the verdict is that of the row `wanted`."""
        if first:
            ctypes.memmove(self.at, self._anchor(first), self.size)
        else:
            ctypes.memset(self.at, 0, self.size)
        self.rows, verdict = first, follower.verdict[:]
        for row, y in enumerate(values, first):
            self.take(y, follower)
            if row == wanted:
                verdict = follower.verdict[:]
        follower.verdict[:] = verdict  # type: ignore[assignment]

    def _anchor(self, row: int) -> int:
        """Where the anchor of a multiple of `lateness` lies."""
        return self.at + self.size * (1 + row // self.lateness % 2)


def ring_rows(lateness: int) -> int:
    """How many of the latest rows are kept: from the older anchor on."""
    return max(2 * lateness, 1)


def blocks_of(lateness: int) -> int:
    """A record, and its anchors."""
    return 3 if lateness else 1


def same(one: float, other: float) -> bool:
    """Whether two values are the same, or both missing."""
    return one == other or (math.isnan(one) and math.isnan(other))
