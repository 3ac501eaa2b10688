"""What a model has to do to be followed live: the seam between the rules of a live state and the kind of model."""

import ctypes
from typing import Protocol

import numpy as np

from loopcast.live.tracking_plan import Tracked


class Follower(Protocol):
    """Follows the series of one model. A series is a record: `record_bytes` bytes without pointers, at an address that
    is a multiple of 64; zeros are a series of which nothing was seen, and a copy is a fork.

    levels: of the intervals, in percent. verdict: of the row that `follow` last took in: the surprise, 1 where there is
    a drift, the forecast, the low ends, the high ones; NaN where nothing was issued for it.
    """

    @property
    def record_bytes(self) -> int: ...

    @property
    def levels(self) -> tuple[float, ...]: ...

    @property
    def verdict(self) -> ctypes.Array[ctypes.c_double]: ...

    def follow(self, record_at: int, y: float, issue: bool, /) -> None:
        """Judge the next row, take it in, and if asked issue forecasts that later rows are judged by."""

    def deliver(self, record_at: int, steps: int, /) -> np.ndarray:
        """Forecast, low ends and high ends, float64 `[1 + 2 * level, step]`, a copy."""

    def tracked(self, record: np.ndarray, /) -> Tracked:
        """What is tracked in a record."""

    def intact(self, record_at: int, /) -> bool:
        """Whether bytes that were read from a file may be a record: to follow others could touch any memory."""
