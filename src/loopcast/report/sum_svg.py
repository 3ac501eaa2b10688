"""One lane of a picture of sums as SVG: lines are in the page's colours, so that it suits paper and dark screens."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from markupsafe import Markup, escape

from loopcast.report.gap_chart import BOTTOM, LEFT, RIGHT, TICKS, TOP, WIDTH, ticks
from loopcast.report.payload import format_times
from loopcast.report.plotly_renderer import split_at_nan
from loopcast.report.plots import GREY
from loopcast.report.sums import BLACK, Bars, Lane, Line

INKS = {BLACK: "var(--came)", GREY: "var(--past)"}
HALF = 0.4  # of a bar's width, in steps


def lane_svg(lane: Lane, shows: str, height: int) -> Markup:
    """The lane as an element. shows: what it does, in words, for those who cannot see it."""
    scene = LaneCanvas(lane, height)
    parts = [*scene.grid(), *(scene.bars(each) for each in lane.bars), *(scene.line(each) for each in lane.lines)]
    head = f'<svg class="sums" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(shows)}">'
    return Markup(head + "".join(parts) + "</svg>")  # noqa: S704 - numbers, and text that is escaped


def ink(colour: str) -> str:
    """A colour as the page has it: what is black on paper is light on a dark screen."""
    return INKS.get(colour, colour)


class LaneCanvas:
    """Where things are on the picture: steps from left to right, values from bottom to top."""

    def __init__(self, lane: Lane, height: int) -> None:
        self.times, self.height = lane.times, height
        ends = [end for bars in lane.bars for end in (bars.low, bars.high)]
        values = np.concatenate([*ends, *(line.curve.values for line in lane.lines)]).astype(np.float64)
        values = values[np.isfinite(values)]
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        room = 0.05 * (high - low or abs(high)) or 0.5
        self.low, self.high = low - room, high + room

    def x(self, step: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (step + 0.5) / len(self.times), 1)

    def y(self, value: float) -> float:
        return round(TOP + (self.height - TOP - BOTTOM) * (self.high - float(value)) / (self.high - self.low), 1)

    def grid(self) -> Iterator[str]:
        """Lines and numbers of the values, and times."""
        for value in ticks(self.low, self.high):
            at = self.y(value)
            yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}"/>'
            yield f'<text x="{LEFT - 6}" y="{at + 4}" text-anchor="end">{value:.6g}</text>'
        steps = np.unique(np.linspace(0, len(self.times) - 1, TICKS).round().astype(int)).tolist()
        for step, text in zip(steps, format_times(pl.Series([self.times[step] for step in steps])), strict=True):
            anchor = "middle" if len(steps) == 1 else "start" if step == 0 else "end" if step == steps[-1] else "middle"
            yield f'<text x="{self.x(step)}" y="{self.height - 8}" text-anchor="{anchor}">{escape(str(text))}</text>'

    def bars(self, bars: Bars) -> str:
        """All bars of one feature, each a rectangle; what it is called shows where a pointer rests."""
        corners = [
            f"M{self.x(k - HALF)} {self.y(low)}H{self.x(k + HALF)}V{self.y(high)}H{self.x(k - HALF)}Z"
            for k, (low, high) in enumerate(zip(bars.low, bars.high, strict=True))
            if high > low
        ]
        return f'<path fill="{bars.colour}" d="{"".join(corners)}"><title>{escape(bars.name)}</title></path>'

    def line(self, line: Line) -> str:
        """A line, with gaps where nothing is known, and a dot where a value stands alone."""
        values, parts = line.curve.values, []
        for part in split_at_nan(np.isfinite(values)):
            points = [f"{self.x(k)} {self.y(values[k])}" for k in range(part.start, part.stop)]
            parts.append(f"M{'L'.join(points)}" + ("h0.01" if len(points) == 1 else ""))
        dash = ' stroke-dasharray="6,4"' if line.dashed else ""
        return f'<path class="line" style="stroke:{ink(line.colour)}"{dash} d="{"".join(parts)}"/>'
