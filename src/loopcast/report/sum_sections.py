"""The sections of a page that show sums: what forecasts are made of, and what their histories are."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from loopcast.data.decomposition import Decomposition
from loopcast.data.explanation import Explanation
from loopcast.data.time_grid import future_times
from loopcast.report.fans import bisection_order
from loopcast.report.payload import format_times
from loopcast.report.sum_svg import ink, lane_svg
from loopcast.report.sums import SumChart, decomposition_chart, explanation_chart, target_of

MOST_CHARTS, MOST_NUMBERS = 6, 20_000  # of a section; the first chart is there in any case
MOST_SENTENCES, MOST_STEPS, MOST_ROWS = 24, 100, 1000  # lines, rows of a table, rows of a history
TALL, FLAT = 280, 150  # pixels


@dataclass(frozen=True, kw_only=True)
class SumFigure:
    """One series: a picture of each lane, and its numbers by step (or none), the first column of which is the time."""

    title: str
    pictures: tuple[Markup, ...]
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, kw_only=True)
class SumSection:
    """figures: of so many of `total` series (and targets). legend: names and colours. lines: what was found."""

    figures: tuple[SumFigure, ...]
    legend: tuple[tuple[str, str], ...]
    total: int
    lines: tuple[str, ...] = ()


def explanation_section(found: Explanation) -> SumSection:
    """What forecasts are made of."""
    alone = found.to_univariate()
    shown = _shown(alone.panel.n_series, alone.horizon * len(alone.features))
    charts = [explanation_chart(alone, i, target_of(found.panel)) for i in shown]
    figures = [
        SumFigure(title=chart.title, pictures=_pictures(chart, "what the forecast is made of"), **_numbers(alone, i))
        for i, chart in zip(shown, charts, strict=True)
    ]
    total = alone.panel.n_series
    return SumSection(
        figures=tuple(figures), legend=_legend(charts[0]), total=total, lines=tuple(found.sentences(MOST_SENTENCES))
    )


def decomposition_section(found: Decomposition) -> SumSection:
    """Level, season and what remains of histories."""
    alone = found.to_univariate()
    rows = min(int(alone.panel.lengths.max()), MOST_ROWS)
    target, shown = target_of(found.panel), _shown(alone.panel.n_series, rows * len(alone.parts))
    charts = [decomposition_chart(alone, i, target, rows) for i in shown]
    figures = [SumFigure(title=chart.title, pictures=_pictures(chart, "a part of its values")) for chart in charts]
    return SumSection(figures=tuple(figures), legend=_legend(charts[0]), total=alone.panel.n_series)


def _shown(series: int, numbers: int) -> list[int]:
    """Which series: a few from the whole of their range, fewer where each has many numbers."""
    count = max(1, min(MOST_CHARTS, MOST_NUMBERS // numbers, series))
    return sorted([i for i, _ in zip(bisection_order(series), range(count), strict=False)])


def _pictures(chart: SumChart, shows: str) -> tuple[Markup, ...]:
    return tuple(
        lane_svg(lane, f"{chart.title}, {lane.name}: {shows}", FLAT if k else TALL)
        for k, lane in enumerate(chart.lanes)
    )


def _legend(chart: SumChart) -> tuple[tuple[str, str], ...]:
    """Each name of a chart once, with its colour."""
    bars = [(bars.name, bars.colour) for lane in chart.lanes for bars in lane.bars]
    return tuple(bars + [(line.curve.name, ink(line.colour)) for lane in chart.lanes for line in lane.lines])


def _numbers(found: Explanation, i: int) -> dict[str, Any]:
    """The head and the first rows of a table: time, forecast, and each contribution."""
    panel, values = found.panel, found.values[i, :MOST_STEPS, 0]
    at = format_times(future_times(panel.starts[[i]], panel.lengths[[i]], len(values), panel.schema.freq))
    numbers = np.concatenate([values.sum(axis=1, keepdims=True), values], axis=1)
    rows = [(str(time), *(f"{each:,.4g}" for each in row)) for time, row in zip(at, numbers.tolist(), strict=True)]
    return {"head": (panel.schema.columns.time, "forecast", *found.features), "rows": tuple(rows)}
