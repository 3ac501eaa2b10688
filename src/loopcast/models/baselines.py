"""The forecasts that cost nothing: what any network has to beat.

Formulas after Hyndman & Athanasopoulos, *Forecasting: Principles and Practice*, 3rd ed., section 5.2;
y_T is the last of a series' T values, m the steps in a season, h the step ahead. Where values are missing, each goes by
those that are there; a series without any is a ValuesError.
"""

from dataclasses import dataclass

import numpy as np

from loopcast.data.missing import first_observed, last_observed
from loopcast.data.panel import Panel
from loopcast.models.base import Forecaster
from loopcast.models.fitted import ModelPayload
from loopcast.validation import check_positive


@dataclass(frozen=True, kw_only=True, eq=False)
class Stateless(Forecaster[None]):
    """A forecaster with nothing to learn: all it needs is in the series and its options."""

    def _fit(self, panel: Panel) -> None:
        return None

    def _to_parts(self, state: None) -> ModelPayload:
        return ModelPayload()

    def _from_parts(self, parts: ModelPayload) -> None:
        parts.check_schema(set(), {})


@dataclass(frozen=True, kw_only=True, eq=False)
class Naive(Stateless):
    """Every future step is the last value: ŷ_{T+h} = y_T.

    Missing values: the last one that is there counts. Series of any length from 1 will do.

    >>> from loopcast.data.panel import Panel
    >>> panel = Panel.from_array(np.array([1.0, 5.0, 7.0]).reshape(1, 3, 1))
    >>> Naive().fit(panel).forecast(panel, 2).ravel().tolist()
    [7.0, 7.0]
    """

    def _forecast(self, state: None, panel: Panel, horizon: int) -> np.ndarray:
        return np.repeat(latest(panel), horizon, axis=1)

    def _describe(self, state: None) -> str:
        return "repeats the last value of each series"


@dataclass(frozen=True, kw_only=True, eq=False)
class SeasonalNaive(Forecaster[int]):
    """Every future step is the value one season before: ŷ_{T+h} = y_{T+h-mk}, k the smallest that is known.

    Missing values: the latest value of the same time of the season counts, however many seasons back; the last value
    where that time never had one. A series shorter than a season: LengthError.

    >>> from loopcast.data.panel import Panel
    >>> panel = Panel.from_array(np.array([1.0, 2.0, 3.0, 4.0, 5.0]).reshape(1, 5, 1))
    >>> SeasonalNaive(season=2).fit(panel).forecast(panel, 3).ravel().tolist()
    [4.0, 5.0, 4.0]
    """

    def _fit(self, panel: Panel) -> int:
        return self.season_of(panel)

    def _forecast(self, state: int, panel: Panel, horizon: int) -> np.ndarray:
        return self._season(state, panel)[:, np.arange(horizon) % state]

    def _season(self, state: int, panel: Panel) -> np.ndarray:
        """The latest value of each time of the season, `[series, season, channel]`."""
        season = panel.last(state)
        rows = panel.offsets[1:, None] - state + np.arange(state)
        while True:
            rows = rows - state
            earlier = np.isnan(season) & (rows >= panel.offsets[:-1, None])[..., None]
            if not earlier.any():
                return np.where(np.isnan(season), latest(panel), season)
            season = np.where(earlier, panel.values[np.maximum(rows, 0)], season)

    def _min_history(self, state: int) -> int:
        return state

    def _describe(self, state: int) -> str:
        why = "as chosen" if self.season else "the usual season of this calendar"
        return f"repeats the last {state} {'step' if state == 1 else 'steps'} of each series ({why})"

    def _to_parts(self, state: int) -> ModelPayload:
        return ModelPayload(facts={"season": state})

    def _from_parts(self, parts: ModelPayload) -> int:
        parts.check_schema({"season"}, {})
        return check_positive("season", parts.facts["season"])


@dataclass(frozen=True, kw_only=True, eq=False)
class Drift(Stateless):
    """The straight line through the first and the last value: ŷ_{T+h} = y_T + h (y_T - y_1) / (T - 1).

    Missing values: the first and the last that are there count, as many steps apart as they are. A series of one value
    goes on flat.

    >>> from loopcast.data.panel import Panel
    >>> panel = Panel.from_array(np.array([1.0, 9.0, 5.0]).reshape(1, 3, 1))
    >>> Drift().fit(panel).forecast(panel, 2).ravel().tolist()
    [7.0, 9.0]
    """

    def _forecast(self, state: None, panel: Panel, horizon: int) -> np.ndarray:
        begin, end = (find(panel.values, panel.offsets)[:, None] for find in (first_observed, last_observed))
        first, last = (np.take_along_axis(panel.values[:, None], rows, axis=0) for rows in (begin, end))
        last = last.astype(np.float64)
        slope = (last - first) / np.maximum(end - begin, 1)
        since = panel.offsets[1:, None, None] - 1 - end
        steps = since + np.arange(1, horizon + 1)[:, None]
        return (last + steps * slope).astype(np.float32)

    def _describe(self, state: None) -> str:
        return "draws the line through the first and the last value of each series"


@dataclass(frozen=True, kw_only=True, eq=False)
class WindowAverage(Stateless):
    """Every future step is the mean of the last `window` values.

    Missing values: those of the window that are there count, and where none is the last one before it. A series
    shorter than the window: LengthError.

    >>> from loopcast.data.panel import Panel
    >>> panel = Panel.from_array(np.array([9.0, 2.0, 4.0]).reshape(1, 3, 1))
    >>> WindowAverage(window=2).fit(panel).forecast(panel, 2).ravel().tolist()
    [3.0, 3.0]
    """

    window: int

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("window", self.window)

    def _forecast(self, state: None, panel: Panel, horizon: int) -> np.ndarray:
        window = panel.last(self.window)
        there = ~np.isnan(window)
        count = there.sum(axis=1, keepdims=True)
        mean = np.sum(window, axis=1, keepdims=True, dtype=np.float64, where=there) / np.maximum(count, 1)
        return np.repeat(np.where(count > 0, mean.astype(np.float32), latest(panel)), horizon, axis=1)

    def _min_history(self, state: None) -> int:
        return self.window

    def _describe(self, state: None) -> str:
        return f"repeats the mean of the last {self.window} values of each series"


def latest(panel: Panel) -> np.ndarray:
    """The last value of each series that is there, float32 `[series, 1, channel]`.

    >>> latest(Panel.from_array(np.array([3.0, 4.0, np.nan]).reshape(1, 3, 1))).item()
    4.0
    """
    return np.take_along_axis(panel.values, last_observed(panel.values, panel.offsets), axis=0)[:, None]
