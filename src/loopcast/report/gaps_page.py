"""What filled the gaps of series, as one HTML page without scripts that loads nothing: to read, to send, to print."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import polars as pl

from loopcast.data.convert import as_panel
from loopcast.data.panel import Panel
from loopcast.data.runs import runs_of
from loopcast.models.fill_gaps import FilledGaps
from loopcast.report.gap_chart import svg
from loopcast.report.gaps import plot_gaps
from loopcast.report.ranking import MISSING
from loopcast.report.render import render_template
from loopcast.report.summary import series_text, time_text

MOST = 24  # charts


class DescribedImputer(Protocol):
    """What a page says of a fitted imputer."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the channels that it fills."""

    @property
    def scores(self) -> pl.DataFrame:
        """How far off each method was; see `Imputer.scores`."""

    @property
    def verdict(self) -> str:
        """Whether the network was worth it, in a sentence or two."""

    def describe(self) -> str:
        """What was trained."""


@dataclass(frozen=True, kw_only=True)
class ScoreRow:
    """A target in the table of scores: mean absolute errors by way, as text; best: the way with the least."""

    target: str
    errors: tuple[str, ...]
    best: str | None


def gaps_page(
    imputer: DescribedImputer,
    data: Any,
    filled: FilledGaps,
    *,
    command: str = "",
) -> bytes:
    """What filled the gaps of `data`, a panel or what can be one, as one HTML page (UTF-8) that loads nothing.

    It says whether the network was worth it, how far off it and the simple ways were on values that were held back,
    where gaps are and how long, and shows series and targets with their gaps filled, those with most first.
    filled: as `imputer.fill_panel` gives it for `data`.
    command: the command that filled them, shown so that it can be run again.
    OptionError for shapes that do not fit; NotFittedError for an imputer that is not fitted.
    """
    panel = as_panel(data)
    picture = plot_gaps(panel, filled, most=MOST)
    methods, rows = scores_of(imputer)
    return render_template(
        "gaps.html",
        title=f"Gaps filled in {', '.join(panel.targets)}",
        verdict=imputer.verdict,
        methods=methods,
        rows=rows,
        gaps=gaps_of(panel),
        charts=[(chart.title, svg(chart, "what was known, and what fills its gaps")) for chart in picture.charts],
        total=count_with_gaps(panel),
        levels=filled.bands.levels,
        facts=facts_of(panel, filled.bands.levels),
        description=imputer.describe(),
        command=command,
    )  # fmt: skip


def scores_of(imputer: DescribedImputer) -> tuple[list[str], list[ScoreRow]]:
    """The methods of filling, and a row for each target."""
    scores = imputer.scores
    methods = scores["method"].unique(maintain_order=True).to_list()
    rows = []
    for target in imputer.targets:
        known = dict(scores.filter(pl.col("target") == target).select("method", "mae").iter_rows())
        errors = tuple(f"{known[method]:#.3g}" if method in known else MISSING for method in methods)
        rows.append(ScoreRow(target=target, errors=errors, best=next(iter(known), None)))
    return methods, rows


def gaps_of(panel: Panel) -> list[tuple[str, ...]]:
    """For each target how many values are missing, of how many, in how many gaps, and the longest."""
    runs = runs_of(np.isnan(panel.values), panel.offsets)
    longest = runs.longest(panel.n_channels)
    rows: list[tuple[str, ...]] = []
    for channel, target in enumerate(panel.targets):
        lengths = runs.length[runs.channel == channel]
        share = lengths.sum() / panel.n_rows
        rows.append((target, f"{lengths.sum():,}", f"{share:.1%}", f"{len(lengths):,}", f"{longest[channel]:,}"))
    return rows


def count_with_gaps(panel: Panel) -> int:
    """How many series and targets have a gap."""
    return int(np.logical_or.reduceat(np.isnan(panel.values), panel.offsets[:-1]).sum())


def facts_of(panel: Panel, levels: Sequence[float]) -> dict[str, str]:
    """What the data are and what was asked of them, as names and values."""
    return {
        "Series": series_text(panel),
        "Filled": f"{int(np.isnan(panel.values).sum()):,} of {panel.values.size:,} values",
        "Time": time_text(panel),
        "Intervals": ", ".join(f"{level:g} %" for level in levels) or "none",
    }
