"""Short gaps of series, bridged by the straight line between the values beside them."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class History(NamedTuple):
    """Values up to now, and the same with short gaps bridged; None where they are not taken so.

    Arrays of NumPy or JAX, of the same shape.
    """

    values: Any
    bridged: Any

    def map(self, change: Callable[..., Any], *given: Any) -> "History":
        """Both, changed in the same way: `change(array, *given)`."""
        return History(change(self.values, *given), None if self.bridged is None else change(self.bridged, *given))

    def concat(self, later: "History", join: Callable[[list[Any], int], Any]) -> "History":
        """Both followed by what came later, along the last axis, by `concatenate` of NumPy or JAX."""
        both = None if self.bridged is None else join([self.bridged, later.bridged], -1)
        return History(join([self.values, later.values], -1), both)


def interpolate_gaps(values: np.ndarray, offsets: np.ndarray, longest: int) -> np.ndarray:
    """`values` `[row, channel]` with the gaps of at most `longest` rows filled, those apart that a series ends in.

    A line needs both its ends, so until the later one is known the gap is one: see `Scaling.whole`.

    >>> values = np.array([1, np.nan, 3, np.nan, np.nan, np.nan, 7, np.nan])[:, None]
    >>> interpolate_gaps(values, np.array([0, 8]), 2).ravel().tolist()
    [1.0, 2.0, 3.0, nan, nan, nan, 7.0, nan]
    """
    missing = np.isnan(values)
    if not missing.any():
        return values
    rows = np.arange(len(values))[:, None]
    begin, stop = (np.repeat(ends, np.diff(offsets))[:, None] for ends in (offsets[:-1], offsets[1:]))
    before = np.maximum.accumulate(np.where(missing, -1, rows), axis=0)
    after = np.minimum.accumulate(np.where(missing, len(values), rows)[::-1], axis=0)[::-1]
    inside = missing & (before >= begin) & (after < stop) & (after - before - 1 <= longest)
    low, high = (np.take_along_axis(values, np.clip(ends, 0, len(values) - 1), axis=0) for ends in (before, after))
    line = low + (high - low) * ((rows - before) / np.maximum(after - before, 1))
    return np.where(inside, line, values)
