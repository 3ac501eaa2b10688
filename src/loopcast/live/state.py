"""Many series of one model, followed row by row."""

import ctypes
import math
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import numpy as np

from loopcast.errors import CalendarError, ColumnError, DataError, LengthError, OptionError, ValuesError, quote
from loopcast.live.checks import Checks, Id
from loopcast.live.clock import Clock, Phase
from loopcast.live.engine import STATUSES, Engine
from loopcast.live.records import Records
from loopcast.live.rows import Placed
from loopcast.live.rules import Rules
from loopcast.live.series import Series
from loopcast.models.model import Model

NO_VERDICT = (math.nan, 0.0)
NO_SEQS: Mapping[str, int] = MappingProxyType({})


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


class Taken(NamedTuple):
    """What is said of many rows: statuses uint8 `[row]`, places in STATUSES; verdicts as of `Engine.take_rows`."""

    statuses: np.ndarray
    verdicts: np.ndarray


class Log(Protocol):
    """Where what is done is written before it is done."""

    def rows(self, rows: Iterable[tuple[Id, int, float]], seqs: Mapping[str, int] = NO_SEQS) -> None: ...

    def forget(self, ids: Iterable[Id]) -> None: ...

    @property
    def entries(self) -> int: ...

    def sync(self) -> None: ...

    def close(self) -> None: ...


def highest(seqs: Iterable[tuple[str, int] | None]) -> Mapping[str, int]:
    """The last number of each source, which is its highest."""
    return dict(seq for seq in seqs if seq is not None)


class State:
    """The series by their ids, and the rules by which rows come in."""

    def __init__(self, engine: Engine, clock: Clock, rules: Rules, model: Model) -> None:
        self.engine, self.clock, self.rules = engine, clock, rules
        self.min_history, self.name = model.min_history, model.name
        self.checks = Checks(rules, model.bounds, clock)
        self.series: dict[Id, Series] = {}
        self.records = Records(engine.block_bytes)
        self.seqs: dict[str, int] = {}  # of each source, the highest number that its rows had
        self.log: Log | None = None
        self.lock = threading.RLock()  # rows are taken in whole before the next ones, whichever thread brings them

    def take(self, id_: Id, time: Any, y: float | None) -> Seen:
        """One row; an error leaves everything as it was."""
        value, tick = self.checks.value(y), self.clock.tick(time)
        with self.lock:
            found = self._found(id_)
            step = (found.phase.step(tick) if found is not None else None) or self._step(found, id_, tick)
            if self.log is not None:
                if found is not None:
                    self.checks.gap(id_, tick, step - found.end - 1)
                self.log.rows([(id_, tick, value)])
            if found is None:
                found = self.start(id_, self.clock.phase(tick), step)
            status = self.engine.place(found.at, step, value, self.checks.longest_gap)
            if status < 0:
                self.checks.gap(id_, tick, step - found.end - 1)
            surprise, drift = self.engine.verdict[:2] if status in (0, 2) else NO_VERDICT
        return Seen(STATUSES[status], surprise, drift == 1.0)

    def _found(self, id_: Id) -> Series | None:
        try:
            return self.series.get(id_)
        except TypeError as error:
            raise ColumnError(f"ids are text or whole numbers, got {quote(id_)}") from error

    def _step(self, found: Series | None, id_: Id, tick: int) -> int:
        """The step of a row, of which that is not plain."""
        if found is None:
            self.checks.new(id_, self.series, 0)
        return self.checks.step(self.clock.phase(tick) if found is None else found.phase, id_, tick)

    def take_rows(self, ids: Sequence[Id], ticks: np.ndarray, values: np.ndarray) -> Taken:
        """Many rows, in their order; an error, with none taken in, for the first that cannot be after the others."""
        with self.lock:
            placed = Placed(ids, ticks, values, self.series, self.checks)
            if placed.failed is not None:
                raise placed.failed[1]
            return self._apply(placed, ids, ticks, values)

    def take_until(
        self, ids: Sequence[Id], ticks: np.ndarray, values: np.ndarray, seqs: Sequence[tuple[str, int] | None] = ()
    ) -> tuple[Taken, DataError | None]:
        """The rows before the first that cannot be taken in, and its error; all where there is none.

        seqs: of each row its source and its number there, or None.
        """
        with self.lock:
            placed = Placed(ids, ticks, values, self.series, self.checks)
            if placed.failed is None:
                return self._apply(placed, ids, ticks, values, highest(seqs)), None
            row, error = placed.failed
            return self.take_until(ids[:row], ticks[:row], values[:row], seqs[:row])[0], error

    def _apply(
        self,
        placed: Placed,
        ids: Sequence[Id],
        ticks: np.ndarray,
        values: np.ndarray,
        seqs: Mapping[str, int] = NO_SEQS,
    ) -> Taken:
        if self.log is not None:
            self.log.rows(zip(ids, ticks.tolist(), values.tolist(), strict=True), seqs)
        self.seqs |= seqs
        blocks = []
        for place, found in enumerate(placed.known):
            series = found or self.start(placed.ids[place], placed.phases[place], placed.first_step(place))
            blocks.append(series.at)
        placed.batch.blocks[:] = blocks
        return Taken(placed.batch.statuses, self.engine.take_rows(placed.batch))

    def advance(self, time: Any) -> None:
        """What has not come up to a time is missing, in every series; CalendarError where a gap would be too long."""
        longest = self.rules.longest_gap
        with self.lock:
            behind = [(id_, self.find(id_), steps) for id_, steps in self.until(self.clock.tick(time)) if steps > 0]
            for id_, _, steps in behind:
                if steps > longest:
                    raise CalendarError(
                        f"series {quote(id_)} is {steps:,} steps behind {time}, and longest_gap is {longest:,}: forget "
                        "it first"
                    )
            if self.log is not None:
                self.log.rows((id_, each.phase.tick(each.end + steps), math.nan) for id_, each, steps in behind)
            for _, found, steps in behind:
                self.engine.place(found.at, found.end + steps, math.nan, longest)

    def start(self, id_: Id, phase: Phase, step: int) -> Series:
        """A series of which nothing was seen, and whose first row will be at a step of a phase."""
        block = self.records.new()
        found = Series(block, self.records.address(block), phase)
        found.head.start = step
        self.series[id_] = found
        return found

    def load(self, id_: Id, tick: int, values: np.ndarray) -> None:
        """A series from its first rows on, from which the model may have learned: nothing is judged by them."""
        phase = self.clock.phase(tick)
        found = self.start(id_, phase, phase.step(tick) or 0)
        found.head.judged = len(values)
        self.engine.load(self.records.block(found.block), values)

    def copy_in(self, id_: Id, other: Series) -> None:
        """A series as it is elsewhere, by the same model and rules."""
        found = self.start(id_, other.phase, 0)
        ctypes.memmove(found.at, other.at, self.records.size)

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

    def ahead(self, id_: Id, engine: Engine, steps: int) -> Ahead:
        """The forecast of a series; ValuesError where it has no value yet, LengthError where it has too few rows."""
        with self.lock:
            found = self.find(id_)
            head = found.head
            if not head.seen:
                raise ValuesError(f"series {quote(id_)} has no value yet, and nothing to go by")
            if head.rows < self.min_history:
                raise LengthError(
                    f"series {quote(id_)} has {head.rows} rows, and {self.name} looks at the last {self.min_history}: "
                    "give more first"
                )
            told, levels = engine.deliver(found.at, steps), len(engine.levels)
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
