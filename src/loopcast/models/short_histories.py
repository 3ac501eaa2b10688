"""How wide intervals have to be after short histories: measured on windows cut out of a panel."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from loopcast.data.panel import Panel
from loopcast.intervals.calibration import Calibration
from loopcast.intervals.widening import LARGEST, NO_WIDENING, DeferredWidening, Widening
from loopcast.models.model import Model

FEW = (1, 2, 3, 4, 6, 8, 12, 16, 24)  # rows of history that are tried, beside those about a season
ABOUT = (0.5, 1.0, 1.25, 1.5, 2.0, 3.0)  # seasons
MOST_WINDOWS, MOST_ROWS = 200, 20_000  # of each number of rows: more would make no factor better
OVERLAPPING = 4  # windows for each path of the calibration that stands alone: more say the same again
LEVELS = (0.8, 0.9)  # that the factors serve alike


class Windows(NamedTuple):
    """Short histories, each a series, and what came after: float64 `[window, step, channel]`."""

    panel: Panel
    actual: np.ndarray


def tried_rows(season: int) -> tuple[int, ...]:
    """How many rows of history are tried, ascending; a row less than a season, for a network sees it only when it ends.

    >>> tried_rows(4), tried_rows(52)[9:]
    ((1, 2, 3, 4, 5, 6, 8, 12, 16, 24), (26, 51, 52, 65, 78, 104, 156))
    """
    about = [int(seasons * season) for seasons in ABOUT] + [season - 1]
    return tuple(sorted({*FEW, *(rows for rows in about if rows > 0)}))


@dataclass(frozen=True, kw_only=True, eq=False)
class ShortHistories:
    """Histories of a panel that are cut short before its cutoffs, to see how much wider intervals have to be.

    model: with the calibration of the usual histories. panel: rows that it has not seen from the first cutoff on.
    """

    model: Model
    calibration: Calibration
    panel: Panel
    horizon: int
    cutoffs: tuple[int, ...]

    @cached_property
    def usual(self) -> int:
        """Rows that series have at the cutoffs."""
        return int(np.median(self.panel.observed_lengths)) - self.cutoffs[-1]

    @cached_property
    def rows(self) -> tuple[int, ...]:
        """How many rows of history are tried: fewer than usual."""
        return tuple(rows for rows in tried_rows(self.model.season) if self.model.min_history <= rows < self.usual)

    def widening(self) -> Widening:
        """Measured when a short history asks for it, which takes longer than all else that a fit does."""
        return DeferredWidening(self.rows, self.factors) if self.rows else NO_WIDENING

    def factors(self) -> dict[int, float]:
        """How much wider the intervals of the calibration have to be, for each of `rows`.

        The geometric mean of what levels of 80 and 90 percent ask for. Drawn towards the model's own widening, beside
        that at the usual length, where few windows say it.
        """
        own, trust = self.model.own_widening, self.calibration.trust
        before, found = float(own.at(np.array(self.usual))), {}
        for rows in self.rows:
            expected = max(float(own.at(np.array(rows))) / before, 1.0)
            found[rows] = np.clip(self._asked_for(rows, expected), 1, LARGEST) ** trust * expected ** (1 - trust)
        return found

    def _asked_for(self, rows: int, expected: float) -> float:
        most = min(MOST_WINDOWS, OVERLAPPING * self.calibration.independent)
        windows = short_windows(self.panel, rows, self.horizon, self.cutoffs, most)
        if windows is None:
            return expected
        return times_too_narrow(replace(self.model, calibration=self.calibration), windows, self.horizon)


def short_windows(
    panel: Panel, rows: int, horizon: int, cutoffs: tuple[int, ...], most: int = MOST_WINDOWS
) -> Windows | None:
    """The last `rows` rows before each cutoff of each series that has as many, and values in and after them; None
    without any.

    At most so many, evenly over all.
    """
    series, place = np.divmod(np.arange(panel.n_series * len(cutoffs)), len(cutoffs))
    ends = panel.lengths[series] - np.array(cutoffs)[place]
    series, ends = (each[ends >= rows] for each in (series, ends))
    at = panel.offsets[series][:, None] + ends[:, None] + np.arange(-rows, horizon)
    values = panel.values[at]
    known = ~np.isnan(values)
    there = np.flatnonzero(known[:, :rows].any(axis=1).all(axis=1) & known[:, rows:].any(axis=(1, 2)))
    most = min(most, max(MOST_ROWS // rows, 1))
    kept = there[np.linspace(0, len(there) - 1, min(len(there), most)).round().astype(int)]
    if not len(kept):
        return None
    return Windows(panel.cut(series[kept], ends[kept] - rows, rows, horizon), values[kept, rows:])


def times_too_narrow(model: Model, windows: Windows, horizon: int) -> float:
    """How many times as wide intervals should have been."""
    probabilities = tuple((1 + side * level) / 2 for level in LEVELS for side in (-1, 1))
    told = model.predict_calibrated(windows.panel, (0,), horizon, probabilities)
    if told.quantiles is None:
        raise RuntimeError("a calibrated model gave no quantiles")
    center, error = told.values[:, 0], windows.actual - told.values[:, 0]
    each = []
    for place, level in enumerate(LEVELS):
        low, high = (told.quantiles[:, 0, ..., 2 * place + side] for side in (0, 1))
        half = np.where(error > 0, high - center, center - low)
        times = np.divide(np.abs(error), half, out=np.where(error == 0, 0.0, np.inf), where=half > 0)
        each.append(np.quantile(times[~np.isnan(error)], level, method="inverted_cdf"))
    return float(np.sqrt(np.prod(np.maximum(each, 1))))
