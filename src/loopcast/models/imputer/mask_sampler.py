"""Which known values are hidden in training: in the pattern that the data's own gaps have."""

from dataclasses import dataclass

import numpy as np

LEAST_SHARE = 0.1  # of a window that is hidden: with less there is little to learn from it
OWN_SHARE = 0.15  # hidden at least, over gaps that the data has already: more would leave less than there will be
MOST_LAYERS = 8  # own gaps laid over one another to come to that share
SHARES = (0.05, 0.6)  # hidden of windows where the data has no gaps of its own to go by


@dataclass(frozen=True, kw_only=True, eq=False)
class MaskSampler:
    """A source of gaps.

    missing: bool `[row, channel]`, where there are gaps; offsets: int64 `[series + 1]` of its rows.
    missing_share: the share of values that is missing already where gaps will be laid over.
    """

    missing: np.ndarray
    offsets: np.ndarray
    missing_share: float = 0.0

    def sample(self, rng: np.random.Generator, count: int, width: int) -> np.ndarray:
        """Gaps of `count` windows, bool `[count, width, channel]`: those of other places, or made up where none are."""
        share = float(self.missing.mean())
        if share == 0:
            return self._made_up(rng, count, width)
        layers = min(int(np.ceil(LEAST_SHARE / share)), MOST_LAYERS)
        hidden = self._taken(rng, count, width)
        for _ in range(layers - 1):
            hidden |= self._taken(rng, count, width)
        return hidden & _stretch(rng, count, width, self._cover(share))

    def _cover(self, share: float) -> float:
        """Of how many rows the gaps are taken, so that about `share` is missing, what was missing already included."""
        wanted = (share - self.missing_share) / (share * (1 - self.missing_share)) if self.missing_share < 1 else 0.0
        return float(np.clip(wanted, min(OWN_SHARE / share, 1.0), 1.0))

    def sample_rows(self, rng: np.random.Generator, rows: int, window: int) -> np.ndarray:
        """Gaps for so many rows, a window at a time, bool `[row, channel]`."""
        width = min(window, rows)
        pieces = self.sample(rng, -(-rows // width), width)
        return pieces.reshape(-1, self.missing.shape[1])[:rows]

    def _taken(self, rng: np.random.Generator, count: int, width: int) -> np.ndarray:
        rows = rng.integers(len(self.missing), size=count)
        series = np.searchsorted(self.offsets, rows, side="right") - 1
        begin, stop = self.offsets[series], self.offsets[series + 1]
        start = np.clip(rows, begin, np.maximum(stop - width, begin))
        at = start[:, None] + np.arange(width)
        return self.missing[np.minimum(at, len(self.missing) - 1)] & (at < stop[:, None])[..., None]

    def _made_up(self, rng: np.random.Generator, count: int, width: int) -> np.ndarray:
        """Half of the windows with single points, half with one stretch in each channel."""
        channels = self.missing.shape[1]
        share = rng.uniform(*SHARES, size=(count, 1, 1))
        points = rng.uniform(size=(count, width, channels)) < share
        length = np.ceil(share * width)
        start = rng.integers(1 - width // 2, width, size=(count, 1, channels))
        time = np.arange(width)[:, None]
        stretches = (time >= start) & (time < start + length)
        return np.where(np.arange(count)[:, None, None] % 2 == 0, points, stretches)


def _stretch(rng: np.random.Generator, count: int, width: int, share: float) -> np.ndarray:
    """One stretch of rows of each window, that share of it on average, bool `[count, width, 1]`."""
    length = int(np.ceil(share * width))
    start = rng.integers(1 - length, width, size=(count, 1)) if share < 1 else np.zeros((count, 1), np.int64)
    time = np.arange(width)
    return ((time >= start) & (time < start + length))[..., None]
