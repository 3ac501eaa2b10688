"""Which stretch of which series is seen: an index of windows, never copies of them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Strategy = Literal["iterated", "direct", "sequence"]


@dataclass(frozen=True, kw_only=True, eq=False)
class WindowIndex:
    """Rows of a panel, int32 `[window]` each; a window is `context` rows from `start` on.

    A forecast made at row t sees rows up to t. Rows outside `begin:stop` are not the window's to see.
    """

    start: np.ndarray  # first row of the window; before `begin` where the series is shorter
    begin: np.ndarray  # first row of its series
    first: np.ndarray  # first row at which a forecast counts
    last: np.ndarray  # last row at which a forecast counts
    stop: np.ndarray  # the row after the last that may be looked at, as input or as target

    def __len__(self) -> int:
        return len(self.start)

    def where(self, wanted: np.ndarray) -> "WindowIndex":
        """The windows for which `wanted`, bool `[window]`, holds."""
        columns = (self.start, self.begin, self.first, self.last, self.stop)
        start, begin, first, last, stop = (column[wanted] for column in columns)
        return WindowIndex(start=start, begin=begin, first=first, last=last, stop=stop)

    @property
    def padded(self) -> bool:
        """Whether any window begins before its series does."""
        return bool((self.start < self.begin).any())

    def stacked(self) -> np.ndarray:
        """int32 `[window, 5]`, in the order of the fields."""
        return np.stack([self.start, self.begin, self.first, self.last, self.stop], axis=1).astype(np.int32)


@dataclass(frozen=True, kw_only=True)
class WindowPlan:
    """How windows are laid over series.

    context: rows a window shows.
    horizon: steps ahead a network's output reaches.
    stride: rows from one window to the next.
    every_step: a forecast at every row of the window counts (sequence to sequence); else only at its last row.
    warmup: rows of a series that pass before a forecast counts.
    partial: forecasts at the end of a series count for the steps that are there; else only whole ones do.
    """

    context: int
    horizon: int
    stride: int = 1
    every_step: bool = True
    warmup: int = 1
    partial: bool = False

    def training(self, offsets: np.ndarray, held_back: int) -> WindowIndex:
        """Windows over every series less its last `held_back` rows; the last one ends where targets end.

        A window at every step begins with a short series; a window for its last step ends with it.
        """
        begin, stop = offsets[:-1], offsets[1:] - held_back
        reach = 1 if self.partial else self.horizon
        full = max(self.context, self.warmup) + reach
        spare = np.maximum(stop - begin - full, 0)
        counts = -(-spare // self.stride) + 1
        series = np.repeat(np.arange(len(begin)), counts)
        back = np.arange(len(series)) - np.repeat(np.cumsum(counts) - counts, counts)
        last = stop[series] - reach - np.minimum(back * self.stride, spare[series])
        start = last - self.context
        if self.every_step:
            start = np.maximum(start, begin[series])
        return self._index(start, begin[series], stop[series])

    def _index(self, start: np.ndarray, begin: np.ndarray, stop: np.ndarray) -> WindowIndex:
        last = start + self.context - 1
        first = np.maximum(start if self.every_step else last, begin + self.warmup - 1)
        return WindowIndex(start=start, begin=begin, first=first, last=last, stop=stop)

    def validation(self, offsets: np.ndarray, cutoffs: np.ndarray) -> WindowIndex:
        """The forecasts made where, of each series, `cutoffs` rows are to come: a window for each series and cutoff."""
        begin, stop = (np.repeat(each, len(cutoffs)) for each in (offsets[:-1], offsets[1:]))
        origin = stop - np.tile(cutoffs, len(offsets) - 1) - 1
        return WindowIndex(start=origin - self.context + 1, begin=begin, first=origin, last=origin, stop=stop)
