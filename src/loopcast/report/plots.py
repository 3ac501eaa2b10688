"""What a plot of forecasts shows, as a value; how it is drawn is for the two renderers."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from loopcast.errors import OptionError
from loopcast.forecasters.atomic import write_whole
from loopcast.forecasters.base import positive
from loopcast.frames.panel import Panel, as_panel
from loopcast.frames.timetable import future_times

RENDERERS = {
    ".png": "loopcast.report.static:png",
    ".svg": "loopcast.report.static:svg",
    ".html": "loopcast.report.interactive:html",
}

# Okabe & Ito's colours, told apart with any colour vision; each line also has a dash of its own.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
GREY = "#4D4D4D"


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """One line: float32 values `[time]`, NaN where it has a gap, at these times."""

    name: str
    times: list[Any]
    values: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Chart:
    """One series: the end of its history, its forecasts, and what came, where that is known."""

    title: str
    history: Curve
    forecasts: tuple[Curve, ...]
    truth: Curve | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """Everything that will be drawn; `save` draws it."""

    title: str
    time: str
    target: str
    charts: tuple[Chart, ...]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a .png, .svg or .html file (zoomable, self-contained), whole or not at all; the ending chooses.

        OptionError for another ending. OSError as the system gives it.
        """
        write_whole(path, renderer(path)(self))


def plot(
    data: Any,
    forecasts: Mapping[str, np.ndarray],
    *,
    truth: np.ndarray | None = None,
    most: int = 9,
    tail: int | None = None,
) -> Picture:
    """A picture of forecasts after the end of each series of `data`, a panel or what can be one; one small chart each.

    forecasts: by name, each `[series, horizon]` or `[series, horizon, 1]`; truth: what came, of the same shape.
    most: charts at most, the first series first; the title says how many of how many.
    tail: steps of history shown; None is four horizons, but at least two seasons and 24 steps.
    NaN is a gap in a line. OptionError for forecasts that do not fit the panel or one another.

    >>> panel = Panel.from_array(np.arange(30.0).reshape(1, 30, 1))
    >>> picture = plot(panel, {"Drift": np.array([[30.0, 31.0]])})
    >>> picture.charts[0].history.times[-1], picture.charts[0].forecasts[0].times
    (29, [30, 31])
    """
    panel = as_panel(data)
    lines = {name: flat(name, values, panel) for name, values in forecasts.items()}
    known = None if truth is None else flat("truth", truth, panel)
    horizons = {values.shape[1] for values in [*lines.values(), *([] if known is None else [known])]}
    if not lines or len(horizons) != 1:
        raise OptionError(f"a plot needs forecasts of one horizon, got {sorted(horizons)}")
    shown = min(panel.n_series, positive("most", most))
    back = max(4 * max(horizons), 2 * panel.season, 24) if tail is None else positive("tail", tail)
    of = f" ({shown} of {panel.n_series} series)" if shown < panel.n_series else ""
    return Picture(
        title=f"Forecast of {max(horizons)} steps{of}",
        time=panel.template.columns.time,
        target=panel.template.columns.target,
        charts=tuple(chart(panel, i, lines, known, back) for i in range(shown)),
    )


def chart(panel: Panel, i: int, lines: Mapping[str, np.ndarray], truth: np.ndarray | None, tail: int) -> Chart:
    """What is drawn of series `i`."""
    values = panel.series(i)[-tail:, 0]
    end = int(panel.lengths[i])
    future = times(panel, i, end, next(iter(lines.values())).shape[1])
    return Chart(
        title=str(panel.ids[i]) if panel.template.has_id else panel.template.columns.target,
        history=Curve(name="history", times=times(panel, i, end - len(values), len(values)), values=values),
        forecasts=tuple(Curve(name=name, times=future, values=line[i]) for name, line in lines.items()),
        truth=None if truth is None else Curve(name="what came", times=future, values=truth[i]),
    )


def times(panel: Panel, i: int, first: int, count: int) -> list[Any]:
    """The times of `count` steps of series `i` from its step `first` on."""
    return future_times(panel.starts[[i]], np.array([first]), count, panel.template.freq).to_list()


def flat(name: str, values: np.ndarray, panel: Panel) -> np.ndarray:
    """`values` as `[series, horizon]`."""
    line = values[:, :, 0] if values.ndim == 3 and values.shape[2] == 1 else values
    if line.ndim != 2 or len(line) != panel.n_series or line.shape[1] < 1:
        raise OptionError(f"{name} is [series, horizon] for {panel.n_series} series, got shape {values.shape}")
    return line


def renderer(path: str | os.PathLike[str]) -> Callable[[Picture], bytes]:
    """The function that draws a picture for a file of this ending; OptionError where there is none."""
    ending = Path(path).suffix.lower()
    if ending not in RENDERERS:
        raise OptionError(f"a plot is a file ending in {', '.join(RENDERERS)}, got {os.fspath(path)!r}")
    module, _, name = RENDERERS[ending].partition(":")
    draw: Callable[[Picture], bytes] = getattr(import_module(module), name)
    return draw
