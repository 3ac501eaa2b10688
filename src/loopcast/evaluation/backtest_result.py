"""What a backtest leaves: forecasts from past cutoffs beside what came, and what each model cost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from loopcast.columns import TARGET_NAME
from loopcast.data.panel import Panel
from loopcast.evaluation.folds import FoldResult
from loopcast.evaluation.rolling_origin import RollingOrigin
from loopcast.models.base import Forecaster
from loopcast.validation import check_positive


@dataclass(frozen=True, kw_only=True)
class ModelRun:
    """One model in a backtest.

    name: of its column; network: whether it is one, and so has to beat the others, its baselines.
    fit_seconds, predict_seconds: over all cutoffs and seeds together.
    parameters: how many numbers its fit set; None where that means nothing.
    description: what it chose and why, in words.
    code: the Python expression that makes it.
    failures: per cutoff at which it failed, what it said; those forecasts are missing (null) in the table.
    """

    name: str
    network: bool
    fit_seconds: float
    predict_seconds: float
    parameters: int | None
    description: str
    code: str
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Backtest:
    """Forecasts of every model from the same cutoffs.

    table: a polars table, a row per series, cutoff and time: the id (always there), the time, `cutoff` (the last time
        that was known), the target as it came, and per model a column of forecasts `NAME`, then for each of `level`
        (ascending, in percent) `NAME-lo-80` and `NAME-hi-80`. Sorted by series (in the panel's order), cutoff, time.
        Columns but `cutoff` are called as in the panel's schema. Of several targets each has a row, the column
        `target` names it, and what came is the column `y`.
    panel: the whole history of the series compared, the windows included.
    horizon, windows, step: how far ahead, from how many cutoffs, how many steps apart.
    season: steps in a season, for scaled errors.
    seeds: further tables of the same rows and point forecasts only, one for each seed but the first.
    notes: what to know in order to read the table, in plain sentences.
    """

    table: pl.DataFrame
    panel: Panel
    horizon: int
    windows: int
    step: int
    season: int
    level: tuple[float, ...]
    models: tuple[ModelRun, ...]
    seeds: tuple[pl.DataFrame, ...] = ()
    notes: tuple[str, ...] = ()

    def to_univariate(self) -> "Backtest":
        """The same of one target: each target of each series as a series of its own, as in `Panel.apart`."""
        if self.panel.n_channels == 1:
            return self
        panel = self.panel.to_univariate()
        tables = [_to_univariate(each, self.panel, panel) for each in (self.table, *self.seeds)]
        return replace(self, panel=panel, table=tables[0], seeds=tuple(tables[1:]))


def _to_univariate(table: pl.DataFrame, whole: Panel, apart: Panel) -> pl.DataFrame:
    """A table of several targets as one of the panel in which they stand apart."""
    names, targets = whole.schema.columns, pl.Series(whole.targets)
    keys = pl.DataFrame(
        {
            names.id: whole.ids.gather(np.repeat(np.arange(whole.n_series), whole.n_channels)),
            TARGET_NAME: targets.gather(np.tile(np.arange(whole.n_channels), whole.n_series)),
            "apart": apart.ids,
        }
    )
    ids = table.select(names.id, TARGET_NAME).join(keys, on=[names.id, TARGET_NAME], how="left", maintain_order="left")[
        "apart"
    ]
    return (
        table.with_columns(ids.alias(names.id))
        .drop(TARGET_NAME)
        .rename({names.actual_column: apart.schema.columns.actual_column})
    )


def assemble(
    panel: Panel,
    origins: RollingOrigin,
    forecasters: Sequence[Forecaster[Any]],
    results: Sequence[Sequence[FoldResult]],
    *,
    level: tuple[float, ...] = (),
    season: int | None = None,
) -> Backtest:
    """The backtest that the parts of each forecaster make up; an error where every one of them failed."""
    require_any(results)
    return Backtest(
        table=table_of(panel, origins, results),
        panel=panel,
        horizon=origins.horizon,
        windows=origins.windows,
        step=origins.step,
        season=panel.season if season is None else check_positive("season", season),
        level=level,
        models=tuple(ran(each, parts, origins) for each, parts in zip(forecasters, results, strict=True)),
    )


def require_any(results: Sequence[Sequence[FoldResult]]) -> None:
    """The first failure as an error, where nothing else came of all."""
    failures = [part.failure for each in results for part in each]
    if failures[0] is not None and None not in failures:
        raise failures[0]


def ran(model: Forecaster[Any], parts: Sequence[FoldResult], origins: RollingOrigin) -> ModelRun:
    """What a model's parts say of it as a whole."""
    last = next((part for part in reversed(parts) if part.failure is None), FoldResult(columns={}))
    failures = [
        f"{steps_back(cutoffs)}: {part.failure}"
        for part, cutoffs in zip(parts, origins.fit_groups, strict=True)
        if part.failure is not None
    ]
    return ModelRun(
        name=model.name,
        network=model.network,
        fit_seconds=sum(part.fit_seconds for part in parts),
        predict_seconds=sum(part.predict_seconds for part in parts),
        parameters=last.parameters or None,
        description=last.description,
        code=model.to_code(),
        failures=tuple(failures),
    )


def steps_back(cutoffs: Sequence[int]) -> str:
    """Which cutoffs these are.

    >>> steps_back((24,)), steps_back((36, 24))
    ('cutoff 24 steps before the end', 'cutoffs 36 to 24 steps before the end')
    """
    if len(cutoffs) == 1:
        return f"cutoff {cutoffs[0]} steps before the end"
    return f"cutoffs {cutoffs[0]} to {cutoffs[-1]} steps before the end"


def table_of(panel: Panel, origins: RollingOrigin, results: Sequence[Sequence[FoldResult]]) -> pl.DataFrame:
    """A row per series, cutoff and time; NaN of a forecast is null."""
    columns = {
        name: np.concatenate([part.columns[name] for part in parts], axis=1).ravel()
        for parts in results
        for name in parts[0].columns
    }
    actual = np.stack([panel.actuals(rows, origins.horizon) for rows in origins.cutoffs], axis=1).ravel()
    table = panel.cv_table(origins.cutoffs, origins.horizon, actual, columns)
    return table.with_columns(pl.col(*columns, panel.schema.columns.actual_column).fill_nan(None))
