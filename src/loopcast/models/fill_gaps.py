"""Gaps filled from the past alone: each with the forecast from the row before it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loopcast.data.panel import Panel
from loopcast.data.runs import runs_of
from loopcast.intervals.calibration import interval_probabilities

if TYPE_CHECKING:
    from loopcast.models.base import Forecaster

ROWS = 2**22  # of histories that are forecast from at once: memory does not grow with the number of gaps


@dataclass(frozen=True, kw_only=True, eq=False)
class Gaps:
    """Runs of missing values, `[gap]` each, ordered by how many rows a series has before them.

    series, channel: where it is; before: rows of the series before it; length: rows of it.
    """

    series: np.ndarray
    channel: np.ndarray
    before: np.ndarray
    length: np.ndarray

    @classmethod
    def of(cls, panel: Panel, least: int) -> "Gaps":
        """Those that have `least` rows before them from the first value of every channel of their series on."""
        row, channel, length = runs_of(np.isnan(panel.values), panel.offsets)
        series = panel.series_of(row)
        before, begun = row - panel.offsets[series], row - (panel.offsets[1:] - panel.observed_lengths)[series]
        kept = np.flatnonzero(begun >= least)
        order = kept[np.argsort(before[kept], kind="stable")]
        return cls(series=series[order], channel=channel[order], before=before[order], length=length[order])

    def where(self, chosen: np.ndarray) -> "Gaps":
        return Gaps(**{name: array[chosen] for name, array in vars(self).items()})


def fill_gaps(
    forecaster: "Forecaster[Any]", panel: Panel, level: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray, dict[float, tuple[np.ndarray, np.ndarray]]]:
    """What `forecaster` fills gaps with, which values it filled, and by level the ends of its intervals.

    level: ascending. Float32 `[row, channel]`, NaN but where filled; bool `[row, channel]`.
    """
    shares = np.append(interval_probabilities(level), 0.5)
    filled = np.full((*panel.values.shape, len(shares)), np.nan, np.float32)
    marks = np.zeros(panel.values.shape, bool)
    for gaps, horizon in _batches(panel, Gaps.of(panel, forecaster.min_history), forecaster.horizon):
        before = panel.take_heads(gaps.series, gaps.before, horizon)
        ahead = (
            forecaster.quantiles(before, horizon, shares)[:, 0]
            if level
            else forecaster.forecast(before, horizon)[..., None]
        )
        gap, step = np.nonzero(np.arange(horizon) < gaps.length[:, None])
        rows, channel = panel.offsets[gaps.series[gap]] + gaps.before[gap] + step, gaps.channel[gap]
        marks[rows, channel] = True
        filled[rows, channel] = ahead[gap, step, channel]
    ends = {each: (filled[..., i], filled[..., len(level) + i]) for i, each in enumerate(level)}
    return filled[..., -1], marks, ends


def _batches(panel: Panel, gaps: Gaps, reach: int) -> Iterator[tuple[Gaps, int]]:
    """Gaps to be filled together, and how many steps ahead, the longest first: one calibration does for the others.

    Steps are a power of two; or less, where less is known ahead, or where that would be beyond the `reach` of a fit.
    """
    known = panel.lengths + panel.future_lengths
    room = known[gaps.series] - gaps.before if panel.schema.columns.future else np.full(len(gaps.before), 2**62)
    steps = np.minimum(2 ** np.ceil(np.log2(np.maximum(gaps.length, 1))).astype(np.int64), room)
    steps = np.where(gaps.length <= reach, np.minimum(steps, reach), steps)
    for horizon in np.unique(steps)[::-1]:
        alike = gaps.where(steps == horizon)
        batch = np.cumsum(alike.before + horizon) // ROWS
        for number in np.unique(batch):
            yield alike.where(batch == number), int(horizon)
