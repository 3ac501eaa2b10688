"""How much wider intervals are where little of a series is known: a short history is not a calm one.

A factor by rows of history, measured on histories that were cut short, with as much of what follows as is known.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from loopcast.errors import OptionError

LARGEST = 20.0  # times as wide: more says that nothing is known
BEYOND = 1.5  # times the longest history that was measured: from there on nothing is added


@dataclass(frozen=True, kw_only=True, eq=False)
class Widening:
    """rows: of history, int64, ascending from 1 or more; factors: of the distance from the forecast to each end,
    float64, none below 1. Between two rows as logarithms go; before the first as there; beyond the last it ends at
    BEYOND times as many rows.
    """

    rows: np.ndarray
    factors: np.ndarray

    def __post_init__(self) -> None:
        fit = self.rows.shape == self.factors.shape and self.rows.ndim == 1 and self.rows.size > 0
        if not fit or self.rows.dtype != np.int64 or self.factors.dtype != np.float64:
            raise OptionError(f"a widening is int64 and float64 [row], got {self.rows!r} and {self.factors!r}")
        rising = self.rows[0] >= 1 and (np.diff(self.rows) > 0).all()
        if not rising or not ((self.factors >= 1) & (self.factors <= LARGEST)).all():
            raise OptionError(f"a widening has rising rows and factors of 1 to {LARGEST:g}, got {self}")

    @classmethod
    def of(cls, factors: Mapping[int, float]) -> Self:
        """The same from a factor for each number of rows; at least 1, at most LARGEST."""
        rows = np.array(sorted(factors), np.int64)
        return cls(rows=rows, factors=np.clip([float(factors[row]) for row in rows], 1.0, LARGEST))

    @cached_property
    def table(self) -> np.ndarray:
        """The factor for 1, 2, ... rows, float64, up to where it ends."""
        if (self.factors == 1).all():
            return np.ones(1)
        last = int(self.rows[-1] * BEYOND)
        known, logs = np.append(self.rows, last + 1), np.append(np.log(self.factors), 0.0)
        table: np.ndarray = np.exp(np.interp(np.log(np.arange(1, last + 1)), np.log(known), logs))
        return table

    def at(self, history: np.ndarray) -> np.ndarray:
        """The factor for so many rows of history, of the same shape."""
        if (history > int(self.rows[-1] * BEYOND)).all():
            return np.ones(history.shape)
        table = self.table
        inside: np.ndarray = table[np.clip(history, 1, len(table)) - 1]
        return np.where(history > len(table), 1.0, inside)


NO_WIDENING = Widening.of({1: 1.0})


class DeferredWidening(Widening):
    """One that is measured when a history that short, or a file, first asks for it: most series never do.

    rows: as there. measure: its factors, always the same.
    """

    _measure: Callable[[], Mapping[int, float]]

    def __init__(self, rows: Sequence[int], measure: Callable[[], Mapping[int, float]]) -> None:
        vars(self).update(rows=np.array(rows, np.int64), _measure=measure)

    @cached_property
    def factors(self) -> np.ndarray:
        return Widening.of(self._measure()).factors

    def __reduce__(self) -> tuple[Any, ...]:
        return Widening.of, (dict(zip(self.rows.tolist(), self.factors.tolist(), strict=True)),)


def widened(center: np.ndarray, ends: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Ends of intervals, as many times as far from their center; a factor of 1 leaves the same bits."""
    moved: np.ndarray = np.where(factors == 1, ends, center + factors * (ends - center))
    return moved
