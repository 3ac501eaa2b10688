"""Many series of one model, followed one row at a time."""

import ctypes
import math
import threading
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np

from loopcast.errors import CalendarError, ColumnError, OptionError, ValuesError, quote
from loopcast.live.clock import Clock, Phase
from loopcast.live.engine import LARGEST
from loopcast.live.follower import Follower
from loopcast.live.records import Records
from loopcast.live.rules import Rules
from loopcast.live.series import Series, blocks_of
from loopcast.models.bounds import Bounds

Id = str | int


class Seen(NamedTuple):
    """What is said of a row that came.

    status: "taken" (the next row, or one after steps that were left out), "duplicate" (known already), "revised" (late,
    or another value than before, and put in its place), "late" (too late, and left out).
    surprise: how far out the value lies among what was expected, as a normal score: beyond 3 in size is rare. NaN where
    nothing was expected yet, or the value is missing. drift: whether values have been off on one side for so long that
    it is no chance.
    """

    status: str
    surprise: float
    drift: bool


class Ahead(NamedTuple):
    """What comes after `cutoff`, the time of the last row: values float64 `[step]`, low and high `[level, step]`."""

    cutoff: Any
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Row(NamedTuple):
    """A row that was checked: taking it in cannot fail. A series that is new is at no phase yet."""

    id: Id
    tick: int
    step: int
    y: float


class Ends(dict[Id, tuple[Phase, int]]):
    """The phases and ends that series will have once some rows were taken in; new: how many of them are started."""

    new = 0


class Log(Protocol):
    """Where what is done is written before it is done."""

    def rows(self, rows: Iterable[Row]) -> None: ...

    def forget(self, ids: Iterable[Id]) -> None: ...

    @property
    def entries(self) -> int: ...

    def sync(self) -> None: ...

    def close(self) -> None: ...


class State:
    """The series by their ids, and the rules by which rows come in."""

    def __init__(self, follower: Follower, clock: Clock, rules: Rules, bounds: Bounds) -> None:
        self.follower, self.clock, self.rules, self.bounds = follower, clock, rules, bounds
        self.bounded = bounds.upper is not None or isinstance(bounds.lower, int | float)  # whether values may be beyond
        self.series: dict[Id, Series] = {}
        self.records = Records(follower.record_bytes * blocks_of(rules.lateness))
        self.log: Log | None = None
        self.lock = threading.RLock()  # a row is taken in whole before the next one, whichever thread brings it

    def take(self, id_: Id, time: Any, y: float | None) -> Seen:
        """One row; an error leaves everything as it was."""
        quick = type(y) is float and -LARGEST <= y <= LARGEST and not self.bounded
        value = y + 0.0 if quick and y is not None else self.value(y)  # of the two zeros, the usual one
        tick = self.clock.tick(time)
        with self.lock:
            found = self._found(id_)
            if found is None or tick != found.due or self.log is not None:
                return self.apply(self.checked([(id_, tick, value)])[0])
            found.take(value, self.follower)
            verdict = self.follower.verdict
            return Seen("taken", verdict[0], verdict[1] == 1.0)

    def _found(self, id_: Id) -> Series | None:
        try:
            return self.series.get(id_)
        except TypeError as error:
            raise ColumnError(f"ids are text or whole numbers, got {quote(id_)}") from error

    def value(self, y: Any) -> float:
        """A value as a float, NaN for what is missing; ValuesError for what is no number, too large, out of bounds."""
        if y is None:
            return math.nan
        if isinstance(y, bool) or not isinstance(y, int | float | np.integer | np.floating):
            raise ValuesError(f"a value is a number, or None or NaN where it is missing, got {quote(y)}")
        size: Any = abs(y)
        if size > LARGEST:  # before it is made a float: a whole number may be too large for any
            raise ValuesError(f"a value is at most {LARGEST:g} in size, or NaN where it is missing, got a larger one")
        number = float(y) + 0.0
        lower = self.bounds.lower if isinstance(self.bounds.lower, int | float) else -math.inf
        if number < lower or number > (math.inf if self.bounds.upper is None else self.bounds.upper):
            raise ValuesError(f"{number:g} is out of the bounds that the model was fitted with: take other bounds")
        return number

    def checked(self, rows: Iterable[tuple[Id, int, float]]) -> list[Row]:
        """Rows (id, tick, value), each with its step; an error for the first that cannot be taken in after the others.

        What is to be done is written to the log. Nothing else changes.
        """
        ends = Ends()
        placed = [Row(id_, tick, self._step(id_, tick, ends), y) for id_, tick, y in rows]
        if self.log is not None:
            self.log.rows(placed)
        return placed

    def _step(self, id_: Id, tick: int, ends: Ends) -> int:
        """The step of a row, as if those before it were taken in: `ends` has the phases and ends that these leave."""
        found = self.series.get(id_)
        known = ends.get(id_) or (None if found is None else (found.phase, found.end))
        if known is None:
            self._check_new(id_, ends.new)
            ends.new += 1
            phase = self.clock.phase(tick)
            step = self._on_calendar(phase, id_, tick)
            ends[id_] = phase, step
            return step
        phase, end = known
        step = self._on_calendar(phase, id_, tick)
        if step > end:
            self._check_gap(id_, tick, step - end - 1)
            ends[id_] = phase, step
        return step

    def _on_calendar(self, phase: Phase, id_: Id, tick: int) -> int:
        step = phase.step(tick)
        if step is None:
            raise CalendarError(
                f"series {quote(id_)}: {self.clock.time(tick)} is not on its calendar, which goes by {self.clock.freq} "
                f"from {self.clock.time(phase.origin)}: correct the time, or drop the row"
            )
        phase.tick(step + 1)  # there is a next one
        return step

    def _check_new(self, id_: Id, more: int) -> None:
        """Whether a series may be started, after so many more."""
        if isinstance(id_, bool) or not isinstance(id_, str | int | np.integer):
            raise ColumnError(f"ids are text or whole numbers, got {quote(id_)}")
        other = next(iter(self.series), id_)
        if isinstance(other, str) != isinstance(id_, str):
            kinds = [("text" if isinstance(each, str) else "whole numbers") for each in (other, id_)]
            raise ColumnError(f"ids are {kinds[0]} here, such as {quote(other)}, and not {kinds[1]}: got {quote(id_)}")
        if self.rules.new == "refuse":
            raise OptionError(f'there is no series {quote(id_)}, and new="refuse" takes none: take new="start"')
        if len(self.series) + more >= self.rules.most_series:
            raise OptionError(
                f"series {quote(id_)} would be one more than most_series={self.rules.most_series:,}: forget some, or "
                "allow more"
            )

    def _check_gap(self, id_: Id, tick: int, missing: int) -> None:
        if missing and self.rules.gaps == "error":
            raise CalendarError(
                f"series {quote(id_)}: {missing} missing before {self._at(tick)}: send them first, with None for what "
                'is missing, or take gaps="insert"'
            )
        if missing > self.rules.longest_gap:
            raise CalendarError(
                f"series {quote(id_)}: {missing:,} missing before {self._at(tick)}, and longest_gap is "
                f"{self.rules.longest_gap:,}: correct the time, or forget the series and start it anew"
            )

    def _at(self, tick: int) -> Any:
        return self.clock.time(tick)

    def apply(self, row: Row) -> Seen:
        """Take a checked row in."""
        found = self.series.get(row.id)
        if found is None:
            found = self.start(row.id, row.tick, row.step)
        status = found.place(row.step, row.y, self.follower)
        if status in ("duplicate", "late"):
            return Seen(status, math.nan, drift=False)
        verdict = self.follower.verdict
        return Seen(status, verdict[0], verdict[1] == 1.0)

    def start(self, id_: Id, tick: int, step: int) -> Series:
        """A series of which nothing was seen, and whose first row will be at a step of the phase of a tick."""
        found = self._empty()
        found.begin(self.clock.phase(tick), step)
        self.series[id_] = found
        return found

    def _empty(self) -> Series:
        block = self.records.new()
        return Series(block, self.records.address(block), self.follower.record_bytes, self.rules.lateness)

    def copy_in(self, id_: Id, other: Series) -> None:
        """A series as it is elsewhere, by the same model and rules."""
        found = self._empty()
        ctypes.memmove(found.at, other.at, self.records.size)
        for name in ("rows", "judged", "duplicates", "late", "revised", "seen", "phase", "start", "due"):
            setattr(found, name, getattr(other, name))
        found.values = other.values[:]
        self.series[id_] = found

    def forget(self, ids: Iterable[Id]) -> None:
        """End some series; OptionError, with none ended, where one is not there."""
        gone = [(id_, self.find(id_)) for id_ in dict.fromkeys(ids)]
        if self.log is not None:
            self.log.forget([id_ for id_, _ in gone])
        for id_, found in gone:
            del self.series[id_]
            self.records.free(found.block)

    def find(self, id_: Id) -> Series:
        """A series by its id; OptionError where there is none."""
        found = self.series.get(id_)
        if found is None:
            raise OptionError(f"there is no series {quote(id_)}: {len(self.series):,} are followed")
        return found

    def ahead(self, id_: Id, follower: Follower, steps: int) -> Ahead:
        """The forecast of a series; ValuesError where it has no value yet."""
        with self.lock:
            found = self.find(id_)
            if not found.seen:
                raise ValuesError(f"series {quote(id_)} has no value yet, and nothing to go by")
            told, levels = follower.deliver(found.at, steps), len(follower.levels)
            cutoff = self.clock.time(found.phase.tick(found.end))
        return Ahead(cutoff, told[0], told[1 : 1 + levels], told[1 + levels :])

    def until(self, tick: int) -> Iterator[tuple[Id, int]]:
        """How many steps each series is behind a tick."""
        latest: dict[int, int] = {}
        for id_, found in self.series.items():
            phase = found.phase
            if id(phase) not in latest:
                latest[id(phase)] = phase.latest(tick)
            yield id_, latest[id(phase)] - found.end
