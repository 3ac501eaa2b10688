"""The last values of a series, and what is known besides, as the inputs of a regression."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np

from loopcast.data.missing import first_observed, forward_fill
from loopcast.data.panel import Panel
from loopcast.data.ranges import concat_ranges
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.standardize import PER_COLUMN

CHUNK = 2**20  # numbers gathered at once: memory stays a few megabytes however many windows there are


class ExogenousRows(NamedTuple):
    """What is known besides the values, at each row and each step after the end of a series that was asked for.

    past: float32 `[known row, number]`, at that row, 0 after the end of a series.
    of_series: float32 `[series, number]`: static numbers, and one for its categories.
    ahead: float32 `[known row, number]`, of that row, and known at earlier ones.
    offsets: int64 `[series + 1]` of the known rows.
    """

    past: np.ndarray
    of_series: np.ndarray
    ahead: np.ndarray
    offsets: np.ndarray

    @classmethod
    def of(cls, encoding: ExogenousEncoder | None, panel: Panel, extra: int) -> Self:
        """Of a panel and `extra` steps after its ends; errors are those of `ExogenousEncoder`."""
        if encoding is None:
            none = np.zeros((panel.n_rows, 0), np.float32)
            return cls(none, np.zeros((panel.n_series, 0), np.float32), none, panel.offsets)
        encoding.require_same_covariates(panel)
        values, offsets = encoding.ahead(panel, extra)
        past = np.zeros((len(values), encoding.past_width), np.float32)
        past[concat_ranges(offsets[:-1], panel.lengths)[0]] = encoding.past_rows(panel)
        return cls(past, encoding.of_series(panel), values, offsets)

    @property
    def width(self) -> int:
        """How many numbers a step ahead has."""
        return self.past.shape[1] + self.of_series.shape[1] + 2 * self.ahead.shape[1]

    def at(self, rows: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """What is known at some of the known rows, and of `steps` (from 0) after each, `[row, step, width]`.

        A step beyond what is known shows what its series' last known row does.
        """
        series = np.searchsorted(self.offsets, rows, side="right") - 1
        coming = np.minimum(rows[:, None] + 1 + steps, self.offsets[series + 1, None] - 1)
        now = np.concatenate([self.past[rows], self.of_series[series], self.ahead[rows]], axis=1)
        return np.concatenate([np.repeat(now[:, None], len(steps), axis=1), self.ahead[coming]], axis=2)

    def clock(self, encoding: ExogenousEncoder | None, panel: Panel) -> np.ndarray:
        """The mean of the calendar's numbers over the rows of each series, `[series, number]`; panel: of the same."""
        first = self.ahead.shape[1] if encoding is None else PER_COLUMN * len(encoding.columns.future)
        rows = [slice(begin, begin + count) for begin, count in zip(self.offsets[:-1], panel.lengths, strict=True)]
        return np.stack([self.ahead[each, first:].mean(axis=0) for each in rows])


def width_of(encoding: ExogenousEncoder | None) -> int:
    """The width of what is known, by an encoding."""
    if encoding is None:
        return 0
    return encoding.width + encoding.ahead_width


@dataclass(frozen=True, kw_only=True, eq=False)
class Lagged:
    """One channel of a panel, cut into windows of `context` values.

    horizon: steps that every window has after it. known: of the panel's rows.
    unit: what each series is measured in, `[series]`; one of 0 has no windows.
    relative: whether values are differences from the last one of their window.
    """

    panel: Panel
    channel: int
    context: int
    horizon: int
    known: ExogenousRows
    unit: np.ndarray
    relative: bool

    @cached_property
    def values(self) -> np.ndarray:
        """`[row]`, NaN where missing."""
        return self.panel.values[:, self.channel]

    @cached_property
    def filled(self) -> np.ndarray:
        """The values as inputs, `[row]`: the last one before it where one is missing."""
        return forward_fill(self.values[:, None], self.panel.offsets)[:, 0]

    @property
    def gaps(self) -> bool:
        return bool(np.isnan(self.values).any())

    def starts(self, steps: np.ndarray) -> np.ndarray:
        """First rows of the windows whose `steps` (from 0) ahead are there.

        None begins before the first value of its series, with which what is before it is filled: that is the future.
        """
        panel, rows = self.panel, np.arange(self.panel.n_rows)
        fits = np.repeat(panel.offsets[1:], panel.lengths) - rows >= self.context + self.horizon
        begun = rows >= np.repeat(first_observed(self.values[:, None], panel.offsets)[:, 0], panel.lengths)
        starts = np.flatnonzero(fits & begun)
        if not self.gaps:
            return starts
        return starts[~np.isnan(self.values[starts[:, None] + self.context + steps]).any(axis=1)]

    def rows(self, steps: np.ndarray) -> Iterator[np.ndarray]:
        """A row per window, a chunk of them at a time, float64: its values, what is known, 1, and the `steps` ahead.

        What is known is that of the first of these steps.
        """
        unit = np.repeat(self.unit, self.panel.lengths)
        starts = self.starts(steps)
        starts = starts[unit[starts] > 0]
        shown = np.concatenate([np.arange(self.context), self.context + steps])
        size = max(CHUNK // (len(shown) + self.known.width), 1)
        for first in range(0, len(starts), size):
            chosen = starts[first : first + size, None]
            values = self.filled[chosen + shown]
            level = values[:, self.context - 1 : self.context] if self.relative else np.zeros((len(values), 1))
            scaled = (values - level) / unit[chosen]
            known = self.known.at(chosen[:, 0] + self.context - 1, steps[:1])[:, 0]
            one = np.ones((len(scaled), 1))
            yield np.concatenate([scaled[:, : self.context], known, one, scaled[:, self.context :]], axis=1)
