"""What a metric is: an expression per point, and how points become one number."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from loopcast.columns import interval_probabilities

Need = Literal["scale", "level", "reference"]

Y, F = pl.col("y"), pl.col("f")
MEDIAN = 0.5  # the quantile that the forecast itself counts as


@dataclass(frozen=True, kw_only=True)
class Part:
    """Which part of a forecast a metric looks at.

    levels: of the model's intervals, in percent; at: the level (or quantile) of a metric that has one for each.
    """

    levels: tuple[float, ...] = ()
    at: float = MEDIAN

    @property
    def ends(self) -> tuple[pl.Expr, pl.Expr]:
        """The ends of the interval of level `at`."""
        low, high = interval_probabilities(self.at)
        return quantile(low), quantile(high)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric, and how to read it.

    says: its formula; sign: the values it can have; best: which of them is best; source: where it was defined.
    needs: a "scale" (histories), a "level" (intervals), a "reference" (a model to compare with).
    per: it is one number for a "model", or one for each "level" or "quantile".
    each: the expression of one point, None for OWA, which is made of two means.
    within: how the points of a group (of a window, where `alike`) become one number.
    alike: whether every series counts alike, rather than every point.
    in_units: whether it adds numbers in the units of the data: of targets that have units of their own there is none.
    """

    name: str
    says: str
    sign: str
    best: str
    source: str
    each: Callable[[Part], pl.Expr] | None
    within: Callable[[pl.Expr], pl.Expr] = pl.Expr.mean
    needs: frozenset[Need] = frozenset()
    per: Literal["model", "level", "quantile"] = "model"
    alike: bool = False
    in_units: bool = False

    def columns(self, levels: tuple[float, ...]) -> dict[str, pl.Expr]:
        """The expression of each column that this metric has for a model with intervals of these levels.

        >>> from loopcast.evaluation.metrics import METRICS
        >>> list(METRICS["pinball"].columns((80,)))
        ['pinball-0.1', 'pinball-0.5', 'pinball-0.9']
        """
        if self.each is None:
            return {}
        if self.per == "model":
            return {self.name: self.each(Part(levels=levels))} if levels or "level" not in self.needs else {}
        ats = levels if self.per == "level" else all_quantiles(levels) if levels else ()
        return {f"{self.name}-{at:.10g}": self.each(Part(levels=levels, at=at)) for at in ats}


def all_quantiles(levels: tuple[float, ...]) -> tuple[float, ...]:
    """The quantiles of the forecast and of its intervals, ascending."""
    return tuple(sorted({MEDIAN, *(end for level in levels for end in interval_probabilities(level))}))


def quantile(q: float) -> pl.Expr:
    """The forecast of quantile `q`; the forecast itself is that of the median."""
    return F if q == MEDIAN else pl.col(f"{q:.10g}")
