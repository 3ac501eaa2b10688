"""What the network learns from, update by update: which seasons, how long series, how far ahead."""

from dataclasses import dataclass

import numpy as np

from loopcast.features.causal.track import Periods

BATCH = 32  # series of an update
LONG = 500  # rows from which a pool has fewer series
POOL, LONG_POOL, USES = 1024, 256, 2  # series that are drawn at once, and how often each is seen


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Series of these periods and so many rows, forecast so far ahead; weight: its share of updates."""

    season: int
    second: int
    length: int
    horizon: int
    weight: float

    @property
    def periods(self) -> Periods:
        return Periods(season=self.season, second=self.second)

    @property
    def pool(self) -> int:
        """Series that are drawn at once."""
        return POOL if self.length < LONG else LONG_POOL

    @property
    def updates_per_pool(self) -> int:
        return self.pool * USES // BATCH


KINDS = tuple(
    Kind(season=m, second=second, length=length, horizon=horizon, weight=weight)
    for m, second, length, horizon, weight in (
        (1, 0, 48, 8, 1.0),
        (1, 0, 160, 30, 0.3),
        (4, 0, 72, 8, 0.9),
        (12, 0, 144, 24, 1.0),
        (24, 0, 240, 48, 0.25),
        (52, 0, 208, 26, 0.2),
        (52, 0, 624, 26, 0.2),
        (7, 0, 112, 28, 0.25),
        (6, 0, 192, 120, 0.15),
        (8, 56, 280, 56, 0.2),
        (24, 168, 672, 96, 0.3),
        (48, 336, 1344, 336, 0.06),
        (7, 364, 1000, 56, 0.06),
    )
)


def kinds_of_updates(updates: int, seed: int) -> np.ndarray:
    """Which kind each update is of, mixed: one season at a time the network forgets the others."""
    weights = np.array([kind.weight for kind in KINDS])
    drawn: np.ndarray = np.random.default_rng([seed, 0]).choice(len(KINDS), updates, p=weights / weights.sum())
    return drawn
