"""How long a window is that a network learns from."""

import numpy as np

from loopcast.features.causal.track import Periods

SHORTEST, SEASONS, LONGEST = 96, 3, 192  # rows: so many seasons, within these


def width_of(periods: Periods) -> int:
    """Rows of a window of series with these seasons."""
    return int(np.clip(SEASONS * periods.season, SHORTEST, LONGEST))
