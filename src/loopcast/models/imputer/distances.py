"""How far away the nearest known value is: what errors depend on most."""

from itertools import pairwise

import numpy as np


def gap_distances(missing: np.ndarray, offsets: np.ndarray, *, causal: bool) -> np.ndarray:
    """Steps to the nearest known value of the series, int64 `[row, channel]`; causal: to the last one.

    Where there is none, the length of the series.

    >>> gap_distances(np.array([[True], [False], [True], [True]]), np.array([0, 4]), causal=False).ravel().tolist()
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
