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
    return _shown(values, *_carried(values, offsets))


def encode_carried(
    values: np.ndarray, carried: np.ndarray, since: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same of the next rows of one series, and `carried` and `since` after each of them, `[row, column]`.

    carried, since: before these rows the last value, 0 where there was none, and how many rows ago it was, `[column]`.
    """
    last, ago = _carried(values, np.array([0, len(values)]))
    before = np.isnan(values).cumprod(axis=0, dtype=bool)  # as long as none of these rows has a value
    last, ago = np.where(before, carried, last), np.where(before, ago + since, ago)
    return _shown(values, last, ago), last, ago


def _carried(values: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The last value of each column, 0 before there is one, and how many rows ago it was, or would have been."""
    there = ~np.isnan(values)
    rows, begin = np.arange(len(values))[:, None], np.repeat(offsets[:-1], np.diff(offsets))[:, None]
    last = np.maximum.accumulate(np.where(there, rows, -1), axis=0)
    seen = last >= begin
    carried = np.where(seen, np.take_along_axis(values, np.maximum(last, 0), axis=0), np.zeros((), values.dtype))
    return carried, np.where(seen, rows - last, rows - begin + 1)


def _shown(values: np.ndarray, carried: np.ndarray, since: np.ndarray) -> np.ndarray:
    each = np.stack([carried, ~np.isnan(values), np.log1p(since)], axis=-1, dtype=np.float32, casting="unsafe")
    return each.reshape(len(values), PER_COLUMN * values.shape[1])
