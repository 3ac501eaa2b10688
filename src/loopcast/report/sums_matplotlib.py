"""Pictures of sums as PNG and SVG, with Matplotlib's objects: no window, no global figure."""

from typing import Any

from matplotlib.axes import Axes
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
    """Bars as steps half a step wide on either side, so that they need no width in time; lines over them."""
    places = list(range(len(lane.times))) if lane.bars else lane.times
    for bars in lane.bars:
        drawn = axes.bar(places, bars.high - bars.low, bottom=bars.low, color=bars.colour, width=0.8)
        named.setdefault(bars.name, drawn)
    for line in lane.lines:
        dash = "--" if line.dashed else "-"
        (handle,) = axes.plot(places, line.curve.values, color=line.colour, linestyle=dash, linewidth=1.3)
        named.setdefault(line.curve.name, handle)
    axes.set_ylabel(lane.name, parse_math=False)
    dress(axes, places[0])
    if lane.bars:
        shown = range(0, len(places), max(len(places) // 6, 1))
        axes.set_xticks(list(shown), [short(lane.times[k]) for k in shown], parse_math=False)


def short(time: Any) -> str:
    """A time as a tick is called: what it has of date and clock."""
    return f"{time:%Y-%m-%d %H:%M}".removesuffix(" 00:00") if hasattr(time, "strftime") else str(time)
