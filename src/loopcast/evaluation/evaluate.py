"""Score a table of forecasts beside what came: a table in, a table of the same kind out."""

import warnings
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import narwhals as nw
import polars as pl

from loopcast.columns import CUTOFF, STANDARD, TARGET_NAME, Columns
from loopcast.errors import ColumnError, OptionError, UndefinedMetricWarning
from loopcast.evaluation.forecasts import Forecasts, Missing, read_forecasts
from loopcast.evaluation.metrics import METRICS
from loopcast.evaluation.scale import as_histories, histories_needed, season_of, with_scale
from loopcast.evaluation.score import score, undefined

GROUPS = ("series", "target", "step", "cutoff")


def evaluate(
    table: Any,
    metrics: str | Sequence[str] = ("mae", "rmse", "smape", "mase"),
    *,
    by: str | Sequence[str] = (),
    data: Any = None,
    season: int | None = None,
    columns: Columns = STANDARD,
    reference: str | None = None,
    missing: Missing = "error",
) -> Any:
    """Score every model in a table of forecasts: a row per model (and group of `by`), a column per metric.

    table: long (pandas, polars or pyarrow), a row per series and time: the id (left out for one series), the time,
        `cutoff` (the last time that was known; may be left out), the target as it came, a column of forecasts per
        model, and for intervals of 80 percent `MODEL-lo-80` and `MODEL-hi-80`. In any order. Of several targets a row
        for each, with its name in the column `target` and what came in `y`, as `cross_validation` gives it.
    metrics: names in `loopcast.evaluation.metrics.METRICS`, which says the formula, sign and source of each. Those of
        intervals give a column per level, "coverage-80", or per quantile, "pinball-0.1"; null for a model without.
    by: any of "series", "target", "step" (1 is the first time of each series and cutoff) and "cutoff". Without
        "target", scores in the units of the data are null over several targets, which have units of their own.
    data: the histories, a panel or a table, for scaled metrics. Each series (and target, and cutoff) is scaled by its
        rows up to the cutoff; in a table without cutoffs by those before its first forecast.
    season: steps in a season, for the scale; None is the usual one of the calendar of `data`.
    reference: the model that OWA compares with.
    missing: "error" raises where what came or a forecast is missing (NaN or null); "skip" leaves such rows out, for
        all models alike, as `points` (how many were scored) then shows.

    A score that is undefined (MASE of a constant series) is null, and left out of means with an
    UndefinedMetricWarning. Raises OptionError, ColumnError, CalendarError, ValuesError or DataError.

    >>> table = pl.DataFrame({"ds": [4, 5], "y": [4.0, 6.0], "Naive": [3.0, 3.0], "Drift": [4.0, 5.0]})
    >>> history = pl.DataFrame({"ds": [1, 2, 3], "y": [1.0, 2.0, 3.0]})
    >>> evaluate(table, ("mae", "mase"), data=history).rows()
    [('Naive', 2, 2.0, 2.0), ('Drift', 2, 0.5, 0.5)]
    """
    names, groups = _chosen("metrics", metrics, METRICS), _chosen("by", by, GROUPS, least=0)
    intervals = any("level" in METRICS[name].needs for name in names)
    forecasts = read_forecasts(table, columns, intervals=intervals).drop_missing(missing)
    _check_needs(forecasts, names, groups, reference)
    scaled = [name for name in names if "scale" in METRICS[name].needs]
    if scaled:
        if data is None:
            raise histories_needed(scaled)
        panel = as_histories(data, columns)
        forecasts = with_scale(forecasts, panel, season_of(panel, season))
    scores = score(forecasts, names, groups, reference)
    for sentence in undefined(forecasts, scores, names, groups, reference):
        warnings.warn(sentence, UndefinedMetricWarning, stacklevel=2)
    return _like(table, forecasts, scores)


def _chosen(option: str, chosen: str | Sequence[str], known: Any, *, least: int = 1) -> list[str]:
    """The names chosen, if each is known and is there once; OptionError otherwise."""
    names = [chosen] if isinstance(chosen, str) else list(chosen)
    for name in names:
        if name not in known:
            close = get_close_matches(str(name), known, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise OptionError(f"{option} are some of {', '.join(known)}; got {name!r}{hint}")
    if len(set(names)) < len(names) or len(names) < least:
        raise OptionError(f"{option} are different names, at least {least}, got {names}")
    return names


def _check_needs(forecasts: Forecasts, names: Sequence[str], groups: Sequence[str], reference: str | None) -> None:
    """Refuse what the table has not the columns for."""
    if "series" in groups and not forecasts.has_id:
        raise OptionError(f"by='series' needs the column {forecasts.columns.id!r}: the table is one series")
    if "cutoff" in groups and not forecasts.has_cutoff:
        raise OptionError("by='cutoff' needs a column 'cutoff', the last time known: the table has none")
    if TARGET_NAME in groups and not forecasts.targets:
        raise OptionError("by='target' needs a column 'target' that names the target of each row: the table has none")
    of_intervals = [name for name in names if "level" in METRICS[name].needs]
    if of_intervals and not any(model.levels for model in forecasts.models.values()):
        model = next(iter(forecasts.models))
        raise ColumnError(
            f"{', '.join(of_intervals)} need intervals, in columns such as '{model}-lo-80' and '{model}-hi-80', "
            "and the table has none"
        )
    if "owa" in names and reference not in forecasts.models:
        raise OptionError(f"owa needs reference=..., one of {', '.join(forecasts.models)}; got {reference!r}")
    taken = {"model", "points", "step", CUTOFF, TARGET_NAME, *METRICS}
    if "series" in groups and forecasts.columns.id in taken:
        raise ColumnError(f"the id cannot be called {forecasts.columns.id!r}: that is a column of the scores")


def _like(table: Any, forecasts: Forecasts, scores: pl.DataFrame) -> Any:
    """The scores as a table of the caller's kind; ids and cutoffs are the caller's own cells."""
    native = nw.from_native(table, eager_only=True)
    keys = {"series": forecasts.columns.id, TARGET_NAME: TARGET_NAME, CUTOFF: CUTOFF}
    names = {name: keys.get(name, name) for name in scores.columns if name != "row"}
    ours = [_column(scores[name], native) for name in names if name not in keys]
    theirs = [named for name, named in names.items() if name in keys]
    if not theirs:
        return ours[0].to_frame().with_columns(*ours[1:]).to_native()
    cells = nw.maybe_reset_index(native[scores["row"].to_list(), theirs])
    return cells.with_columns(*ours).select(list(names.values())).to_native()


def _column(column: pl.Series, like: "nw.DataFrame[Any]") -> "nw.Series[Any]":
    kinds = {pl.String: nw.String(), pl.Int64: nw.Int64(), pl.Float64: nw.Float64()}
    return nw.new_series(column.name, column.to_list(), kinds[type(column.dtype)], backend=like.implementation)
