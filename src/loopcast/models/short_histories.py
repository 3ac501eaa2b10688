"""How wide intervals have to be after short histories: measured on windows cut out of a panel."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from loopcast.data.panel import Panel
from loopcast.intervals.calibration import Calibration
from loopcast.intervals.widening import LARGEST, Widening
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


def measure_widening(
    model: Model, panel: Panel, horizon: int, cutoffs: tuple[int, ...], known: Calibration
) -> Widening:
    """How much wider the intervals of a calibration have to be after fewer rows than the series have at its cutoffs.

    The geometric mean of what levels of 80 and 90 percent ask for. Drawn towards the model's own widening, beside that
    at the usual length, where few windows say it.
    """
    usual = int(np.median(panel.observed_lengths)) - cutoffs[-1]
    most = min(MOST_WINDOWS, OVERLAPPING * known.independent)
    before, factors = float(model.own_widening.at(np.array(usual))), {}
    for rows in tried_rows(model.season):
        if not model.min_history <= rows < usual:
            continue
        windows = short_windows(panel, rows, horizon, cutoffs, most)
        own = max(float(model.own_widening.at(np.array(rows))) / before, 1.0)
        asked = own if windows is None else _asked_for(replace(model, calibration=known), windows, horizon)
        factors[rows] = np.clip(asked, 1, LARGEST) ** known.trust * own ** (1 - known.trust)
    return Widening.of(factors or {1: 1.0})


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


def _asked_for(model: Model, windows: Windows, horizon: int) -> float:
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
