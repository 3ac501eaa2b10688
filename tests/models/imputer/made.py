"""Series with gaps for the tests of imputers, and options that train for a moment only."""

import numpy as np

from loopcast.columns import Bands

QUICK = {"units": (6,), "updates": 15, "show_progress": False}


def waves(series=3, steps=300, channels=2, share=0.15, seed=0):
    """Shifted sines with a little noise, whole and with points and stretches missing."""
    rng = np.random.default_rng(seed)
    t, phase = np.arange(steps), rng.uniform(0, 6, size=(series, 1, 1))
    whole = np.sin(t[None, :, None] / 4 + phase + np.arange(channels)) + 0.05 * rng.normal(
        size=(series, steps, channels)
    )
    missing = rng.uniform(size=whole.shape) < share / 2
    for _ in range(int(series * channels * steps * share / 2 / 8)):
        i, c, start = rng.integers(series), rng.integers(channels), rng.integers(steps - 8)
        missing[i, start : start + 8, c] = True
    return whole.astype(np.float32), np.where(missing, np.nan, whole).astype(np.float32)


def filled(imputer, panel):
    """The values of a panel with its gaps filled, `[row, channel]`."""
    return imputer.fill_panel(panel).over(panel)


def ends(imputer, panel, level):
    """Both ends of the interval of a level, `[row, channel]` each; NaN where a value is known."""
    both = imputer.fill_panel(panel, Bands.of(level)).ends
    return both[..., 0], both[..., 1]
