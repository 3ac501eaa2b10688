"""What repeats itself from season to season in one series, taken off and put on again.

Classical decomposition after Makridakis, Wheelwright & Hyndman, *Forecasting: Methods and Applications* (1998), section
3.4, where a test of the autocorrelation finds a season: as in the M3 and M4 competitions' Theta (Fiorucci et al., 2016,
section 4).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

SIGNIFICANT = 1.645  # a normal distribution's 95 percent
LEAST_FACTOR = 0.01  # a season that multiplies by less would, divided by, blow noise up
LEAST_RATIO = 1.01  # of the largest to the smallest value: below, adding and multiplying say the same


@dataclass(frozen=True, kw_only=True, eq=False)
class SeasonalPattern:
    """parts: float64 `[season]`, those of a series' rows 0, 1 and so on; multiplies: or else they are added."""

    parts: np.ndarray
    multiplies: bool

    @classmethod
    def of(cls, values: np.ndarray, season: int) -> Self:
        """Of one series, float64 `[time]`, NaN where missing; nothing to take off where the test finds no season.

        The season multiplies where all values are above 0 and differ by more than a percent, and else it is added.
        """
        if season == 1 or len(values) < 2 * season or not has_season(values, season):
            return cls(parts=np.zeros(season), multiplies=False)
        known = values[~np.isnan(values)]
        if known.min() > 0 and known.max() > LEAST_RATIO * known.min():
            pattern = cls._decomposed(values, season, multiplies=True)
            if pattern.parts.min() >= LEAST_FACTOR:
                return pattern
        return cls._decomposed(values, season, multiplies=False)

    @classmethod
    def _decomposed(cls, values: np.ndarray, season: int, *, multiplies: bool) -> Self:
        """By how much known values lie off the trend, on average of each time of the season.

        The trend needs every value: gaps are bridged by a straight line, and then, as a line would hide the season, by
        one of the values without it.
        """
        pattern = cls(parts=np.full(season, float(multiplies)), multiplies=multiplies)
        for _ in range(2 if np.isnan(values).any() else 1):
            bridged = pattern.put_on(bridge(pattern.take_off(values)))
            trend = centred_mean(bridged, season)
            inner = values[season // 2 : season // 2 + len(trend)]
            off = inner / trend if multiplies else inner - trend
            pattern = cls(parts=_phase_means(off, season, multiplies), multiplies=multiplies)
        return pattern

    def take_off(self, values: np.ndarray) -> np.ndarray:
        """The values `[time]` from row 0 on without the season."""
        here = self.at(0, len(values))
        return values / here if self.multiplies else values - here

    def put_on(self, values: np.ndarray, first: int = 0) -> np.ndarray:
        """The values `[time]` from row `first` on with it."""
        here = self.at(first, len(values))
        return values * here if self.multiplies else values + here

    def at(self, first: int, steps: int) -> np.ndarray:
        """The parts of `steps` rows from `first` on."""
        return self.parts[np.arange(first, first + steps) % len(self.parts)]


def has_season(values: np.ndarray, season: int) -> bool:
    """Whether the autocorrelation a season apart is beyond what noise with that of shorter lags would show.

    Bartlett's limit, above which noise gets one time in twenty. Missing values count as the mean: they speak for no
    season. A constant series has none.
    """
    if np.nanmin(values) == np.nanmax(values):
        return False
    off = np.nan_to_num(values - np.nanmean(values))
    lags = np.array([off[lag:] @ off[:-lag] for lag in range(1, season + 1)]) / (off @ off)
    limit = SIGNIFICANT * np.sqrt((1 + 2 * np.sum(lags[:-1] ** 2)) / len(values))
    return bool(lags[-1] > limit)


def bridge(values: np.ndarray) -> np.ndarray:
    """Gaps between known values `[time]` filled by a straight line.

    >>> bridge(np.array([1.0, np.nan, 5.0])).tolist()
    [1.0, 3.0, 5.0]
    """
    known = np.flatnonzero(~np.isnan(values))
    return values if len(known) == len(values) else np.interp(np.arange(len(values)), known, values[known])


def centred_mean(values: np.ndarray, season: int) -> np.ndarray:
    """The mean over one season about each row, `season // 2` rows less at either end; of an even one, both ends half.

    >>> centred_mean(np.array([0.0, 1.0, 2.0, 7.0, 4.0]), 4).tolist()
    [3.0]
    """
    weights = np.full(season + 1 - season % 2, 1 / season)
    if season % 2 == 0:
        weights[[0, -1]] /= 2
    return np.convolve(values, weights, mode="valid")


def _phase_means(off: np.ndarray, season: int, multiplies: bool) -> np.ndarray:
    """What `off`, from row `season // 2` on, is on average at each time of the season, together without effect."""
    phases = (season // 2 + np.arange(len(off))) % season
    known = ~np.isnan(off)
    count = np.bincount(phases[known], minlength=season)
    sums = np.bincount(phases[known], weights=off[known], minlength=season)
    means = sums / np.maximum(count, 1)
    typical = means[count > 0].mean()
    even = means / typical if multiplies else means - typical
    return np.where(count > 0, even, float(multiplies))
