"""How much wider a network's own intervals are after a short history, where no series of its own could say."""

import numpy as np

from loopcast.intervals.widening import Widening

# Measured on synthetic series of seasons of 1 to 52 (`python benchmarks/short_history.py --models Shipped`): by rows,
# and times as much about the end of the first season, where the network begins to see one.
BY_ROWS = {1: 1.95, 2: 2.2, 3: 1.8, 4: 1.7, 6: 1.5, 8: 1.4, 12: 1.25, 16: 1.2, 24: 1.15, 36: 1.1}
BY_SEASONS = {1.0: 1.5, 1.25: 1.2, 1.5: 1.0}


def short_widening(season: int) -> Widening:
    """Of a network that reads series of such a season."""
    if season == 1:
        return Widening.of(BY_ROWS)
    about = [int(seasons * season) for seasons in BY_SEASONS]
    rows = np.array(sorted({*BY_ROWS, season - 1, *about} - {0}))
    times = np.where(rows < season, 1.0, np.interp(rows / season, list(BY_SEASONS), list(BY_SEASONS.values())))
    return Widening.of(dict(zip(rows.tolist(), Widening.of(BY_ROWS).at(rows) * times, strict=True)))
