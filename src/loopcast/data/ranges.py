"""Stretches of rows, laid end to end."""

import numpy as np


def concat_ranges(begin: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows of stretches that begin at `begin` and have `lengths`, one after the other, and where each begins then.

    >>> rows, offsets = concat_ranges(np.array([7, 2]), np.array([2, 3]))
    >>> rows.tolist(), offsets.tolist()
    ([7, 8, 2, 3, 4], [0, 2, 5])
    """
    offsets = np.append(0, np.cumsum(lengths))
    return np.arange(offsets[-1]) + np.repeat(begin - offsets[:-1], lengths), offsets
