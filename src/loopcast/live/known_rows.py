"""Rows of series of which more is known than values: covariates are put into a table before the row is taken in."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import NamedTuple

import numpy as np

from loopcast.columns import Columns
from loopcast.data.panel import Panel
from loopcast.live.checks import Id
from loopcast.live.covariates import Future, Given, Numbers, OfSeries, numbers_of, of_all, of_series
from loopcast.live.engine import DUPLICATE, LATE, REVISED, TAKEN, Engine
from loopcast.live.known import KnownPlan, KnownSeries, address
from loopcast.live.series import Channel, Series
from loopcast.models.network.targets import Channels


class Checked(NamedTuple):
    """What is known of a row: numbers, of each target; of its series, where that is new; and as it was given."""

    numbers: Sequence[Numbers]
    of_series: OfSeries | None
    given: Given


class KnownRows:
    """What is known of the series of a live state; columns: of what is given of a row."""

    def __init__(self, plan: KnownPlan, lateness: int, columns: Columns, channels: Channels) -> None:
        self.plan, self.lateness, self.columns, self.channels = plan, lateness, columns, channels

    @property
    def numbers(self) -> tuple[str, ...]:
        """The covariates that are numbers, and no categories."""
        static = zip(self.columns.static, self.plan.encoding.categories, strict=True)
        return (*self.columns.past, *self.columns.future, *(name for name, words in static if words is None))

    def checked(self, id_: Id, given: Given | None, values: Sequence[float], *, new: bool) -> Checked:
        """What is known of a row of these values; an error where its covariates cannot be taken in."""
        numbers = numbers_of(self.columns, given)
        whole = of_series(self.plan.encodings, id_, given) if new else None
        return Checked(self._for_each(numbers, values), whole, given or {})

    def without(self, values: Sequence[float]) -> Checked:
        """The same of a row whose covariates did not come."""
        columns = self.columns
        missing = Numbers(np.full(len(columns.past), np.nan), np.full(len(columns.future), np.nan))
        return Checked(self._for_each(missing, values), None, {})

    def _for_each(self, numbers: Numbers, values: Sequence[float]) -> Sequence[Numbers]:
        """Of each target: "joint", with what the others are, from the next one on and around, as `apart` has them."""
        count = len(values)
        if self.channels == "independent" or count == 1:
            return (numbers,) * count
        around = np.concatenate([values, values])
        return [
            Numbers(np.concatenate([numbers.past, around[target + 1 : target + count]]), numbers.future)
            for target in range(count)
        ]

    def start(self, found: Channel, step: int, of_series: OfSeries | None) -> None:
        """A series whose first row will be at a step."""
        if not self.plan.of_time_alone:
            nothing = (np.zeros(0, np.float32),) * len(self.plan.encodings)
            self.attach(found, KnownSeries(self.plan, found.phase, step, nothing if of_series is None else of_series))

    def attach(self, found: Channel, known: KnownSeries) -> None:
        """Have the kernels find what is known of a series."""
        found.known, found.head.known = known, address(known.structures)

    def reach_rows(self, found: Series, first: int, last: int) -> None:
        """`reach` of each target."""
        for channel in found.channels:
            self.reach(channel, first, last)

    def reach(self, found: Channel, first: int, last: int) -> None:
        """Where all is known of time alone: have it from a step up to the horizon after another."""
        table = self.plan.phase_table(found.phase)
        table.reach(min(first, found.head.start), max(last, found.end))
        found.head.known = address(table.structure)

    def place(self, engine: Engine, found: Channel, step: int, y: float, row: tuple[Numbers, int]) -> int:
        """As `Engine.place`; row: what is known of it, and the longest gap."""
        numbers, longest_gap = row
        known, head, end = found.known, found.head, found.end
        if known is None:
            self.reach(found, step, step)
            return engine.place(found.at, step, y, longest_gap)
        if step > end:
            if step - end - 1 > longest_gap:
                return -1
            for gap in range(end + 1, step):
                known.put(gap, *self._nothing)
                self._take(engine, found, gap, math.nan)
            known.put(step, *numbers)
            self._take(engine, found, step, y)
            known.trim(found.end)
            return TAKEN
        ring = engine.ring(found.at)
        kept = step >= head.start and end - step < len(ring)
        if kept and same(ring[(step - head.start) % len(ring)], y) and known.holds(step, *numbers):
            head.duplicates += 1
            return DUPLICATE
        if not self.lateness or end - step > self.lateness:
            head.late += 1
            return LATE
        head.revised += 1
        known.put(step, *numbers)
        self._revise(engine, found, step, y)
        return REVISED

    def _take(self, engine: Engine, found: Channel, step: int, y: float) -> None:
        """The next row, which sees what was known then."""
        if found.known is None:
            raise RuntimeError("a series without covariates has no table of its own")
        found.known.see(step)
        status = engine.place(found.at, step, y, 0)
        if status != TAKEN:
            raise RuntimeError(f"the kernels did not take the next row in, and say {status}")

    def _revise(self, engine: Engine, found: Channel, step: int, y: float) -> None:
        """Take rows in again from an anchor on, each as it was seen; the verdict is that of the row that changed."""
        start, end, ring = found.head.start, found.end, engine.ring(found.at)
        values = {each: ring[(each - start) % len(ring)] for each in range(max(start, end + 1 - len(ring)), end + 1)}
        first, verdict = engine.rewind(found.at, step), engine.verdict[:]
        for each in range(first, end + 1):
            self._take(engine, found, each, y if each == step else values.get(each, math.nan))
            if each == step:
                verdict = engine.verdict[:]
        engine.verdict[:] = verdict  # type: ignore[assignment]

    @cached_property
    def _nothing(self) -> Numbers:
        """What is known of a row that did not come."""
        columns = self.plan.encoding.columns
        return Numbers(np.full(len(columns.past), np.nan), np.full(len(columns.future), np.nan))

    @contextmanager
    def ahead(self, found: Channel, steps: int, future: Future | None) -> Iterator[tuple[int, str] | None]:
        """While so many steps after the last row are in the table, with `future` in place of what is known of them.

        The first step at which a future covariate is not known, and which one that is; None where all are.
        """
        if found.known is None:
            self.reach(found, found.end, found.end + steps)
            yield None
            return
        kept, own = found.known, found.known.copy(found.end)
        own.extend(found.end, steps)
        if future is not None:
            begin = found.end + 1 - own.first
            own.coming[begin : begin + steps] = future
        own.see(found.end)
        self.attach(found, own)
        try:
            yield own.missing(found.end, steps)
        finally:
            self.attach(found, kept)

    def load(self, panel: Panel, place: int, found: Channel) -> None:
        """What a panel says of a series of one target, of all its rows and the steps after them."""
        covariates, count = panel.covariates, int(panel.lengths[place])
        if covariates is None or found.known is None:
            return self.reach(found, found.head.start, found.head.start + count)
        rows = slice(int(panel.offsets[place]), int(panel.offsets[place + 1]))
        future = covariates.future[covariates.offsets[place] : covariates.offsets[place + 1]]
        found.known.load(covariates.past[rows], future)
        return None

    def of_all(self, panel: Panel) -> Sequence[OfSeries | None]:
        """What is known of the series of a panel as wholes."""
        if panel.covariates is None:
            return [None] * panel.n_series
        return of_all(self.plan.encodings, panel.covariates.static, panel.ids)


def same(one: float, other: float) -> bool:
    """Whether two values are the same, or both missing."""
    return one == other or (math.isnan(one) and math.isnan(other))
