"""Rows that were not to be expected, on their series, as one HTML page without scripts that loads nothing."""

from collections.abc import Sequence

import numpy as np

from loopcast.data.judged import Judged
from loopcast.data.time_grid import future_times
from loopcast.report.forecasts import Band
from loopcast.report.gap_chart import svg
from loopcast.report.gaps import STEPS, densest_window
from loopcast.report.payload import format_times
from loopcast.report.plots import Chart, Curve, times
from loopcast.report.render import render_template

MOST, MOST_ROWS = 24, 200  # charts, and rows of the table


def anomalies_page(judged: Judged, *, description: str, command: str = "") -> bytes:
    """Rows that were judged, as one HTML page (UTF-8): on each series, those with most anomalies first, and in a table.

    description: of what judged them. command: that did, shown so that it can be run again.
    """
    judged, targets = judged.to_univariate(), judged.panel.targets
    panel, outside = judged.panel, judged.anomalous[:, 0]
    counts = np.add.reduceat(outside, panel.offsets[:-1], dtype=np.int64)
    shown = [i for i in np.argsort(-counts, kind="stable")[:MOST].tolist() if counts[i] or not counts.any()]
    return render_template(
        "anomalies.html",
        title=f"Anomalies in {', '.join(targets)}",
        verdict=f"{int(outside.sum()):,} of {panel.n_rows:,} rows are outside of their {judged.level:g} % interval.",
        level=judged.level,
        charts=[(name_of(judged, i), svg(chart_of(judged, i), "its values, and its anomalies")) for i in shown],
        total=max(int((counts > 0).sum()), len(shown)),
        rows=rows_of(judged),
        count=int(outside.sum()),
        facts=facts_of(judged),
        description=description,
        command=command,
    )


def name_of(judged: Judged, i: int) -> str:
    """What a series is called."""
    panel = judged.panel
    return str(panel.ids[i]) if panel.schema.has_id else panel.targets[0]


def chart_of(judged: Judged, i: int) -> Chart:
    """A series where most of its rows are outside of their intervals, with these, and those rows."""
    panel, begin = judged.panel, int(judged.panel.offsets[i])
    stop = begin + int(panel.lengths[i])
    first = begin + densest_window(judged.anomalous[begin:stop, 0])
    rows = slice(first, min(first + STEPS, stop))
    values, at = panel.values[rows, 0], times(panel, i, first - begin, rows.stop - rows.start)
    band = Band(level=judged.level, low=judged.low[rows, 0], high=judged.high[rows, 0])
    return Chart(
        title=name_of(judged, i),
        history=Curve(name="known", times=at, values=values),
        forecasts=(
            Curve(name="anomaly", times=at, values=np.where(judged.anomalous[rows, 0], values, np.nan), bands=(band,)),
        ),
        truth=None,
    )


def rows_of(judged: Judged) -> list[Sequence[str]]:
    """The most surprising anomalies: series, time, value, interval, surprise."""
    surprise, low, high = (each[:, 0] for each in (judged.surprise, judged.low, judged.high))
    found = np.flatnonzero(judged.anomalous)
    found = found[np.argsort(-np.abs(surprise[found]), kind="stable")[:MOST_ROWS]]
    series, at = judged.panel.series_of(found), format_times(judged.panel.times_of(found))
    numbers = (judged.panel.values[:, 0], low, high, surprise)
    texts = [[f"{value:,.6g}" for value in each[found].tolist()] for each in numbers]
    return [
        (name_of(judged, int(i)), time, value, f"{low} to {high}", surprise)
        for i, time, value, low, high, surprise in zip(series, at, *texts, strict=True)
    ]


def facts_of(judged: Judged) -> dict[str, str]:
    """What the data are and what was asked of them, as names and values."""
    panel, names = judged.panel, judged.panel.schema.columns
    ends = future_times(panel.starts, panel.lengths - 1, 1, panel.schema.freq)
    first, last = format_times(panel.starts.sort()[:1])[0], format_times(ends.sort()[-1:])[0]
    return {
        "Series": f"{panel.n_series:,}, of {panel.n_rows:,} rows in all",
        "Time": f"column {names.time}, from {first} to {last}, one step is {panel.schema.freq}",
        "Interval": f"{judged.level:g} %, one step ahead",
    }
