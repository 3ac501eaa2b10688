"""The forecasts that a picture or a page is given, as predictions: arrays by name, a table, or predictions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from loopcast.data.arrays import plain_numbers
from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction
from loopcast.data.prediction_table import read_predictions
from loopcast.errors import OptionError


@dataclass(frozen=True, kw_only=True, eq=False)
class Band:
    """An interval that should hold `level` percent of what comes; low, high: `[step]`, NaN where it has a gap."""

    level: float
    low: np.ndarray
    high: np.ndarray


def as_predictions(given: Any, panel: Panel) -> tuple[Prediction, ...]:
    """Forecasts of every series and target of `panel` after its end, one prediction for each model.

    given: arrays by name, each `[series, step]` or `[series, step, channel]`; a prediction or several; or a forecast
    table, as `read_predictions` takes it.
    OptionError for anything else, for other series than the panel's, for other times than those after its end, and for
    a table with another number of steps of one series than of another.
    """
    if isinstance(given, Prediction):
        return (given,)
    if isinstance(given, tuple | list) and given and all(isinstance(each, Prediction) for each in given):
        return tuple(given)
    if isinstance(given, Mapping):
        return tuple(as_prediction(name, values, panel) for name, values in given.items())
    found = read_predictions(given, panel)
    if found[0].cutoffs != (0,):
        raise OptionError(
            "these forecasts are from past cutoffs: draw them with backtest_page, or leave the cutoff out"
        )
    return found


def as_prediction(name: str, values: np.ndarray, panel: Panel) -> Prediction:
    """Values `[series, step]` or `[series, step, channel]` as a prediction without intervals."""
    values = plain_numbers(values)
    line = values[:, :, None] if values.ndim == 2 else values
    if line.ndim != 3 or len(line) != panel.n_series or line.shape[1] < 1 or line.shape[2] != panel.n_channels:
        axes = "[series, step]" if panel.n_channels == 1 else f"[series, step, {panel.n_channels}]"
        raise OptionError(f"{name} is {axes} for {panel.n_series} series, got shape {values.shape}")
    return Prediction(name=name, panel=panel, cutoffs=(0,), values=line[:, None])


def bands_of(
    prediction: Prediction, series: int, cutoff: int, levels: tuple[float, ...] | None = None
) -> tuple[Band, ...]:
    """The intervals of one series at one cutoff of a prediction of one target, narrowest first.

    levels: which; one of gaps where the prediction has none of it. None is all that it has.
    """
    gap = np.full(prediction.horizon, np.nan)
    found = []
    for level in prediction.bands.levels if levels is None else levels:
        there = level in prediction.bands.levels
        low, high = (each[series, cutoff, :, 0] for each in prediction.interval(level)) if there else (gap, gap)
        found.append(Band(level=level, low=low, high=high))
    return tuple(found)
