"""A picture of series whose gaps were filled: what was known, what fills the gaps, and how sure it is."""

from typing import Any

import numpy as np

from loopcast.data.convert import as_panel
from loopcast.data.panel import Panel
from loopcast.errors import OptionError
from loopcast.models.fill_gaps import FilledGaps
from loopcast.report.forecasts import Band
from loopcast.report.plots import Chart, Curve, Picture, times
from loopcast.validation import check_positive

STEPS = 600  # of a series that are shown: with more, gaps cannot be told apart


def plot_gaps(
    data: Any,
    filled: FilledGaps,
    *,
    most: int = 9,
) -> Picture:
    """A picture of filled gaps, one small chart for each series and target, those with most gaps first.

    filled: as `Imputer.fill_panel` gives it for `data`.
    A long series is shown around the stretch where most is missing. Where nothing is, the first series are shown as
    they are. OptionError for shapes that do not fit.

    >>> from loopcast.models.baselines import Naive
    >>> from loopcast.models.fill_gaps import fill_gaps
    >>> panel = Panel.from_array(np.array([1.0, np.nan, 3.0, 4.0]).reshape(1, 4, 1))
    >>> picture = plot_gaps(panel, fill_gaps(Naive().fit(panel).model, panel))
    >>> picture.charts[0].forecasts[0].values.tolist()
    [1.0, 1.0, 3.0, nan]
    """
    panel = as_panel(data)
    if filled.values.shape != panel.values.shape:
        raise OptionError(f"filled is [row, channel] of shape {panel.values.shape}, got {filled.values.shape}")
    missing = np.isnan(panel.values)
    counts = np.add.reduceat(missing, panel.offsets[:-1], dtype=np.int64)
    order = np.argsort(-counts, axis=None, kind="stable")[: check_positive("most", most)]
    shown = [divmod(int(place), panel.n_channels) for place in order if counts.ravel()[place] or not missing.any()]
    return Picture(
        title=f"{int(missing.sum())} values filled" + (f" ({len(shown)} charts)" if len(shown) > 1 else ""),
        time=panel.schema.columns.time,
        target="value" if panel.n_channels > 1 else panel.targets[0],
        charts=tuple(_chart(panel, i, channel, filled) for i, channel in shown),
    )


def _chart(panel: Panel, i: int, channel: int, filled: FilledGaps) -> Chart:
    begin, length = int(panel.offsets[i]), int(panel.lengths[i])
    gaps = np.isnan(panel.series(i)[:, channel])
    first = densest_window(gaps)
    rows = slice(begin + first, begin + min(first + STEPS, length))
    missing = gaps[first : first + STEPS]
    beside = missing | np.append(missing[1:], False) | np.append(False, missing[:-1])  # so that a line meets its ends
    at = times(panel, i, first, len(missing))
    whole, ends = filled.over(panel)[rows, channel], filled.ends[rows, channel]
    bands = tuple(
        Band(level=level, low=ends[:, 2 * place], high=ends[:, 2 * place + 1])
        for place, level in enumerate(filled.bands.levels)
    )
    name = str(panel.ids[i]) if panel.schema.has_id else panel.targets[channel]
    return Chart(
        title=f"{name}, {panel.targets[channel]}" if panel.schema.has_id and panel.n_channels > 1 else name,
        history=Curve(name="known", times=at, values=panel.values[rows, channel]),
        forecasts=(Curve(name="filled", times=at, values=np.where(beside, whole, np.nan), bands=bands),),
        truth=None,
    )


def densest_window(marked: np.ndarray) -> int:
    """Where to begin, so that STEPS rows show as many marked ones as can be."""
    if len(marked) <= STEPS:
        return 0
    sums = np.cumsum(np.append(0, marked))
    return int(np.argmax(sums[STEPS:] - sums[:-STEPS]))
