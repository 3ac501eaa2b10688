"""Stretches of rows of a series in which something holds, such as gaps."""

from typing import NamedTuple

import numpy as np


class Runs(NamedTuple):
    """Runs, int64 `[run]` each, channel by channel: the first row, the channel, and how many rows."""

    first: np.ndarray
    channel: np.ndarray
    length: np.ndarray

    def longest(self, channels: int) -> np.ndarray:
        """The length of the longest of each channel, int64 `[channel]`; 0 where there is none."""
        found = np.zeros(channels, np.int64)
        np.maximum.at(found, self.channel, self.length)
        return found


def runs_of(flags: np.ndarray, offsets: np.ndarray) -> Runs:
    """The longest possible runs of true `flags`, bool `[row, channel]`, none of which is of two series.

    >>> runs = runs_of(np.array([[True], [True], [True], [False], [True]]), np.array([0, 2, 5]))
    >>> runs.first.tolist(), runs.length.tolist(), runs.longest(1).tolist()
    ([0, 2, 4], [2, 1, 1], [2])
    """
    begins, ends = np.zeros((2, len(flags), 1), bool)
    begins[offsets[:-1]] = ends[offsets[1:] - 1] = True
    channel, first = np.nonzero((flags & (begins | ~np.roll(flags, 1, axis=0))).T)
    last = np.nonzero((flags & (ends | ~np.roll(flags, -1, axis=0))).T)[1]
    return Runs(first, channel, last - first + 1)


def slices_of(flags: np.ndarray) -> list[slice]:
    """The runs of True in bool `[row]` of one series, as slices.

    >>> slices_of(np.array([True, True, False, True]))
    [slice(0, 2, None), slice(3, 4, None)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [slice(int(start), int(end)) for start, end in edges.reshape(-1, 2)]
