"""The ways to fill gaps that cost nothing: what a network has to beat.

Each takes one series, float `[time, channel]` with NaN where a value is missing, and gives it filled, float64; a
channel in which nothing is known stays NaN.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from loopcast.data.missing import forward_fill

Fill = Callable[[np.ndarray, int], np.ndarray]


def last_value(values: np.ndarray, season: int) -> np.ndarray:
    """The last known value; before the first, the first.

    >>> last_value(np.array([[np.nan], [1.0], [np.nan], [5.0]]), 1).ravel().tolist()
    [1.0, 1.0, 1.0, 5.0]
    """
    return forward_fill(np.array(values, np.float64), np.array([0, len(values)]))


def last_observed(values: np.ndarray, season: int) -> np.ndarray:
    """The last known value; NaN before the first, which is the future there.

    >>> last_observed(np.array([[np.nan], [1.0], [np.nan]]), 1).ravel().tolist()
    [nan, 1.0, 1.0]
    """
    begun = np.logical_or.accumulate(~np.isnan(values), axis=0)
    return np.where(begun, last_value(values, season), np.nan)


def linear(values: np.ndarray, season: int) -> np.ndarray:
    """The straight line between the known values beside a gap; beyond the outer ones, the nearest.

    >>> linear(np.array([[1.0], [np.nan], [np.nan], [7.0], [np.nan]]), 1).ravel().tolist()
    [1.0, 3.0, 5.0, 7.0, 7.0]
    """
    filled = np.array(values, np.float64)
    for column in filled.T:
        known = np.flatnonzero(~np.isnan(column))
        if len(known):
            column[:] = np.interp(np.arange(len(column)), known, column[known])
    return filled


def seasonal(values: np.ndarray, season: int) -> np.ndarray:
    """The usual value of the phase, plus the straight line between what neighbours are above theirs.

    >>> seasonal(np.array([[0.0], [10.0], [1.0], [np.nan], [2.0], [12.0]]), 2).ravel().tolist()
    [0.0, 10.0, 1.0, 11.5, 2.0, 12.0]
    """
    plain = np.array(values, np.float64)
    phase = np.arange(len(plain)) % season
    usual = np.zeros_like(plain)
    for each in range(min(season, len(plain))):
        usual[phase == each] = mean_of_known(plain[phase == each])
    usual = np.where(np.isnan(usual), mean_of_known(plain), usual)
    return usual + linear(plain - usual, season)


def mean(values: np.ndarray, season: int) -> np.ndarray:
    """The mean of the known values.

    >>> mean(np.array([[1.0], [np.nan], [3.0]]), 1).ravel().tolist()
    [1.0, 2.0, 3.0]
    """
    plain = np.array(values, np.float64)
    return np.where(np.isnan(plain), mean_of_known(plain), plain)


def mean_of_known(values: np.ndarray) -> np.ndarray:
    """The mean over time of what is known, `[channel]`; NaN where nothing is."""
    count = (~np.isnan(values)).sum(axis=0)
    return np.where(count > 0, np.nansum(values, axis=0) / np.maximum(count, 1), np.nan)


METHODS: dict[str, Fill] = {"linear": linear, "seasonal": seasonal, "last value": last_value, "mean": mean}
CAUSAL: dict[str, Fill] = {"last value": last_observed}  # those that see no later value
BLENDED = {"two-sided": ("linear", "seasonal"), "causal": tuple(CAUSAL)}  # by mode, what a network is weighed against


def methods_for(*, causal: bool) -> dict[str, Fill]:
    """By name, the simple ways of a mode."""
    return CAUSAL if causal else METHODS


def by_series(values: np.ndarray, offsets: np.ndarray, method: Fill, season: int) -> np.ndarray:
    """A simple way of filling, for each of the series that lie end to end."""
    return np.concatenate([method(values[a:b], season) for a, b in pairwise(offsets)])
