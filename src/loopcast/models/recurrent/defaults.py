"""What `Recurrent` decides where its options leave it free, and why, from the rows given to `fit` alone."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from loopcast.data.panel import Panel
from loopcast.features.scaling import NEAR_ZERO, SMALLEST, Scaling

WINDOW = 200  # rows of a training window, at most: further back, gradients have faded
FEW_SERIES = 32  # below this, windows are kept short enough for there to be many different ones
SEASONS = (1, 2, 4, 7)  # of how many the mean may be what a forecast is added to
ENOUGH = 1.005  # times the least error: fewer seasons follow a change sooner
MANY = 16  # times as many seasons have to be there: on shorter series the last one was as good
LONG_SEASON = 2000  # steps, more than a day of minutes: of so many a series may have seen no more than a part
LAGS = 104  # two years of weeks
UPDATES = 800  # of the weights, roughly; enough for a one-cycle schedule to settle
FORECASTS = 100  # with fewer to judge by, the number of epochs is chosen by luck
SWING = 0.1  # of the largest value: on less, the logarithm is a straight line, which float32 holds at any level
SMALL = 2000  # rows; below this, a network of half the size has enough to learn


@dataclass(frozen=True, kw_only=True)
class PanelStats:
    """What the choices look at. rows: those with a value; missing: the share of those without one.

    swing: how far the values of a usual series lie apart, beside the largest of them.
    """

    season: int
    horizon: int
    longest: int
    median: int
    rows: int
    series: int
    lowest: float
    missing: float = 0.0
    swing: float = 1.0

    @classmethod
    def of(cls, panel: Panel, season: int, horizon: int) -> "PanelStats":
        there, apart = int((~np.isnan(panel.values)).sum()), swings(panel)
        return cls(
            season=season,
            horizon=horizon,
            longest=int(panel.lengths.max()),
            median=int(np.median(panel.lengths)),
            rows=there,
            series=panel.n_series,
            lowest=float(np.nanmin(panel.values)),
            missing=1 - there / panel.values.size,
            swing=float(np.median(apart)) if len(apart) else 1.0,
        )


def swings(panel: Panel) -> np.ndarray:
    """How far the values of each series and target that vary lie apart, beside the largest of them."""
    first = panel.offsets[:-1]
    highest, lowest = (pick.reduceat(panel.values, first) for pick in (np.fmax, np.fmin))
    apart = highest - lowest
    return apart[apart > 0] / np.maximum(np.abs(highest), np.abs(lowest))[apart > 0]


def choose_log(facts: PanelStats) -> bool:
    """Proportional changes where nothing is negative, unless values change so little that a curve is a line there."""
    return facts.lowest >= 0 and not facts.swing < SWING


def choose_lags(facts: PanelStats) -> int:
    """Two seasons, or with little data one and a step; without a season, a quarter of the usual series."""
    if facts.season == 1:
        return min(max(facts.median // 4, 1), LAGS)
    return min(facts.season + 1 if facts.rows < SMALL else 2 * facts.season, LAGS)


def choose_scaling(facts: PanelStats, log: bool, lags: int, seasons: int, gaps: bool) -> Scaling:
    """Relative to the last value, added to the usual season; without logarithms, in units of its usual change."""
    return Scaling(
        transform="log" if log else "none",
        lags=lags,
        center_window=1,
        scale_window=0 if log else max(lags, facts.season * seasons),
        season=facts.season,
        seasons=seasons,
        constant_as_last=True,
        gaps=gaps,
        max_interpolated_gap=_bridge(facts.season, lags) if gaps else 0,
    )


def _bridge(season: int, lags: int) -> int:
    """A line across more than a quarter of a season would hide it."""
    return max(season // 4, 1) if season > 1 else lags


def choose_seasons(panel: Panel, facts: PanelStats, log: bool) -> int:
    """Of how few seasons the mean is about as close to the next ones as that of any number that is tried."""
    if facts.season == 1:
        return 1
    possible = [count for count in SEASONS if facts.median >= MANY * count * facts.season]
    if len(possible) < 2:
        return 1
    errors = {count: _season_error(panel, facts, log, count, possible[-1]) for count in possible}
    return next(count for count in possible if errors[count] <= ENOUGH * min(errors.values()))


def _season_error(panel: Panel, facts: PanelStats, log: bool, count: int, most: int) -> float:
    """Mean error of the mean of `count` seasons, over the seasons that have `most` before them, series alike."""
    ahead = -(-facts.horizon // facts.season)
    series = [column for i in range(panel.n_series) for column in panel.series(i).T]
    each = [_error_in(column, facts.season, log, count, most, ahead) for column in series]
    known = [error for error in each if error is not None]
    return float(np.mean(known)) if known else math.inf


def _error_in(values: np.ndarray, season: int, log: bool, count: int, most: int, ahead: int) -> float | None:
    """In units of the changes from season to season, over what is there; None where a series is too short or still."""
    whole = len(values) // season
    if whole < most + ahead:
        return None
    rows = values[len(values) - whole * season :]
    unit = max(np.nan_to_num(_mean(np.abs(rows))), SMALLEST)
    table = (np.arcsinh(rows / (2 * NEAR_ZERO * unit)) if log else rows).reshape(-1, season)
    change = _mean(np.abs(np.diff(table, axis=0)), axis=None)
    levels = _mean(table)[:, None]
    shapes = _mean(np.lib.stride_tricks.sliding_window_view(table, count, axis=0))  # [last season, phase]
    shared = np.where(np.isnan(table[count - 1 :]), np.nan, shapes)  # as high as the last season where both are there
    usual = shapes - _mean(shared)[:, None] + levels[count - 1 :]
    origins = usual[most - count : len(usual) - ahead]
    ends = np.arange(most, len(table) - ahead + 1)
    errors = [_mean(np.abs(table[ends + step] - origins[: len(ends)]), axis=None) for step in range(ahead)]
    error = _mean(np.array(errors)) / change if change > 0 else math.nan
    return None if math.isnan(error) else float(error)


def _mean(values: np.ndarray, axis: int | None = -1) -> Any:
    """The mean of what is there; NaN where nothing is."""
    there = ~np.isnan(values)
    if there.all():
        return values.mean(axis=axis)
    count = there.sum(axis=axis)
    return np.where(count > 0, np.sum(values, axis=axis, where=there) / np.maximum(count, 1), np.nan)


def choose_window(facts: PanelStats) -> int:
    """Rows of a training window: the whole series where that is short and there are many of them."""
    if facts.series >= FEW_SERIES:
        return min(facts.longest, max(WINDOW, 2 * facts.season))
    return min(facts.longest, max(4 * facts.season, 2 * facts.horizon, min(facts.longest // 4, WINDOW)))


def choose_stride(facts: PanelStats, window: int) -> int:
    """Half a window where data is plenty; less where it would leave too few windows to shuffle."""
    return int(np.clip(facts.rows // 512, 1, max(window // 2, 1)))


def choose_warmup(facts: PanelStats) -> int:
    """A season, so that there is one to add to; half of the longest series where that is not much more."""
    return max(min(facts.season, facts.longest // 2), 1)


def choose_dropout(facts: PanelStats) -> float:
    return 0.0 if facts.rows < SMALL else 0.1


def choose_learning_rate(facts: PanelStats) -> float:
    return 0.003 if facts.rows < SMALL else 0.01


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


def short_epochs(facts: PanelStats, epochs: int) -> int | None:
    """A fifth, for few series that are long enough to judge by: those are learned by heart before all updates are done.

    Many series, which have a single cutoff each to judge by, chose too short a training and were worse at the next one.
    """
    return max(epochs // 5, 1) if choose_cutoffs(facts) > 1 else None


def choose_cutoffs(facts: PanelStats) -> int:
    """One for many series; for few, as many as make FORECASTS, a horizon apart, within a tenth of the longest."""
    if facts.series >= FEW_SERIES:
        return 1
    return int(np.clip(-(-FORECASTS // facts.series), 1, max(facts.longest // (10 * facts.horizon), 1)))
