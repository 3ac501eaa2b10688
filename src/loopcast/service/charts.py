"""What the page draws of a result: a chart for each series, as numbers beside their times.

A chart has `id`, `times`, `values` (what is known), `lines` (each a name, values and bands by level, null where there
is none) and `marks` (steps that stand out). All lists are as long as the times.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import polars as pl

from loopcast.data.judged import ANOMALY, Judged
from loopcast.data.panel import Panel
from loopcast.models.fill_gaps import FilledGaps
from loopcast.report.fans import Fan, FanChart, bisection_order, future_chart
from loopcast.report.gaps import plot_gaps
from loopcast.report.payload import digits_of, format_times, numbers, safe_json
from loopcast.report.plots import Chart
from loopcast.tasks.anomalies import AnomaliesResult
from loopcast.tasks.forecast import ForecastResult

MOST_BYTES = 2_000_000
MOST_STEPS = 2000  # of a series with anomalies, the last ones
Made = dict[str, Any]


def charts_json(result: Any) -> bytes | None:
    """The charts of a result, as many as there is room for, with how many there are; None where it has none."""
    if isinstance(result, ForecastResult):
        total, charts = forecast_charts(result)
    elif isinstance(result, AnomaliesResult):
        total, charts = anomaly_charts(result)
    elif hasattr(result, "whole"):
        total, charts = gap_charts(result.result.panel, result.result.filled)
    else:
        return None
    taken: list[str] = []
    size = 0
    for chart in charts:
        text = safe_json(chart)
        size += len(text)
        if size > MOST_BYTES and taken:
            break
        taken.append(text)
    return f'{{"total":{total},"charts":[{",".join(taken)}]}}'.encode()


def forecast_charts(result: ForecastResult) -> tuple[int, Iterator[Made]]:
    """The end of each history, and the forecast after it."""
    panel = result.panel.to_univariate()
    lines = [each.to_univariate(panel) for each in result.predictions]
    levels = tuple(sorted(lines[0].bands.levels))
    each = (future_chart(panel, lines, levels, i) for i in bisection_order(panel.n_series))
    return panel.n_series, (_of_fan(chart, levels) for chart in each)


def _of_fan(chart: FanChart, levels: tuple[float, ...]) -> Made:
    [cut], digits = chart.cuts, digits_of(chart.values)
    place = _placed(cut.at, len(chart.times), digits)
    return {
        "id": chart.title,
        "times": format_times(chart.times),
        "values": numbers(chart.values, digits),
        "lines": [_line(fan, levels, place) for fan in cut.fans],
        "marks": [],
    }


def _placed(at: int, count: int, digits: int) -> Callable[[np.ndarray], list[Any]]:
    """What puts values at their steps of a chart."""
    return lambda values: numbers(np.pad(values, (at, count - at - len(values)), constant_values=np.nan), digits)


def _line(fan: Fan, levels: tuple[float, ...], place: Callable[[np.ndarray], list[Any]]) -> Made:
    bands = [
        {"level": level, "low": place(band.low), "high": place(band.high)}
        for level, band in zip(levels, fan.bands, strict=True)
    ]
    return {"name": fan.model, "values": place(fan.values), "bands": bands}


def gap_charts(panel: Panel, filled: FilledGaps | None) -> tuple[int, Iterator[Made]]:
    """The series with most gaps, around these."""
    if filled is None:
        return 0, iter(())
    picture = plot_gaps(panel, filled, most=24)
    return len(picture.charts), (_of_gaps(chart) for chart in picture.charts)


def _of_gaps(chart: Chart) -> Made:
    [line], digits = chart.forecasts, digits_of(chart.history.values)
    bands = [
        {"level": band.level, "low": numbers(band.low, digits), "high": numbers(band.high, digits)}
        for band in line.bands
    ]
    return {
        "id": chart.title,
        "times": format_times(pl.Series(chart.history.times)),
        "values": numbers(chart.history.values, digits),
        "lines": [{"name": "filled", "values": numbers(line.values, digits), "bands": bands}],
        "marks": [],
    }


def anomaly_charts(result: AnomaliesResult) -> tuple[int, Iterator[Made]]:
    """Each series with its interval, those with most anomalies first."""
    judged = result.judged.to_univariate()
    names, table = judged.panel.schema.columns, judged.table()
    keys = [names.id] if names.id in table.columns else []
    parts = table.partition_by(keys, maintain_order=True) if keys else [table]
    order = sorted(parts, key=lambda part: -int(part[ANOMALY].sum()))
    return len(parts), (_of_anomalies(part, judged, keys) for part in order)


def _of_anomalies(part: pl.DataFrame, judged: Judged, keys: list[str]) -> Made:
    names, rows = judged.panel.schema.columns, part.tail(MOST_STEPS)
    values = rows[names.one_target].to_numpy()
    digits = digits_of(values)
    low, high = (numbers(rows[name].to_numpy(), digits) for name in judged.ends)
    return {
        "id": str(part[keys[0]][0]) if keys else names.one_target,
        "times": format_times(rows[names.time]),
        "values": numbers(values, digits),
        "lines": [{"name": "expected", "values": None, "bands": [{"level": judged.level, "low": low, "high": high}]}],
        "marks": rows[ANOMALY].arg_true().to_list(),
    }
