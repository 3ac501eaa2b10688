"""The errors of a backtest as a page shows them: by series, and by steps ahead. All of one target."""

import numpy as np
import polars as pl

from loopcast.data.output import actuals_at
from loopcast.data.prediction import Prediction
from loopcast.errors import OptionError
from loopcast.evaluation.backtest_result import Backtest
from loopcast.evaluation.leaderboard import Leaderboard
from loopcast.evaluation.scale import running_scale


def errors_of(backtest: Backtest, measure: str) -> dict[str, np.ndarray]:
    """The error of each model, float64 `[series, cutoff, step]`: |y - f|, scaled if the models are ranked by MASE.

    Where they are ranked by sMAPE (several targets, none of which has a MASE), it is that.
    """
    actual = actuals_of(backtest)
    forecasts = {each.name: each.values[..., 0] for each in backtest.predictions}
    if measure == "smape":
        return {name: symmetric(actual, values) for name, values in forecasts.items()}
    scale = scales(backtest)[..., None] if measure == "mase" else 1.0
    return {name: np.abs(actual - values) / scale for name, values in forecasts.items()}


def actuals_of(backtest: Backtest) -> np.ndarray:
    """What came, float64 `[series, cutoff, step]`."""
    first = backtest.predictions[0]
    return actuals_at(backtest.panel, first.cutoffs, first.horizon)[..., 0]


def symmetric(actual: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """The absolute error in percent of the mean size of both, 0 where both are 0."""
    size = np.abs(actual) + np.abs(forecast)
    return 200 * np.abs(actual - forecast) / np.where(size == 0, 1.0, size)


def scales(backtest: Backtest) -> np.ndarray:
    """Mean |y_t - y_{t-season}| of the history up to each cutoff, float64 `[series, cutoff]`; NaN where that is 0."""
    panel = backtest.panel
    running = running_scale(panel, backtest.season)["scale"].to_numpy()
    scale = running[panel.offsets[1:, None] - 1 - np.array(backtest.predictions[0].cutoffs)]
    return np.where(scale > 0, scale, np.nan)


def mean_over(values: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """The mean over some axes of what is finite; NaN where nothing is.

    >>> mean_over(np.array([[1.0, 3.0], [np.nan, np.nan]]), (1,))
    array([ 2., nan])
    """
    there = np.isfinite(values)
    count = there.sum(axis=axes)
    return np.divide(np.sum(values, axis=axes, where=there), count, out=np.full(count.shape, np.nan), where=count > 0)


def coverage_of(backtest: Backtest, prediction: Prediction, level: float) -> np.ndarray:
    """Percent of values within a model's interval at each step ahead, float64 `[step]`; NaN without intervals."""
    actual = actuals_of(backtest)
    low, high = (each[..., 0] for each in prediction.interval(level))
    known = np.isfinite(actual) & np.isfinite(low) & np.isfinite(high)
    inside = np.where(known, 100.0 * ((low <= actual) & (actual <= high)), np.nan)
    return mean_over(inside, (0, 1))


def ranking_model(leaderboard: Leaderboard, backtest: Backtest) -> str:
    """The model by whose errors series are ranked: the best network, or else the best model."""
    known = {ran.name for ran in backtest.models}
    rows = leaderboard.table.filter(pl.col("model").is_in(list(known)))
    if not rows.height:
        raise OptionError(f"the leaderboard is of other models than the backtest's, {sorted(known)}")
    networks = rows.filter(pl.col("network"))
    return str((networks if networks.height else rows)["model"][0])
