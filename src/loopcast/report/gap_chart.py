"""One series and what is said of some of its rows, as SVG: colours are the page's, so that it suits paper and dark
screens.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from markupsafe import Markup

from loopcast.data.runs import slices_of
from loopcast.report.plots import Chart
from loopcast.report.svg_canvas import Canvas

HEIGHT = 250


def svg(chart: Chart, shows: str) -> Markup:
    """The chart as an element; what is known is a line, with dots where a value stands alone; bands lie under it.

    shows: what it does, in words, for those who cannot see it. Curves have the classes that they are called by.
    """
    scene = GapCanvas(chart)
    return scene.element("gaps", f"{chart.title}: {shows}", iter([*scene.bands(), *scene.lines()]))


class GapCanvas(Canvas):
    """A canvas of a history and of what is said of some of its rows."""

    def __init__(self, chart: Chart) -> None:
        self.curves = (chart.history, chart.forecasts[0])
        ends = [end for band in self.curves[1].bands for end in (band.low, band.high)]
        super().__init__(chart.history.times, [*(curve.values for curve in self.curves), *ends], HEIGHT)

    def bands(self) -> Iterator[str]:
        """Half a step wider on both sides than their steps, so that one of a single step has an area."""
        for band in self.curves[1].bands:
            for part in slices_of(np.isfinite(band.low) & np.isfinite(band.high)):
                steps = [part.start - 0.5, *range(part.start, part.stop), part.stop - 0.5]
                high, low = ([end[part][0], *end[part], end[part][-1]] for end in (band.high, band.low))
                corners = [*zip(steps, high, strict=True), *zip(steps[::-1], low[::-1], strict=True)]
                yield f'<polygon class="band" points="{self._points(corners)}"/>'

    def lines(self) -> Iterator[str]:
        for name, values in ((curve.name, curve.values) for curve in self.curves):
            for part in slices_of(np.isfinite(values)):
                points: list[tuple[float, Any]] = list(zip(range(part.start, part.stop), values[part], strict=True))
                if len(points) == 1:
                    yield f'<circle class="{name}" cx="{self.x(part.start)}" cy="{self.y(values[part][0])}" r="1.6"/>'
                yield f'<polyline class="{name}" points="{self._points(points)}"/>'

    def _points(self, corners: list[tuple[float, Any]]) -> str:
        return " ".join(f"{self.x(step)},{self.y(value)}" for step, value in corners)
