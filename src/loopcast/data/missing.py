"""Where series have values and where they are missing: rows of a panel's values, series by series and all at once."""

import numpy as np


def first_observed(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """The first row of each series with a value, int64 `[series, channel]`; its stop where it has none.

    >>> first_observed(np.array([[np.nan], [2.0], [np.nan]]), np.array([0, 2, 3])).ravel().tolist()
    [1, 3]
    """
    rows = np.where(np.isnan(values), len(values), np.arange(len(values))[:, None])
    found: np.ndarray = np.minimum(np.minimum.reduceat(rows, offsets[:-1], axis=0), offsets[1:, None])
    return found


def last_observed(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """The last row of each series with a value, int64 `[series, channel]`; -1 where it has none.

    >>> last_observed(np.array([[1.0], [2.0], [np.nan]]), np.array([0, 2, 3])).ravel().tolist()
    [1, -1]
    """
    rows = np.where(np.isnan(values), -1, np.arange(len(values))[:, None])
    found: np.ndarray = np.maximum.reduceat(rows, offsets[:-1], axis=0)
    return found


def forward_fill(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """`values`, where one is missing the last before it, and before that the series' first; NaN where it has none.

    >>> forward_fill(np.array([[np.nan], [2.0], [np.nan], [5.0]]), np.array([0, 4])).ravel().tolist()
    [2.0, 2.0, 2.0, 5.0]
    """
    if not np.isnan(values).any():
        return values
    first = np.minimum(first_observed(values, offsets), offsets[1:, None] - 1)
    rows = np.where(np.isnan(values), 0, np.arange(len(values))[:, None])
    known = np.maximum(np.maximum.accumulate(rows, axis=0), np.repeat(first, np.diff(offsets), axis=0))
    filled: np.ndarray = np.take_along_axis(values, known, axis=0)
    return filled
