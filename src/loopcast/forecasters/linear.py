"""The linear model: all the steps ahead as weighted sums of the last values, in closed form."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from loopcast.errors import LengthError, OptionError, ValuesError
from loopcast.forecasters.base import Forecaster
from loopcast.forecasters.checks import positive
from loopcast.forecasters.fitted import Parts
from loopcast.frames.observed import carried, first_rows
from loopcast.frames.panel import Panel

CHUNK = 2**20  # numbers gathered at once: memory stays a few megabytes however many windows there are


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Per channel, for `context` values and a constant (the rows), each step ahead (the columns)."""

    matrix: np.ndarray  # float64 [channel, context + 1, horizon]

    @property
    def context(self) -> int:
        return self.matrix.shape[1] - 1

    @property
    def horizon(self) -> int:
        return self.matrix.shape[2]


@dataclass(frozen=True, kw_only=True, eq=False)
class Cut:
    """Where windows may be cut from one channel of a panel. unit: what each series is measured in, `[series]`."""

    panel: Panel
    channel: int
    unit: np.ndarray
    context: int

    @cached_property
    def filled(self) -> np.ndarray:
        """The values as inputs, `[row]`."""
        return carried(self.panel.values[:, [self.channel]], self.panel.offsets)[:, 0]

    def starts(self, steps: np.ndarray, horizon: int) -> np.ndarray:
        """First rows of the windows of `context` rows, `horizon` before the end or more, whose `steps` are there.

        None begins before the first value of its series, with which what is before it is filled: that is the future.
        """
        panel, values = self.panel, self.panel.values[:, [self.channel]]
        rows = np.arange(panel.n_rows)
        fits = np.repeat(panel.offsets[1:], panel.lengths) - rows >= self.context + horizon
        begun = rows >= np.repeat(first_rows(values, panel.offsets)[:, 0], panel.lengths)
        starts = np.flatnonzero(fits & begun)
        if not np.isnan(values).any():
            return starts
        return starts[~np.isnan(values[starts[:, None] + self.context + steps, 0]).any(axis=1)]


@dataclass(frozen=True, kw_only=True, eq=False)
class Linear(Forecaster[Weights]):
    """Least squares from the last `context` values straight to each of the `horizon` steps, one model for all series.

    Minimises Σ (W'x + b - y)² + ridge·‖W‖² over every window of every series, in float64, by a QR factorisation
    that is updated a chunk of windows at a time (Golub & Van Loan, *Matrix Computations*, 4th ed., section 5.3).

    context: values seen; None is two seasons (8 steps without a season), or less where the series are short.
    ridge: pulls the weights to 0, that is, the forecast towards the last value; 0 is plain least squares.
    scaling: "series" writes every window as differences from its last value, in units of the mean absolute
    step of its series, so that series of any size and level count alike and a constant one stays constant;
    "none" takes the numbers as they are.

    A longer horizon than that of the fit feeds forecasts back; a shorter one takes the first steps.

    Missing values: an input is the last value before it that is there. Each step ahead is learned from the windows in
    which its value is there, by a factorisation of its own; ValuesError where a step has none. No window to learn from
    begins before a series' first value; a forecast takes that value for what is before it.

    A series shorter than `context`, or none as long as `context + horizon`: LengthError.

    >>> from loopcast.frames.panel import Panel
    >>> panel = Panel.from_array(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).reshape(1, 6, 1))
    >>> linear = Linear(horizon=2, context=2, ridge=0.0).fit(panel)
    >>> linear.forecast(panel, 3).ravel().round(3).tolist()
    [7.0, 8.0, 9.0]
    """

    context: int | None = None
    ridge: float = 1.0
    scaling: Literal["series", "none"] = "series"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.context is not None:
            positive("context", self.context)
        if isinstance(self.ridge, bool) or not isinstance(self.ridge, int | float) or not 0 <= self.ridge < math.inf:
            raise OptionError(f"ridge is a finite number of at least 0, got {self.ridge!r}")
        if self.scaling not in ("series", "none"):
            raise OptionError(f'scaling is "series" or "none", got {self.scaling!r}')

    def _fit(self, panel: Panel) -> Weights:
        context = self._context(panel)
        units = self._units(panel)
        channels = range(panel.n_channels)
        return Weights(matrix=np.stack([self._weights(panel, units, context, c) for c in channels]))

    def _forecast(self, state: Weights, panel: Panel, horizon: int) -> np.ndarray:
        if panel.n_channels != len(state.matrix):
            raise OptionError(f"{self.name} was fitted on {len(state.matrix)} channels, got {panel.n_channels}")
        filled = replace(panel, values=carried(panel.values, panel.offsets))
        path = filled.last(state.context).astype(np.float64)
        unit = self._units(panel)[:, None]
        while path.shape[1] < state.context + horizon:
            path = np.concatenate([path, self._ahead(state, path[:, -state.context :], unit)], axis=1)
        return path[:, state.context : state.context + horizon].astype(np.float32)

    def _ahead(self, state: Weights, past: np.ndarray, unit: np.ndarray) -> np.ndarray:
        """The next steps `[series, state.horizon, channel]` after `past` `[series, context, channel]`."""
        level = self._level(past)
        seen = (past - level) / np.where(unit > 0, unit, 1)
        weighted = np.einsum("slc,clh->shc", seen, state.matrix[:, :-1]) + state.matrix[:, -1].T
        return level + unit * weighted

    def _weights(self, panel: Panel, units: np.ndarray, context: int, channel: int) -> np.ndarray:
        """The weights `[context + 1, horizon]` of one channel: of all steps at once where nothing is missing."""
        cut = Cut(panel=panel, channel=channel, unit=units[:, channel], context=context)
        if not np.isnan(panel.values[:, channel]).any():
            return self._solve(cut, np.arange(self.horizon))
        for step in range(self.horizon):
            if not len(cut.starts(np.array([step]), self.horizon)):
                raise ValuesError(
                    f"{self.name} learns each step ahead from values that are there, and none of the values "
                    f"{step + 1} steps after {context} others is: give longer series, or a smaller horizon or context"
                )
        return np.hstack([self._solve(cut, np.array([step])) for step in range(self.horizon)])

    def _solve(self, cut: "Cut", steps: np.ndarray) -> np.ndarray:
        """The weights `[context + 1, step]` of some of the steps ahead, which are 0 to horizon - 1."""
        rows = cut.context + 1
        shrink = np.r_[np.full(cut.context, math.sqrt(self.ridge)), 0.0]
        triangle = np.hstack([np.diag(shrink), np.zeros((rows, len(steps)))])
        for windows in self._windows(cut, steps):
            inputs = np.insert(windows, cut.context, 1.0, axis=1)
            triangle = np.asarray(np.linalg.qr(np.vstack([triangle, inputs]), mode="r"))
        return np.linalg.lstsq(triangle[:rows, :rows], triangle[:rows, rows:])[0]

    def _windows(self, cut: "Cut", steps: np.ndarray) -> Iterator[np.ndarray]:
        """Every window and what follows it, scaled, float64 `[windows, context + step]`, a chunk at a time."""
        unit = np.repeat(cut.unit, cut.panel.lengths)
        starts = cut.starts(steps, self.horizon)
        starts = starts[unit[starts] > 0]
        shown = np.concatenate([np.arange(cut.context), cut.context + steps])
        size = max(CHUNK // len(shown), 1)
        for first in range(0, len(starts), size):
            chosen = starts[first : first + size, None]
            windows = cut.filled[chosen + shown].astype(np.float64)
            yield (windows - self._level(windows[:, : cut.context])) / unit[chosen]

    def _level(self, past: np.ndarray) -> np.ndarray:
        """What a window `[window, time, ...]` is measured from."""
        return past[:, -1:] if self.scaling == "series" else np.zeros_like(past[:, -1:])

    def _units(self, panel: Panel) -> np.ndarray:
        """What each series is measured in, `[series, channel]`: 0 for a constant one."""
        if self.scaling == "none":
            return np.ones((panel.n_series, panel.n_channels))
        return np.stack([mean_step(panel.series(i)) for i in range(panel.n_series)])

    def least_rows(self, panel: Panel, horizon: int) -> int:
        """As for every forecaster, and no less than a chosen context with a horizon after it."""
        return max(super().least_rows(panel, horizon), (self.context or 0) + horizon)

    def _context(self, panel: Panel) -> int:
        """As chosen, or else as much as is useful and the series allow; LengthError if no window fits."""
        season = self.season_of(panel)
        usual = 2 * season if season > 1 else 8
        longest, shortest = int(panel.known_lengths.max()), int(panel.lengths.min())
        context = self.context or max(1, min(usual, shortest, longest - self.horizon))
        if longest < context + self.horizon:
            raise LengthError(
                f"{self.name} learns from series of at least context + horizon = {context} + {self.horizon} steps; "
                f"the longest has {longest}: give longer series, or a smaller context or horizon"
            )
        return context

    def _parameters(self, state: Weights) -> int:
        return state.matrix.size

    def _describe(self, state: Weights) -> str:
        why = "as chosen" if self.context else "two seasons, or 8 steps, or what the shortest series allows"
        units = "relative to the last value" if self.scaling == "series" else "as they are"
        return (
            f"weighs the last {state.context} values ({why}), taken {units}, for each of {state.horizon} steps; "
            f"least squares with ridge {self.ridge:g}"
        )

    def _to_parts(self, state: Weights) -> Parts:
        return Parts(facts={"context": state.context}, arrays={"matrix": state.matrix})

    def _from_parts(self, parts: Parts) -> Weights:
        channels = sum(parts.arrays["matrix"].shape[:1]) if "matrix" in parts.arrays else 0
        context = positive("context", parts.facts.get("context", 0))
        parts.take({"context"}, {"matrix": (channels, context + 1, self.horizon)})
        return Weights(matrix=parts.arrays["matrix"])


def mean_step(values: np.ndarray) -> np.ndarray:
    """The mean absolute change from one value that is there to the next, `[channel]`; 0 for a single value.

    >>> mean_step(np.array([[1.0], [np.nan], [4.0], [5.0]])).tolist()
    [2.0]
    """
    if np.isnan(values).any():
        return np.concatenate([mean_step(column[~np.isnan(column)][:, None]) for column in values.T])
    if len(values) < 2:
        return np.zeros(values.shape[1])
    mean: np.ndarray = np.abs(np.diff(values.astype(np.float64), axis=0)).mean(axis=0)
    return mean
