"""Which rows are held back to measure a forecaster's errors on."""

import numpy as np

from loopcast.data.panel import Panel
from loopcast.errors import LengthError

TARGET_PATHS = 1000  # errors of a step that are looked for, where series are long enough
MAX_HOLDOUT_DIVISOR = 3  # at most one row in so many is held back


def why_no_tail(panel: Panel, horizon: int, least: int) -> str | None:
    """Why no series can hold a tail back to calibrate from, in a sentence; None where one can."""
    longest = int(panel.observed_lengths.max())
    if longest >= horizon + least:
        return None
    return (
        f"calibrating intervals takes {horizon} rows and {least} before them, and the longest series has {longest}: "
        "give longer series, a shorter horizon, or no level"
    )


def calibration_cutoffs(panel: Panel, horizon: int, least: int, windows: int | None) -> tuple[int, ...]:
    """How many of the last rows are to come at each cutoff to calibrate from, fewer from one to the next.

    Enough cutoffs for TARGET_PATHS errors a step, within one row in MAX_HOLDOUT_DIVISOR; the earliest leaves
    `least` rows to at least one series. LengthError where not even one does.
    """
    short = why_no_tail(panel, horizon, least)
    if short is not None:
        raise LengthError(short)
    longest, typical = int(panel.observed_lengths.max()), int(np.median(panel.observed_lengths))
    if windows is not None:
        return spread_cutoffs(horizon, longest - least - horizon, windows)
    room = max(min(typical // MAX_HOLDOUT_DIVISOR, typical - least) - horizon, 0)
    return spread_cutoffs(horizon, room, -(-TARGET_PATHS // panel.n_series))


def spread_cutoffs(horizon: int, room: int, count: int) -> tuple[int, ...]:
    """At most `count` cutoffs, a horizon apart or nearer, the last a horizon before the end.

    room: rows before that one in which the others may lie.

    >>> spread_cutoffs(3, 4, 3), spread_cutoffs(3, 0, 3)
    ((7, 5, 3), (3,))
    """
    count = min(count, room + 1)
    step = max(1, min(horizon, room // max(count - 1, 1)))
    return tuple(horizon + step * back for back in reversed(range(count)))


def long_enough(panel: Panel, rows: int) -> Panel:
    """The series of at least so many rows from their first value on; LengthError where there is none."""
    lengths = panel.observed_lengths
    if lengths.max() < rows:
        raise LengthError(f"no series has {rows} rows (the longest has {lengths.max()}): ask for fewer steps")
    return panel if lengths.min() >= rows else panel.select(lengths >= rows)
