"""The theta forecast: a line and a smoothed level, weighed as suits each series."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar, NamedTuple

import numpy as np

from loopcast.data.explanation import LEVEL, SEASON, TREND, Contributions
from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction
from loopcast.models.baselines import Baseline
from loopcast.models.model import Fit, Model
from loopcast.models.seasonal_pattern import SeasonalPattern
from loopcast.models.theta_fit import Histories, fit, lines_of, theta_forecast
from loopcast.storage.registry import register

LONGEST = 5000  # rows of a history that count: further ones say next to nothing of what comes, and take as long each
MOST_NUMBERS, MOST_ROWS = 2**22, 4096  # of histories that are fitted at once: memory does not grow with the panel


@dataclass(frozen=True, kw_only=True, eq=False)
class ThetaModel(Model):
    """Fits each series to its rows before each cutoff when it is asked: there is nothing to keep."""

    def _predict(
        self, panel: Panel, cutoffs: tuple[int, ...], horizon: int, probabilities: tuple[float, ...]
    ) -> Prediction:
        values = np.empty((panel.n_series, len(cutoffs), horizon, panel.n_channels))
        places = list(product(range(panel.n_series), range(len(cutoffs)), range(panel.n_channels)))
        places.sort(key=lambda place: int(panel.lengths[place[0]]) - cutoffs[place[1]])
        for block in _blocks(places, min(int(panel.lengths.max()), LONGEST)):
            seen = [panel.series(i)[: panel.lengths[i] - cutoffs[j], channel] for i, j, channel in block]
            for (i, j, channel), forecast in zip(block, forecast_each(seen, self.season, horizon), strict=True):
                values[i, j, :, channel] = forecast
        return Prediction(name=self.name, panel=panel, cutoffs=cutoffs, values=values)

    def _contributions(self, panel: Panel, horizon: int) -> Contributions:
        """The smoothed level, how far it goes on with its line, and what the season that is put on adds."""
        alone = panel.to_univariate()
        blocks = _blocks([(i, 0, 0) for i in range(alone.n_series)], int(alone.lengths.max()))
        each = [told_of([alone.series(i)[:, 0] for i, _, _ in some], self.season, horizon) for some in blocks]
        told = [np.concatenate(parts) for parts in zip(*each, strict=True)]
        shape = (panel.n_series, panel.n_channels, horizon)
        level, flat, forecast = (np.moveaxis(part.reshape(shape), 1, 2) for part in told)
        season = {SEASON: forecast - flat} if self.season > 1 else {}
        return {LEVEL: level, TREND: flat - level, **season}


@register
@dataclass(frozen=True, kw_only=True, eq=False)
class Theta(Baseline):
    """The dynamic optimised theta model, fitted to each series by itself: a level, and a line that moves on with it.

    Fiorucci et al. (2016), "Models for optimising the theta method and their relationship to state space models",
    *International Journal of Forecasting* 32: the initial level, the smoothing alpha from 0.1 to 0.99 and theta of 1 or
    more are those with the least squared one-step errors. The parameters of a series are found anew from its rows
    before each cutoff, so that a series is forecast alike whether `fit` had it or not, and whatever others there are.

    season: where the autocorrelation at so many steps says that there is a season, it is taken off by classical
        decomposition and put on the forecast again: as factors where all values are above 0 (and differ by more than a
        percent), else as differences. It takes two seasons of rows.

    Missing values: the forecast of a missing value stands in for it and no error of it counts, so a gap before the
    cutoff is forecast over; to estimate the season, gaps are bridged by the line between what is known on both sides.
    Of a long history the last 5,000 rows count. With fewer than 4 values after the third row alpha is 0.5 and theta is
    2, as in the classical method; a single value is repeated. Covariates are not looked at; several targets are
    forecast each by itself.

    >>> from loopcast.data.panel import Panel
    >>> panel = Panel.from_series([float(i) for i in range(10)])
    >>> Theta().fit(panel).predict_panel(panel, 2).values.ravel().round(6).tolist()
    [10.0, 11.0]
    """

    model_type: ClassVar[Any] = ThetaModel

    def _fit(self, panel: Panel) -> Fit:
        season = self.season_of(panel)
        why = "as chosen" if self.season else "the usual season of this calendar"
        seasons = f", less a season of {season} steps ({why}) where a test finds one" if season > 1 else ""
        return Fit(
            ThetaModel(
                **self.model_fields(panel),
                description=f"a smoothed level and a line, fitted to each series by itself{seasons}",
            )
        )


def forecast_each(histories: Sequence[np.ndarray], season: int, horizon: int) -> np.ndarray:
    """Forecasts of `horizon` steps after each history `[time]`, float64 `[history, step]`.

    NaN is missing; each history has a value.
    """
    return told_of(histories, season, horizon).forecast


class Told(NamedTuple):
    """Of each history: the level at its end, forecasts without the season, and with it, float64 `[history, step]`."""

    level: np.ndarray
    flat: np.ndarray
    forecast: np.ndarray


def told_of(histories: Sequence[np.ndarray], season: int, horizon: int) -> Told:
    """All that is said of `horizon` steps after each history."""
    trimmed = [_trimmed(_latest(values)) for values in histories]
    flat = _Flat.of([values for values, _ in trimmed], season)
    gaps = np.array([gap for _, gap in trimmed])
    level, told = theta_forecast(flat.histories, horizon + int(gaps.max()))
    ahead = np.take_along_axis(told.T, gaps[:, None] + np.arange(horizon), axis=1)
    at_end, levels = (flat.first[:, None] + flat.unit[:, None] * part for part in (level[:, None], ahead))
    ends = [len(values) + gap for values, gap in trimmed]
    put_on = [pattern.put_on(row, end) for pattern, row, end in zip(flat.patterns, levels, ends, strict=True)]
    return Told(np.broadcast_to(at_end, levels.shape), levels, np.stack(put_on))


def fitted_parameters(values: np.ndarray, season: int) -> tuple[list[float], np.ndarray]:
    """What is fitted to a history `[time]`, as live series keep it, and its season `[season]`; zeros without a value.

    The numbers: 1, the first value and the unit without the season, whether that multiplies, l[0], alpha, w, and the
    row of the first value.
    """
    if np.isnan(values).all():
        return [0.0] * 8, np.zeros(season)
    latest = _latest(values)
    first = len(values) - len(latest) + np.flatnonzero(~np.isnan(latest))[0]
    flat = _Flat.of([_trimmed(latest)[0]], season)
    [pattern], found = flat.patterns, fit(flat.histories, lines_of(flat.histories))
    parameters = [float(part[0]) for part in (found.level, found.alpha, found.w)]
    begin = [1.0, float(flat.first[0]), float(flat.unit[0]), float(pattern.multiplies)]
    return [*begin, *parameters, float(first)], pattern.parts


def _latest(values: np.ndarray) -> np.ndarray:
    """The last LONGEST rows of a history, or all of it where there is no value among these."""
    latest = values[-LONGEST:]
    return values if np.isnan(latest).all() else latest


@dataclass(frozen=True, kw_only=True, eq=False)
class _Flat:
    """Histories from their first to their last value, less their season, their first value, and in units of how far
    they leave it, side by side; first, unit: `[history]`.
    """

    patterns: list[SeasonalPattern]
    first: np.ndarray
    unit: np.ndarray
    histories: Histories

    @classmethod
    def of(cls, trimmed: Sequence[np.ndarray], season: int) -> "_Flat":
        patterns = [SeasonalPattern.of(values, season) for values in trimmed]
        flat = [pattern.take_off(values) for pattern, values in zip(patterns, trimmed, strict=True)]
        first = np.array([values[0] for values in flat])
        unit = np.array([np.nanmax(np.abs(values - values[0])) for values in flat])
        unit[unit == 0] = 1.0
        return cls(patterns=patterns, first=first, unit=unit, histories=_aligned(flat, first, unit))


def _trimmed(values: np.ndarray) -> tuple[np.ndarray, int]:
    """From the first known value to the last, and how many rows come after that."""
    known = np.flatnonzero(~np.isnan(values))
    return values[known[0] : known[-1] + 1], len(values) - 1 - int(known[-1])


def _aligned(each: Sequence[np.ndarray], first: np.ndarray, unit: np.ndarray) -> Histories:
    """All side by side, less their first value and in units of how far they leave it."""
    lengths = np.array([len(values) for values in each])
    values = np.full((int(lengths.max()), len(each)), np.nan)
    for row, series in enumerate(each):
        values[: len(series), row] = (series - first[row]) / unit[row]
    return Histories(values=np.nan_to_num(values), known=(~np.isnan(values)).astype(np.float64), lengths=lengths)


def _blocks(places: Sequence[tuple[int, int, int]], longest: int) -> Iterator[Sequence[tuple[int, int, int]]]:
    """As many at a time as memory should hold."""
    count = min(max(MOST_NUMBERS // longest, 1), MOST_ROWS)
    return (places[begin : begin + count] for begin in range(0, len(places), count))
