"""Which series of many a page shows, and in which order they have a claim to be in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from loopcast.data.panel import Panel
from loopcast.errors import OptionError
from loopcast.report.fans import bisection_order


@dataclass(frozen=True, kw_only=True)
class ChartSelection:
    """Series in the order in which they get a place in the page; labels: why the first ones are there."""

    order: tuple[int, ...]
    labels: dict[int, str]


def choose(errors: np.ndarray, there: np.ndarray, asked: Sequence[int]) -> ChartSelection:
    """Those asked for, then worst, median and best, then others from the whole of the ranking.

    errors: float64 `[series]`, NaN where unknown, which ranks last; there: the series that have forecasts.
    OptionError where one that was asked for has none.

    >>> choose(np.array([1.0, 3.0, 2.0]), np.arange(3), [1]).labels
    {1: 'asked for, worst', 2: 'median', 0: 'best'}
    """
    missing = sorted(set(asked) - set(there.tolist()))
    if missing:
        raise OptionError(f"the series asked for are in the backtest's table; number {missing[0]} is not")
    ranked = there[np.argsort(-errors[there], kind="stable")].tolist()  # NaN sorts last
    known = int(np.isfinite(errors[there]).sum())
    marks = {ranked[0]: "worst", ranked[known - 1]: "best"} if known > 1 else {}
    if known > 2:
        marks |= {ranked[known // 2]: "median"}
    first = [*asked, *sorted(marks, key=lambda i: ("worst", "median", "best").index(marks[i]))]
    order = dict.fromkeys([*first, *(ranked[place] for place in bisection_order(len(ranked)))])
    labels = {i: ", ".join([*["asked for"] * (i in asked), *filter(None, [marks.get(i)])]) for i in first}
    return ChartSelection(order=tuple(order), labels=labels)


def find(panel: Panel, asked: Sequence[Any]) -> list[int]:
    """Where the series asked for are in `panel.to_univariate()`, by id or its text; OptionError for others.

    An id stands for all targets of its series, and "ID, TARGET" for one of them.
    """
    if isinstance(asked, str):
        raise OptionError(f"series is a list of ids, got the text {asked!r}: give [{asked!r}]")
    ids, count = panel.ids.to_list(), panel.n_channels
    whole = {each: range(i * count, (i + 1) * count) for i, each in enumerate(ids)}
    places: dict[Any, range] = {
        name: range(i, i + 1) for i, name in enumerate(panel.to_univariate().ids.cast(pl.String))
    }
    places |= {str(each): there for each, there in whole.items()} | whole
    for each in asked:
        if each not in places:
            raise OptionError(f"there is no series {each!r}; the first ids are {ids[:3]}")
    return list(dict.fromkeys(i for each in asked for i in places[each]))
