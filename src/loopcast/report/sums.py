"""What pictures of sums show, as values: forecasts as stacks of contributions, histories as level, season and rest."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from loopcast.columns import Columns
from loopcast.data.decomposition import Decomposition
from loopcast.data.explanation import Explanation
from loopcast.data.panel import Panel
from loopcast.models.forecaster import Forecaster
from loopcast.report.chart_selection import find
from loopcast.report.plots import COLOURS, GREY, Curve, renderer, times
from loopcast.storage.atomic import write_whole
from loopcast.validation import check_positive

RENDERERS = {
    ".png": "loopcast.report.sums_matplotlib:png",
    ".svg": "loopcast.report.sums_matplotlib:svg",
    ".html": "loopcast.report.sums_plotly:html",
}
BLACK = "#000000"
MORE_COLOURS = (*COLOURS, "#117733", "#882255", "#999933", "#AA4499")  # the others are Tol's
MOST_BARS = len(MORE_COLOURS)  # of more features, the smallest are one


@dataclass(frozen=True, kw_only=True, eq=False)
class Bars:
    """What one feature adds at each time, below 0 what it takes away, drawn from `low` to `high`; `[time]` each."""

    name: str
    colour: str
    low: np.ndarray
    high: np.ndarray
    added: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class SumLine:
    """A curve and how it is drawn."""

    curve: Curve
    colour: str
    dashed: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Lane:
    """One pair of axes: what it is of, bars, and lines over them, all at the same times."""

    name: str
    times: list[Any]
    bars: tuple[Bars, ...]
    lines: tuple[SumLine, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class SumChart:
    """One series: lanes, one under the other."""

    title: str
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class SumPicture:
    """Everything that will be drawn; `save` draws it, and a notebook shows it."""

    title: str
    time: str
    charts: tuple[SumChart, ...]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a .png, .svg or .html file (zoomable, self-contained), whole or not at all; the ending chooses.

        OptionError for another ending. OSError as the system gives it.
        """
        write_whole(path, renderer(path, RENDERERS)(self))

    def _repr_html_(self) -> str:
        """What a notebook shows: the zoomable chart, with all it needs inside."""
        fragment: Callable[[SumPicture], str] = import_module("loopcast.report.sums_plotly").fragment
        return fragment(self)


def plot_explanation(
    forecaster: Forecaster,
    horizon: int | None = None,
    *,
    data: Any = None,
    future: Any = None,
    ids: Sequence[Any] | None = None,
    most: int = 4,
) -> SumPicture:
    """A picture of what each forecast is made of: from the level, what adds to it stacked up, what takes away down.

    forecaster: fitted; horizon, data, future: as of `Forecaster.explain`, whose errors are raised.
    ids: the series to draw, in this order; None draws the first ones. most: charts at most. Each target has a chart.
    Of more than ten features the smallest are drawn as one.

    >>> from loopcast.models.baselines import Drift
    >>> panel = Panel.from_series([1.0, 2.0, 3.0])
    >>> picture = plot_explanation(Drift().fit(panel), horizon=2)
    >>> [bars.name for bars in picture.charts[0].lanes[0].bars]
    ['trend']
    """
    found = forecaster.explanation(horizon, data=data, future=future)
    alone, chosen = found.to_univariate(), _chosen(found.panel, ids, most)
    steps, of = f"{found.horizon} step{'s' * (found.horizon > 1)}", _of(alone.panel, chosen)
    return SumPicture(
        title=f"What {forecaster.name}'s forecast of {steps} is made of{of}",
        time=found.panel.schema.columns.time,
        charts=tuple(explanation_chart(alone, i, target_of(found.panel)) for i in chosen),
    )


def plot_decomposition(
    forecaster: Forecaster,
    data: Any = None,
    *,
    ids: Sequence[Any] | None = None,
    most: int = 3,
    tail: int | None = None,
    columns: Columns | None = None,
) -> SumPicture:
    """A picture of `Forecaster.decompose`, whose errors are raised: values with their level, each season, what remains.

    ids: the series to draw, in this order; None draws the first ones. most: charts at most. Each target has a chart.
    tail: rows at the end of each series; None draws all.
    """
    found = forecaster.decomposition(data, columns=columns)
    rows = int(found.panel.lengths.max()) if tail is None else check_positive("tail", tail)
    alone, chosen = found.to_univariate(), _chosen(found.panel, ids, most)
    return SumPicture(
        title=f"Level, season and what remains{_of(alone.panel, chosen)}",
        time=found.panel.schema.columns.time,
        charts=tuple(decomposition_chart(alone, i, target_of(found.panel), rows) for i in chosen),
    )


def target_of(panel: Panel) -> str:
    """What an axis of values is called."""
    return panel.targets[0] if panel.n_channels == 1 else "value"


def explanation_chart(found: Explanation, i: int, target: str) -> SumChart:
    """Series `i` of an explanation of one target, whose axis is called so."""
    values, panel = found.values[i, :, 0], found.panel
    at, level = times(panel, i, int(panel.lengths[i]), found.horizon), values[:, 0]
    lines = (
        SumLine(curve=Curve(name=found.features[0], times=at, values=level), colour=GREY, dashed=True),
        SumLine(curve=Curve(name="forecast", times=at, values=values.sum(axis=1)), colour=BLACK),
    )
    bars = stacked(level, {name: part[i] for name, part in shown(found).items()})
    return SumChart(title=_title(panel, i), lanes=(Lane(name=target, times=at, bars=bars, lines=lines),))


def shown(found: Explanation) -> dict[str, np.ndarray]:
    """What all features but the first add, `[series, step]`; the smallest of many together."""
    parts = dict(list(zip(found.features, np.moveaxis(found.values[:, :, 0], -1, 0), strict=True))[1:])
    if len(parts) <= MOST_BARS:
        return parts
    large = sorted(parts, key=lambda name: -float(np.abs(parts[name]).mean()))[: MOST_BARS - 1]
    rest = [part for name, part in parts.items() if name not in large]
    return {name: part for name, part in parts.items() if name in large} | {f"{len(rest)} others": np.sum(rest, axis=0)}


def stacked(level: np.ndarray, parts: dict[str, np.ndarray]) -> tuple[Bars, ...]:
    """Bars from the level, `[step]`: what adds to it one upon the other, what takes away one under the other."""
    above, below, bars = level, level, []
    for (name, part), colour in zip(parts.items(), MORE_COLOURS, strict=False):
        up, down = np.maximum(part, 0.0), np.minimum(part, 0.0)
        low, high = np.where(part < 0, below + down, above), np.where(part < 0, below, above + up)
        bars.append(Bars(name=name, colour=colour, low=low, high=high, added=part))
        above, below = above + up, below + down
    return tuple(bars)


def decomposition_chart(found: Decomposition, i: int, target: str, tail: int) -> SumChart:
    """The last `tail` rows of series `i` of a decomposition of one target, a lane for each part but the level."""
    panel = found.panel
    begin, end = max(int(panel.offsets[i + 1]) - tail, int(panel.offsets[i])), int(panel.offsets[i + 1])
    at = times(panel, i, begin - int(panel.offsets[i]), end - begin)
    own = {part: values[begin:end, 0] for part, values in found.parts.items()}
    level, *others = own
    value = SumLine(curve=Curve(name=target, times=at, values=panel.values[begin:end, 0]), colour=GREY)
    first = Lane(name=target, times=at, bars=(), lines=(value, _line(level, at, own[level], 0)))
    lanes = [
        Lane(name=each, times=at, bars=(), lines=(_line(each, at, own[each], k),)) for k, each in enumerate(others, 1)
    ]
    return SumChart(title=_title(panel, i), lanes=(first, *lanes))


def _line(name: str, at: list[Any], values: np.ndarray, place: int) -> SumLine:
    return SumLine(curve=Curve(name=name, times=at, values=values), colour=COLOURS[place])


def _title(panel: Panel, i: int) -> str:
    return str(panel.ids[i]) if panel.schema.has_id else panel.schema.columns.one_target


def _chosen(panel: Panel, ids: Sequence[Any] | None, most: int) -> Sequence[int]:
    """Places in `panel.to_univariate()` of what is drawn."""
    every = range(panel.n_series * panel.n_channels) if ids is None else find(panel, ids)
    return every[: check_positive("most", most)]


def _of(panel: Panel, chosen: Sequence[int]) -> str:
    """How many of how many are drawn, where those are not all."""
    return f" ({len(chosen)} of {panel.n_series} series)" if len(chosen) < panel.n_series else ""
