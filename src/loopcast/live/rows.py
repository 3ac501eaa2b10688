"""Rows of many series, each given its series and its step before any is taken in."""

from collections.abc import Mapping, Sequence

import numpy as np

from loopcast.errors import DataError
from loopcast.live.checks import Checks, Id
from loopcast.live.clock import EvenPhase, Phase
from loopcast.live.engine import RowBatch
from loopcast.live.series import Series

NO_END = np.iinfo(np.int64).min


class Placed:
    """Rows that were checked: taking them in cannot fail.

    failed: the first row that cannot be taken in after those before it, and why; None where all can. ids, phases: of
    the series that have rows here, in the order in which these first came; known: as they are followed, None for one
    that is new. batch: the rows.
    """

    def __init__(self, ids: Sequence[Id], ticks: np.ndarray, series: Mapping[Id, Series], checks: Checks) -> None:
        places: dict[Id, int] = {}
        rows = np.array([places.setdefault(each, len(places)) for each in ids], np.int64)
        self.ids, self.known = list(places), [series.get(each) for each in places]
        errors: list[tuple[int, DataError]] = []
        self.phases = self._phases(rows, ticks, series, checks, errors)
        steps = self._steps(rows, ticks, checks, errors)
        blocks = [0 if found is None else found.first.at for found in self.known]
        self.batch = RowBatch(rows, blocks, steps)
        self.failed = self._first_error(rows, ticks, checks, errors)

    def _phases(
        self,
        rows: np.ndarray,
        ticks: np.ndarray,
        series: Mapping[Id, Series],
        checks: Checks,
        errors: list[tuple[int, DataError]],
    ) -> list[Phase]:
        """Those that series stand on, or will; of a series that cannot be started the error of its first row."""
        there = [found.phase for found in self.known if found is not None]
        if len(there) == len(self.known):
            return there
        phases, new = [], 0
        first = np.full(len(self.ids), len(rows))
        np.minimum.at(first, rows, np.arange(len(rows)))
        for place, (id_, found) in enumerate(zip(self.ids, self.known, strict=True)):
            if found is not None:
                phases.append(found.phase)
                continue
            row = int(first[place])
            try:
                checks.new(id_, series, new)
                phases.append(checks.clock.phase(int(ticks[row])))
            except DataError as error:
                errors.append((row, error))
                phases.append(EvenPhase(int(ticks[row]), checks.clock.freq.size))
            new += 1
        return phases

    def _steps(
        self, rows: np.ndarray, ticks: np.ndarray, checks: Checks, errors: list[tuple[int, DataError]]
    ) -> np.ndarray:
        """The step of each row, int64; an error for the first that is on none."""
        if checks.clock.even:
            origins = np.array([phase.origin for phase in self.phases], np.int64)
            steps, rest = np.divmod(ticks - origins[rows], checks.clock.freq.size)
            off = np.flatnonzero(rest)
            if len(off):
                errors.append((int(off[0]), self._error(int(off[0]), rows, ticks, checks)))
            return steps
        steps, failed = np.zeros(len(ticks), np.int64), False
        for row, (place, tick) in enumerate(zip(rows.tolist(), ticks.tolist(), strict=True)):
            try:
                steps[row] = checks.step(self.phases[place], self.ids[place], tick)
            except DataError as error:
                if not failed:
                    errors.append((row, error))
                failed = True
        return steps

    def _error(self, row: int, rows: np.ndarray, ticks: np.ndarray, checks: Checks) -> DataError:
        place = int(rows[row])
        try:
            checks.step(self.phases[place], self.ids[place], int(ticks[row]))
        except DataError as error:
            return error
        raise RuntimeError("a row that is on no step has one")

    def _first_error(
        self, rows: np.ndarray, ticks: np.ndarray, checks: Checks, errors: list[tuple[int, DataError]]
    ) -> tuple[int, DataError] | None:
        """Of the first row that has one, as if those before it were taken in."""
        gap = self.batch.first_gap(checks.longest_gap)
        first = min(errors, key=lambda error: error[0], default=None)
        if gap < 0 or (first is not None and first[0] <= gap):
            return first
        before = np.flatnonzero(rows[:gap] == rows[gap])
        found = self.known[rows[gap]]
        end = max(NO_END if found is None else found.end, *self.batch.steps[before].tolist(), NO_END)
        try:
            checks.gap(self.ids[rows[gap]], int(ticks[gap]), int(self.batch.steps[gap]) - end - 1)
        except DataError as error:
            return gap, error
        raise RuntimeError("a gap that is too long is none")

    def steps_of(self, place: int) -> tuple[int, int]:
        """The first and the last step of the rows of one of the series."""
        steps = self.batch.steps[self.batch.order[self.batch.begin[place] : self.batch.begin[place + 1]]]
        return int(steps.min()), int(steps.max())

    def first_step(self, place: int) -> int:
        """The step of the first row of one of the series."""
        return int(self.batch.steps[self.batch.order[self.batch.begin[place]]])
