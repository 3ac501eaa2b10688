"""How far forecasts are from what came: arrays in, one number out, less is better in every case.

`actual` and `forecast` are `[series, horizon]` (or `[series, horizon, channel]`), of the same shape and in the
units of the data; the computation is in float64. A NaN on either side is a ValuesError: nothing is left out
silently. Every series counts alike.
"""

import numpy as np

from loopcast.errors import LengthError, OptionError, ValuesError
from loopcast.forecasters.base import positive
from loopcast.frames.panel import Panel


def mae(actual: np.ndarray, forecast: np.ndarray) -> float:
    """Mean absolute error, mean |y - f|; 0 is perfect, in the units of the data.

    >>> mae(np.array([[1.0, 2.0]]), np.array([[2.0, 5.0]]))
    2.0
    """
    y, f = pair(actual, forecast)
    return float(np.abs(y - f).mean())


def rmse(actual: np.ndarray, forecast: np.ndarray) -> float:
    """Root of the mean squared error, √mean (y - f)²; 0 is perfect, in the units of the data.

    >>> rmse(np.array([[1.0, 2.0]]), np.array([[2.0, 9.0]]))
    5.0
    """
    y, f = pair(actual, forecast)
    return float(np.sqrt(((y - f) ** 2).mean()))


def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    """Symmetric mean absolute percentage error, mean 200·|y - f| / (|y| + |f|); 0 is perfect, 200 the worst.

    A step where value and forecast are both 0 counts as 0. As in the M4 competition: Makridakis, Spiliotis &
    Assimakopoulos, "The M4 Competition", *International Journal of Forecasting* 36 (2020), section 2.

    >>> smape(np.array([[1.0, 0.0]]), np.array([[3.0, 0.0]]))
    50.0
    """
    y, f = pair(actual, forecast)
    size = np.abs(y) + np.abs(f)
    return float((200 * np.abs(y - f) / np.where(size > 0, size, 1)).mean())


def mase(actual: np.ndarray, forecast: np.ndarray, training: Panel, season: int) -> float:
    """Mean absolute scaled error, mean |y - f| / s; 0 is perfect, 1 as bad as the seasonal naive in training.

    s is `seasonal_step` of each series, from `training` alone; a series where s is 0, one that repeats itself every
    season, has no such error: ValuesError. As in the M4 competition, after Hyndman & Koehler, "Another look at
    measures of forecast accuracy", *International Journal of Forecasting* 22 (2006), equation 2.

    >>> training = Panel.from_array(np.array([1.0, 3.0, 5.0]).reshape(1, 3, 1))
    >>> mase(np.array([[7.0, 9.0]]), np.array([[6.0, 6.0]]), training, season=1)
    1.0
    """
    y, f = pair(actual, forecast)
    scale = seasonal_step(training, season)
    if (scale == 0).any():
        name = training.ids[int(np.argmax((scale == 0).any(axis=1)))]
        raise ValuesError(
            f"MASE divides by the seasonal change of each series, and series {name!r} never changes "
            f"from season to season (season {season}): leave such series out, or use MAE or sMAPE"
        )
    return scaled_error(y, f, scale)


def scaled_error(actual: np.ndarray, forecast: np.ndarray, scale: np.ndarray) -> float:
    """MASE from scales `[series, channel]`, none 0, that are known already."""
    y, f = pair(actual, forecast)
    return float((np.abs(y - f) / (scale[:, None] if y.ndim == 3 else scale)).mean())


def seasonal_step(training: Panel, season: int) -> np.ndarray:
    """Mean |y_t - y_{t-m}| of each series and channel, float64 `[series, channel]`, m the steps in a season.

    The mean absolute error of the seasonal naive forecast within the series: the denominator of MASE.
    LengthError for a series no longer than a season; ValuesError for missing values.
    """
    positive("season", season)
    training.require_observed("MASE")
    if int(training.lengths.min()) <= season:
        name = training.ids[int(np.argmin(training.lengths))]
        raise LengthError(
            f"MASE needs more than one season of {season} steps to compare; series {name!r} has "
            f"{training.lengths.min()}: give longer series or a shorter season"
        )
    each = (training.series(i).astype(np.float64) for i in range(training.n_series))
    return np.stack([np.abs(values[season:] - values[:-season]).mean(axis=0) for values in each])


def pair(actual: np.ndarray, forecast: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64, if they are of one shape and without NaN."""
    y, f = np.asarray(actual, np.float64), np.asarray(forecast, np.float64)
    if y.shape != f.shape or y.ndim not in (2, 3) or y.size == 0:
        raise OptionError(f"actual and forecast are both [series, horizon] and not empty, got {y.shape} and {f.shape}")
    for name, values in (("actual", y), ("forecast", f)):
        if np.isnan(values).any():
            series, step = np.argwhere(np.isnan(values))[0][:2]
            raise ValuesError(
                f"{name} is missing (NaN) at series {series}, step {step}: score what is known on both sides"
            )
    return y, f
