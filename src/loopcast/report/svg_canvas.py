"""Where things are on a picture in SVG: steps from left to right, values from bottom to top; and its grid."""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
from markupsafe import Markup, escape

from loopcast.report.payload import format_times

WIDTH = 920
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 10, 30  # margins, for numbers and times
TICKS = 5  # about as many on each axis


class Canvas:
    """A picture of steps at these times, high enough for all of `shown` that is finite."""

    def __init__(self, times: Sequence[object], shown: Sequence[np.ndarray], height: int) -> None:
        self.times, self.height = times, height
        values = np.concatenate(shown).astype(np.float64)
        values = values[np.isfinite(values)]
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        room = 0.05 * (high - low or abs(high)) or 0.5
        self.low, self.high = low - room, high + room

    def x(self, step: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (step + 0.5) / len(self.times), 1)

    def y(self, value: float) -> float:
        return round(TOP + (self.height - TOP - BOTTOM) * (self.high - float(value)) / (self.high - self.low), 1)

    def element(self, kind: str, shows: str, parts: Iterator[str]) -> Markup:
        """The picture of this class, under its grid. shows: what it does, in words, for those who cannot see it."""
        size = f'viewBox="0 0 {WIDTH} {self.height}"'
        head = f'<svg class="{kind}" {size} role="img" aria-label="{escape(shows)}">'
        return Markup(head + "".join([*self.grid(), *parts]) + "</svg>")  # noqa: S704 - numbers, and text that is escaped

    def grid(self) -> Iterator[str]:
        """Lines and numbers of the values, and times; every second is `between` two, for small screens to leave out."""
        for k, value in enumerate(ticks(self.low, self.high)):
            at = self.y(value)
            yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}"/>'
            yield f'<text{between(k)} x="{LEFT - 6}" y="{at + 4}" text-anchor="end">{value:.6g}</text>'
        steps = np.unique(np.linspace(0, len(self.times) - 1, TICKS).round().astype(int)).tolist()
        texts = format_times(pl.Series([self.times[step] for step in steps]))
        for k, (step, text) in enumerate(zip(steps, texts, strict=True)):
            anchor = "middle" if 0 < k < len(steps) - 1 or len(steps) == 1 else "end" if k else "start"
            place = f'x="{self.x(step)}" y="{self.height - 8}" text-anchor="{anchor}"'
            yield f"<text{between(k)} {place}>{escape(str(text))}</text>"


def between(k: int) -> str:
    """The class of every second text."""
    return ' class="between"' if k % 2 else ""


def ticks(low: float, high: float) -> list[float]:
    """Round numbers from `low` to `high`, about TICKS of them.

    >>> ticks(-0.1, 1.07)
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    rough = (high - low) / TICKS
    size = 10.0 ** np.floor(np.log10(rough))
    step = size * min((1, 2, 2.5, 5, 10), key=lambda each: abs(each * size - rough))
    return [float(step * k) for k in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]
