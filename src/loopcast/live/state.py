"""Many series of one model, followed row by row."""

import ctypes
import math
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from loopcast.data.calendar import to_ticks
from loopcast.data.panel import Panel
from loopcast.errors import CalendarError, ColumnError, OptionError, quote
from loopcast.live.answers import Log, Seen
from loopcast.live.checks import Checks, Id
from loopcast.live.clock import Clock, Phase
from loopcast.live.covariates import Given, OfSeries, coming_numbers
from loopcast.live.engine import REVISED, STATUSES, TAKEN, Engine
from loopcast.live.known_rows import Checked, KnownRows
from loopcast.live.records import Records
from loopcast.live.rules import Rules
from loopcast.live.series import Channel, Series
from loopcast.models.model import Model
from loopcast.models.network.targets import apart

NO_VERDICT = (math.nan, 0.0)


class State:
    """The series by their ids, and the rules by which rows come in."""

    def __init__(
        self, engines: tuple[Engine, ...], clock: Clock, rules: Rules, model: Model, known: KnownRows | None = None
    ) -> None:
        self.engines, self.clock, self.rules, self.known = engines, clock, rules, known
        self.min_history, self.name = model.min_history, model.name
        self.columns, self.targets = model.schema.columns, model.schema.columns.targets
        self.checks = Checks(rules, model.bounds, clock, self.targets)
        self.series: dict[Id, Series] = {}
        self.records = Records(engines[0].block_bytes)
        self.seqs: dict[str, int] = {}  # of each source, the highest number that its rows had
        self.log: Log | None = None
        self.lock = threading.RLock()  # rows are taken in whole before the next ones, whichever thread brings them

    def take(self, id_: Id, time: Any, y: Any, covariates: Given | None = None) -> Seen:
        """One row; an error leaves everything as it was."""
        values, tick = self.checks.row(y), self.clock.tick(time)
        with self.lock:
            found = self._found(id_)
            step = (found.phase.step(tick) if found is not None else None) or self._step(found, id_, tick)
            checked = self.checked(id_, covariates, values, new=found is None)
            if self.log is not None:
                if found is not None:
                    self.checks.gap(id_, tick, step - found.end - 1)
                self.log.rows([(id_, tick, values)], covariates=[None if checked is None else covariates])
            return self._seen(self.place(id_, tick, step, values, checked))

    def _seen(self, statuses: tuple[int, ...]) -> Seen:
        """What is said of a row that was placed so in each target."""
        if len(statuses) == 1:
            status = statuses[0]
            surprise, drift = self.engines[0].verdict[:2] if status in (TAKEN, REVISED) else NO_VERDICT
            return Seen(STATUSES[status], surprise, drift == 1.0)
        verdicts = [
            engine.verdict[:2] if status in (TAKEN, REVISED) else NO_VERDICT
            for engine, status in zip(self.engines, statuses, strict=True)
        ]
        surprises, drifts = np.array(verdicts).T
        return Seen(STATUSES[max(statuses)], surprises, drifts == 1.0)

    def checked(self, id_: Id, covariates: Given | None, values: Sequence[float], *, new: bool) -> Checked | None:
        """What is known of a row of these values besides them; OptionError for covariates that the model has not.

        A model may do without those of its data, as `predict` then does: a network keeps what pays.
        """
        if self.known is not None:
            return self.known.checked(id_, covariates, values, new=new)
        if not covariates:
            return None
        unknown = next((name for name in covariates if name not in self.columns.covariates), None)
        if unknown is not None:
            raise OptionError(f"{self.name} was fitted without {quote(unknown)} as a covariate: leave it out")
        return None

    def checked_again(self, id_: Id, covariates: Given | None, values: Sequence[float]) -> Checked | None:
        """The same of a row out of a journal; one without covariates did not come."""
        if self.known is not None and covariates is None and id_ in self.series:
            return self.known.without(values)
        return self.checked(id_, covariates, values, new=id_ not in self.series)

    def place(self, id_: Id, tick: int, step: int, values: Sequence[float], checked: Checked | None) -> tuple[int, ...]:
        """A row that was checked, of a series that is there or not: which of STATUSES it is in each target.

        That of the row is the highest of these. An error for too long a gap.
        """
        found = self.series.get(id_)
        if found is None:
            found = self.start(id_, self.clock.phase(tick), step, None if checked is None else checked.of_series)
        statuses = self._place(found, step, values, checked)
        if -1 in statuses:
            self.checks.gap(id_, tick, step - found.end - 1)
            raise RuntimeError(f"the kernels did not take a row in, and say {statuses}")
        return statuses

    def _place(self, found: Series, step: int, values: Sequence[float], checked: Checked | None) -> tuple[int, ...]:
        longest = self.checks.longest_gap
        if self.known is None or checked is None:
            if len(values) == 1:
                return (self.engines[0].place(found.first.at, step, values[0], longest),)
            each = zip(self.engines, found.channels, values, strict=True)
            return tuple([engine.place(channel.at, step, y, longest) for engine, channel, y in each])
        of_each = zip(self.engines, found.channels, values, checked.numbers, strict=True)
        place = self.known.place
        return tuple([place(engine, channel, step, y, (known, longest)) for engine, channel, y, known in of_each])

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
        numbers = coming_numbers(self.columns, future)
        missing = step - found.end - 1
        if missing < 0:
            raise CalendarError(f"series {quote(key[0])} has a row at {self.clock.time(key[1])}, and is past it")
        self.checks.gap(*key, missing)
        if self.log is not None:
            self.log.known(*key, future)
        for channel in found.channels:
            if channel.known is not None:
                channel.known.know(step, numbers, channel.end)

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
                self.log.rows((id_, each.phase.tick(each.end + steps), self._missing) for id_, each, steps in behind)
            for _, found, steps in behind:
                self.advance_series(found, found.end + steps)

    def start(self, id_: Id, phase: Phase, step: int, of_series: OfSeries | None = None) -> Series:
        """A series of which nothing was seen, and whose first row will be at a step of a phase."""
        channels = tuple(self._start(phase, step, of_series) for _ in self.engines)
        found = self.series[id_] = Series(channels, phase)
        return found

    def _start(self, phase: Phase, step: int, of_series: OfSeries | None) -> Channel:
        block = self.records.new()
        found = Channel(block, self.records.address(block), phase)
        found.head.start = step
        if self.known is not None:
            self.known.start(found, step, of_series)
        return found

    def begin(self, panel: Panel) -> list[Series]:
        """The series of a panel, none of whose rows is taken in yet; of their covariates all is known."""
        alone, count = self.apart(panel), panel.n_channels
        whole = [None] * alone.n_series if self.known is None else self.known.of_all(alone)
        begun = []
        for place, (id_, tick) in enumerate(zip(panel.ids.to_list(), to_ticks(panel.starts).tolist(), strict=True)):
            phase = self.clock.phase(tick)
            found = self.start(id_, phase, phase.step(tick) or 0, whole[place * count])
            if self.known is not None:
                for target, channel in enumerate(found.channels):
                    self.known.load(alone, place * count + target, channel)
            begun.append(found)
        return begun

    def apart(self, panel: Panel) -> Panel:
        """Each target of each series as a series of its own, as the model reads them."""
        return apart(panel, "independent" if self.known is None else self.known.channels)

    def load(self, panel: Panel) -> None:
        """Series from their first rows on, from which the model may have learned: nothing is judged by them."""
        for place, found in enumerate(self.begin(panel)):
            for engine, channel, values in zip(self.engines, found.channels, panel.series(place).T, strict=True):
                channel.head.judged = len(values)
                engine.load(self.records.block(channel.block), values)
                if channel.known is not None:
                    channel.known.trim(channel.end)

    def copy_in(self, id_: Id, other: Series) -> None:
        """A series as it is elsewhere, by the same model and rules."""
        for own, its in zip(self.start(id_, other.phase, 0).channels, other.channels, strict=True):
            ctypes.memmove(own.at, its.at, self.records.size)
            if self.known is not None and its.known is not None:
                self.known.attach(own, its.known.copy(own.end))

    def forget(self, ids: Iterable[Id]) -> None:
        """End some series; OptionError, with none ended, where one is not there."""
        gone = [(id_, self.find(id_)) for id_ in dict.fromkeys(ids)]
        if self.log is not None:
            self.log.forget([id_ for id_, _ in gone])
        for id_, found in gone:
            del self.series[id_]
            for channel in found.channels:
                self.records.free(channel.block)

    def find(self, id_: Id) -> Series:
        """A series by its id; OptionError where there is none."""
        found = self.series.get(id_)
        if found is None:
            followed = "1 is" if len(self.series) == 1 else f"{len(self.series):,} are"
            raise OptionError(f"there is no series {quote(id_)}: {followed} followed")
        return found

    def advance_series(self, found: Series, step: int) -> None:
        """What has not come up to a step is missing; past covariates too."""
        checked = None if self.known is None else self.known.without(self._missing)
        self._place(found, step, self._missing, checked)

    @property
    def _missing(self) -> tuple[float, ...]:
        """The values of a row that did not come."""
        return (math.nan,) * len(self.engines)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The covariates that are numbers."""
        return () if self.known is None else self.known.numbers

    def until(self, tick: int) -> Iterator[tuple[Id, int]]:
        """How many steps each series is behind a tick."""
        latest: dict[int, int] = {}
        for id_, found in self.series.items():
            phase = found.phase
            if id(phase) not in latest:
                latest[id(phase)] = phase.latest(tick)
            yield id_, latest[id(phase)] - found.end
