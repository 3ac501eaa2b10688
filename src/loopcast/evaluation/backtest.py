"""What a backtest leaves: forecasts from past cutoffs beside what came, and what each model cost."""

from dataclasses import dataclass

import polars as pl

from loopcast.frames.panel import Panel


@dataclass(frozen=True, kw_only=True)
class Ran:
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
        Columns but `cutoff` are called as in the panel's template.
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
    models: tuple[Ran, ...]
    seeds: tuple[pl.DataFrame, ...] = ()
    notes: tuple[str, ...] = ()
