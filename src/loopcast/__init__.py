"""Forecast time series with recurrent networks, always beside the naive and the linear baseline.

>>> import loopcast
>>> table = loopcast.read("examples/air_passengers.csv")
>>> loopcast.SeasonalNaive().fit(table).predict(horizon=2)["SeasonalNaive"].to_list()
[417.0, 391.0]
"""

import logging
import sys
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from loopcast.public import set_finder

if TYPE_CHECKING:  # what the table below does at first use; loaded at once, JAX and Keras would cost seconds
    from loopcast.columns import Columns
    from loopcast.data.open_days import open_days
    from loopcast.data.panel import Panel
    from loopcast.data.prediction import Prediction
    from loopcast.data.read import read
    from loopcast.data.read_options import ReadOptions
    from loopcast.data.synthetic import generate_time_series
    from loopcast.errors import (
        CalendarError,
        ColumnError,
        DataError,
        LengthError,
        LoopcastError,
        ModelFileError,
        NotFittedError,
        OptionError,
        TrainingError,
        UndefinedMetricWarning,
        ValuesError,
    )
    from loopcast.evaluation.backtest import backtest, cross_validation, why_no_backtest
    from loopcast.evaluation.backtest_result import Backtest
    from loopcast.evaluation.evaluate import evaluate
    from loopcast.evaluation.leaderboard import Leaderboard, leaderboard
    from loopcast.live.anomalies import anomalies
    from loopcast.live.answers import Ahead, Seen
    from loopcast.live.live import Live
    from loopcast.live.resume import resume
    from loopcast.models.baselines import Drift, Naive, SeasonalNaive, WindowAverage
    from loopcast.models.fill_gaps import FilledGaps
    from loopcast.models.forecaster import Forecaster
    from loopcast.models.imputer.imputer import Imputer
    from loopcast.models.imputer.load import load_imputer
    from loopcast.models.linear import Linear
    from loopcast.models.load import load
    from loopcast.models.mean import Mean
    from loopcast.models.model import Model
    from loopcast.models.model_list import forecast
    from loopcast.models.plain.forecaster import PlainRecurrent
    from loopcast.models.pretrained.forecaster import Pretrained
    from loopcast.models.recurrent.forecaster import Recurrent
    from loopcast.models.theta import Theta
    from loopcast.models.trees.forecaster import Trees
    from loopcast.pretraining.series import synthetic_series
    from loopcast.report.gaps import plot_gaps
    from loopcast.report.gaps_page import gaps_page
    from loopcast.report.page import backtest_page, forecast_page
    from loopcast.report.plots import plot
    from loopcast.report.sums import plot_decomposition, plot_explanation
    from loopcast.selection.auto import Auto
    from loopcast.selection.search import SearchResult, search
    from loopcast.storage.registry import register

__version__ = "0.1.0"

__all__ = [
    "Ahead",
    "Auto",
    "Backtest",
    "CalendarError",
    "ColumnError",
    "Columns",
    "DataError",
    "Drift",
    "FilledGaps",
    "Forecaster",
    "Imputer",
    "Leaderboard",
    "LengthError",
    "Linear",
    "Live",
    "LoopcastError",
    "Mean",
    "Model",
    "ModelFileError",
    "Naive",
    "NotFittedError",
    "OptionError",
    "Panel",
    "PlainRecurrent",
    "Prediction",
    "Pretrained",
    "ReadOptions",
    "Recurrent",
    "SearchResult",
    "SeasonalNaive",
    "Seen",
    "Theta",
    "TrainingError",
    "Trees",
    "UndefinedMetricWarning",
    "ValuesError",
    "WindowAverage",
    "anomalies",
    "backtest",
    "backtest_page",
    "cross_validation",
    "evaluate",
    "forecast",
    "forecast_page",
    "gaps_page",
    "generate_time_series",
    "leaderboard",
    "load",
    "load_imputer",
    "open_days",
    "plot",
    "plot_decomposition",
    "plot_explanation",
    "plot_gaps",
    "read",
    "register",
    "resume",
    "search",
    "synthetic_series",
    "why_no_backtest",
]

_MODULES = {
    "selection.auto": ["Auto"],
    "selection.search": ["SearchResult", "search"],
    "columns": ["Columns"],
    "errors": [name for name in __all__ if name.endswith(("Error", "Warning"))],
    "evaluation.evaluate": ["evaluate"],
    "evaluation.leaderboard": ["Leaderboard", "leaderboard"],
    "live.anomalies": ["anomalies"],
    "live.live": ["Live"],
    "live.resume": ["resume"],
    "live.answers": ["Ahead", "Seen"],
    "models.load": ["load"],
    "models.imputer.load": ["load_imputer"],
    "models.fill_gaps": ["FilledGaps"],
    "models.mean": ["Mean"],
    "models.model": ["Model"],
    "models.model_list": ["forecast"],
    "data.prediction": ["Prediction"],
    "storage.registry": ["register"],
    "evaluation.backtest": ["backtest", "cross_validation", "why_no_backtest"],
    "models.forecaster": ["Forecaster"],
    "models.baselines": ["Drift", "Naive", "SeasonalNaive", "WindowAverage"],
    "models.linear": ["Linear"],
    "evaluation.backtest_result": ["Backtest"],
    "models.pretrained.forecaster": ["Pretrained"],
    "models.plain.forecaster": ["PlainRecurrent"],
    "models.recurrent.forecaster": ["Recurrent"],
    "models.theta": ["Theta"],
    "models.trees.forecaster": ["Trees"],
    "pretraining.series": ["synthetic_series"],
    "data.open_days": ["open_days"],
    "data.panel": ["Panel"],
    "data.read": ["read"],
    "data.read_options": ["ReadOptions"],
    "data.synthetic": ["generate_time_series"],
    "models.imputer.imputer": ["Imputer"],
    "report.gaps": ["plot_gaps"],
    "report.gaps_page": ["gaps_page"],
    "report.page": ["backtest_page", "forecast_page"],
    "report.plots": ["plot"],
    "report.sums": ["plot_decomposition", "plot_explanation"],
}
_PLACES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562)."""
    if name not in _PLACES:
        raise AttributeError(f"module 'loopcast' has no attribute {name!r}")
    value = getattr(import_module(f"loopcast.{_PLACES[name]}"), name)
    globals()[name] = value
    return value


logging.getLogger(__name__).addHandler(logging.NullHandler())  # what is logged is seen by those who ask for it

set_finder(partial(getattr, sys.modules[__name__]), __all__)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
