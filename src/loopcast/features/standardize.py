"""Columns of numbers as a network sees them: near one, with what is missing said beside them."""

from typing import NamedTuple

import numpy as np

PER_COLUMN = 3  # numbers that a column is shown as: its last value, whether it is there, since when
STILL = 1e-7  # share of a column's mean below which its changes count as none


class Standardization(NamedTuple):
    """Of columns of numbers, float64 `[column]`: their mean, and their standard deviation.

    1 for a constant, or nearly one: what changes later would be divided by next to nothing.
    """

    mean: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> "Standardization":
        there = ~np.isnan(values)
        count = np.maximum(there.sum(axis=0), 1)
        mean = np.sum(values, axis=0, where=there) / count
        spread = np.sqrt(np.sum(np.square(values - mean), axis=0, where=there) / count)
        return cls(mean, np.where(spread > STILL * np.abs(mean), spread, 1))

    def scaled(self, values: np.ndarray) -> np.ndarray:
        return np.asarray((values - self.mean) / self.spread, np.float32)


def encode_columns(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Each column of `[row, column]` as PER_COLUMN: the last value, whether it is there, and since when, float32."""
    columns = [each for column in values.T for each in _with_gaps(column, offsets)]
    return np.stack(columns, axis=1) if columns else np.zeros((len(values), 0), np.float32)


def _with_gaps(column: np.ndarray, offsets: np.ndarray) -> list[np.ndarray]:
    there = ~np.isnan(column)
    rows, begin = np.arange(len(column)), np.repeat(offsets[:-1], np.diff(offsets))
    last = np.maximum.accumulate(np.where(there, rows, -1))
    seen = last >= begin
    since = np.where(seen, rows - last, rows - begin + 1)
    carried = np.where(seen, column[np.maximum(last, 0)], 0)
    return [carried.astype(np.float32), there.astype(np.float32), np.log1p(since).astype(np.float32)]
