"""Pictures of sums as one HTML file that zooms and shows values, with Plotly and all it needs inside."""

import html as text
import math

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from loopcast.report.plotly_renderer import figure_fragment, figure_page
from loopcast.report.sums import Bars, Lane, SumLine, SumPicture


def html(picture: SumPicture) -> bytes:
    """The picture as an HTML page; it loads nothing from anywhere."""
    return figure_page(draw(picture), picture.title)


def fragment(picture: SumPicture) -> str:
    """The picture as a part of an HTML page, such as a notebook's output; it loads nothing from anywhere."""
    return figure_fragment(draw(picture))


def draw(picture: SumPicture) -> go.Figure:
    """Charts one under the other, and lanes; a click in the legend hides a part in all of them."""
    lanes = [(chart, lane, k) for chart in picture.charts for k, lane in enumerate(chart.lanes)]
    titles = [text.escape(chart.title) if k == 0 else "" for chart, _, k in lanes]
    figure = make_subplots(rows=len(lanes), cols=1, subplot_titles=titles, vertical_spacing=0.25 / len(lanes))
    seen: set[str] = set()
    for row, (_, lane, _) in enumerate(lanes, 1):
        for trace in (*(bar(each, lane) for each in lane.bars), *(line(each) for each in lane.lines)):
            trace.showlegend = trace.name not in seen
            seen.add(trace.name)
            figure.add_trace(trace, row=row, col=1)
        figure.update_yaxes(title_text=text.escape(lane.name), row=row, col=1)
    figure.update_xaxes(title_text=text.escape(picture.time), row=len(lanes), col=1)
    figure.update_layout(
        title_text=text.escape(picture.title),
        template="plotly_white",
        barmode="overlay",
        height=max(520, (340 if len(picture.charts[0].lanes) == 1 else 220) * len(lanes) + 140),
        hovermode="x unified",
    )
    return figure


def bar(bars: Bars, lane: Lane) -> go.Bar:
    """What one feature adds at each time; the value that is shown has its sign."""
    return go.Bar(
        x=lane.times,
        y=(bars.high - bars.low).tolist(),
        base=bars.low.tolist(),
        customdata=bars.added.tolist(),
        hovertemplate="%{customdata:+.4g}",
        name=text.escape(bars.name),
        legendgroup=bars.name,
        marker={"color": bars.colour, "line": {"width": 0}},
    )


def line(one: SumLine) -> go.Scatter:
    """A line with gaps where nothing is known."""
    values = np.asarray(one.curve.values, np.float64).tolist()
    return go.Scatter(
        x=one.curve.times,
        y=[None if math.isnan(value) else value for value in values],
        name=text.escape(one.curve.name),
        legendgroup=one.curve.name,
        mode="lines",
        line={"color": one.colour, "dash": "dash" if one.dashed else "solid", "width": 2},
    )
