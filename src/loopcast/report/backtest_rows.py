"""A backtest's table laid on the calendar of its panel: which series, which cutoff, how many steps ahead."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from loopcast.data.panel import Panel
from loopcast.errors import OptionError
from loopcast.evaluation.backtest_result import Backtest
from loopcast.evaluation.leaderboard import Leaderboard
from loopcast.evaluation.scale import running_scale


@dataclass(frozen=True, kw_only=True, eq=False)
class BacktestRows:
    """Where each row of a backtest's table stands.

    series: int64 `[row]`, in the panel's order.
    cutoff: int64 `[row]`, the step of the series that was the last one known, counted from 0.
    ahead: int64 `[row]`, steps after the cutoff, from 1 to the horizon.
    numbers: the other columns, float64 `[row]`, NaN where they are missing.
    """

    series: np.ndarray
    cutoff: np.ndarray
    ahead: np.ndarray
    numbers: Mapping[str, np.ndarray]

    def column(self, name: str) -> np.ndarray:
        """A column of the table, float64 `[row]`; NaN where it is missing or not there at all."""
        found = self.numbers.get(name)
        return np.full(len(self.series), np.nan) if found is None else found


def past_of(backtest: Backtest) -> BacktestRows:
    """Place the rows of a backtest; OptionError for one without rows, or with series its panel does not have."""
    panel, table, names = backtest.panel, backtest.table, backtest.panel.schema.columns
    places = pl.DataFrame({names.id: panel.ids, "place": np.arange(panel.n_series)})
    series = table.select(names.id).join(places, on=names.id, how="left", maintain_order="left")["place"]
    if not table.height or series.has_nulls():
        raise OptionError("a backtest has rows, and their series are those of its panel")
    rows = series.to_numpy()
    cutoff = step_index(table["cutoff"], rows, panel)
    ahead = step_index(table[names.time], rows, panel) - cutoff
    if not 1 <= ahead.min() <= ahead.max() <= backtest.horizon:
        raise OptionError(f"a backtest's times are 1 to {backtest.horizon} steps after their cutoff")
    others = table.drop(names.id, names.time, "cutoff")
    numbers = {each.name: each.cast(pl.Float64).fill_null(np.nan).to_numpy() for each in others}
    return BacktestRows(series=rows, cutoff=cutoff, ahead=ahead, numbers=numbers)


def step_index(times: pl.Series, series: np.ndarray, panel: Panel) -> np.ndarray:
    """How many steps after the start of its series each time is, int64 `[row]`; OptionError off the calendar."""
    steps, fits = panel.step_index(times, series)
    if not fits.all():
        raise OptionError(f"column {times.name!r} of a backtest has a time that is not on the calendar of its panel")
    return steps


def errors_of(past: BacktestRows, backtest: Backtest, measure: str) -> dict[str, np.ndarray]:
    """The error of each model in each row, float64 `[row]`: |y - f|, scaled if the models are ranked by MASE.

    Where they are ranked by sMAPE (several targets, none of which has a MASE), it is that.
    """
    actual = past.column(backtest.panel.schema.columns.one_target)
    if measure == "smape":
        return {ran.name: symmetric(actual, past.column(ran.name)) for ran in backtest.models}
    scale = scales(past, backtest) if measure == "mase" else np.ones(len(actual))
    return {ran.name: np.abs(actual - past.column(ran.name)) / scale for ran in backtest.models}


def symmetric(actual: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """The absolute error in percent of the mean size of both, 0 where both are 0."""
    size = np.abs(actual) + np.abs(forecast)
    return 200 * np.abs(actual - forecast) / np.where(size == 0, 1.0, size)


def scales(past: BacktestRows, backtest: Backtest) -> np.ndarray:
    """Mean |y_t - y_{t-season}| of the history up to each row's cutoff, float64 `[row]`; NaN where that is 0."""
    running = running_scale(backtest.panel, backtest.season)["scale"].to_numpy()
    scale = running[backtest.panel.offsets[past.series] + past.cutoff]
    return np.where(scale > 0, scale, np.nan)


def mean_by(values: np.ndarray, place: np.ndarray, count: int) -> np.ndarray:
    """The mean of what is not missing at each of `count` places, float64 `[count]`; NaN where nothing is.

    >>> mean_by(np.array([1.0, 3.0, np.nan, np.nan]), np.array([0, 0, 0, 1]), 2)
    array([ 2., nan])
    """
    there = np.isfinite(values)
    total = np.bincount(place[there], values[there], minlength=count)
    each = np.bincount(place[there], minlength=count)
    return np.divide(total, each, out=np.full(count, np.nan), where=each > 0)


def coverage_of(past: BacktestRows, backtest: Backtest, name: str, level: float) -> np.ndarray:
    """Percent of values within a model's interval at each step ahead, float64 `[horizon]`; NaN without intervals."""
    actual = past.column(backtest.panel.schema.columns.one_target)
    low, high = past.column(f"{name}-lo-{level:g}"), past.column(f"{name}-hi-{level:g}")
    known = np.isfinite(actual) & np.isfinite(low) & np.isfinite(high)
    inside = np.where(known, 100.0 * ((low <= actual) & (actual <= high)), np.nan)
    return mean_by(inside, past.ahead - 1, backtest.horizon)


def ranking_model(leaderboard: Leaderboard, backtest: Backtest) -> str:
    """The model by whose errors series are ranked: the best network, or else the best model."""
    known = {ran.name for ran in backtest.models}
    rows = leaderboard.table.filter(pl.col("model").is_in(list(known)))
    if not rows.height:
        raise OptionError(f"the leaderboard is of other models than the backtest's, {sorted(known)}")
    networks = rows.filter(pl.col("network"))
    return str((networks if networks.height else rows)["model"][0])
