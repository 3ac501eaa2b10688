"""What a plot of forecasts shows, as a value; how it is drawn is for the two renderers."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from loopcast.data.convert import as_panel
from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction
from loopcast.data.time_grid import future_times
from loopcast.errors import OptionError
from loopcast.report.chart_selection import find
from loopcast.report.forecasts import Band, as_prediction, as_predictions, bands_of
from loopcast.storage.atomic import write_whole
from loopcast.validation import check_positive

RENDERERS = {
    ".png": "loopcast.report.matplotlib_renderer:png",
    ".svg": "loopcast.report.matplotlib_renderer:svg",
    ".html": "loopcast.report.plotly_renderer:html",
}

# Okabe & Ito's colours, told apart with any colour vision; each line also has a dash of its own.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
GREY = "#4D4D4D"
BAND_ALPHA = 0.18  # how much of its colour each band adds to what lies under it


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """One line: float32 values `[time]`, NaN where it has a gap, at these times; bands around it, narrowest first."""

    name: str
    times: list[Any]
    values: np.ndarray
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Chart:
    """One series: the end of its history, its forecasts, and what came, where that is known."""

    title: str
    history: Curve
    forecasts: tuple[Curve, ...]
    truth: Curve | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """Everything that will be drawn; `save` draws it, and a notebook shows it."""

    title: str
    time: str
    target: str
    charts: tuple[Chart, ...]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a .png, .svg or .html file (zoomable, self-contained), whole or not at all; the ending chooses.

        OptionError for another ending. OSError as the system gives it.
        """
        write_whole(path, renderer(path)(self))

    def _repr_html_(self) -> str:
        """What a notebook shows: the zoomable chart, with all it needs inside."""
        fragment: Callable[[Picture], str] = import_module("loopcast.report.plotly_renderer").fragment
        return fragment(self)


def plot(
    data: Any,
    forecasts: Mapping[str, np.ndarray] | Any,
    *,
    truth: np.ndarray | None = None,
    ids: Sequence[Any] | None = None,
    most: int = 9,
    tail: int | None = None,
) -> Picture:
    """A picture of forecasts after the end of each series of `data`, a panel or what can be one; one small chart each.

    forecasts: by name, each `[series, horizon]` or `[series, horizon, channel]`; a table as `predict` gives it, with
    columns of models from wherever they are, whose intervals (`NAME-lo-80`, `NAME-hi-80`) become bands; or predictions.
    truth: what came, of the shape of a forecast.
    ids: the series to draw, in this order; None draws the first ones.
    most: charts at most, the first series first; the title says how many of how many. Each target has a chart.
    tail: steps of history shown; None is four horizons, but at least two seasons and 24 steps.
    NaN is a gap in a line. OptionError for forecasts that do not fit the panel or one another; DataError for a table
    that is none.

    >>> panel = Panel.from_array(np.arange(30.0).reshape(1, 30, 1))
    >>> picture = plot(panel, {"Drift": np.array([[30.0, 31.0]])})
    >>> picture.charts[0].history.times[-1], picture.charts[0].forecasts[0].times
    (29, [30, 31])
    """
    whole = as_panel(data)
    given = as_predictions(forecasts, whole)
    actual = None if truth is None else as_prediction("truth", truth, whole)
    panel = whole.to_univariate()
    lines = [each.to_univariate(panel) for each in given]
    known = None if actual is None else actual.to_univariate(panel)
    horizons = {each.horizon for each in [*lines, *([] if known is None else [known])]}
    if not lines or len(horizons) != 1:
        raise OptionError(f"a plot needs forecasts of one horizon, got {sorted(horizons)}")
    chosen = range(panel.n_series) if ids is None else find(whole, ids)
    shown = min(len(chosen), check_positive("most", most))
    back = max(4 * max(horizons), 2 * panel.season, 24) if tail is None else check_positive("tail", tail)
    kind = "series" if whole.n_channels == 1 else "charts"
    of = f" ({shown} of {panel.n_series} {kind})" if shown < panel.n_series else ""
    return Picture(
        title=f"Forecast of {max(horizons)} steps{of}",
        time=panel.schema.columns.time,
        target=whole.targets[0] if whole.n_channels == 1 else "value",
        charts=tuple(chart(panel, i, lines, known, back) for i in chosen[:shown]),
    )


def chart(panel: Panel, i: int, lines: Sequence[Prediction], truth: Prediction | None, tail: int) -> Chart:
    """What is drawn of series `i`."""
    values = panel.series(i)[-tail:, 0]
    end = int(panel.lengths[i])
    future = times(panel, i, end, lines[0].horizon)
    return Chart(
        title=str(panel.ids[i]) if panel.schema.has_id else panel.schema.columns.one_target,
        history=Curve(name="history", times=times(panel, i, end - len(values), len(values)), values=values),
        forecasts=tuple(curve(line, i, future) for line in lines),
        truth=None if truth is None else Curve(name="what came", times=future, values=truth.values[i, 0, :, 0]),
    )


def curve(line: Prediction, i: int, future: list[Any]) -> Curve:
    """The forecast of series `i` with its bands."""
    return Curve(name=line.name, times=future, values=line.values[i, 0, :, 0], bands=bands_of(line, i, 0))


def times(panel: Panel, i: int, first: int, count: int) -> list[Any]:
    """The times of `count` steps of series `i` from its step `first` on."""
    return future_times(panel.starts[[i]], np.array([first]), count, panel.schema.freq).to_list()


def renderer(path: str | os.PathLike[str], known: Mapping[str, str] = RENDERERS) -> Callable[[Any], bytes]:
    """The function that draws a picture for a file of this ending; OptionError where there is none.

    known: of each ending, the module and the function in it.
    """
    ending = Path(path).suffix.lower()
    if ending not in known:
        raise OptionError(f"a plot is a file ending in {', '.join(known)}, got {os.fspath(path)!r}")
    module, _, name = known[ending].partition(":")
    draw: Callable[[Any], bytes] = getattr(import_module(module), name)
    return draw
