"""Every metric of forecasts, by name: what it says, how it is read, and how it is computed.

A metric is an expression per point (one time of one series from one cutoff), then a mean over the points of a group.
Where a metric is scaled, every series counts alike instead: the mean within each window (series, target and cutoff),
then over the windows of each target, over the targets of each series, and over series. `y` is what came and `f` the
forecast, both in the units of the data.
"""

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

from loopcast.evaluation.metric import F, Metric, Need, Part, Y, all_quantiles, quantile

SCALE, SQUARES = pl.col("scale"), pl.col("squares")  # see `loopcast.evaluation.scale`

COMPETITION_M4 = "Makridakis, Spiliotis & Assimakopoulos (2020), The M4 Competition, IJF 36"
COMPETITION_M5 = "Makridakis, Spiliotis & Assimakopoulos (2022), The M5 competition, IJF 38"
ANOTHER_LOOK = "Hyndman & Koehler (2006), Another look at measures of forecast accuracy, IJF 22"
REGRESSION_QUANTILES = "Koenker & Bassett (1978), Regression quantiles, Econometrica 46"
PROPER_SCORES = "Gneiting & Raftery (2007), Strictly proper scoring rules, JASA 102"
WEIGHTED_INTERVALS = "Bracher, Ray, Gneiting & Reich (2021), Evaluating epidemic forecasts, PLOS Comp. Biol. 17"
WEIGHTED_ERRORS = "Kolassa & Schütz (2007), Advantages of the MAD/MEAN ratio over the MAPE, Foresight 6"
RANGAPURAM = "Rangapuram et al. (2021), End-to-end learning of coherent probabilistic forecasts, ICML 139"


def _pinball(q: float) -> pl.Expr:
    error = Y - quantile(q)
    return pl.max_horizontal(q * error, (q - 1) * error)


def _crps(part: Part) -> pl.Expr:
    asked = all_quantiles(part.levels)
    return 2 / len(asked) * sum((_pinball(q) for q in asked), pl.lit(0.0))


def _smape(_: Part) -> pl.Expr:
    size = Y.abs() + F.abs()
    return pl.when(size > 0).then(200 * (Y - F).abs() / size).otherwise(0.0)


def _mape(_: Part) -> pl.Expr:
    return pl.when(Y != 0).then(100 * (Y - F).abs() / Y.abs())


def _width(part: Part) -> pl.Expr:
    low, high = part.ends
    return high - low


def _coverage(part: Part) -> pl.Expr:
    return 100.0 * Y.is_between(*part.ends)


def _msis(part: Part) -> pl.Expr:
    low, high = part.ends
    outside = (low - Y).clip(lower_bound=0) + (Y - high).clip(lower_bound=0)
    return (high - low + 200 / (100 - part.at) * outside) / SCALE


def _root(squares: pl.Expr) -> pl.Expr:
    return squares.mean().sqrt()


def _by_size(loss: pl.Expr) -> pl.Expr:
    size = Y.abs().sum()
    return pl.when(size > 0).then(loss.sum() / size)


_SCALED: frozenset[Need] = frozenset({"scale"})
_INTERVALS: frozenset[Need] = frozenset({"level"})

_ALL = (
    Metric(
        name="mae",
        says="mean |y - f|",
        sign="0 or more",
        best="0",
        source=ANOTHER_LOOK,
        each=lambda _: (Y - F).abs(),
        in_units=True,
    ),
    Metric(
        name="mse",
        says="mean (y - f)²",
        sign="0 or more",
        best="0",
        source=ANOTHER_LOOK,
        each=lambda _: (Y - F) ** 2,
        in_units=True,
    ),
    Metric(
        name="rmse",
        says="√ mean (y - f)², the root after the mean over the group",
        sign="0 or more",
        best="0",
        source=ANOTHER_LOOK,
        each=lambda _: (Y - F) ** 2,
        within=_root,
        in_units=True,
    ),
    Metric(
        name="bias",
        says="mean (f - y)",
        sign="positive where forecasts are too high, negative where too low",
        best="0",
        source=ANOTHER_LOOK,
        each=lambda _: F - Y,
        in_units=True,
    ),
    Metric(
        name="mape",
        says="mean 100·|y - f| / |y|, over points where y is not 0",
        sign="0 or more, in percent",
        best="0",
        source=ANOTHER_LOOK,
        each=_mape,
    ),
    Metric(
        name="wape",
        says="100·Σ|y - f| / Σ|y|, over the group",
        sign="0 or more, in percent; null where every y is 0",
        best="0",
        source=WEIGHTED_ERRORS,
        each=lambda _: 100 * (Y - F).abs(),
        within=_by_size,
        in_units=True,
    ),
    Metric(
        name="smape",
        says="mean 200·|y - f| / (|y| + |f|), 0 where both are 0",
        sign="0 to 200, in percent",
        best="0",
        source=COMPETITION_M4,
        each=_smape,
    ),
    Metric(
        name="mase",
        says="mean |y - f| / s, with s the mean |y_t - y_{t-m}| up to the cutoff",
        sign="0 or more; 1 is the error of the seasonal naive forecast in the history",
        best="0",
        source=ANOTHER_LOOK,
        each=lambda _: (Y - F).abs() / SCALE,
        needs=_SCALED,
        alike=True,
    ),
    Metric(
        name="rmsse",
        says="√ (mean (y - f)² / s²) of each window, with s² the mean (y_t - y_{t-m})² up to the cutoff",
        sign="0 or more",
        best="0",
        source=COMPETITION_M5,
        each=lambda _: (Y - F) ** 2 / SQUARES,
        within=_root,
        needs=_SCALED,
        alike=True,
    ),
    Metric(
        name="owa",
        says="(sMAPE / sMAPE of the reference + MASE / MASE of the reference) / 2; M4's reference is Naive2",
        sign="0 or more; 1 is as good as the reference",
        best="0",
        source=COMPETITION_M4,
        each=None,
        needs=frozenset({"scale", "reference"}),
    ),
    Metric(
        name="pinball",
        says="mean max(q·(y - f_q), (q - 1)·(y - f_q)), for each quantile q; f itself is that of 0.5",
        sign="0 or more",
        best="0",
        source=REGRESSION_QUANTILES,
        each=lambda part: _pinball(part.at),
        needs=_INTERVALS,
        per="quantile",
        in_units=True,
    ),
    Metric(
        name="crps",
        says="twice the mean of pinball over the model's quantiles, with f as that of 0.5: the weighted interval score",
        sign="0 or more",
        best="0",
        source=WEIGHTED_INTERVALS,
        each=_crps,
        needs=_INTERVALS,
        in_units=True,
    ),
    Metric(
        name="wql",
        says="sum of crps / sum of |y|, over the group",
        sign="0 or more",
        best="0",
        source=RANGAPURAM,
        each=_crps,
        within=_by_size,
        needs=_INTERVALS,
        in_units=True,
    ),
    Metric(
        name="msis",
        says="mean (hi - lo + 2/a·(lo - y where y < lo) + 2/a·(y - hi where y > hi)) / s, with a = 1 - level/100",
        sign="0 or more",
        best="0",
        source=COMPETITION_M4,
        each=_msis,
        needs=frozenset({"scale", "level"}),
        per="level",
        alike=True,
    ),
    Metric(
        name="coverage",
        says="share of points with lo ≤ y ≤ hi, for each level",
        sign="0 to 100, in percent",
        best="the level",
        source=PROPER_SCORES,
        each=_coverage,
        needs=_INTERVALS,
        per="level",
    ),
    Metric(
        name="width",
        says="mean (hi - lo), for each level",
        sign="0 or more",
        best="0, at equal coverage",
        source=PROPER_SCORES,
        each=_width,
        needs=_INTERVALS,
        per="level",
        in_units=True,
    ),
)

METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _ALL})
