"""The numbers of a page as JSON that a script element can hold whatever the names in it are."""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from loopcast.report.fans import CutoffForecasts, FanChart

MOST_BYTES = 1_100_000  # of charts; with Plotly's basic bundle (1.2 MB) a page stays under 2.5 MB

# What could end the element, begin a comment in it, or end a line of JavaScript.
UNSAFE = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def safe_json(value: Any) -> str:
    """`value` as JSON without `<`, `>`, `&` or line separators.

    >>> print(safe_json("</script>"))
    "\\u003c/script\\u003e"
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(UNSAFE)


@dataclass
class Charts:
    """Charts taken into a page one after the other, as long as they fit.

    calendars: the different runs of times, once each, for many series share theirs.
    """

    budget: int = MOST_BYTES
    encoded: list[str] = field(default_factory=list)
    calendars: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def take(self, charts: "Iterable[Callable[[], FanChart]]") -> None:
        """Take charts, made only when it is their turn, until one does not fit; the first is taken in any case."""
        for make in charts:
            if not self.add(make()) and self.encoded:
                return

    def add(self, chart: FanChart) -> bool:
        """Take one chart if it fits or is the first; whether it was taken."""
        times = tuple(format_times(chart.times))
        place = self.calendars.get(times, len(self.calendars))
        text = safe_json(to_json(chart) | {"calendar": place})
        size = len(text.encode(errors="replace")) + (0 if times in self.calendars else 22 * len(times))
        if size > self.budget and self.encoded:
            return False
        self.calendars[times] = place
        self.encoded.append(text)
        self.budget -= size
        return True

    def json(self, rest: Mapping[str, Any]) -> str:
        """Everything as one JSON object."""
        calendars = safe_json([list(times) for times in self.calendars])
        inner = f'"calendars":{calendars},"series":[{",".join(self.encoded)}]'
        head = safe_json(dict(rest))[1:-1]
        return f"{{{head},{inner}}}"


def to_json(chart: FanChart) -> dict[str, Any]:
    """A chart as lists; numbers keep a ten-thousandth of the range of the series, as no eye sees less."""
    digits = digits_of(chart.values)
    return {
        "id": chart.title,
        "order": chart.place,
        "label": chart.label,
        "error": None if chart.error is None else float(f"{chart.error:.4g}"),
        "leftOut": chart.left_out,
        "values": numbers(chart.values, digits),
        "cuts": [{"at": cut.at, "fans": fans(cut, digits)} for cut in chart.cuts],
    }


def fans(cut: CutoffForecasts, digits: int) -> list[Any]:
    """Per model null, if it has no forecast here, or its values and per level the low and the high bounds."""
    return [
        [numbers(fan.values, digits), *([numbers(band.low, digits), numbers(band.high, digits)] for band in fan.bands)]
        if np.isfinite(fan.values).any()
        else None
        for fan in cut.fans
    ]


def digits_of(values: np.ndarray) -> int:
    """Decimal places at which a ten-thousandth of the range of `values` still shows.

    >>> digits_of(np.array([100.0, 612.0])), digits_of(np.array([0.0, 2e6])), digits_of(np.array([np.nan]))
    (2, -2, 4)
    """
    known = values[np.isfinite(values)].astype(np.float64)
    size = float(np.ptp(known) or np.abs(known).max()) if len(known) else 0.0
    return 4 - math.floor(math.log10(size)) if size > 0 else 4


def numbers(values: np.ndarray, digits: int) -> list[float | int | None]:
    """Rounded numbers, None for what is not finite."""
    rounded = np.round(values.astype(np.float64), digits)
    whole = digits <= 0 and np.abs(rounded[np.isfinite(rounded)]).max(initial=0) < 2**53
    return [None if not math.isfinite(x) else int(x) if whole else x for x in rounded.tolist()]


def format_times(times: pl.Series) -> list[Any]:
    """Times as a chart's axis takes them: whole numbers, dates, or what a clock on the wall shows."""
    if times.dtype.is_integer():
        return times.to_list()
    if times.dtype == pl.Date:
        return times.dt.to_string("%Y-%m-%d").to_list()
    walls = times.dt.replace_time_zone(None)
    fine = bool((walls.dt.nanosecond() != 0).any())
    seconds = bool((walls.dt.second() != 0).any())
    return walls.dt.to_string(
        "%Y-%m-%d %H:%M:%S%.6f" if fine else f"%Y-%m-%d %H:%M{':%S' if seconds else ''}"
    ).to_list()
