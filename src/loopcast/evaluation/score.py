"""Scores of every model from forecasts that are read and checked: points, then means over groups of them."""

from collections.abc import Iterator, Sequence

import polars as pl

from loopcast.columns import CUTOFF, TARGET_NAME
from loopcast.evaluation.forecasts import Forecasts
from loopcast.evaluation.metric import Metric
from loopcast.evaluation.metrics import METRICS

OWA_PARTS = ("smape", "mase")


def score(
    forecasts: Forecasts, metrics: Sequence[str], by: Sequence[str] = (), reference: str | None = None
) -> pl.DataFrame:
    """A row per model and group: `model`, `row` (one of the caller's in the group), `by`, `points`, then the metrics.

    forecasts: nothing missing, and with scales where a metric needs them. by: columns of its frame.
    reference: the model that OWA compares with. A score is null where it is undefined, and where it would add numbers
    in the units of several targets. Sorted by model, then group.
    """
    needed = [*metrics, *OWA_PARTS] if "owa" in metrics else list(metrics)
    parts = [METRICS[name] for name in dict.fromkeys(needed)]
    tables = {name: score_one(forecasts, name, parts, by) for name in forecasts.models}
    if "owa" in metrics and reference is not None:
        compared = tables[reference].select(OWA_PARTS)
        tables = {name: table.with_columns(owa=_owa(table, compared)) for name, table in tables.items()}
    named = [table.select(pl.lit(name).alias("model"), pl.all()) for name, table in tables.items()]
    columns = [column for name in metrics for column in columns_of(METRICS[name], forecasts)]
    mixed = [column for name in mixes_units(forecasts, metrics, by) for column in columns_of(METRICS[name], forecasts)]
    table = pl.concat(named, how="diagonal").select("model", "row", *by, "points", *columns)
    return table.with_columns(pl.lit(None, pl.Float64).alias(column) for column in mixed)


def mixes_units(forecasts: Forecasts, metrics: Sequence[str], by: Sequence[str]) -> list[str]:
    """The metrics that would add numbers in the units of several targets."""
    several = len(forecasts.targets) > 1 and TARGET_NAME not in by
    return [name for name in metrics if METRICS[name].in_units and several]


def columns_of(metric: Metric, forecasts: Forecasts) -> list[str]:
    """The columns that a metric has over all models: one for each level or quantile that some model has."""
    levels = tuple(sorted({level for model in forecasts.models.values() for level in model.levels}))
    return list(metric.columns(levels)) or [metric.name]


def score_one(forecasts: Forecasts, model: str, metrics: Sequence[Metric], by: Sequence[str]) -> pl.DataFrame:
    """The scores of one model: `by`, `row`, `points`, then a column for each metric (and level), sorted by group."""
    frame = forecasts.of(model)
    levels = forecasts.models[model].levels
    made = [(metric, column, each) for metric in metrics for column, each in metric.columns(levels).items()]
    keys = list(dict.fromkeys(["row", "y", *by, *forecasts.window]))
    points = frame.select(*keys, *(each.alias(column) for _, column, each in made))
    plain = [metric.within(pl.col(column)).alias(column) for metric, column, _ in made if not metric.alike]
    table = _group(points, by, [pl.col("row").first(), pl.len().cast(pl.Int64).alias("points"), *plain])
    alike = [metric.within(pl.col(column)).alias(column) for metric, column, _ in made if metric.alike]
    if not alike:
        return table
    return pl.concat([table, macro_average(points, by, forecasts.window, alike).drop(by)], how="horizontal")


def macro_average(
    points: pl.DataFrame, by: Sequence[str], window: Sequence[str], means: Sequence[pl.Expr]
) -> pl.DataFrame:
    """Means in which every series of a group counts alike: in windows, over those of a target, targets, series."""
    names = [mean.meta.output_name() for mean in means]
    series = [key for key in window if key != CUTOFF]
    for keys in ([*by, *window], [*by, *series], [*by, "series"]):
        points = _group(points, list(dict.fromkeys(keys)), means)
        means = [pl.col(name).mean() for name in names]
    return _group(points, by, means)


def _group(frame: pl.DataFrame, by: Sequence[str], means: Sequence[pl.Expr]) -> pl.DataFrame:
    return frame.group_by(by).agg(means).sort(by) if by else frame.select(means)


def _owa(table: pl.DataFrame, compared: pl.DataFrame) -> pl.Series:
    """Both tables have the same groups, in the same order."""
    ratios = [table[part] / compared[part].replace(0.0, None) for part in OWA_PARTS]
    return (ratios[0] + ratios[1]) / 2


def undefined(
    forecasts: Forecasts,
    scores: pl.DataFrame,
    metrics: Sequence[str],
    by: Sequence[str] = (),
    reference: str | None = None,
) -> Iterator[str]:
    """What is undefined and so left out of means, or null, in a sentence each."""
    if mixed := mixes_units(forecasts, metrics, by):
        yield f"{', '.join(mixed)}: targets have units of their own, which have no mean; by='target' scores each"
    scaled = [name for name in metrics if "scale" in METRICS[name].needs]
    if scaled and (sentence := without_scale(forecasts)):
        yield f"{', '.join(scaled)}: {sentence}"
    zeros = forecasts.frame["y"] == 0
    if "mape" in metrics and zeros.any():
        first = forecasts.place(int(zeros.arg_max() or 0))
        yield f"mape divides by what came, which is 0 at {zeros.sum()} of {len(zeros)} points (first {first})"
    quantiles = [name for name, model in forecasts.models.items() if model.levels]
    if "wql" in metrics and not mixed and scores.filter(pl.col("model").is_in(quantiles))["wql"].has_nulls():
        yield "wql divides by the sum of |y|, which is 0 in some groups"
    if "owa" in metrics and scores.filter(pl.col("model") == reference)["owa"].has_nulls():
        yield f"owa divides by the errors of the reference {reference!r}, which are 0 or undefined in some groups"


def without_scale(forecasts: Forecasts) -> str | None:
    """Which series have no scale at some cutoff, in words; None where all have one."""
    keys = [key for key in forecasts.window if key != CUTOFF]
    lacking = forecasts.frame.filter(pl.col("scale").is_null()).select(keys).unique(maintain_order=True)
    if not lacking.height:
        return None
    first, total = lacking.row(0), forecasts.frame.select(keys).n_unique()
    which = f", {forecasts.targets[first[1]]!r}" if forecasts.targets else ""
    others = f" and {lacking.height - 1} more" if lacking.height > 1 else ""
    kind = "series and targets" if forecasts.targets else "series"
    return (
        f"undefined for {lacking.height} of {total} {kind} ({forecasts.ids[first[0]]!r}{which}{others}), which "
        "never change from season to season or have no two values a season apart up to the cutoff; left out of means"
    )
