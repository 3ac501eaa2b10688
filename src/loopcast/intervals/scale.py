"""What errors are measured in, so that series of any size count alike: how much each one usually changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from loopcast.data.missing import forward_fill
from loopcast.data.panel import Panel

RECENT_SEASONS, MIN_RECENT_STEPS = 8, 12  # how many of the latest seasons, but at least so many steps, count
FEW_PAIRS = 12  # changes that say by themselves how much a series changes; with fewer, what is usual counts too
NEAR_ZERO = 0.02  # share of a series' size below which the "log" curve is a straight line

Curve = Literal["none", "log"]


class Changes(NamedTuple):
    """How much series change before each cutoff, `[series, cutoff, 1, channel]` each.

    unit: the mean size of the values. steps, seasons: the mean change to the next value that is there, and to that one
    season later, on a curve; n_steps, n_seasons: of how many pairs.
    """

    unit: np.ndarray
    steps: np.ndarray
    n_steps: np.ndarray
    seasons: np.ndarray
    n_seasons: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class ErrorScale:
    """What an error is measured in: a curve on which errors are taken, and how far they spread there.

    unit: of the curve, as in `Changes`, above 0; spread: on it, broadcastable to `[series, cutoff, step, channel]`.
    """

    curve: Curve
    unit: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, changes: Changes, curve: Curve, usual: np.ndarray) -> "ErrorScale":
        """By how much series usually change; without a curve, `usual` changes are shares of the unit."""
        prior = usual[:, None, None, None] * (changes.unit if curve == "none" else 1.0)
        return cls(curve=curve, unit=changes.unit, spread=naive_scale(changes, prior))

    def errors(self, actual: np.ndarray, center: np.ndarray) -> np.ndarray:
        """How far `actual` is above `center`, on the curve and not yet in units of the spread."""
        return bend(actual, self.unit, self.curve) - bend(center, self.unit, self.curve)

    def values(self, center: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """The values that are `shares` `[..., probability]` of the spread above `center` `[series, ...]`."""
        bent = bend(center, self.unit, self.curve)[..., None] + self.spread[..., None] * shares
        return unbend(bent, self.unit[..., None], self.curve)


def bend(values: np.ndarray, unit: np.ndarray, curve: Curve) -> np.ndarray:
    """`values` on the curve: themselves, or asinh(value / (NEAR_ZERO unit))."""
    return values if curve == "none" else np.arcsinh(values / (NEAR_ZERO * unit))


def unbend(bent: np.ndarray, unit: np.ndarray, curve: Curve) -> np.ndarray:
    """The values again."""
    return bent if curve == "none" else np.sinh(bent) * NEAR_ZERO * unit


def changes_of(panel: Panel, season: int, cutoffs: Sequence[int], curve: Curve = "none") -> Changes:
    """Of each series before each cutoff, from the latest seasons alone: how much a series changes changes too.

    Pairs of which one is missing do not count, and where the latest seasons have none, all before the cutoff do.
    """
    series = [_changes(panel.series(i), season, cutoffs, curve) for i in range(panel.n_series)]
    return Changes(*(np.stack(part)[:, :, None] for part in zip(*series, strict=True)))


def naive_scale(changes: Changes, usual: np.ndarray) -> np.ndarray:
    """The mean change of each series from season to season, before each cutoff, `[series, cutoff, 1, channel]`.

    From step to step where it is no longer than a season, or repeats itself from season to season.
    usual: `[2, ...]`, how much series change as a rule, from step to step and season to season; 0 where that is not
    known. It counts where a series has few changes of its own: a short history is not a calm one.
    """
    by_season = (changes.n_seasons > 0) & (changes.seasons > 0)
    mean = np.where(by_season, changes.seasons, changes.steps)
    count = np.where(by_season, changes.n_seasons, changes.n_steps)
    prior = np.where(by_season, usual[1], usual[0])
    weight = np.where(prior > 0, np.maximum(1 - count / FEW_PAIRS, 0), 0)
    scale: np.ndarray = (1 - weight) * mean + weight * prior
    return scale


def usual_changes(changes: Changes, curve: Curve) -> np.ndarray:
    """How much a usual series changes from step to step and season to season, `[2, channel]`; 0 where none does.

    Without a curve, as a share of the mean size of its values.
    """
    unit = changes.unit if curve == "none" else 1.0
    return np.stack([_median_above_0(each / unit) for each in (changes.steps, changes.seasons)])


def _median_above_0(numbers: np.ndarray) -> np.ndarray:
    """Of `[series, cutoff, 1, channel]`, by channel."""
    columns = [column[column > 0] for column in numbers.reshape(-1, numbers.shape[-1]).T]
    return np.array([np.median(column) if len(column) else 0.0 for column in columns])


def _changes(values: np.ndarray, season: int, cutoffs: Sequence[int], curve: Curve) -> tuple[np.ndarray, ...]:
    """The fields of `Changes` of one series, `[cutoff, channel]` each."""
    known = ~np.isnan(values)
    sizes, counts = np.cumsum(np.abs(np.nan_to_num(values)), axis=0), np.cumsum(known, axis=0)
    carried = np.where(counts > 0, forward_fill(values, np.array([0, len(values)])), np.nan)
    units = sizes / np.maximum(counts, 1)
    units = np.where(units > 0, units, 1.0)  # of nothing but zeros any unit will do
    each = [
        _changes_before(values[:end], carried[:end], season, curve, units[end - 1])
        for end in len(values) - np.asarray(cutoffs)
    ]
    unit, steps, n_steps, seasons, n_seasons = (np.stack(part) for part in zip(*each, strict=True))
    return unit, steps, n_steps, seasons, n_seasons


def _changes_before(
    seen: np.ndarray, carried: np.ndarray, season: int, curve: Curve, unit: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Of one series up to a cutoff; carried: its last value that is there at each row."""
    recent = max(RECENT_SEASONS * season, MIN_RECENT_STEPS)
    parts = [unit]
    for before, apart in ((carried, 1), (seen if season > 1 else carried, season)):
        mean, count = _mean_change(before, seen, apart, recent, unit, curve)
        if not count.all() and len(seen) > recent + apart:
            mean, count = np.where(count > 0, (mean, count), _mean_change(before, seen, apart, len(seen), unit, curve))
        parts += [mean, count]
    return tuple(parts)


def _mean_change(
    before: np.ndarray, seen: np.ndarray, apart: int, recent: int, unit: np.ndarray, curve: Curve
) -> tuple[np.ndarray, np.ndarray]:
    """The mean change to each of the `recent` last values from what was `apart` rows before, and of how many pairs."""
    first = max(len(seen) - recent, apart)
    changes = np.abs(bend(seen[first:], unit, curve) - bend(before[first - apart : len(seen) - apart], unit, curve))
    count = (~np.isnan(changes)).sum(axis=0)
    return np.nansum(changes, axis=0) / np.maximum(count, 1), count
