"""Pictures as PNG and SVG, with Matplotlib's objects: no window, no global figure."""

import io
import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from loopcast.report.plots import BAND_ALPHA, COLOURS, GREY, Chart, Picture

DASHES = ("-", "--", "-.", ":")
MARKED = 19  # with fewer steps ahead than this, each has a dot


def png(picture: Picture) -> bytes:
    """The picture as a PNG file."""
    return figure_png(draw(picture))


def figure_png(figure: Figure) -> bytes:
    """A figure as a PNG file."""
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def svg(picture: Picture) -> bytes:
    """The picture as an SVG file."""
    return figure_svg(draw(picture))


def figure_svg(figure: Figure) -> bytes:
    """A figure as an SVG file."""
    buffer = io.BytesIO()
    FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None})  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def draw(picture: Picture) -> Figure:
    """Small charts in a grid, one legend under them."""
    count = len(picture.charts)
    across = 1 if count == 1 else 2 if count <= 4 else 3
    down = math.ceil(count / across)
    size = (9.0, 4.8) if count == 1 else (5.0 * across, 2.9 * down + 0.8)
    figure = Figure(figsize=size, dpi=120, layout="constrained")
    grid = figure.subplots(down, across, squeeze=False).ravel()
    for i, chart in enumerate(picture.charts):
        draw_chart(grid[i], chart)
        grid[i].set_ylabel(picture.target if i % across == 0 else "", parse_math=False)
        grid[i].set_xlabel(picture.time if i + across >= count else "", parse_math=False)
    for axes in grid[count:]:
        axes.set_axis_off()
    figure.suptitle(picture.title, parse_math=False)
    handles, names = grid[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=min(len(names), 5), frameon=False)
    return figure


def draw_chart(axes: Axes, chart: Chart) -> None:
    """One series: history in grey, then each forecast in a colour and a dash of its own."""
    axes.plot(chart.history.times, chart.history.values, color=GREY, linewidth=1.2, label=chart.history.name)
    if chart.truth is not None:
        axes.plot(chart.truth.times, chart.truth.values, color="black", linewidth=1.2, label=chart.truth.name)
    for i, curve in enumerate(chart.forecasts):
        for band in curve.bands:  # each lies over the wider ones, so the middle is the darkest
            colour, alpha = COLOURS[i % len(COLOURS)], BAND_ALPHA
            axes.fill_between(curve.times, band.low, band.high, color=colour, alpha=alpha, linewidth=1)
        axes.plot(
            curve.times,
            curve.values,
            color=COLOURS[i % len(COLOURS)],
            linestyle=DASHES[i % len(DASHES)],
            marker="o" if len(curve.times) < MARKED else "",
            markersize=3,
            linewidth=1.6,
            label=curve.name,
        )
    axes.axvline(chart.history.times[-1], color=GREY, linewidth=0.8, linestyle=":")
    axes.set_title(chart.title, parse_math=False, fontsize="medium")
    dress(axes, chart.history.times[0])


def dress(axes: Axes, first: Any) -> None:
    """A light grid, no frame, and times as short as they can be, of which `first` is one."""
    axes.grid(visible=True, alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    if not isinstance(first, int):
        zone = getattr(first, "tzinfo", None)  # dates have none; without it Matplotlib shows UTC
        locator = AutoDateLocator(zone)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, zone))  # type: ignore[no-untyped-call]
