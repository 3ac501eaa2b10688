"""What is known of live series besides their values, as models are shown it: covariates, and the calendar.

Members of a mean may have learned from other rows, and measure covariates by other scales: there is a table by each. To
the bits of `loopcast.features.known.Known`: a table holds the rows that a forecast from the latest row, or from one
that may still come late, looks back to, and the steps to come; what is not known of these yet is missing there.
"""

import ctypes
from typing import NamedTuple, Self

import numpy as np

from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.known import TRAILING
from loopcast.features.standardize import Standardization, encode_carried
from loopcast.live.calendar import Calendar
from loopcast.live.clock import Phase
from loopcast.live.covariates import OfSeries
from loopcast.live.native import KnownTable

Carried = list[np.ndarray]  # of columns after each row the last value and since when, and the sums
Table = tuple[np.ndarray, np.ndarray]  # of rows, and of steps to come, float32


class Before(NamedTuple):
    """What comes before a table: of past and future covariates the last value and since when, and the sums of these."""

    past: np.ndarray
    past_since: np.ndarray
    future: np.ndarray
    future_since: np.ndarray
    sums: np.ndarray

    @classmethod
    def nothing(cls, past: int, future: int) -> Self:
        sizes = (past, past, future, future, future)
        dtypes = (np.float32, np.int64, np.float32, np.int64, np.float64)
        return cls(*(np.zeros(size, dtype) for size, dtype in zip(sizes, dtypes, strict=True)))


class KnownPlan:
    """What the series of a live state share: how covariates are encoded, how far back and ahead tables reach.

    encodings: of the same covariates, by one scale or several.
    """

    def __init__(
        self, encodings: tuple[ExogenousEncoder, ...], season: int, calendar: Calendar, reach: tuple[int, int]
    ) -> None:
        lateness, self.ahead = reach
        self.encodings, self.calendar = encodings, calendar
        encoding = self.encoding
        self.past, self.future = encoding.columns.past, encoding.columns.future
        self.values = encoding.future_values
        self.counts = [count for count in (round(share * season) for share in TRAILING) if count > 1]
        self.back = max(season, *self.counts, 1) + 2 * lateness + 2
        self._phases: dict[int, PhaseTable] = {}

    @property
    def encoding(self) -> ExogenousEncoder:
        """One of them, for all but the scales."""
        return self.encodings[0]

    @property
    def of_time_alone(self) -> bool:
        """Whether all is known of a step that the calendar says, so that series of a phase share one table."""
        return not self.encoding.columns.covariates

    def phase_table(self, phase: Phase) -> "PhaseTable":
        """That of a phase, where all is known of time alone."""
        found = self._phases.get(id(phase))
        if found is None:
            found = self._phases[id(phase)] = PhaseTable(self, phase)
        return found


class PhaseTable:
    """What the calendar says of the steps of a phase."""

    def __init__(self, plan: KnownPlan, phase: Phase) -> None:
        self.plan, self.phase = plan, phase
        self.structure, self._rows = KnownTable(), np.zeros((0, 0), np.float32)

    def reach(self, first: int, last: int) -> None:
        """Have the steps from `first` on, up to the horizon after `last`."""
        table, end = self.structure, last + self.plan.ahead + 1
        if table.count and table.first <= first and end <= table.first + table.count:
            return
        begin = min(first, table.first) if table.count else first
        end = max(end + self.plan.back, table.first + table.count if table.count else end)
        self._rows = np.ascontiguousarray(self.plan.calendar.rows(self.phase, begin, end - begin))
        at = self._rows.ctypes.data
        table.rows, table.ahead, table.first, table.count = at, at, begin, len(self._rows)


class KnownSeries:
    """Of one series: past, future `[step, covariate]`, float64, NaN where missing, from the step `first` on.

    future: as its rows had it; coming: as it was known ahead, which is what a forecast from an earlier row sees of a
    step. begin: the step of its first row; of_series: what is known of it as a whole, float32, by each encoding.
    """

    def __init__(self, plan: KnownPlan, phase: Phase, begin: int, of_series: OfSeries) -> None:
        self.plan, self.phase, self.first, self.begin, self.of_series = plan, phase, begin, begin, of_series
        self.past, self.future, self.coming = (
            np.zeros((0, len(names))) for names in (plan.past, plan.future, plan.future)
        )
        self.before = [Before.nothing(len(plan.past), len(plan.future)) for _ in plan.encodings]
        self.structures = (KnownTable * len(plan.encodings))()

    def copy(self, step: int) -> "KnownSeries":
        """The same as of a step, which goes its own way."""
        other = KnownSeries(self.plan, self.phase, self.begin, self.of_series)
        other.first, other.before = self.first, list(self.before)
        other.past, other.future, other.coming = self.past.copy(), self.future.copy(), self.coming.copy()
        other.see(step)
        return other

    def put(self, step: int, past: np.ndarray, future: np.ndarray) -> None:
        """What is known at the row of a step; of a future covariate that is missing what was known ahead stays."""
        if step < self.begin:
            self._begin_at(step)
        self.extend(step, 0)
        at = step - self.first
        self.past[at] = past
        self.future[at] = np.where(np.isnan(future), self.coming[at], future)

    def know(self, step: int, future: np.ndarray, end: int) -> None:
        """Future covariates of a step after the last one, `end`; what is missing stays as it was."""
        self.extend(step, 0)
        at = step - self.first
        self.coming[at] = np.where(np.isnan(future), self.coming[at], future)
        self.see(end)

    def holds(self, step: int, past: np.ndarray, future: np.ndarray) -> bool:
        """Whether the row of a step that is in the table has these covariates."""
        at = step - self.first
        future = np.where(np.isnan(future), self.coming[at], future)
        same = np.array_equal(self.past[at], past, equal_nan=True)
        return same and np.array_equal(self.future[at], future, equal_nan=True)

    def load(self, past: np.ndarray, future: np.ndarray) -> None:
        """Of all rows so far, and in `future` of steps to come as well: all of it was known ahead."""
        self.past, self.future, self.coming = past.copy(), future.copy(), future.copy()
        last = self.first + len(past) - 1
        self.extend(last, 0)
        self.see(last)

    def missing(self, end: int, steps: int) -> tuple[int, str] | None:
        """The first of so many steps after `end` of which a future covariate is not known, and which one it is."""
        begin = end + 1 - self.first
        unknown = np.isnan(self.coming[begin : begin + steps])
        if not unknown.any():
            return None
        step, column = np.unravel_index(int(unknown.argmax()), unknown.shape)
        return end + 1 + int(step), self.plan.future[int(column)]

    def trim(self, step: int) -> None:
        """Leave out what a forecast from a step, or from one that may come late, does not look back to."""
        count = step - self.plan.back - self.first
        if count <= 0:
            return
        self.before = [
            Before._make([*(part[count - 1].copy() for part in carried), sums[count].copy()])
            for *carried, sums in self._carried
        ]
        self.past, self.future, self.coming = self.past[count:], self.future[count:], self.coming[count:]
        self.first += count
        self.see(step)

    def _begin_at(self, step: int) -> None:
        """Rows before the first one: nothing was left out yet, as these can only come while all is kept."""
        more = self.begin - step
        self.past, self.future, self.coming = (
            np.concatenate([np.full((more, part.shape[1]), np.nan), part])
            for part in (self.past, self.future, self.coming)
        )
        self.begin = self.first = step

    def extend(self, step: int, steps: int) -> None:
        """Up to so many steps after another."""
        count = max(step + max(steps, self.plan.ahead) + 1 - self.first, len(self.coming))
        self.past, self.future, self.coming = (
            np.concatenate([part, np.full((count - len(part), part.shape[1]), np.nan)])
            for part in (self.past, self.future, self.coming)
        )

    def see(self, step: int) -> None:
        """Make the tables of what is known at the row of a step."""
        count, rows = len(self.coming), step + 1 - self.first
        seen = np.concatenate([self.future[:rows], self.coming[rows:]])
        dates = self.plan.calendar.rows(self.phase, self.first, count)
        made = [self._table(place, seen, dates) for place in range(len(self.before))]
        self._carried, self._tables = [carried for carried, _ in made], [table for _, table in made]
        for structure, (row, ahead) in zip(self.structures, self._tables, strict=True):
            structure.rows, structure.ahead = row.ctypes.data, ahead.ctypes.data
            structure.first, structure.count = self.first, count

    def _table(self, place: int, seen: np.ndarray, dates: np.ndarray) -> tuple[Carried, Table]:
        """By one of the encodings; seen: future covariates; dates: what the calendar says."""
        encoding, before, whole = self.plan.encodings[place], self.before[place], self.of_series[place]
        past, *of_past = _columns(encoding.past, self.past, before.past, before.past_since)
        future, *of_future = _columns(encoding.future, seen, before.future, before.future_since)
        values = future[:, self.plan.values].astype(np.float64)
        sums = np.cumsum(np.concatenate([before.sums[None], values]), axis=0)
        ahead = np.concatenate([future, dates], axis=1)
        rows = np.concatenate([past, np.broadcast_to(whole, (len(seen), len(whole))), ahead], axis=1)
        table = np.ascontiguousarray(rows), np.ascontiguousarray(np.concatenate([ahead, *self._means(sums)], axis=1))
        return [*of_past, *of_future, sums], table

    def _means(self, sums: np.ndarray) -> list[np.ndarray]:
        """Trailing means of the covariates, as `trailing_means` has them."""
        rows = np.arange(len(sums) - 1)
        each = []
        for most in self.plan.counts:
            count = np.minimum(most, rows + 1 + self.first - self.begin)
            begin = np.maximum(rows + 1 - count, 0)
            each.append(((sums[1:] - sums[begin]) / count[:, None]).astype(np.float32))
        return each


def _columns(
    scale: Standardization, values: np.ndarray, carried: np.ndarray, since: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns as the network sees them, and the last value of each and since when, after each row."""
    return encode_carried(scale.scaled(values), carried, since)


def address(tables: ctypes.Structure | ctypes.Array[KnownTable]) -> int:
    """Where the kernels find them."""
    return ctypes.addressof(tables)
