"""Which model to use: errors side by side, and whether their difference is more than noise."""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, kw_only=True, eq=False)
class Leaderboard:
    """The models of a backtest, best first.

    measure: the name of the metric they are ranked by: "mase", or "mae" where MASE is undefined.
    table: a row per model: model (str), network (bool), then mase, smape, mae, rmse (null where undefined),
        spread (standard deviation of `measure` over series), seed_spread (over seeds; null with one seed),
        skill (1 - error / error of the best baseline, by `measure`), p_value (Diebold-Mariano against the best
        baseline; null for that one itself), coverage-80 and so on (percent, for each level), fit_seconds,
        predict_seconds, parameters.
    verdict: one sentence: which model to use, and whether the difference is more than noise.
    notes: what to know in order to read the table, in plain sentences.
    """

    measure: str
    table: pl.DataFrame
    verdict: str
    notes: tuple[str, ...] = ()
