"""Running means of many series at once, one observation at a time; float64 `[series]` each."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(kw_only=True)
class RunningMean:
    """A mean in which an observation weighs 1 / count at first, and `least` once there are many.

    A series whose observation is left out keeps its mean.
    """

    least: float
    value: np.ndarray
    count: np.ndarray

    @classmethod
    def zero(cls, series: int, least: float) -> "RunningMean":
        return cls(least=least, value=np.zeros(series), count=np.zeros(series))

    def update(self, numbers: np.ndarray, counts: np.ndarray) -> None:
        """Take in one number of each of the first series, where `counts` is True."""
        rows = len(numbers)
        self.count[:rows] += counts
        rate = np.maximum(1 / np.maximum(self.count[:rows], 1), self.least)
        self.value[:rows] += np.where(counts, rate * (numbers - self.value[:rows]), 0.0)


@dataclass(kw_only=True)
class Season:
    """What each phase of a season adds, as a running mean per phase whose rate never falls below `least`.

    add: float64 `[series, phase]`, less their mean; begun: whether a whole season has been seen.
    """

    least: float
    length: int
    raw: np.ndarray
    total: np.ndarray
    count: np.ndarray
    begun: bool = field(default=False)

    @classmethod
    def zero(cls, series: int, length: int, least: float) -> "Season":
        return cls(
            least=least,
            length=length,
            raw=np.zeros((series, length)),
            total=np.zeros(series),
            count=np.ones((series, length)),
        )

    def start(self, first: np.ndarray) -> None:
        """From the first season, less its mean, `[series, phase]`."""
        self.raw[: len(first)] = first
        self.total[: len(first)] = first.sum(axis=1)
        self.begun = True

    def update(self, phase: int, numbers: np.ndarray, counts: np.ndarray) -> None:
        """Take in what stands above the level at this phase, where `counts`."""
        rows = len(numbers)
        self.count[:rows, phase] += counts
        rate = np.maximum(1 / (self.count[:rows, phase] - 2 / 3), self.least)
        change = np.where(counts, np.minimum(rate, 1.0) * (numbers - self.raw[:rows, phase]), 0.0)
        self.raw[:rows, phase] += change
        self.total[:rows] += change

    def at(self, phase: int, rows: int) -> np.ndarray:
        """What the phase adds, of the first `rows` series; 0 before a season was seen."""
        return self.raw[:rows, phase] - self.total[:rows] / self.length

    def at_rows(self, series: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """What the phases of `rows` `[series, step]` add, of some series."""
        added: np.ndarray = self.raw[series[:, None], rows % self.length] - (self.total[series] / self.length)[:, None]
        return added
