"""Pictures of sums as PNG and SVG, with Matplotlib's objects: no window, no global figure."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from loopcast.report.matplotlib_renderer import dress, figure_png, figure_svg
from loopcast.report.sums import Lane, SumPicture

ACROSS = 2  # charts side by side


def png(picture: SumPicture) -> bytes:
    """The picture as a PNG file."""
    return figure_png(draw(picture))


def svg(picture: SumPicture) -> bytes:
    """The picture as an SVG file."""
    return figure_svg(draw(picture))


def draw(picture: SumPicture) -> Figure:
    """Charts in a grid, the lanes of each one under the other, one legend under them."""
    lanes, across = len(picture.charts[0].lanes), min(len(picture.charts), ACROSS)
    down = -(-len(picture.charts) // across)
    height = 4.4 if lanes == 1 else 1.5 * lanes + 0.4
    figure = Figure(figsize=(max(9.0, 6.0 * across), height * down + 0.8), dpi=120, layout="constrained")
    grid = figure.subplots(down * lanes, across, squeeze=False)
    for axes in grid.ravel():
        axes.set_axis_off()
    named: dict[str, Any] = {}
    for place, chart in enumerate(picture.charts):
        row, column = divmod(place, across)
        for k, lane in enumerate(chart.lanes):
            axes = grid[row * lanes + k, column]
            axes.set_axis_on()
            draw_lane(axes, lane, named)
            axes.set_title(chart.title if k == 0 else "", parse_math=False, fontsize="medium")
            axes.set_xlabel(picture.time if k == lanes - 1 else "", parse_math=False)
    figure.suptitle(picture.title, parse_math=False)
    figure.legend(
        list(named.values()), list(named), loc="outside lower center", ncols=min(len(named), 6), frameon=False
    )
    return figure


def draw_lane(axes: Axes, lane: Lane, named: dict[str, Any]) -> None:
    """Bars, and lines over them."""
    places, width = _places(lane.times)
    axes.use_sticky_edges = False  # else the lowest bar ends at the edge
    for bars in lane.bars:
        drawn = axes.bar(places, bars.high - bars.low, bottom=bars.low, color=bars.colour, width=width)
        named.setdefault(bars.name, drawn)
    for line in lane.lines:
        dash = "--" if line.dashed else "-"
        (handle,) = axes.plot(places, line.curve.values, color=line.colour, linestyle=dash, linewidth=1.3)
        named.setdefault(line.curve.name, handle)
    axes.set_ylabel(lane.name, parse_math=False)
    dress(axes, lane.times[0])


def _places(times: list[Any]) -> tuple[np.ndarray, float]:
    """Where times are on the axis, and how wide a bar is: as close as the closest of them allow."""
    places = np.asarray(times if isinstance(times[0], int) else date2num(times), np.float64)  # type: ignore[no-untyped-call]
    return places, 0.8 * float(np.diff(places).min()) if len(places) > 1 else 0.8
