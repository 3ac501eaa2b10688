"""Pictures as one HTML file that zooms and shows values, with Plotly and all it needs inside."""

import html as text
import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from loopcast.data.runs import slices_of
from loopcast.report.forecasts import Band
from loopcast.report.plots import BAND_ALPHA, COLOURS, GREY, Curve, Picture
from loopcast.report.resources import plotly_js

DASHES = ("solid", "dash", "dashdot", "dot")
CONFIG = {"displaylogo": False, "responsive": True}


def html(picture: Picture) -> bytes:
    """The picture as an HTML page; it loads nothing from anywhere."""
    return figure_page(draw(picture), picture.title)


def figure_page(figure: go.Figure, title: str) -> bytes:
    """A figure as an HTML page."""
    width = '<meta name="viewport" content="width=device-width">'
    head = f'<head><meta charset="utf-8"><title>{text.escape(title)}</title>{width}</head>'
    return f'<!doctype html><html lang="en">{head}<body>{figure_fragment(figure)}</body></html>'.encode()


def fragment(picture: Picture) -> str:
    """The picture as a part of an HTML page, such as a notebook's output; it loads nothing from anywhere."""
    return figure_fragment(draw(picture))


def figure_fragment(figure: go.Figure) -> str:
    """A figure as a part of an HTML page."""
    part: str = figure.to_html(full_html=False, include_plotlyjs=False, config=CONFIG)
    return f"<div><script>{plotly_js()}</script>{part}</div>"


def draw(picture: Picture) -> go.Figure:
    """Small charts in a grid; a click in the legend hides a model in all of them."""
    count = len(picture.charts)
    across = 1 if count == 1 else 2 if count <= 4 else 3
    down = math.ceil(count / across)
    titles = [text.escape(chart.title) for chart in picture.charts]
    figure = make_subplots(rows=down, cols=across, subplot_titles=titles, vertical_spacing=0.28 / down)
    for i, chart in enumerate(picture.charts):
        place = {"row": i // across + 1, "col": i % across + 1}
        lines = [(chart.history, GREY, "solid")]
        lines += [] if chart.truth is None else [(chart.truth, "black", "solid")]
        lines += [(curve, COLOURS[j % 6], DASHES[j % 4]) for j, curve in enumerate(chart.forecasts)]
        for curve, colour, _ in lines:  # bands first: no line may lie under one
            for band in curve.bands:
                figure.add_trace(filled(curve, band, colour), **place)
        for curve, colour, dash in lines:
            figure.add_trace(trace(curve, colour, dash, first=i == 0), **place)
        figure.update_xaxes(title_text=text.escape(picture.time), **place)
        figure.update_yaxes(title_text=text.escape(picture.target), **place)
    figure.update_layout(
        title_text=text.escape(picture.title),
        template="plotly_white",
        height=max(560, 320 * down + 120),
        legend={"orientation": "h", "yanchor": "top", "y": -0.1 - 0.05 / down},
        hovermode="x unified",
    )
    return figure


def trace(curve: Curve, colour: str, dash: str, *, first: bool) -> go.Scatter:
    """One line; only the first chart's are in the legend, and stand for those of the others."""
    return go.Scatter(
        x=curve.times,
        y=[None if math.isnan(value) else value for value in curve.values.tolist()],
        name=text.escape(curve.name),
        legendgroup=curve.name,
        showlegend=first,
        mode="lines",
        line={"color": colour, "dash": dash, "width": 2},
    )


def filled(curve: Curve, band: Band, colour: str) -> go.Scatter:
    """One band as closed shapes, one for each stretch between gaps; a click on its line in the legend hides it too."""
    xs: list[Any] = []
    ys: list[float | None] = []
    for part in slices_of(np.isfinite(band.low) & np.isfinite(band.high)):
        xs += [*curve.times[part], *curve.times[part][::-1], None]
        ys += [*band.high[part].tolist(), *band.low[part][::-1].tolist(), None]
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    shade = f"rgba({red},{green},{blue},{BAND_ALPHA})"
    return go.Scatter(
        x=xs,
        y=ys,
        name=text.escape(f"{curve.name}, {band.level:g} %"),
        legendgroup=curve.name,
        showlegend=False,
        mode="lines",
        line={"color": shade, "width": 1},
        fill="toself",
        fillcolor=shade,
        hoverinfo="skip",
    )
