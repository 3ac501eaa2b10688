"""What `Recurrent` decides where its options leave it free, and why, from the rows given to `fit` alone."""

import math
from dataclasses import dataclass

import numpy as np

from loopcast.frames.panel import Panel
from loopcast.windows.scaling import Scaling

WINDOW = 200  # rows of a training window, at most: further back, gradients have faded
FEW_SERIES = 32  # below this, windows are kept short enough for there to be many different ones
LAGS = 104  # two years of weeks
UPDATES = 800  # of the weights, roughly; enough for a one-cycle schedule to settle
SMALL = 2000  # rows; below this, a network of half the size has enough to learn


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the choices look at."""

    season: int
    horizon: int
    longest: int
    median: int
    rows: int
    series: int
    lowest: float

    @classmethod
    def of(cls, panel: Panel, season: int, horizon: int) -> "Facts":
        return cls(
            season=season,
            horizon=horizon,
            longest=int(panel.lengths.max()),
            median=int(np.median(panel.lengths)),
            rows=panel.n_rows,
            series=panel.n_series,
            lowest=float(panel.values.min()),
        )


def choose_log(facts: Facts) -> bool:
    """Proportional changes where nothing is negative."""
    return facts.lowest >= 0


def choose_lags(facts: Facts) -> int:
    """Two seasons, or with little data one and a step; without a season, a quarter of the usual series."""
    if facts.season == 1:
        return min(max(facts.median // 4, 1), LAGS)
    return min(facts.season + 1 if facts.rows < SMALL else 2 * facts.season, LAGS)


def choose_scaling(facts: Facts, log: bool, lags: int) -> Scaling:
    """Relative to the last value, added to the season before; without logarithms, in units of its usual change."""
    return Scaling(
        curve="log" if log else "none",
        lags=lags,
        level=1,
        spread=0 if log else max(lags, facts.season),
        season=facts.season,
        hold_flat=True,
    )


def choose_window(facts: Facts) -> int:
    """Rows of a training window: the whole series where that is short and there are many of them."""
    if facts.series >= FEW_SERIES:
        return min(facts.longest, max(WINDOW, 2 * facts.season))
    return min(facts.longest, max(4 * facts.season, 2 * facts.horizon, min(facts.longest // 4, WINDOW)))


def choose_stride(facts: Facts, window: int) -> int:
    """Half a window where data is plenty; less where it would leave too few windows to shuffle."""
    return int(np.clip(facts.rows // 512, 1, max(window // 2, 1)))


def choose_warmup(facts: Facts) -> int:
    """A season, so that there is one to add to; half of the longest series where that is not much more."""
    return max(min(facts.season, facts.longest // 2), 1)


def choose_dropout(facts: Facts) -> float:
    return 0.0 if facts.rows < SMALL else 0.1


def choose_learning_rate(facts: Facts) -> float:
    return 0.003 if facts.rows < SMALL else 0.01


def choose_units(facts: Facts) -> tuple[int, ...]:
    return (20, 20) if facts.rows < SMALL else (40, 40)


def choose_batch_size(windows: int) -> int:
    return 32 if windows >= 256 else 16


def choose_epochs(batches: int) -> int:
    """As many as make the usual number of updates, within reason."""
    return int(np.clip(math.ceil(UPDATES / batches), 10, 100))
