"""What errors are measured in, so that series of any size count alike: how much each one usually changes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from loopcast.data.missing import forward_fill
from loopcast.data.panel import Panel

RECENT_SEASONS, MIN_RECENT_STEPS = 8, 12  # how many of the latest seasons, but at least so many steps, count
FEW_PAIRS = 12  # changes that say by themselves how much a series changes; with fewer, what is usual counts too


class Changes(NamedTuple):
    """How much series change before each cutoff, `[series, cutoff, 1, channel]` each.

    unit: the mean size of the values; 1 where all are 0. steps, seasons: the mean change to the next value that is
    there, and to that one season later; n_steps, n_seasons: of how many pairs.
    """

    unit: np.ndarray
    steps: np.ndarray
    n_steps: np.ndarray
    seasons: np.ndarray
    n_seasons: np.ndarray


def changes_of(panel: Panel, season: int, cutoffs: Sequence[int]) -> Changes:
    """Of each series before each cutoff, from the latest seasons alone: how much a series changes changes too.

    Pairs of which one is missing do not count, and where the latest seasons have none, all before the cutoff do.
    """
    found = [np.zeros((panel.n_series, len(cutoffs), 1, panel.n_channels)) for _ in Changes._fields]
    for length in np.unique(panel.lengths):  # those of one length at once
        which = np.flatnonzero(panel.lengths == length)
        values = panel.values[panel.offsets[which][:, None] + np.arange(length)]
        for part, numbers in zip(found, _changes(values, season, cutoffs), strict=True):
            part[which, :, 0] = numbers
    return Changes(*found)


def naive_scale(changes: Changes, usual: np.ndarray) -> np.ndarray:
    """The mean change of each series from season to season, before each cutoff, `[series, cutoff, 1, channel]`.

    That from step to step where it repeats itself from season to season, or is no longer than one: then as many times
    as large as changes from season to season usually are beside those.
    usual: `[2, channel]`, the `usual_changes` of the series of a calibration; zeros where they are not known. They
    count where a series has few changes of its own: a short history is not a calm one.
    """
    none = changes.n_seasons == 0
    by_season = ~none & (changes.seasons > 0)
    times = np.divide(usual[1], usual[0], out=np.ones_like(usual[0]), where=(usual > 0).all(axis=0))
    steps = changes.steps * np.where(none, times, 1.0)
    mean = np.where(by_season, changes.seasons, steps)
    count = np.where(by_season, changes.n_seasons, changes.n_steps)
    prior = np.where(by_season | none, usual[1], usual[0]) * changes.unit
    weight = np.where(prior > 0, np.maximum(1 - count / FEW_PAIRS, 0), 0)
    scale: np.ndarray = (1 - weight) * mean + weight * prior
    return scale


def usual_changes(changes: Changes) -> np.ndarray:
    """How much a usual series changes from step to step and season to season, `[2, channel]`; 0 where none does.

    As a share of the mean size of its values.
    """
    return np.stack([_median_above_0(each / changes.unit) for each in (changes.steps, changes.seasons)])


def _median_above_0(numbers: np.ndarray) -> np.ndarray:
    """Of `[series, cutoff, 1, channel]`, by channel."""
    columns = [column[column > 0] for column in numbers.reshape(-1, numbers.shape[-1]).T]
    return np.array([np.median(column) if len(column) else 0.0 for column in columns])


def _changes(values: np.ndarray, season: int, cutoffs: Sequence[int]) -> tuple[np.ndarray, ...]:
    """The fields of `Changes` of values `[series, time, channel]`, `[series, cutoff, channel]` each."""
    series, rows, channels = values.shape
    known = ~np.isnan(values)
    sizes, counts = np.cumsum(np.abs(np.nan_to_num(values)), axis=1), np.cumsum(known, axis=1)
    filled = forward_fill(values.reshape(-1, channels), np.arange(series + 1) * rows).reshape(values.shape)
    carried = np.where(counts > 0, filled, np.nan)
    ends = rows - np.asarray(cutoffs)
    unit = sizes[:, ends - 1] / np.maximum(counts[:, ends - 1], 1)
    steps = _mean_changes(carried, values, 1, season, ends)
    seasons = _mean_changes(values, values, season, season, ends) if season > 1 else steps
    return np.where(unit > 0, unit, 1.0), *steps, *seasons


def _mean_changes(
    before: np.ndarray, values: np.ndarray, apart: int, season: int, ends: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The mean change from `before` to what is `apart` rows later, and of how many pairs, `[series, cutoff, channel]`
    each.
    """
    changes = np.abs(values[:, apart:] - before[:, : max(values.shape[1] - apart, 0)])
    nothing = np.zeros((len(values), 1, values.shape[2]))
    sums = np.cumsum(np.concatenate([nothing, np.nan_to_num(changes)], axis=1), axis=1)
    known = np.cumsum(np.concatenate([nothing, ~np.isnan(changes)], axis=1), axis=1)
    counts = np.maximum(ends - apart, 0)
    earlier = np.maximum(counts - max(RECENT_SEASONS * season, MIN_RECENT_STEPS), 0)
    recent = known[:, counts] > known[:, earlier]
    sum_before, known_before = (np.where(recent, part[:, earlier], 0.0) for part in (sums, known))
    count = known[:, counts] - known_before
    return (sums[:, counts] - sum_before) / np.maximum(count, 1), count
