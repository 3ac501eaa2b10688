"""How wide the intervals of filled values are: errors at hidden values that training did not see.

Split conformal prediction with normalised errors (Papadopoulos et al., "Inductive confidence machines for regression",
2002; Lei et al., "Distribution-free predictive inference for regression", 2018, section 5.2): an error counts in sizes
of the one that the network expected there, in bins of the steps to the nearest known value.
"""

from dataclasses import dataclass, field

import numpy as np

from loopcast.errors import OptionError
from loopcast.storage.codec import MAY_MISS

WIDTH_SHARES = np.linspace(0.01, 0.99, 99)  # of errors at which sizes are kept
EDGES = np.array([2, 3, 5, 9, 17, 33, 65])  # steps at which a new bin begins; the first holds a distance of 1
ENOUGH = 50  # errors of a bin; with fewer, those farther away count too, and then the nearest before it


@dataclass(frozen=True, kw_only=True, eq=False)
class IntervalWidths:
    """sizes: float32 `[channel, bin, share]`, in expected errors, that WIDTH_SHARES of errors stay within.

    NaN for a channel of which nothing could be hidden: how far off its fills are is not known.
    """

    sizes: np.ndarray = field(metadata=MAY_MISS)

    def check(self, channels: int) -> None:
        """OptionError unless the sizes are of so many channels."""
        shape = (channels, len(EDGES) + 1, len(WIDTH_SHARES))
        if self.sizes.shape != shape:
            raise OptionError(f"the widths of intervals are of the shape {shape}, got {self.sizes.shape}")

    def of(self, level: float, away: np.ndarray) -> np.ndarray:
        """Half the width of an interval of `level` percent, `[row, channel]`; away: steps to the nearest value."""
        bins = np.searchsorted(EDGES, away, side="right")
        place = np.clip((level / 100 - WIDTH_SHARES[0]) / (WIDTH_SHARES[1] - WIDTH_SHARES[0]), 0, len(WIDTH_SHARES) - 1)
        left = min(int(place), len(WIDTH_SHARES) - 2)
        low, high = self.sizes[..., left], self.sizes[..., left + 1]
        half = low + np.float32(place - left) * (high - low)
        return half[np.arange(away.shape[1]), bins]


def widths_of(errors: np.ndarray, away: np.ndarray) -> IntervalWidths:
    """From errors `[row, channel]` in expected ones, NaN where nothing was hidden, and distances of the same shape.

    The k-th smallest of n sizes stands for a share of k / (n + 1).
    """
    sizes = np.full((errors.shape[1], len(EDGES) + 1, len(WIDTH_SHARES)), np.nan, np.float32)
    bins = np.searchsorted(EDGES, away, side="right")
    known = ~np.isnan(errors)
    for channel in range(errors.shape[1]):
        own, place = np.abs(errors[known[:, channel], channel]), bins[known[:, channel], channel]
        for each in range(sizes.shape[1]):
            taken = own[_taken(place, each)]
            if len(taken):
                sizes[channel, each] = np.quantile(taken, WIDTH_SHARES, method="weibull")
    return IntervalWidths(sizes=sizes)


def _taken(place: np.ndarray, each: int) -> np.ndarray:
    """Which errors, of these bins, a bin goes by: far from known values, by none that are much nearer to one."""
    own = place == each
    if own.sum() >= ENOUGH:
        return own
    begin = next((first for first in range(each, -1, -1) if (place >= first).sum() >= ENOUGH), 0)
    taken: np.ndarray = place >= begin
    return taken
