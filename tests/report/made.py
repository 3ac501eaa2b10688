"""Backtests made by hand for the tests of pages: no forecaster runs."""

import numpy as np
import polars as pl

from loopcast.data.panel import Panel
from loopcast.data.prediction_table import read_predictions
from loopcast.data.time_grid import future_times
from loopcast.evaluation.backtest_result import Backtest, ModelRun
from loopcast.evaluation.leaderboard import Leaderboard

NAMES = ("Recurrent", "SeasonalNaive", "Linear", "Naive")


def made_panel(ids=("a", "b", "c"), length=60, freq="MS", start="2015-01-01", seed=0):
    """Seasonal series, the later ones noisier."""
    noise = np.random.default_rng(seed).normal(size=(len(ids), length)) * np.linspace(1, 6, len(ids))[:, None]
    values = 100 + 10 * np.sin(np.arange(length) * 2 * np.pi / 12) + noise
    first = Panel.from_series([0.0], start=start, freq=freq)
    times = future_times(first.starts, np.array([0]), length, first.schema.freq)
    rows = {"unique_id": [each for each in ids for _ in range(length)], "ds": times.to_list() * len(ids)}
    return Panel.from_table(pl.DataFrame(rows | {"y": values.ravel()}))


def made_backtest(panel=None, *, horizon=6, windows=3, step=6, level=(80.0, 95.0), names=NAMES, failures=(), notes=()):
    """Forecasts of one season before with noise of its own for each model, the first of which is the best."""
    panel = made_panel() if panel is None else panel
    random = np.random.default_rng(1)
    tables = []
    for i in range(panel.n_series):
        values, length = panel.series(i)[:, 0], int(panel.lengths[i])
        for window in range(windows):
            end = length - horizon - (windows - 1 - window) * step
            times = future_times(panel.starts[[i]], np.array([end]), horizon, panel.schema.freq)
            before = future_times(panel.starts[[i]], np.array([end - 1]), 1, panel.schema.freq)
            columns = {
                "unique_id": panel.ids.gather([i] * horizon),
                "ds": times,
                "cutoff": before.gather([0] * horizon),
                "y": values[end : end + horizon].astype(np.float64),
            }
            for j, name in enumerate(names):
                forecast = values[end - 12 : end - 12 + horizon] + random.normal(size=horizon) * (j + 0.5)
                columns[name] = forecast
                for each in level:
                    half = {80.0: 1.28, 95.0: 1.96}.get(each, 1.0) * 2 * np.sqrt(1 + np.arange(horizon) / 2)
                    columns[f"{name}-lo-{each:g}"], columns[f"{name}-hi-{each:g}"] = forecast - half, forecast + half
            tables.append(pl.DataFrame(columns))
    return Backtest(
        predictions=read_predictions(pl.concat(tables), panel),
        n_windows=windows,
        step_size=step,
        season=12,
        models=tuple(made_ran(name, failures if name == names[-1] else ()) for name in names),
        notes=notes,
    )


def made_ran(name, failures=()):
    """What a model of this name cost."""
    network = name == NAMES[0]
    return ModelRun(
        name=name,
        network=network,
        fit_seconds=3.21 if network else 0.012,
        predict_seconds=0.05,
        parameters=12_345 if network else None,
        description=f"{name} looks at the last 24 steps, because the season is 12.",
        code=f"loopcast.{name}(horizon=6)" if name.isidentifier() else "loopcast.Naive(alias=...)",
        failures=failures,
    )


def made_leaderboard(names=NAMES, *, measure="mase", level=(80, 95), verdict=None, notes=()):
    """A leaderboard in the order of the names."""
    count = len(names)
    table = {
        "model": list(names),
        "network": [name == NAMES[0] for name in names],
        "mase": [0.61 + 0.1 * i for i in range(count)] if measure == "mase" else [None] * count,
        "smape": [4.2 + i for i in range(count)],
        "mae": [3.1 + i for i in range(count)],
        "rmse": [4.4 + i for i in range(count)],
        "spread": [0.2] * count,
        "seed_spread": [None] * count,
        "skill": [0.14, None, -0.14, -0.3][:count] + [-0.5] * (count - 4),
        "p_value": [0.012, None, 0.4, 0.03][:count] + [0.5] * (count - 4),
        **{f"coverage-{each:g}": [each - 1.5 * i for i in range(count)] for each in level},
        "fit_seconds": [3.21] + [0.012] * (count - 1),
        "predict_seconds": [0.05] * count,
        "parameters": [12_345] + [None] * (count - 1),
    }
    said = f"{names[0]} beats the best baseline, SeasonalNaive, by 14.1%: MASE 0.610 against 0.710."
    schema = {"mase": pl.Float64, "seed_spread": pl.Float64, "parameters": pl.Int64}
    frame = pl.DataFrame(table, schema_overrides=schema)
    return Leaderboard(measure=measure, table=frame, verdict=said if verdict is None else verdict, notes=notes)
