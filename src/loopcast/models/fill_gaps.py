"""Gaps filled from the past alone: each with the forecast from the row before it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from loopcast.columns import NO_BANDS, Bands
from loopcast.data.panel import Panel
from loopcast.data.runs import runs_of
from loopcast.models.model import Model

ROWS = 2**22  # of histories that are forecast from at once: memory does not grow with the number of gaps


@dataclass(frozen=True, kw_only=True, eq=False)
class FilledGaps:
    """What fills the gaps of a panel, NaN elsewhere.

    values: float64 `[row, channel]`; marks: bool `[row, channel]`, which values were filled.
    bands: which ends of intervals there are; ends: float64 `[row, channel, band]`, in the order of their probabilities.
    """

    values: np.ndarray
    marks: np.ndarray
    bands: Bands
    ends: np.ndarray

    def over(self, panel: Panel) -> np.ndarray:
        """The values of the panel with its gaps filled, float64 `[row, channel]`; known ones as they are."""
        return np.where(self.marks, self.values, panel.values)

    def columns(self, targets: Sequence[str]) -> dict[str, np.ndarray]:
        """The ends by the names of their columns, float64 `[row]` each."""
        return {
            name: self.ends[:, channel, place]
            for channel, target in enumerate(targets)
            for place, name in enumerate(self.bands.columns(target))
        }


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
        before, started = row - panel.offsets[series], row - (panel.offsets[1:] - panel.observed_lengths)[series]
        kept = np.flatnonzero(started >= least)
        order = kept[np.argsort(before[kept], kind="stable")]
        return cls(series=series[order], channel=channel[order], before=before[order], length=length[order])

    def select(self, chosen: np.ndarray) -> "Gaps":
        return Gaps(**{name: array[chosen] for name, array in vars(self).items()})


def fill_gaps(model: Model, panel: Panel, bands: Bands = NO_BANDS) -> FilledGaps:
    """What `model` fills gaps with; NotFittedError for bands further ahead than it can say how sure it is."""
    count = len(bands.probabilities)
    filled = np.full((*panel.values.shape, 1 + count), np.nan)
    marks = np.zeros(panel.values.shape, bool)
    for gaps, horizon in _batches(panel, Gaps.of(panel, model.min_history), _reach(model, bands)):
        before = panel.take_heads(gaps.series, gaps.before, horizon)
        ahead = model.predict_bands(before, horizon, bands)
        each = np.stack(list(ahead.columns().values()), axis=-1)[:, 0]
        gap, step = np.nonzero(np.arange(horizon) < gaps.length[:, None])
        rows, channel = panel.offsets[gaps.series[gap]] + gaps.before[gap] + step, gaps.channel[gap]
        marks[rows, channel] = True
        filled[rows, channel] = each[gap, step, channel]
    return FilledGaps(values=filled[..., 0], marks=marks, bands=bands, ends=filled[..., 1:])


def _reach(model: Model, bands: Bands) -> int:
    """How far ahead a batch of shorter gaps may be forecast: as far as the fit, and the calibration if one is asked."""
    if bands and model.calibration is not None:
        return model.calibration.horizon
    return model.horizon or 1


def _batches(panel: Panel, gaps: Gaps, reach: int) -> Iterator[tuple[Gaps, int]]:
    """Gaps to be filled together, and how many steps ahead, the longest first.

    Steps are a power of two; or less, where less is known ahead, or where that would be beyond the `reach` of a fit.
    """
    known = panel.lengths + panel.future_lengths
    room = known[gaps.series] - gaps.before if panel.schema.columns.future else np.full(len(gaps.before), 2**62)
    steps = np.minimum(2 ** np.ceil(np.log2(np.maximum(gaps.length, 1))).astype(np.int64), room)
    steps = np.where(gaps.length <= reach, np.minimum(steps, reach), steps)
    for horizon in np.unique(steps)[::-1]:
        alike = gaps.select(steps == horizon)
        batch = np.cumsum(alike.before + horizon) // ROWS
        for number in np.unique(batch):
            yield alike.select(batch == number), int(horizon)
