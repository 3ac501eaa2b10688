"""How wide the intervals of filled values are: errors at hidden values that training did not see, by distance.

Split conformal prediction, as for forecasts, in bins of the steps to the nearest known value.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

SHARES = np.linspace(0.01, 0.99, 99)  # of errors at which sizes are kept
EDGES = np.array([2, 3, 5, 9, 17, 33, 65])  # steps at which a new bin begins; the first holds a distance of 1
ENOUGH = 50  # errors for a bin of its own; with fewer, all of the channel's are taken


@dataclass(frozen=True, kw_only=True, eq=False)
class Widths:
    """sizes: float32 `[channel, bin, share]`, in units of the scale, that SHARES of errors stay within."""

    sizes: np.ndarray

    def of(self, level: float, away: np.ndarray) -> np.ndarray:
        """Half the width of an interval of `level` percent, `[row, channel]`; away: steps to the nearest value."""
        bins = np.searchsorted(EDGES, away, side="right")
        place = np.clip((level / 100 - SHARES[0]) / (SHARES[1] - SHARES[0]), 0, len(SHARES) - 1)
        left = min(int(place), len(SHARES) - 2)
        low, high = self.sizes[..., left], self.sizes[..., left + 1]
        half = low + np.float32(place - left) * (high - low)
        return half[np.arange(away.shape[1]), bins]


def widths_of(errors: np.ndarray, away: np.ndarray) -> Widths:
    """From errors `[row, channel]`, NaN where nothing was hidden, and distances of the same shape.

    The k-th smallest of n sizes stands for a share of k / (n + 1).
    """
    sizes = np.zeros((errors.shape[1], len(EDGES) + 1, len(SHARES)), np.float32)
    bins = np.searchsorted(EDGES, away, side="right")
    known = ~np.isnan(errors)
    for channel in range(errors.shape[1]):
        own = np.abs(errors[known[:, channel], channel])
        for each in range(sizes.shape[1]):
            binned = np.abs(errors[known[:, channel] & (bins[:, channel] == each), channel])
            taken = binned if len(binned) >= ENOUGH else own
            if len(taken):
                sizes[channel, each] = np.quantile(taken, SHARES, method="weibull")
    return Widths(sizes=sizes)


def distances(missing: np.ndarray, offsets: np.ndarray, *, causal: bool) -> np.ndarray:
    """Steps to the nearest known value of the series, int64 `[row, channel]`; causal: to the last one.

    Where there is none, the length of the series.

    >>> distances(np.array([[True], [False], [True], [True]]), np.array([0, 4]), causal=False).ravel().tolist()
    [1, 0, 1, 2]
    """
    away = np.empty(missing.shape, np.int64)
    for begin, stop in pairwise(offsets):
        away[begin:stop] = _within(missing[begin:stop], causal=causal)
    return away


def _within(missing: np.ndarray, *, causal: bool) -> np.ndarray:
    rows = len(missing)
    index = np.arange(rows)[:, None]
    since = index - np.maximum.accumulate(np.where(missing, -rows, index), axis=0)
    if causal:
        return np.minimum(since, rows)
    until = np.minimum.accumulate(np.where(missing, 2 * rows, index)[::-1], axis=0)[::-1] - index
    return np.minimum(np.minimum(since, until), rows)
