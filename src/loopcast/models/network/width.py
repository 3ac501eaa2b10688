"""How long a window is that a network learns from."""

import numpy as np

from loopcast.features.causal.track import Periods

SHORTEST, SEASONS, LONGEST = 96, 3, 192  # rows: so many seasons, within these


def width_of(periods: Periods, longest: int) -> int:
    """Rows of a window of series with these seasons, the longest of which has so many."""
    return min(int(np.clip(SEASONS * periods.season, SHORTEST, LONGEST)), longest)
