"""Many series of one model, followed row by row."""

import ctypes
import math
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from loopcast.data.calendar import to_ticks
from loopcast.data.panel import Panel
from loopcast.errors import CalendarError, ColumnError, LengthError, OptionError, ValuesError, quote
from loopcast.live.answers import Ahead, Log, Seen
from loopcast.live.checks import Checks, Id
from loopcast.live.clock import Clock, Phase
from loopcast.live.covariates import Future, Given, OfSeries, coming_numbers
from loopcast.live.engine import REVISED, STATUSES, TAKEN, Engine
from loopcast.live.known import KnownPlan
from loopcast.live.known_rows import Checked, KnownRows
from loopcast.live.records import Records
from loopcast.live.rules import Rules
from loopcast.live.series import Series
from loopcast.models.model import Model

NO_VERDICT = (math.nan, 0.0)


class State:
    """The series by their ids, and the rules by which rows come in."""

    def __init__(
        self, engine: Engine, clock: Clock, rules: Rules, model: Model, known: KnownPlan | None = None
    ) -> None:
        self.engine, self.clock, self.rules = engine, clock, rules
        self.min_history, self.name = model.min_history, model.name
        self.checks = Checks(rules, model.bounds, clock)
        self.known = None if known is None else KnownRows(known, rules.lateness)
        self.series: dict[Id, Series] = {}
        self.records = Records(engine.block_bytes)
        self.seqs: dict[str, int] = {}  # of each source, the highest number that its rows had
        self.log: Log | None = None
        self.lock = threading.RLock()  # rows are taken in whole before the next ones, whichever thread brings them

    def take(self, id_: Id, time: Any, y: float | None, covariates: Given | None = None) -> Seen:
        """One row; an error leaves everything as it was."""
        value, tick = self.checks.value(y), self.clock.tick(time)
        with self.lock:
            found = self._found(id_)
            step = (found.phase.step(tick) if found is not None else None) or self._step(found, id_, tick)
            checked = self.checked(id_, covariates, new=found is None)
            if self.log is not None:
                if found is not None:
                    self.checks.gap(id_, tick, step - found.end - 1)
                self.log.rows([(id_, tick, value)], covariates=[covariates])
            status = self.place(id_, tick, step, value, checked)
            surprise, drift = self.engine.verdict[:2] if status in (TAKEN, REVISED) else NO_VERDICT
        return Seen(STATUSES[status], surprise, drift == 1.0)

    def checked(self, id_: Id, covariates: Given | None, *, new: bool) -> Checked | None:
        """The covariates of a row; OptionError where the model has none."""
        if self.known is not None:
            return self.known.checked(id_, covariates, new=new)
        if covariates:
            raise OptionError(f"{self.name} was fitted without covariates, got {quote(next(iter(covariates)))}")
        return None

    def checked_again(self, id_: Id, covariates: Given | None) -> Checked | None:
        """The covariates of a row out of a journal; a row without any is one that did not come."""
        if self.known is not None and covariates is None and id_ in self.series:
            return self.known.nothing
        return self.checked(id_, covariates, new=id_ not in self.series)

    def place(self, id_: Id, tick: int, step: int, y: float, checked: Checked | None) -> int:
        """A row that was checked, of a series that is there or not: which of STATUSES; an error for too long a gap."""
        found = self.series.get(id_)
        if found is None:
            found = self.start(id_, self.clock.phase(tick), step, None if checked is None else checked.of_series)
        longest = self.checks.longest_gap
        if self.known is None or checked is None:
            status = self.engine.place(found.at, step, y, longest)
        else:
            status = self.known.place(self.engine, found, step, y, (checked, longest))
        if status < 0:
            self.checks.gap(id_, tick, step - found.end - 1)
            raise RuntimeError(f"the kernels did not take a row in, and say {status}")
        return status

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

    def know(self, id_: Id, time: Any, future: Given) -> None:
        """Future covariates of a step to come; an error leaves everything as it was."""
        with self.lock:
            found, tick = self.find(id_), self.clock.tick(time)
            self.know_step(found, self.checks.step(found.phase, id_, tick), future, (id_, tick))

    def know_step(self, found: Series, step: int, future: Given, key: tuple[Id, int]) -> None:
        """The same, of a step of the phase; key: the series' id, and the tick."""
        if self.known is None or found.known is None:
            raise OptionError(f"{self.name} was fitted without future covariates")
        numbers = coming_numbers(self.known.plan.encoding.columns, future)
        missing = step - found.end - 1
        if missing < 0:
            raise CalendarError(f"series {quote(key[0])} has a row at {self.clock.time(key[1])}, and is past it")
        self.checks.gap(*key, missing)
        if self.log is not None:
            self.log.known(*key, future)
        found.known.know(step, numbers, found.end)

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
                self.advance_series(found, found.end + steps)

    def start(self, id_: Id, phase: Phase, step: int, of_series: OfSeries | None = None) -> Series:
        """A series of which nothing was seen, and whose first row will be at a step of a phase."""
        block = self.records.new()
        found = Series(block, self.records.address(block), phase)
        found.head.start = step
        if self.known is not None:
            self.known.start(found, step, of_series)
        self.series[id_] = found
        return found

    def begin(self, panel: Panel) -> list[Series]:
        """The series of a panel, none of whose rows is taken in yet; of their covariates all is known."""
        whole = [None] * panel.n_series if self.known is None else self.known.of_all(panel)
        begun = []
        for place, (id_, tick) in enumerate(zip(panel.ids.to_list(), to_ticks(panel.starts).tolist(), strict=True)):
            phase = self.clock.phase(tick)
            found = self.start(id_, phase, phase.step(tick) or 0, whole[place])
            if self.known is not None:
                self.known.load(panel, place, found)
            begun.append(found)
        return begun

    def load(self, panel: Panel) -> None:
        """Series from their first rows on, from which the model may have learned: nothing is judged by them."""
        for place, found in enumerate(self.begin(panel)):
            values = panel.series(place)[:, 0]
            found.head.judged = len(values)
            self.engine.load(self.records.block(found.block), values)
            if found.known is not None:
                found.known.trim(found.end)

    def copy_in(self, id_: Id, other: Series) -> None:
        """A series as it is elsewhere, by the same model and rules."""
        found = self.start(id_, other.phase, 0)
        ctypes.memmove(found.at, other.at, self.records.size)
        if self.known is not None and other.known is not None:
            self.known.attach(found, other.known.copy(found.end))

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

    def advance_series(self, found: Series, step: int) -> None:
        """What has not come up to a step is missing; past covariates too."""
        longest = self.rules.longest_gap
        if self.known is None:
            self.engine.place(found.at, step, math.nan, longest)
        else:
            self.known.place(self.engine, found, step, math.nan, (self.known.nothing, longest))

    def ahead(self, id_: Id, engine: Engine, steps: int, future: Future | None = None) -> Ahead:
        """The forecast of a series; ValuesError where it has no value yet, LengthError where it has too few rows.

        future: future covariates of steps to come, float64 `[step, covariate]`, in place of those that are known.
        """
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
            told, levels = self._deliver(id_, found, engine, steps, future), len(engine.levels)
            cutoff = self.clock.time(found.phase.tick(found.end))
        return Ahead(cutoff, told[0], told[1 : 1 + levels], told[1 + levels :])

    def _deliver(self, id_: Id, found: Series, engine: Engine, steps: int, future: Future | None) -> np.ndarray:
        if self.known is None:
            if future is not None:
                raise OptionError(f"{self.name} was fitted without future covariates")
            return engine.deliver(found.at, steps)
        with self.known.ahead(found, steps, future) as missing:
            if missing is not None:
                time = self.clock.time(found.phase.tick(missing[0]))
                raise ValuesError(
                    f"series {quote(id_)}: future covariate {quote(missing[1])} is not known at {time}: give it, "
                    "future=..."
                )
            return engine.deliver(found.at, steps)

    def until(self, tick: int) -> Iterator[tuple[Id, int]]:
        """How many steps each series is behind a tick."""
        latest: dict[int, int] = {}
        for id_, found in self.series.items():
            phase = found.phase
            if id(phase) not in latest:
                latest[id(phase)] = phase.latest(tick)
            yield id_, latest[id(phase)] - found.end
