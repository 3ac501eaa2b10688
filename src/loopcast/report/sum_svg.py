"""One lane of a picture of sums as SVG: lines are in the page's colours, so that it suits paper and dark screens."""

import numpy as np
from markupsafe import Markup, escape

from loopcast.data.runs import slices_of
from loopcast.report.plots import GREY
from loopcast.report.sums import BLACK, Bars, Lane, SumLine
from loopcast.report.svg_canvas import Canvas

INKS = {BLACK: "var(--came)", GREY: "var(--past)"}
HALF = 0.4  # of a bar's width, in steps


def lane_svg(lane: Lane, shows: str, height: int) -> Markup:
    """The lane as an element. shows: what it does, in words, for those who cannot see it."""
    scene = LaneCanvas(lane, height)
    parts = [*(scene.bars(each) for each in lane.bars), *(scene.line(each) for each in lane.lines)]
    return scene.element("sums", shows, iter(parts))


def ink(colour: str) -> str:
    """A colour as the page has it: what is black on paper is light on a dark screen."""
    return INKS.get(colour, colour)


class LaneCanvas(Canvas):
    """A canvas of bars and lines."""

    def __init__(self, lane: Lane, height: int) -> None:
        ends = [end for bars in lane.bars for end in (bars.low, bars.high)]
        super().__init__(lane.times, [*ends, *(line.curve.values for line in lane.lines)], height)

    def bars(self, bars: Bars) -> str:
        """All bars of one feature, each a rectangle; what it is called shows where a pointer rests."""
        corners = [
            f"M{self.x(k - HALF)} {self.y(low)}H{self.x(k + HALF)}V{self.y(high)}H{self.x(k - HALF)}Z"
            for k, (low, high) in enumerate(zip(bars.low, bars.high, strict=True))
            if high > low
        ]
        return f'<path fill="{bars.colour}" d="{"".join(corners)}"><title>{escape(bars.name)}</title></path>'

    def line(self, line: SumLine) -> str:
        """A line, with gaps where nothing is known, and a dot where a value stands alone."""
        values, parts = line.curve.values, []
        for part in slices_of(np.isfinite(values)):
            points = [f"{self.x(k)} {self.y(values[k])}" for k in range(part.start, part.stop)]
            parts.append(f"M{'L'.join(points)}" + ("h0.01" if len(points) == 1 else ""))
        dash = ' stroke-dasharray="6,4"' if line.dashed else ""
        return f'<path class="line" style="stroke:{ink(line.colour)}"{dash} d="{"".join(parts)}"/>'
