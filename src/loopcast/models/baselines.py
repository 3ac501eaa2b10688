"""The forecasts that cost nothing: what any network has to beat.

Formulas after Hyndman & Athanasopoulos, *Forecasting: Principles and Practice*, 3rd ed., section 5.2;
y_T is the last of a series' T values, m the steps in a season, h the step ahead. Where values are missing, each goes by
those that are there; a series without any is a ValuesError.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from loopcast.data.explanation import LEVEL, SEASON, TREND, Contributions
from loopcast.data.missing import first_observed, last_observed
from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction
from loopcast.models.forecaster import Forecaster
from loopcast.models.model import Fit, Model
from loopcast.storage.registry import register
from loopcast.validation import check_positive


@dataclass(frozen=True, kw_only=True, eq=False)
class Baseline(Forecaster):
    """A forecaster with nothing to learn: all it needs is in the series and its options."""

    def _min_rows(self, season: int, horizon: int) -> int:
        return 1


@dataclass(frozen=True, kw_only=True, eq=False)
class NaiveModel(Model):
    """Repeats the last value."""

    def _predict(
        self, panel: Panel, cutoffs: tuple[int, ...], horizon: int, probabilities: tuple[float, ...]
    ) -> Prediction:
        return at_each_cutoff(self, panel, cutoffs, lambda seen: np.repeat(latest(seen), horizon, axis=1))

    def _contributions(self, panel: Panel, horizon: int) -> Contributions:
        return {LEVEL: forecast_of(self, panel, horizon)}


@register
@dataclass(frozen=True, kw_only=True, eq=False)
class Naive(Baseline):
    """Every future step is the last value: ŷ_{T+h} = y_T.

    Missing values: the last one that is there counts. Series of any length from 1 will do.

    >>> from loopcast.data.panel import Panel
    >>> panel = Panel.from_array(np.array([1.0, 5.0, 7.0]).reshape(1, 3, 1))
    >>> Naive().fit(panel).predict_panel(panel, 2).values.ravel().tolist()
    [7.0, 7.0]
    """

    model_type: ClassVar[Any] = NaiveModel

    def _fit(self, panel: Panel) -> Fit:
        return Fit(NaiveModel(**self.model_fields(panel), description="repeats the last value of each series"))


@dataclass(frozen=True, kw_only=True, eq=False)
class SeasonalNaiveModel(Model):
    """lag: how many of the last steps it repeats."""

    lag: int

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("lag", self.lag)

    def _predict(
        self, panel: Panel, cutoffs: tuple[int, ...], horizon: int, probabilities: tuple[float, ...]
    ) -> Prediction:
        steps = np.arange(horizon) % self.lag
        return at_each_cutoff(self, panel, cutoffs, lambda seen: self._latest_season(seen)[:, steps])

    def _contributions(self, panel: Panel, horizon: int) -> Contributions:
        """The mean of the latest season, and how far each time of it is from that."""
        forecast = forecast_of(self, panel, horizon)
        level = np.broadcast_to(self._latest_season(panel).mean(axis=1, keepdims=True), forecast.shape)
        return {LEVEL: level, SEASON: forecast - level} if self.lag > 1 else {LEVEL: forecast}

    def _latest_season(self, panel: Panel) -> np.ndarray:
        """The latest value of each time of the season, `[series, season, channel]`."""
        season = panel.last(self.lag)
        rows = panel.offsets[1:, None] - self.lag + np.arange(self.lag)
        while True:
            rows = rows - self.lag
            earlier = np.isnan(season) & (rows >= panel.offsets[:-1, None])[..., None]
            if not earlier.any():
                return np.where(np.isnan(season), latest(panel), season)
            season = np.where(earlier, panel.values[np.maximum(rows, 0)], season)


@register
@dataclass(frozen=True, kw_only=True, eq=False)
class SeasonalNaive(Baseline):
    """Every future step is the value one season before: ŷ_{T+h} = y_{T+h-mk}, k the smallest that is known.

    Missing values: the latest value of the same time of the season counts, however many seasons back; the last value
    where that time never had one. A series shorter than a season: LengthError.

    >>> from loopcast.data.panel import Panel
    >>> panel = Panel.from_array(np.array([1.0, 2.0, 3.0, 4.0, 5.0]).reshape(1, 5, 1))
    >>> SeasonalNaive(season=2).fit(panel).predict_panel(panel, 3).values.ravel().tolist()
    [4.0, 5.0, 4.0]
    """

    model_type: ClassVar[Any] = SeasonalNaiveModel

    def _fit(self, panel: Panel) -> Fit:
        lag = self.season_of(panel)
        why = "as chosen" if self.season else "the usual season of this calendar"
        return Fit(
            SeasonalNaiveModel(
                **self.model_fields(panel),
                lag=lag,
                min_history=lag,
                description=f"repeats the last {lag} {'step' if lag == 1 else 'steps'} of each series ({why})",
            )
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class DriftModel(Model):
    """Draws the line through the first and the last value."""

    def _predict(
        self, panel: Panel, cutoffs: tuple[int, ...], horizon: int, probabilities: tuple[float, ...]
    ) -> Prediction:
        return at_each_cutoff(self, panel, cutoffs, lambda seen: self._line(seen, horizon))

    def _contributions(self, panel: Panel, horizon: int) -> Contributions:
        """The last value, and how far the line has gone from it."""
        forecast = forecast_of(self, panel, horizon)
        level = np.broadcast_to(latest(panel), forecast.shape)
        return {LEVEL: level, TREND: forecast - level}

    def _line(self, panel: Panel, horizon: int) -> np.ndarray:
        begin, end = (find(panel.values, panel.offsets)[:, None] for find in (first_observed, last_observed))
        first, last = (np.take_along_axis(panel.values[:, None], rows, axis=0) for rows in (begin, end))
        slope = (last - first) / np.maximum(end - begin, 1)
        since = panel.offsets[1:, None, None] - 1 - end
        steps = since + np.arange(1, horizon + 1)[:, None]
        return last + steps * slope


@register
@dataclass(frozen=True, kw_only=True, eq=False)
class Drift(Baseline):
    """The straight line through the first and the last value: ŷ_{T+h} = y_T + h (y_T - y_1) / (T - 1).

    Missing values: the first and the last that are there count, as many steps apart as they are. A series of one value
    goes on flat.

    >>> from loopcast.data.panel import Panel
    >>> panel = Panel.from_array(np.array([1.0, 9.0, 5.0]).reshape(1, 3, 1))
    >>> Drift().fit(panel).predict_panel(panel, 2).values.ravel().tolist()
    [7.0, 9.0]
    """

    model_type: ClassVar[Any] = DriftModel

    def _fit(self, panel: Panel) -> Fit:
        description = "draws the line through the first and the last value of each series"
        return Fit(DriftModel(**self.model_fields(panel), description=description))


@dataclass(frozen=True, kw_only=True, eq=False)
class WindowAverageModel(Model):
    """window: of how many of the last values it repeats the mean."""

    window: int

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("window", self.window)

    def _predict(
        self, panel: Panel, cutoffs: tuple[int, ...], horizon: int, probabilities: tuple[float, ...]
    ) -> Prediction:
        return at_each_cutoff(self, panel, cutoffs, lambda seen: self._mean(seen, horizon))

    def _contributions(self, panel: Panel, horizon: int) -> Contributions:
        return {LEVEL: forecast_of(self, panel, horizon)}

    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        window = panel.last(self.window)
        there = ~np.isnan(window)
        count = there.sum(axis=1, keepdims=True)
        sums = np.cumsum(np.where(there, window, 0.0), axis=1)  # one by one, as a live series adds them
        mean = sums[:, -1:] / np.maximum(count, 1)
        return np.repeat(np.where(count > 0, mean, latest(panel)), horizon, axis=1)


@register
@dataclass(frozen=True, kw_only=True, eq=False)
class WindowAverage(Forecaster):
    """Every future step is the mean of the last `window` values.

    Missing values: those of the window that are there count, and where none is the last one before it. A series
    shorter than the window: LengthError.

    >>> from loopcast.data.panel import Panel
    >>> panel = Panel.from_array(np.array([9.0, 2.0, 4.0]).reshape(1, 3, 1))
    >>> WindowAverage(window=2).fit(panel).predict_panel(panel, 2).values.ravel().tolist()
    [3.0, 3.0]
    """

    model_type: ClassVar[Any] = WindowAverageModel

    window: int

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("window", self.window)

    def _fit(self, panel: Panel) -> Fit:
        return Fit(
            WindowAverageModel(
                **self.model_fields(panel),
                window=self.window,
                min_history=self.window,
                description=f"repeats the mean of the last {self.window} values of each series",
            )
        )

    def _min_rows(self, season: int, horizon: int) -> int:
        return self.window


def at_each_cutoff(
    model: Model, panel: Panel, cutoffs: tuple[int, ...], forecast: Callable[[Panel], np.ndarray]
) -> Prediction:
    """Forecasts of a model without a state: `forecast` `[series, step, channel]` of the rows up to each cutoff."""
    values = np.stack([forecast(panel.drop_last(rows) if rows else panel) for rows in cutoffs], axis=1)
    return Prediction(name=model.name, panel=panel, cutoffs=cutoffs, values=values)


def forecast_of(model: Model, panel: Panel, horizon: int) -> np.ndarray:
    """What a model says after the end of each series, before bounds, `[series, step, channel]`."""
    return model._predict(panel, (0,), horizon, ()).values[:, 0]


def latest(panel: Panel) -> np.ndarray:
    """The last value of each series that is there, float64 `[series, 1, channel]`.

    >>> latest(Panel.from_array(np.array([3.0, 4.0, np.nan]).reshape(1, 3, 1))).item()
    4.0
    """
    return np.take_along_axis(panel.values, last_observed(panel.values, panel.offsets), axis=0)[:, None]
