"""The linear model: all the steps ahead as weighted sums of the last values, in closed form."""

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from loopcast.data.missing import forward_fill
from loopcast.data.panel import Panel
from loopcast.errors import LengthError, OptionError, ValuesError
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.models import encoding_io as encoded
from loopcast.models.base import Forecaster
from loopcast.models.fitted import ModelPayload
from loopcast.models.lagged import ExogenousRows, Lagged, width_of
from loopcast.validation import check_positive


@dataclass(frozen=True, kw_only=True, eq=False)
class Weights:
    """Per channel, for `context` values, what is known besides them, and a constant (the rows), each step ahead.

    encoding: how covariates and the calendar are seen; None without any.
    """

    matrix: np.ndarray  # float64 [channel, context + known + 1, horizon]
    context: int
    encoding: ExogenousEncoder | None

    @property
    def horizon(self) -> int:
        return int(self.matrix.shape[2])


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
    >>> linear.forecast(panel, 3).ravel().round(3).tolist()
    [7.0, 8.0, 9.0]
    """

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

    def _fit(self, panel: Panel) -> Weights:
        context, units = self._context(panel), self._units(panel)
        encoding = ExogenousEncoder.of(panel, unknown=False, gaps=True)
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
        return Weights(matrix=matrix, context=context, encoding=encoding)

    def _forecast(self, state: Weights, panel: Panel, horizon: int) -> np.ndarray:
        if panel.n_channels != len(state.matrix):
            raise OptionError(f"{self.name} was fitted on {len(state.matrix)} channels, got {panel.n_channels}")
        if state.encoding is not None:
            state.encoding.require_reach(state.horizon, horizon)
        known = ExogenousRows.of(state.encoding, panel, horizon)
        filled = replace(panel, values=forward_fill(panel.values, panel.offsets))
        path = filled.last(state.context).astype(np.float64)
        unit = self._units(panel)[:, None]
        cutoff = known.offsets[:-1] + panel.lengths - 1
        for first in range(0, horizon, state.horizon):
            last = np.minimum(cutoff + first, known.offsets[1:] - 1)
            exogenous = known.at(last, np.arange(state.horizon))
            path = np.concatenate([path, self._ahead(state, path[:, -state.context :], unit, exogenous)], axis=1)
        return path[:, state.context : state.context + horizon].astype(np.float32)

    def _ahead(self, state: Weights, past: np.ndarray, unit: np.ndarray, known: np.ndarray) -> np.ndarray:
        """The next steps `[series, state.horizon, channel]` after `past` `[series, context, channel]`.

        known: `[series, state.horizon, number]`, what is known of each of these steps.
        """
        level = self._level(past)
        seen = (past - level) / np.where(unit > 0, unit, 1)
        weighted = np.einsum("slc,clh->shc", seen, state.matrix[:, : state.context]) + state.matrix[:, -1].T
        weighted += np.einsum("shk,ckh->shc", known, state.matrix[:, state.context : -1])
        return level + unit * weighted

    def _weights(self, lagged: Lagged) -> np.ndarray:
        """The weights of one channel: of all steps at once where they have the same inputs and nothing is missing."""
        every = np.arange(self.horizon)
        if not lagged.gaps and not lagged.known.width:
            return self._solve(lagged, every)
        for step in every:
            if not len(lagged.starts(np.array([step]))):
                raise ValuesError(
                    f"{self.name} learns each step ahead from values that are there, and none of the values "
                    f"{step + 1} steps after {lagged.context} others is: give longer series, or a smaller horizon or "
                    "context"
                )
        return np.hstack([self._solve(lagged, every[step : step + 1]) for step in every])

    def _solve(self, lagged: Lagged, steps: np.ndarray) -> np.ndarray:
        """The weights `[context + known + 1, step]` of some of the steps ahead, which are 0 to horizon - 1."""
        inputs = lagged.context + lagged.known.width
        shrink = np.r_[np.full(inputs, math.sqrt(self.ridge)), 0.0]
        triangle = np.hstack([np.diag(shrink), np.zeros((inputs + 1, len(steps)))])
        for rows in lagged.rows(steps):
            triangle = np.asarray(np.linalg.qr(np.vstack([triangle, rows]), mode="r"))
        return np.linalg.lstsq(triangle[: inputs + 1, : inputs + 1], triangle[: inputs + 1, inputs + 1 :])[0]

    def _level(self, past: np.ndarray) -> np.ndarray:
        """What a window `[window, time, ...]` is measured from."""
        return past[:, -1:] if self.scaling == "series" else np.zeros_like(past[:, -1:])

    def _units(self, panel: Panel) -> np.ndarray:
        """What each series is measured in, `[series, channel]`: 0 for a constant one."""
        if self.scaling == "none":
            return np.ones((panel.n_series, panel.n_channels))
        return np.stack([mean_step(panel.series(i)) for i in range(panel.n_series)])

    def min_rows(self, panel: Panel, horizon: int) -> int:
        """As for every forecaster, and no less than a chosen context with a horizon after it."""
        return max(super().min_rows(panel, horizon), (self.context or 0) + horizon)

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

    def _parameters(self, state: Weights) -> int:
        return state.matrix.size

    def _min_history(self, state: Weights) -> int:
        return state.context

    def _describe(self, state: Weights) -> str:
        why = "as chosen" if self.context else "two seasons, or 8 steps, or what the shortest series allows"
        units = "relative to the last value" if self.scaling == "series" else "as they are"
        return (
            f"weighs the last {state.context} values ({why}), taken {units}, {_besides(state.encoding)}for each of "
            f"{state.horizon} steps; "
            f"least squares with ridge {self.ridge:g}"
        )

    def _to_parts(self, state: Weights) -> ModelPayload:
        facts: dict[str, Any] = {"context": state.context}
        if state.encoding is None:
            return ModelPayload(facts=facts, arrays={"matrix": state.matrix})
        facts["encoding"], scales = encoded.to_file(state.encoding)
        return ModelPayload(facts=facts, arrays={"matrix": state.matrix, "encoding": scales})

    def _from_parts(self, parts: ModelPayload) -> Weights:
        channels = sum(parts.arrays["matrix"].shape[:1]) if "matrix" in parts.arrays else 0
        context = check_positive("context", parts.facts.get("context", 0))
        scales = parts.arrays.get("encoding")
        encoding = None if scales is None else encoded.from_file(parts.facts.get("encoding"), scales)
        own = {} if scales is None else {"encoding": scales.shape}
        matrix = (channels, context + width_of(encoding) + 1, self.horizon)
        parts.check_schema({"context", *own}, own | {"matrix": matrix})
        return Weights(matrix=parts.arrays["matrix"], context=context, encoding=encoding)


def _besides(encoding: ExogenousEncoder | None) -> str:
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
    mean: np.ndarray = np.abs(np.diff(values.astype(np.float64), axis=0)).mean(axis=0)
    return mean
