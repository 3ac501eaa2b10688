"""The forecasts that cost nothing: what any network has to beat.

Formulas after Hyndman & Athanasopoulos, *Forecasting: Principles and Practice*, 3rd ed., section 5.2;
y_T is the last of a series' T values, m the steps in a season, h the step ahead.
"""

from dataclasses import dataclass

import numpy as np

from loopcast.forecasters.base import Forecaster
from loopcast.forecasters.checks import positive
from loopcast.forecasters.fitted import Parts
from loopcast.frames.panel import Panel


@dataclass(frozen=True, kw_only=True, eq=False)
class Stateless(Forecaster[None]):
    """A forecaster with nothing to learn: all it needs is in the series and its options."""

    def _fit(self, panel: Panel) -> None:
        return None

    def _to_parts(self, state: None) -> Parts:
        return Parts()

    def _from_parts(self, parts: Parts) -> None:
        parts.take(set(), {})


@dataclass(frozen=True, kw_only=True, eq=False)
class Naive(Stateless):
    """Every future step is the last value: ŷ_{T+h} = y_T.

    Missing values: ValuesError. Series of any length from 1 will do.

    >>> from loopcast.frames.panel import Panel
    >>> panel = Panel.from_array(np.array([1.0, 5.0, 7.0]).reshape(1, 3, 1))
    >>> Naive().fit(panel).forecast(panel, 2).ravel().tolist()
    [7.0, 7.0]
    """

    def _forecast(self, state: None, panel: Panel, horizon: int) -> np.ndarray:
        return np.repeat(panel.last(1), horizon, axis=1)

    def _describe(self, state: None) -> str:
        return "repeats the last value of each series"


@dataclass(frozen=True, kw_only=True, eq=False)
class SeasonalNaive(Forecaster[int]):
    """Every future step is the value one season before: ŷ_{T+h} = y_{T+h-mk}, k the smallest that is known.

    Missing values: ValuesError. A series shorter than a season: LengthError.

    >>> from loopcast.frames.panel import Panel
    >>> panel = Panel.from_array(np.array([1.0, 2.0, 3.0, 4.0, 5.0]).reshape(1, 5, 1))
    >>> SeasonalNaive(season=2).fit(panel).forecast(panel, 3).ravel().tolist()
    [4.0, 5.0, 4.0]
    """

    def _fit(self, panel: Panel) -> int:
        return self.season_of(panel)

    def _forecast(self, state: int, panel: Panel, horizon: int) -> np.ndarray:
        return panel.last(state)[:, np.arange(horizon) % state]

    def _describe(self, state: int) -> str:
        why = "as chosen" if self.season else "the usual season of this calendar"
        return f"repeats the last {state} {'step' if state == 1 else 'steps'} of each series ({why})"

    def _to_parts(self, state: int) -> Parts:
        return Parts(facts={"season": state})

    def _from_parts(self, parts: Parts) -> int:
        parts.take({"season"}, {})
        return positive("season", parts.facts["season"])


@dataclass(frozen=True, kw_only=True, eq=False)
class Drift(Stateless):
    """The straight line through the first and the last value: ŷ_{T+h} = y_T + h (y_T - y_1) / (T - 1).

    Missing values: ValuesError. A series of one value goes on flat.

    >>> from loopcast.frames.panel import Panel
    >>> panel = Panel.from_array(np.array([1.0, 9.0, 5.0]).reshape(1, 3, 1))
    >>> Drift().fit(panel).forecast(panel, 2).ravel().tolist()
    [7.0, 9.0]
    """

    def _forecast(self, state: None, panel: Panel, horizon: int) -> np.ndarray:
        last = panel.last(1).astype(np.float64)
        first = panel.values[panel.offsets[:-1], None]
        slope = (last - first) / np.maximum(panel.lengths - 1, 1)[:, None, None]
        steps = np.arange(1, horizon + 1)[:, None]
        return (last + steps * slope).astype(np.float32)

    def _describe(self, state: None) -> str:
        return "draws the line through the first and the last value of each series"


@dataclass(frozen=True, kw_only=True, eq=False)
class WindowAverage(Stateless):
    """Every future step is the mean of the last `window` values.

    Missing values: ValuesError. A series shorter than the window: LengthError.

    >>> from loopcast.frames.panel import Panel
    >>> panel = Panel.from_array(np.array([9.0, 2.0, 4.0]).reshape(1, 3, 1))
    >>> WindowAverage(window=2).fit(panel).forecast(panel, 2).ravel().tolist()
    [3.0, 3.0]
    """

    window: int

    def __post_init__(self) -> None:
        super().__post_init__()
        positive("window", self.window)

    def _forecast(self, state: None, panel: Panel, horizon: int) -> np.ndarray:
        mean = panel.last(self.window).mean(axis=1, keepdims=True, dtype=np.float64)
        return np.repeat(mean.astype(np.float32), horizon, axis=1)

    def _describe(self, state: None) -> str:
        return f"repeats the mean of the last {self.window} values of each series"
