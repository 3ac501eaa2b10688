"""The linear model: all the steps ahead as weighted sums of the last values, in closed form."""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock
from typing import Any, ClassVar, Literal

import numpy as np
from threadpoolctl import threadpool_limits

from loopcast.data.explanation import Contributions
from loopcast.data.missing import first_observed, forward_fill
from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction
from loopcast.errors import LengthError, OptionError, ValuesError
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.sizes import FARTHEST
from loopcast.kernels import most_threads
from loopcast.models.baselines import at_each_cutoff
from loopcast.models.forecaster import Forecaster
from loopcast.models.lagged import ExogenousRows, Lagged, width_of
from loopcast.models.linear_parts import base_parts, known_linear_parts, linear_parts, usual_lags
from loopcast.models.model import Fit, Model
from loopcast.storage.registry import register
from loopcast.validation import check_positive

ONE_FIT = Lock()  # at a time: how many threads BLAS has is the process's, and each fit puts it back


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearModel(Model):
    """Weights of one channel by rows: for `context` values, for what is known besides them, and a constant.

    matrix: float64 `[channel, context + known + 1, step ahead]`. relative: whether windows are differences from their
    last value, in units of the series' mean absolute step. encoding: how covariates and the calendar are
    seen, None without.
    """

    matrix: np.ndarray
    context: int
    relative: bool
    encoding: ExogenousEncoder | None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("context", self.context)
        rows = self.context + width_of(self.encoding) + 1
        if self.matrix.ndim != 3 or self.matrix.shape[1] != rows or 0 in self.matrix.shape:
            raise OptionError(f"the weights are [channel, {rows}, step], got shape {self.matrix.shape}")

    @property
    def reach(self) -> int:
        """Steps ahead that it gives at once."""
        return int(self.matrix.shape[2])

    def _predict(
        self, panel: Panel, cutoffs: tuple[int, ...], horizon: int, probabilities: tuple[float, ...]
    ) -> Prediction:
        if panel.n_channels != len(self.matrix):
            raise OptionError(f"{self.name} was fitted on {len(self.matrix)} channels, got {panel.n_channels}")
        if self.encoding is not None:
            self.encoding.require_reach(self.reach, horizon)
        return at_each_cutoff(self, panel, cutoffs, lambda seen: self._forecast(seen, horizon))

    def _forecast(self, panel: Panel, horizon: int) -> np.ndarray:
        """float64 `[series, horizon, channel]` after the end of each series."""
        known = ExogenousRows.of(self.encoding, panel, horizon)
        filled = replace(panel, values=forward_fill(panel.values, panel.offsets))
        path = filled.last(self.context)
        unit = units_of(panel, relative=self.relative)[:, None]
        low, high = (pick.reduceat(panel.values, panel.offsets[:-1])[:, None] for pick in (np.fmin, np.fmax))
        cutoff = known.offsets[:-1] + panel.lengths - 1
        for first in range(0, horizon, self.reach):
            last = np.minimum(cutoff + first, known.offsets[1:] - 1)
            ahead = self._ahead(path[:, -self.context :], unit, known.at(last, np.arange(self.reach)))
            if first:  # what is fed back: small errors of errors would grow without end
                ahead = np.clip(ahead, low - FARTHEST * (high - low), high + FARTHEST * (high - low))
            path = np.concatenate([path, ahead], axis=1)
        return path[:, self.context : self.context + horizon]

    def _contributions(self, panel: Panel, horizon: int) -> Contributions:
        """Each weight times how far its input is from what is usual, in the unit of each series."""
        self._require_direct(horizon)
        known = ExogenousRows.of(self.encoding, panel, horizon)
        filled, context = forward_fill(panel.values, panel.offsets), self.context
        past, unit = replace(panel, values=filled).last(context), units_of(panel, relative=self.relative)[:, None]
        scale, level = np.where(unit > 0, unit, 1), self._level(past)
        begin = np.minimum(first_observed(panel.values, panel.offsets).max(axis=1), panel.offsets[1:] - context)
        windows = [filled[first:stop] for first, stop in zip(begin, panel.offsets[1:], strict=True)]
        usual = np.stack([usual_lags(each, context, relative=self.relative) for each in windows]) / scale
        matrix = self.matrix[..., :horizon]
        lags, of_lags = linear_parts(matrix, (past - level) / scale, usual, self.season)
        at = known.at(known.offsets[:-1] + panel.lengths - 1, np.arange(horizon))
        others, of_others = known_linear_parts(
            matrix[:, context:-1], at, known.clock(self.encoding, panel), self.encoding
        )
        base = base_parts(level, unit * (of_lags + of_others + matrix[:, -1].T), relative=self.relative)
        return base | {name: unit * part for name, part in (lags | others).items()}

    def _require_direct(self, horizon: int) -> None:
        """OptionError where forecasts would be fed back: what they are made of are then forecasts."""
        if horizon > self.reach:
            raise OptionError(
                f"{self.name} is explained as far as the horizon of its fit, {self.reach}, and {horizon} steps were "
                "asked for: ask for fewer, or fit with that horizon"
            )

    def _ahead(self, past: np.ndarray, unit: np.ndarray, known: np.ndarray) -> np.ndarray:
        """The next steps `[series, self.horizon, channel]` after `past` `[series, context, channel]`.

        known: `[series, self.horizon, number]`, what is known of each of these steps.
        """
        level = self._level(past)
        seen = (past - level) / np.where(unit > 0, unit, 1)
        weighted = np.zeros((len(past), self.reach, past.shape[2]))
        for lag in range(self.context):  # one by one, as a live series adds them
            weighted += seen[:, lag, None] * self.matrix[:, lag].T
        weighted += self.matrix[:, -1].T
        weighted += np.einsum("shk,ckh->shc", known, self.matrix[:, self.context : -1])
        return level + unit * weighted

    def _level(self, past: np.ndarray) -> np.ndarray:
        """What a window `[window, time, ...]` is measured from."""
        return past[:, -1:] if self.relative else np.zeros_like(past[:, -1:])


@register
@dataclass(frozen=True, kw_only=True, eq=False)
class Linear(Forecaster):
    """Least squares from the last `context` values straight to each of the `horizon` steps, one model for all series.

    Minimises Σ (W'x + b - y)² + ridge·‖W‖² over every window of every series, in float64, by a QR factorisation
    that is updated a chunk of windows at a time (Golub & Van Loan, *Matrix Computations*, 4th ed., section 5.3).

    context: values seen; None is two seasons (8 steps without a season), or less where the series are short.
    ridge: pulls the weights to 0, that is, the forecast towards the last value; 0 is plain least squares.
    scaling: "series" writes every window as differences from its last value, in units of the mean absolute
    step of its series, so that series of any size and level count alike and a constant one stays constant;
    "none" takes the numbers as they are.

    Covariates and the calendar: each step ahead also weighs what is known at the cutoff (past, future and static
    covariates, of categories which one it is, and the calendar), and what is known ahead of that step.

    A longer horizon than that of the fit feeds forecasts back (OptionError with past covariates, of which nothing is
    known there); a shorter one takes the first steps.

    Missing values: an input is the last value before it that is there. Each step ahead is learned from the windows in
    which its value is there, by a factorisation of its own; ValuesError where a step has none. No window to learn from
    begins before a series' first value; a forecast takes that value for what is before it. A covariate is shown as its
    last value, whether that is of this step, and how many steps old it is.

    A series shorter than `context`, or none as long as `context + horizon`: LengthError.

    >>> from loopcast.data.panel import Panel
    >>> panel = Panel.from_array(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).reshape(1, 6, 1))
    >>> linear = Linear(horizon=2, context=2, ridge=0.0).fit(panel)
    >>> linear.predict_panel(panel, 3).values.ravel().round(3).tolist()
    [7.0, 8.0, 9.0]
    """

    model_type: ClassVar[Any] = LinearModel

    horizon: int = field()
    context: int | None = None
    ridge: float = 1.0
    scaling: Literal["series", "none"] = "series"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.context is not None:
            check_positive("context", self.context)
        if isinstance(self.ridge, bool) or not isinstance(self.ridge, int | float) or not 0 <= self.ridge < math.inf:
            raise OptionError(f"ridge is a finite number of at least 0, got {self.ridge!r}")
        if self.scaling not in ("series", "none"):
            raise OptionError(f'scaling is "series" or "none", got {self.scaling!r}')

    def _fit(self, panel: Panel) -> Fit:
        context, units = self._context(panel), units_of(panel, relative=self.scaling == "series")
        encoding = ExogenousEncoder.of(panel, unknown=False)
        lagged = Lagged(
            panel=panel,
            channel=0,
            context=context,
            horizon=self.horizon,
            known=ExogenousRows.of(encoding, panel, 0),
            unit=units[:, 0],
            relative=self.scaling == "series",
        )
        channels = [replace(lagged, channel=c, unit=units[:, c]) for c in range(panel.n_channels)]
        matrix = np.stack([self._weights(each) for each in channels])
        return Fit(
            LinearModel(
                **self.model_fields(panel),
                matrix=matrix,
                context=context,
                relative=self.scaling == "series",
                encoding=encoding,
                min_history=context,
                n_parameters=matrix.size,
                description=self._description(context, encoding),
            )
        )

    def _min_rows(self, season: int, horizon: int) -> int:
        """A chosen context with a horizon after it."""
        return (self.context or 0) + horizon

    def _description(self, context: int, encoding: ExogenousEncoder | None) -> str:
        why = "as chosen" if self.context else "two seasons, or 8 steps, or what the shortest series allows"
        units = "relative to the last value" if self.scaling == "series" else "as they are"
        return (
            f"weighs the last {context} values ({why}), taken {units}, {_exogenous(encoding)}for each of "
            f"{self.horizon} steps; least squares with ridge {self.ridge:g}"
        )

    def _weights(self, lagged: Lagged) -> np.ndarray:
        """The weights of one channel: of all steps at once where they have the same inputs and nothing is missing."""
        every = np.arange(self.horizon)
        together = [every] if not lagged.gaps and not lagged.known.width else list(every[:, None])
        for steps in together if lagged.gaps else ():
            if not len(lagged.starts(steps)):
                raise ValuesError(
                    f"{self.name} learns each step ahead from values that are there, and none of the values "
                    f"{steps[0] + 1} steps after {lagged.context} others is: give longer series, or a smaller horizon "
                    "or context"
                )
        # The threads of BLAS wait for one another where others work too: 25 times as long was measured.
        with ONE_FIT, threadpool_limits(1), ThreadPoolExecutor(most_threads()) as pool:
            return np.hstack(list(pool.map(partial(self._solve, lagged), together)))

    def _solve(self, lagged: Lagged, steps: np.ndarray) -> np.ndarray:
        """The weights `[context + known + 1, step]` of some of the steps ahead, which are 0 to horizon - 1."""
        inputs = lagged.context + lagged.known.width
        shrink = np.r_[np.full(inputs, math.sqrt(self.ridge)), 0.0]
        triangle = np.hstack([np.diag(shrink), np.zeros((inputs + 1, len(steps)))])
        for rows in lagged.rows(steps):
            triangle = np.asarray(np.linalg.qr(np.vstack([triangle, rows]), mode="r"))
        return np.linalg.lstsq(triangle[: inputs + 1, : inputs + 1], triangle[: inputs + 1, inputs + 1 :])[0]

    def _context(self, panel: Panel) -> int:
        """As chosen, or else as much as is useful and the series allow; LengthError if no window fits."""
        season = self.season_of(panel)
        usual = 2 * season if season > 1 else 8
        longest, shortest = int(panel.observed_lengths.max()), int(panel.lengths.min())
        context = self.context or max(1, min(usual, shortest, longest - self.horizon))
        if longest < context + self.horizon:
            raise LengthError(
                f"{self.name} learns from series of at least context + horizon = {context} + {self.horizon} steps; "
                f"the longest has {longest}: give longer series, or a smaller context or horizon"
            )
        return context


def units_of(panel: Panel, *, relative: bool) -> np.ndarray:
    """What each series is measured in, float64 `[series, channel]`: 0 for a constant one, 1 as it is."""
    if not relative:
        return np.ones((panel.n_series, panel.n_channels))
    return np.stack([mean_step(panel.series(i)) for i in range(panel.n_series)])


def _exogenous(encoding: ExogenousEncoder | None) -> str:
    """What else it weighs, in words."""
    if encoding is None:
        return ""
    calendar = [f"the calendar's {', '.join(encoding.parts)}"] if encoding.parts else []
    return f"and {'; '.join([*encoding.columns.covariates, *calendar])}, "


def mean_step(values: np.ndarray) -> np.ndarray:
    """The mean absolute change from one value that is there to the next, `[channel]`; 0 for a single value.

    >>> mean_step(np.array([[1.0], [np.nan], [4.0], [5.0]])).tolist()
    [2.0]
    """
    if np.isnan(values).any():
        return np.concatenate([mean_step(column[~np.isnan(column)][:, None]) for column in values.T])
    if len(values) < 2:
        return np.zeros(values.shape[1])
    sums: np.ndarray = np.cumsum(np.abs(np.diff(values, axis=0)), axis=0)  # one by one, as a live series adds them
    return sums[-1] / (len(values) - 1)
