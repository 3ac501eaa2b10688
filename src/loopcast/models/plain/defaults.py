"""What `PlainRecurrent` decides where its options leave it free, from the rows given to `fit` alone."""

import math
from dataclasses import dataclass

import numpy as np

from loopcast.data.panel import Panel

WINDOW = 200  # rows of a training window, at most: further back, gradients have faded
FEW_SERIES = 32  # below this, windows are kept short enough for there to be many different ones
UPDATES = 800  # of the weights, roughly; enough for a one-cycle schedule to settle
FORECASTS = 100  # with fewer to judge by, the number of epochs is chosen by luck
SMALL = 2000  # rows; below this, a network of half the size has enough to learn


@dataclass(frozen=True, kw_only=True)
class PanelStats:
    """What the choices look at."""

    horizon: int
    longest: int
    rows: int
    series: int

    @classmethod
    def of(cls, panel: Panel, horizon: int) -> "PanelStats":
        return cls(horizon=horizon, longest=int(panel.lengths.max()), rows=panel.n_rows, series=panel.n_series)


def choose_window(facts: PanelStats) -> int:
    """Rows of a training window: the whole series where that is short and there are many of them."""
    if facts.series >= FEW_SERIES:
        return min(facts.longest, WINDOW)
    return min(facts.longest, max(2 * facts.horizon, min(facts.longest // 4, WINDOW), 16))


def choose_stride(facts: PanelStats, window: int) -> int:
    """Half a window where data is plenty; less where it would leave too few windows to shuffle."""
    return int(np.clip(facts.rows // 512, 1, max(window // 2, 1)))


def choose_units(facts: PanelStats) -> tuple[int, ...]:
    """Half the size for little data; one layer for few series, which two learn by heart."""
    if facts.rows < SMALL:
        return (20, 20)
    return (40,) if facts.series < FEW_SERIES else (40, 40)


def choose_batch_size(windows: int) -> int:
    return 32 if windows >= 256 else 16


def choose_epochs(batches: int) -> int:
    """As many as make the usual number of updates, within reason."""
    return int(np.clip(math.ceil(UPDATES / batches), 10, 100))


def choose_cutoffs(facts: PanelStats) -> int:
    """One for many series; for few, as many as make FORECASTS, a horizon apart, within a tenth of the longest."""
    if facts.series >= FEW_SERIES:
        return 1
    return int(np.clip(-(-FORECASTS // facts.series), 1, max(facts.longest // (10 * facts.horizon), 1)))
