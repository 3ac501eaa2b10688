"""Columns of numbers as a network sees them: near one, with what is missing said beside them."""

from typing import NamedTuple

import numpy as np

PER_GAPPY = 3  # numbers that a column with gaps is shown as: its last value, whether it is there, since when


class Standardization(NamedTuple):
    """Of columns of numbers, float64 `[column]`: their mean, and their standard deviation; 1 for a constant."""

    mean: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> "Standardization":
        there = ~np.isnan(values)
        count = np.maximum(there.sum(axis=0), 1)
        mean = np.sum(values, axis=0, where=there) / count
        spread = np.sqrt(np.sum(np.square(values - mean), axis=0, where=there) / count)
        return cls(mean, np.where(spread > 0, spread, 1))

    def scaled(self, values: np.ndarray) -> np.ndarray:
        return np.asarray((values - self.mean) / self.spread, np.float32)


def width_of_columns(gappy: tuple[bool, ...]) -> int:
    """How many numbers columns are shown as, of which some may have gaps."""
    return sum(PER_GAPPY if each else 1 for each in gappy)


def encode_columns(values: np.ndarray, gappy: tuple[bool, ...], offsets: np.ndarray) -> np.ndarray:
    """Each column as it is, or where it may have gaps as three: the last value, whether it is there, and since when."""
    columns: list[np.ndarray] = []
    for column, gaps in zip(values.T, gappy, strict=True):
        columns += _with_gaps(column, offsets) if gaps else [column]
    return np.stack(columns, axis=1) if columns else np.zeros((len(values), 0), np.float32)


def _with_gaps(column: np.ndarray, offsets: np.ndarray) -> list[np.ndarray]:
    there = ~np.isnan(column)
    rows, begin = np.arange(len(column)), np.repeat(offsets[:-1], np.diff(offsets))
    last = np.maximum.accumulate(np.where(there, rows, -1))
    seen = last >= begin
    since = np.where(seen, rows - last, rows - begin + 1)
    carried = np.where(seen, column[np.maximum(last, 0)], 0)
    return [carried.astype(np.float32), there.astype(np.float32), np.log1p(since).astype(np.float32)]
