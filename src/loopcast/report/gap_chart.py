"""One series and what is said of some of its rows, as SVG: colours are the page's, so that it suits paper and dark
screens.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from markupsafe import Markup, escape

from loopcast.report.payload import format_times
from loopcast.report.plotly_renderer import split_at_nan
from loopcast.report.plots import Chart

WIDTH, HEIGHT = 920, 250
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 10, 30  # margins, for numbers and times
TICKS = 5  # about as many on each axis


def svg(chart: Chart, shows: str) -> Markup:
    """The chart as an element; what is known is a line, with dots where a value stands alone; bands lie under it.

    shows: what it does, in words, for those who cannot see it. Curves have the classes that they are called by.
    """
    scene = SvgCanvas(chart)
    parts = [*scene.grid(), *scene.bands(), *scene.lines()]
    label = escape(f"{chart.title}: {shows}")
    head = f'<svg class="gaps" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">'
    return Markup(head + "".join(parts) + "</svg>")  # noqa: S704 - numbers, and text that is escaped


class SvgCanvas:
    """Where things are on the picture: steps from left to right, values from bottom to top."""

    def __init__(self, chart: Chart) -> None:
        self.times, self.curves = chart.history.times, (chart.history, chart.forecasts[0])
        ends = [end for band in self.curves[1].bands for end in (band.low, band.high)]
        shown = [*(curve.values for curve in self.curves), *ends]
        values = np.concatenate(shown)
        values = values[np.isfinite(values)].astype(np.float64)
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        room = 0.05 * (high - low) or 0.5
        self.low, self.high = low - room, high + room

    def x(self, step: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (step + 0.5) / len(self.times), 1)

    def y(self, value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (self.high - float(value)) / (self.high - self.low), 1)

    def grid(self) -> Iterator[str]:
        """Lines and numbers of the values, and times."""
        for value in ticks(self.low, self.high):
            at = self.y(value)
            yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}"/>'
            yield f'<text x="{LEFT - 6}" y="{at + 4}" text-anchor="end">{value:.6g}</text>'
        steps = np.unique(np.linspace(0, len(self.times) - 1, TICKS).round().astype(int)).tolist()
        for step, text in zip(steps, format_times(pl.Series([self.times[step] for step in steps])), strict=True):
            anchor = "start" if step == 0 else "end" if step == len(self.times) - 1 else "middle"
            yield f'<text x="{self.x(step)}" y="{HEIGHT - 8}" text-anchor="{anchor}">{escape(str(text))}</text>'

    def bands(self) -> Iterator[str]:
        """Half a step wider on both sides than their steps, so that one of a single step has an area."""
        for band in self.curves[1].bands:
            for part in split_at_nan(np.isfinite(band.low) & np.isfinite(band.high)):
                steps = [part.start - 0.5, *range(part.start, part.stop), part.stop - 0.5]
                high, low = ([end[part][0], *end[part], end[part][-1]] for end in (band.high, band.low))
                corners = [*zip(steps, high, strict=True), *zip(steps[::-1], low[::-1], strict=True)]
                yield f'<polygon class="band" points="{self._points(corners)}"/>'

    def lines(self) -> Iterator[str]:
        for name, values in ((curve.name, curve.values) for curve in self.curves):
            for part in split_at_nan(np.isfinite(values)):
                points: list[tuple[float, Any]] = list(zip(range(part.start, part.stop), values[part], strict=True))
                if len(points) == 1:
                    yield f'<circle class="{name}" cx="{self.x(part.start)}" cy="{self.y(values[part][0])}" r="1.6"/>'
                yield f'<polyline class="{name}" points="{self._points(points)}"/>'

    def _points(self, corners: list[tuple[float, Any]]) -> str:
        return " ".join(f"{self.x(step)},{self.y(value)}" for step, value in corners)


def ticks(low: float, high: float) -> list[float]:
    """Round numbers from `low` to `high`, about TICKS of them.

    >>> ticks(-0.1, 1.07)
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    rough = (high - low) / TICKS
    size = 10.0 ** np.floor(np.log10(rough))
    step = size * min((1, 2, 2.5, 5, 10), key=lambda each: abs(each * size - rough))
    return [float(step * k) for k in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]
