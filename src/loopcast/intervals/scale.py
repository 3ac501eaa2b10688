"""What errors are measured in, so that series of any size count alike: how much each one usually changes."""

from collections.abc import Sequence

import numpy as np

from loopcast.data.missing import forward_fill
from loopcast.data.panel import Panel

RECENT_SEASONS, MIN_RECENT_STEPS = 8, 12  # how many of the latest seasons, but at least so many steps, count


def naive_scale(panel: Panel, season: int, cutoffs: Sequence[int]) -> np.ndarray:
    """The mean |y_t - y_{t-season}| of each series before each cutoff, float64 `[series, cutoff, 1, channel]`.

    Of the latest seasons alone: how much a series changes changes too. Of steps where a series is no longer than a
    season at that cutoff, or repeats itself from season to season; 0 where it is constant or has one row.
    Pairs of which one is missing do not count; steps are from one value that is there to the next. Where the latest
    seasons have none, all before the cutoff count.
    """
    back = np.asarray(cutoffs)
    return np.stack([_series_scale(panel.series(i), season, back) for i in range(panel.n_series)])[:, :, None]


def _series_scale(values: np.ndarray, season: int, cutoffs: np.ndarray) -> np.ndarray:
    begun = np.logical_or.accumulate(~np.isnan(values), axis=0)
    latest = np.where(begun, forward_fill(values, np.array([0, len(values)])), np.nan)
    steps = _changes(values, latest, 1, season, cutoffs)
    if season == 1:
        return steps
    seasonal = _changes(values, values, season, season, cutoffs)
    return np.where((seasonal > 0) & (len(values) - cutoffs > season)[:, None], seasonal, steps)


def _changes(values: np.ndarray, before: np.ndarray, apart: int, season: int, cutoffs: np.ndarray) -> np.ndarray:
    """The mean change from `before` to what is `apart` rows later, before each cutoff, `[cutoff, channel]`."""
    changes = np.abs(values[apart:] - before[: max(len(values) - apart, 0)])
    nothing = np.zeros((1, values.shape[1]))
    sums = np.cumsum(np.concatenate([nothing, np.nan_to_num(changes)]), axis=0)
    known = np.cumsum(np.concatenate([nothing, ~np.isnan(changes)]), axis=0)
    counts = np.maximum(len(values) - cutoffs - apart, 0)
    earlier = np.maximum(counts - max(RECENT_SEASONS * season, MIN_RECENT_STEPS), 0)
    recent = known[counts] > known[earlier]
    sum_before, known_before = (np.where(recent, part[earlier], 0.0) for part in (sums, known))
    mean: np.ndarray = (sums[counts] - sum_before) / np.maximum(known[counts] - known_before, 1)
    return mean
