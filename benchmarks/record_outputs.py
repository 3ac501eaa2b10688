"""Do two versions of Loopcast give the same outputs, bit for bit? Records those of many small fits and commands.

    python benchmarks/record_outputs.py record FOLDER [--only NAME,...] [--cache FOLDER]
    python benchmarks/record_outputs.py compare BEFORE AFTER [--only NAME,...]

record   runs every case and writes what it gave to FOLDER, a JSON file each: floats exactly, as hexadecimal text, and
         with their types; texts line by line; an error as its message. Seconds are left out. It takes some minutes,
         most of them to compile: with a cache that is kept for it, the next recording takes a third of the time.
compare  prints for each case `same`, or which columns are called otherwise, how many values differ and by how much at
         most, and the first lines of text that differ. The exit code is 1 where anything differs.

The same bits are promised on one machine alone, so both recordings have to be made on the same one, with the same
libraries; `compare` says where these were others. Of Loopcast only public names are used, and those that may change are
in the tables KEYWORDS, NAMES and ARGUMENTS.
"""

import argparse
import contextlib
import difflib
import importlib
import importlib.metadata
import io
import json
import os
import platform
import runpy
import shlex
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import partial
from html.parser import HTMLParser
from importlib.util import find_spec
from itertools import zip_longest
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

import loopcast
from loopcast.columns import Bands

# What another version calls otherwise, by what it is called here.
# Keywords, of any call ("n_windows") or of one ("backtest.n_windows"):
KEYWORDS: dict[str, str] = {}
# Functions, classes, methods and attributes:
NAMES: dict[str, str] = {}
# Commands, options and rows of the command line:
ARGUMENTS: dict[str, str] = {}

# What comes of more than one call, or another version keeps elsewhere:
MADE: dict[str, Callable[..., Any]] = {
    "forecast": lambda model, panel, horizon: model.predict_panel(panel, horizon).values[:, 0],
    "hindcast": lambda model, panel, horizon, cutoffs: model.predict_panel(panel, horizon, cutoffs).values,
    "quantiles": lambda model, panel, horizon, shares: model.predict_panel(panel, horizon, (0,), shares).quantiles,
    "fill": lambda imputer, panel: imputer.fill_panel(panel).over(panel),
    "intervals": lambda imputer, panel, level: {
        each: (done.ends[..., 2 * place], done.ends[..., 2 * place + 1])
        for done in [imputer.fill_panel(panel, Bands.of(level))]
        for place, each in enumerate(done.bands.levels)
    },
    "why_no_intervals": lambda model, data, horizon: model.model.why_no_quantiles(horizon),
    "parameters": lambda model: model.model.n_parameters,
    "least_history": lambda model: model.model.min_history,
}

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
ABOUT = "about.json"  # what a recording was made with; not a case
MOST_LINES = 5  # of a text that differs
LIBRARIES = ("jax", "jaxlib", "keras", "numpy", "polars", "scipy", "optuna", "holidays", "pandas", "pyarrow")
# A network that trains at once, and holds no rows back, for which another program would be compiled:
SMALL = {"horizon": 4, "units": (6,), "epochs": 4, "members": 1, "patience": None, "show_progress": False}
LEVELS = [80, 95]

Outputs = Mapping[str, Any]  # tables, arrays, texts and what can be called for them, by name
CASES: dict[str, Callable[[], Outputs]] = {}


def case(name: str) -> Callable[[Callable[[], Outputs]], Callable[[], Outputs]]:
    """Puts a function into the table of cases."""

    def put(work: Callable[[], Outputs]) -> Callable[[], Outputs]:
        CASES[name] = work
        return work

    return put


# Asking Loopcast


def ask(owner: Any, name: str, /, *arguments: Any, **options: Any) -> Any:
    """Calls `owner.name`, both it and its options as this version calls them."""
    named = {KEYWORDS.get(f"{name}.{each}", KEYWORDS.get(each, each)): value for each, value in options.items()}
    if name in MADE and owner is not loopcast:
        return MADE[name](owner, *arguments, **named)
    return read(owner, name)(*arguments, **named)


def read(owner: Any, name: str) -> Any:
    """The attribute of this name."""
    if name in ("parameters", "least_history") and hasattr(owner, "model"):
        return MADE[name](owner)
    return getattr(owner, NAMES.get(name, name))


def make(kind: str, **options: Any) -> Any:
    """A forecaster, an imputer or columns."""
    return ask(loopcast, kind, **options)


def fitted(kind: str, data: Any, **options: Any) -> Any:
    """One that has learned from `data`."""
    return ask(make(kind, **options), "fit", data)


def network(data: Any, **options: Any) -> Any:
    """A small network, fitted."""
    return fitted("Recurrent", data, **SMALL | options)


def panel_of(table: Any, **options: Any) -> Any:
    """A panel of a table."""
    return ask(loopcast.Panel, "from_table", table, **options)


def in_words(model: Any) -> Outputs:
    """What a fitted forecaster says of itself."""
    return {
        "describe": partial(ask, model, "describe"),
        "code": partial(ask, model, "to_code"),
        "counts": lambda: f"{read(model, 'parameters')} parameters, {read(model, 'least_history')} rows at least",
    }


def forecasts(model: Any, table: Any, **columns: Any) -> Outputs:
    """What every fitted forecaster is asked for: a forecast as it is, shorter, further, and from earlier cutoffs."""
    panel = panel_of(table, **columns)
    return {
        "forecast": partial(ask, model, "predict", 4),
        "shorter": partial(ask, model, "predict", 2),
        "further": partial(ask, model, "predict", 7),
        "numbers": partial(ask, model, "forecast", panel, 3),
        "hindcast": partial(ask, model, "hindcast", panel, 3, (6, 4, 3)),
        **in_words(model),
    }


def sure(model: Any, table: Any, **columns: Any) -> Outputs:
    """What says how sure a forecaster is, before and after it is calibrated, and what may come."""
    shares = np.array([0.05, 0.5, 0.9])
    return {
        "intervals": partial(ask, model, "predict", 4, level=LEVELS),
        "quantiles": partial(ask, model, "quantiles", panel_of(table, **columns), 3, shares),
        "calibrated": lambda: ask(ask(model, "calibrate", 4), "predict", 4, level=LEVELS),
        "paths": lambda: ask(model, "simulate", 3, seed=1),
    }


def of_network(model: Any, table: Any, **columns: Any) -> Outputs:
    """What a network is asked for: fewer steps and cutoffs, for each length compiles a program of its own."""
    return {
        "forecast": partial(ask, model, "predict", 4),
        "further": partial(ask, model, "predict", 7),
        "hindcast": partial(ask, model, "hindcast", panel_of(table, **columns), 4, (6, 4)),
        "history": lambda: read(model, "history"),
        **in_words(model),
    }


def of_backtest(done: Any) -> Outputs:
    """Everything of a backtest but how long it took."""
    models = [{name: str(value) for name, value in plain(each).items()} for each in read(done, "models")]
    seeds = {f"seed {number}": table for number, table in enumerate(read(done, "seeds"), start=1)}
    notes = "\n".join(read(done, "notes"))
    return {"table": read(done, "table"), "models": pl.DataFrame(models), "notes": notes, **seeds}


def of_board(board: Any) -> Outputs:
    """Everything of a leaderboard but how long models took."""
    words = [read(board, "measure"), read(board, "verdict"), *read(board, "notes")]
    targets = read(board, "targets")
    return {"board": read(board, "table"), "verdict": "\n".join(words)} | (
        {} if targets is None else {"targets": targets}
    )


def plain(value: Any) -> dict[str, Any]:
    """The fields of a dataclass without seconds."""
    return {each.name: getattr(value, each.name) for each in fields(value) if not each.name.endswith("seconds")}


def timeless(value: Any) -> Any:
    """The same dataclass as if it had taken no time, also in the tables and dataclasses that it holds."""
    changed = {each.name: idle(each.name, getattr(value, each.name)) for each in fields(value) if each.init}
    return replace(value, **changed)


def idle(name: str, value: Any) -> Any:
    """What a field of this name holds, with no seconds."""
    if isinstance(value, tuple):
        return tuple(timeless(each) if is_dataclass(each) else each for each in value)
    if isinstance(value, pl.DataFrame):
        return value.with_columns(pl.col(each) * 0 for each in value.columns if each.endswith("seconds"))
    return 0.0 if name.endswith("seconds") else value


# Data


def numbers(rows: int, *, season: int = 12, seed: int = 0, missing: float = 0.0) -> np.ndarray:
    """A trend, a season and noise, to two decimals; a share of it is NaN."""
    rng, time_ = np.random.default_rng(seed), np.arange(rows)
    values = 100 + 0.5 * time_ + 20 * np.sin(2 * np.pi * time_ / season) + rng.normal(0, 3, rows)
    return np.where(rng.uniform(size=rows) < missing, np.nan, values.round(2))


def times(rows: int, unit: str, start: str = "2021-01") -> pl.Series:
    """So many months, days or hours, one after the other."""
    kind = "datetime64[us]" if unit == "h" else "datetime64[D]"
    return pl.Series((np.datetime64(start, unit) + np.arange(rows)).astype(kind))


def series(*lengths: int, missing: float = 0.0, seed: int = 0) -> pl.DataFrame:
    """Monthly series of these lengths, `a`, `b` and so on; missing values are null."""
    each = [
        pl.DataFrame(
            {
                "unique_id": [chr(ord("a") + i)] * rows,
                "ds": times(rows, "M"),
                "y": numbers(rows, seed=10 * seed + i, missing=missing),
            }
        )
        for i, rows in enumerate(lengths)
    ]
    return pl.concat(each).with_columns(pl.col("y").fill_nan(None))


def lines(*lengths: int) -> pl.DataFrame:
    """The same without noise, which a linear model forecasts best."""
    season = 10 * (2 * np.pi * pl.int_range(pl.len()) / 12).sin()
    return series(*lengths).with_columns((50 + pl.int_range(pl.len()) + season).over("unique_id").round(2).alias("y"))


def pair(rows: int = 120, missing: float = 0.0) -> pl.DataFrame:
    """Two targets of two hourly series."""
    each = [
        pl.DataFrame(
            {
                "unique_id": [name] * rows,
                "ds": times(rows, "h", "2024-01-01"),
                "pm25": numbers(rows, season=24, seed=20 + i, missing=missing),
                "no2": numbers(rows, season=24, seed=30 + i, missing=missing) / 2,
            }
        )
        for i, name in enumerate(("north", "south"))
    ]
    return pl.concat(each).with_columns(pl.col("pm25", "no2").fill_nan(None))


def shops(rows: int = 70, first: int = 0) -> pl.DataFrame:
    """Daily sales of three shops, with visitors, prices, promotions, a region and a size; from row `first` on."""
    rng, each = np.random.default_rng(5), []
    for i, region in enumerate(("north", "south", "north")):
        price, promotion = rng.uniform(1, 3, 90).round(2), rng.uniform(size=90) < 0.3
        values = numbers(90, season=7, seed=40 + i)
        table = {
            "shop": [f"shop {i}"] * 90,
            "day": times(90, "D", "2024-11-20"),
            "sold": (values - 8 * price + 10 * promotion).round(2),
            "visitors": (values + rng.normal(0, 5, 90)).round(0),
            "price": price,
            "promotion": promotion,
            "region": [region] * 90,
            "size": [10.0 * (i + 1)] * 90,
        }
        each.append(pl.DataFrame(table)[first : first + rows])
    return pl.concat(each)


def shop_columns(**roles: Any) -> Any:
    """The columns of the shops, with these roles."""
    return make("Columns", id="shop", time="day", target="sold", **roles)


def pair_columns(**roles: Any) -> Any:
    """The columns of two targets."""
    return make("Columns", target=["pm25", "no2"], **roles)


def shop_panel(**roles: Any) -> Any:
    """The shops as a panel in which these roles count."""
    return panel_of(shops(), columns=shop_columns(**roles))


ROLES = {"past": ["visitors"], "future": ["price", "promotion"], "static": ["region", "size"], "calendar": "auto"}
HOLIDAYS = {"holidays": "DE"} if find_spec("holidays") else {}


def write_files() -> None:
    """The files that commands read, into the working folder."""
    for example in EXAMPLES.glob("*.csv"):
        shutil.copy(example, example.name)
    series(40, 52).write_csv("series.csv")
    series(48, 52, seed=3).write_csv("newer.csv")
    pair(missing=0.1).write_csv("pair.csv")
    pair(60, missing=0.2).write_csv("pair_newer.csv")
    pair(missing=0.1)[[row for row in range(240) if row not in (17, 18, 150)]].write_csv("left_out.csv")
    shops().write_csv("shops.csv")
    shops(20, 70).drop("sold", "visitors").write_csv("shops_future.csv")


# The baselines and the linear model


def put_baselines() -> None:
    """A case for each baseline."""
    for kind, options in {
        "Naive": {},
        "SeasonalNaive": {"season": 12},
        "Drift": {"alias": "Line"},
        "WindowAverage": {"window": 5, "horizon": 4},
    }.items():
        CASES[f"baseline-{kind.lower()}"] = partial(baseline, kind, options)


def baseline(kind: str, options: Mapping[str, Any]) -> Outputs:
    """One baseline on series of unequal length, with and without gaps, and on others than it was fitted on."""
    table, gappy, other = series(40, 52, 60), series(40, 52, 60, missing=0.15), series(30, seed=2)
    model, with_gaps = fitted(kind, table, **options), fitted(kind, gappy, **options)
    return {
        **forecasts(model, table),
        **sure(model, table),
        "two windows": lambda: ask(ask(model, "calibrate", 3, n_windows=2), "predict", 3, level=[80]),
        "other series": partial(ask, model, "predict", 3, data=other),
        "gaps": partial(ask, with_gaps, "predict", 5, level=[80]),
        "two targets": lambda: ask(fitted(kind, panel_of(pair(), columns=pair_columns()), **options), "predict", 3),
    }


@case("linear")
def _() -> Outputs:
    table = series(40, 52, 60)
    model = fitted("Linear", table, horizon=4)
    return {
        **forecasts(model, table),
        **sure(model, table),
        "other series": partial(ask, model, "predict", data=series(30, seed=2)),
    }


@case("linear-options")
def _() -> Outputs:
    table, parts = series(40, 52, 60), {}
    for options in ({"context": 6}, {"ridge": 0.0}, {"scaling": "none", "context": 3, "ridge": 0.5}, {"season": 4}):
        model = fitted("Linear", table, horizon=4, **options)
        parts |= {f"{options} {name}": part for name, part in forecasts(model, table).items()}
    return parts


@case("linear-gaps")
def _() -> Outputs:
    table = series(40, 52, 60, missing=0.15)
    model = fitted("Linear", table, horizon=4, context=5)
    return {**forecasts(model, table), **sure(model, table)}


@case("linear-covariates")
def _() -> Outputs:
    columns, ahead = shop_columns(**ROLES), shops(20, 70)
    model = fitted("Linear", panel_of(shops(), columns=columns), horizon=4, context=7)
    return {
        "forecast": partial(ask, model, "predict", future=ahead, level=LEVELS),
        "other": partial(ask, model, "predict", data=shops(40, 30), future=ahead),
        "further": partial(ask, model, "predict", 6, future=ahead),
        "nothing ahead": partial(ask, model, "predict"),
        "past": partial(ask, model, "cross_validation", shop_panel(**ROLES), n_windows=2, level=[80]),
        **in_words(model),
        "holidays": partial(ask, fitted("Linear", shop_panel(**HOLIDAYS), horizon=4), "predict", level=[80]),
    }


@case("linear-two-targets")
def _() -> Outputs:
    table, columns = pair(missing=0.1), pair_columns(calendar=["hour"])
    model = fitted("Linear", panel_of(table, columns=columns), horizon=4, context=6)
    return {**forecasts(model, table, columns=columns), **sure(model, table, columns=columns)}


# Networks

DIRECT = {"cell": "gru", "strategy": "direct", "context": 14, "season": 4, "seed": 3, "patience": 10}


def put_networks() -> None:
    """A case for each way to make a network."""
    for name, options in {
        "lstm": {"patience": 10},
        "gru": {"cell": "gru"},
        "head": {"head": "recurrent", "cell": "gru", "loss": "huber", "patience": 2, "refit": False, "epochs": 8},
        "direct-context": DIRECT,
        "simple-iterated": {"strategy": "iterated", "cell": "simple", "alias": "Step by step"},
        "members": {"members": 2, "seed": 3},
        "raw": {"scaling": "none", "lags": 2, "schedule": "constant", "clip": None},
        "not-log": {"log": False, "loss": "mse", "learning_rate": 0.02, "batch_size": 8, "season": 4},
        "no-layers": {"units": (), "lags": 6, "context": 1},
        "layers": {"units": (5, 4), "dropout": 0.2, "weight_decay": 0.01, "cell": "gru"},
        "scan": {"fused": "never"},
    }.items():
        CASES[f"recurrent-{name}"] = partial(one_network, options)


def one_network(options: Mapping[str, Any]) -> Outputs:
    """A network: its forecasts, and how training went."""
    table = series(40, 52)
    model = network(table, **options)
    return of_network(model, table)


def put_distributions() -> None:
    """A case for each distribution of a network's forecast."""
    for name in ("point", "quantile", "normal", "student"):
        CASES[f"recurrent-{name}-intervals"] = partial(distribution, name)


def distribution(name: str) -> Outputs:
    """Intervals, from the network's own distribution and, of some, from a calibration; one has gaps too."""
    table = series(40, 52, missing=0.15 if name == "normal" else 0.0)
    model = network(table, distribution=name)
    parts = sure(model, table)
    own = parts if name in ("point", "quantile") else {part: parts[part] for part in ("intervals", "quantiles")}
    return {**of_network(model, table), **own}


@case("recurrent-as-chosen")
def _() -> Outputs:
    table = series(40, 52)
    model = fitted("Recurrent", table, horizon=4, show_progress=False)
    return {**of_network(model, table), "other series": partial(ask, model, "predict", data=series(30, seed=2))}


@case("recurrent-gaps")
def _() -> Outputs:
    table = series(40, 52, missing=0.15)
    model = network(table)
    return {**of_network(model, table), **sure(model, table)}


@case("recurrent-gaps-later")
def _() -> Outputs:
    table, later = series(40, 52), series(40, 52, missing=0.15)
    ready, unready = network(table, gaps=True), network(table)
    return {
        "ready": partial(ask, ready, "predict", data=later),
        "describe": partial(ask, ready, "describe"),
        "unready": partial(ask, unready, "predict", data=later),
        "refused": partial(network, later, gaps=False),
    }


def put_targets() -> None:
    """A case for each way to see several targets."""
    for name, channels in {"joint": "joint", "independent": "independent", "chosen": None}.items():
        CASES[f"recurrent-targets-{name}"] = partial(targets, channels)


def targets(channels: str | None) -> Outputs:
    """A network of two targets with gaps: forecasts long and wide, and of a way that was asked what else there is."""
    table, columns = pair(missing=0.1), pair_columns()
    panel = panel_of(table, columns=columns)
    model = network(panel, channels=channels, patience=None if channels else 10)
    past = {"past": partial(ask, model, "cross_validation", panel)} if channels == "joint" else {}
    more = {**sure(model, table, columns=columns), **past} if channels else {}
    return {**of_network(model, table, columns=columns), "wide": partial(ask, model, "predict", wide=True), **more}


def put_covariates() -> None:
    """A case for each kind of what is known besides the targets."""
    for name, (roles, options) in {
        "past": ({"past": ROLES["past"]}, {}),
        "future": ({"future": ROLES["future"], "calendar": ["weekday"], **HOLIDAYS}, {"cell": "gru"}),
        "unknown": (ROLES, {"unknown_categories": True, "strategy": "direct"}),
    }.items():
        CASES[f"recurrent-covariates-{name}"] = partial(covariates, roles, options)


def covariates(roles: Mapping[str, Any], options: Mapping[str, Any]) -> Outputs:
    """A network that sees covariates, and forecasts with what is known ahead, of other shops too."""
    ahead = {"future": shops(20, 70)} if "future" in roles else {}
    other = shops(30, 40).with_columns(pl.lit("west").alias("region"))
    model = network(shop_panel(**roles), **options)
    return {
        "forecast": partial(ask, model, "predict", **ahead),
        "further": partial(ask, model, "predict", 6, **ahead),
        "other": partial(ask, model, "predict", data=other, **ahead),
        "history": lambda: read(model, "history"),
        **in_words(model),
    }


@case("recurrent-covariates-all")
def _() -> Outputs:
    model, ahead = network(shop_panel(**ROLES)), shops(20, 70)
    return {
        "forecast": partial(ask, model, "predict", future=ahead),
        **in_words(model),
        "intervals": partial(ask, model, "predict", future=ahead, level=[80]),
        "paths": partial(ask, model, "simulate", 2, future=ahead),
        "nothing ahead": partial(ask, model, "predict"),
        "no keras": partial(ask, model, "to_keras"),
        "no stepper": partial(ask, model, "stepper"),
    }


@case("recurrent-stepper")
def _() -> Outputs:
    parts = {}
    for name, options in {"kernels": {}, "members": {"members": 2}, "scan": {"fused": "never"}}.items():
        model = network(series(40, 52), **options)
        seen = ask(model, "features")[0]
        step, given = ask(model, "stepper"), []
        state = step.start
        for row in seen:
            state, output = step(state, row)
            given.append(output)
        parts |= {f"{name} features": seen, f"{name} outputs": np.stack(given), f"{name} state": state}
    return parts


@case("recurrent-keras")
def _() -> Outputs:
    model = network(series(40, 52), members=2)
    stock, seen = ask(model, "to_keras"), ask(model, "features")
    return {"outputs": stock.predict(seen[0][None], verbose=0)}


@case("layers")
def _() -> Outputs:
    layers, values = importlib.import_module("loopcast.layers"), np.float32(numbers(60).reshape(3, 10, 2) / 100)
    rng, parts = np.random.default_rng(8), dict[str, Any]()
    for kind in ("SimpleRNN", "GRU", "LSTM"):
        layer = getattr(layers, kind)(5, kernel_initializer="ones", recurrent_initializer="ones")
        layer.build(values.shape)
        layer.set_weights([rng.normal(size=each.shape).astype(np.float32) for each in layer.get_weights()])
        parts |= {kind: np.asarray(layer(values)), f"{kind} in words": layer.describe()}
    return parts | {"other": layers.LSTM(4, recurrent_activation="hard_sigmoid").describe()}


# Saved models and the choice among them


def put_saved() -> None:
    """A case for each kind of model file."""
    for name, (kind, options) in {
        "seasonalnaive": ("SeasonalNaive", {"season": 12, "horizon": 4}),
        "windowaverage": ("WindowAverage", {"window": 5, "horizon": 4}),
        "linear": ("Linear", {"horizon": 4}),
        "recurrent": ("Recurrent", SMALL | {"members": 2}),
        "quantile": ("Recurrent", SMALL | {"distribution": "quantile"}),
        "auto": ("Auto", {"horizon": 4, "budget": 0.001, "show_progress": False}),
    }.items():
        CASES[f"saved-{name}"] = partial(saved, kind, options)


def saved(kind: str, options: Mapping[str, Any]) -> Outputs:
    """A model that was saved and loaded, beside itself before that."""
    table = lines(40, 52) if kind == "Auto" else series(40, 52)
    model = ask(fitted(kind, table, **options), "calibrate")
    uncalibrated = fitted(kind, table, **options)
    loaded, bare = kept(model), kept(uncalibrated)
    return {
        "before": partial(ask, model, "predict", 4, level=LEVELS),
        "after": partial(ask, loaded, "predict", data=table, level=LEVELS),
        "others": partial(ask, loaded, "predict", 6, data=series(30, seed=2)),
        "paths": partial(ask, loaded, "simulate", 2, data=table),
        "without data": partial(ask, loaded, "predict"),
        "not calibrated": partial(ask, bare, "predict", data=table, level=[80]),
        **in_words(loaded),
    }


def kept(model: Any) -> Any:
    """The model as it comes back from a file."""
    ask(model, "save", "model.loopcast")
    return ask(loopcast, "load", "model.loopcast")


@case("saved-covariates")
def _() -> Outputs:
    model = kept(ask(network(shop_panel(**ROLES)), "calibrate"))
    linear = kept(fitted("Linear", shop_panel(**ROLES), horizon=4))
    return {
        "forecast": partial(ask, model, "predict", data=shops(), future=shops(20, 70), level=[80]),
        "linear": partial(ask, linear, "predict", data=shops(), future=shops(20, 70)),
        **in_words(model),
    }


@case("auto")
def _() -> Outputs:
    table = lines(40, 52)
    model = fitted("Auto", table, horizon=4, budget=0.001, show_progress=False)
    return {**forecasts(model, table), **sure(model, table)}


@case("search")
def _() -> Outputs:
    found = ask(loopcast, "search", series(40), 3, trials=2, seed=4)
    best = read(found, "forecaster")
    words = f"{read(found, 'measure')} {read(found, 'error').hex()}\n{ask(best, 'code')}"
    return {"best": words, "trials": read(found, "trials")}


# Backtests and scores


def rivals(**options: Any) -> list[Any]:
    """Baselines and a small network."""
    return [make("Naive"), make("SeasonalNaive"), make("Linear", horizon=4), make("Recurrent", **SMALL | options)]


@case("cross-validation")
def _() -> Outputs:
    table, gappy, models = series(40, 52), series(52, 60, missing=0.1), rivals()
    validated = partial(ask, loopcast, "cross_validation", horizon=4, n_windows=3)
    return {
        "once": partial(validated, models, table),
        "often": partial(validated, models, table, step_size=2, refit=True, n_windows=2),
        "now and then": partial(validated, models[:3], table, step_size=1, refit=2, level=[80]),
        "gaps": partial(validated, models[:3], gappy, level=LEVELS),
        "method": partial(ask, network(table), "cross_validation", table, n_windows=2, level=[80]),
        "linear": partial(
            ask, fitted("Linear", table, horizon=4), "cross_validation", table, 3, n_windows=2, step_size=1
        ),
    }


@case("backtest")
def _() -> Outputs:
    options = {"n_windows": 3, "level": [80], "seeds": 2, "season": 12}
    done = ask(loopcast, "backtest", rivals(), series(40, 52), 4, **options)
    return {**of_backtest(done), **of_board(ask(loopcast, "leaderboard", done))}


@case("backtest-targets")
def _() -> Outputs:
    panel, models = panel_of(pair(missing=0.1), columns=pair_columns()), rivals()[:3]
    done = ask(loopcast, "backtest", models, panel, 4, n_windows=2, level=LEVELS)
    return {**of_backtest(done), **of_board(ask(loopcast, "leaderboard", done))}


@case("backtest-failures")
def _() -> Outputs:
    table, models = series(20, 52), [make("Naive"), make("WindowAverage", window=45), make("Linear", horizon=4)]
    work = partial(ask, loopcast, "backtest", models, table, 4, n_windows=2, refit=True)
    done = work(skip_short=True)
    again = work(skip_short=True, cache_dir="finished"), work(skip_short=True, cache_dir="finished")
    return {
        **of_backtest(done),
        **of_board(ask(loopcast, "leaderboard", done)),
        "kept": read(again[1], "table"),
        "too short": work,
        "why not": str(ask(loopcast, "why_no_backtest", models, series(9), 4, n_windows=2)),
        "why no intervals": str(ask(fitted("Naive", series(9)), "why_no_intervals", series(9), 4)),
    }


@case("leaderboards")
def _() -> Outputs:
    flat = series(52, 60).with_columns(pl.lit(5.0).alias("y"))
    parts: dict[str, Any] = {}
    for name, data, models in (
        ("baselines", series(52, 60, 70), [make("Naive"), make("Drift"), make("Linear", horizon=4)]),
        ("constant", flat, [make("Naive"), make("Drift")]),
        ("alone", series(40, 52), [make("Recurrent", **SMALL)]),
        ("many series", series(*[40 + i for i in range(13)]), rivals()[:3]),
    ):
        done = ask(loopcast, "backtest", models, data, 4, n_windows=3)
        parts |= {f"{name} {part}": value for part, value in of_board(ask(loopcast, "leaderboard", done)).items()}
    return parts


@case("evaluate")
def _() -> Outputs:
    data = series(52, 60)
    models = [make("Naive"), make("SeasonalNaive"), make("Linear", horizon=4)]
    table = ask(loopcast, "cross_validation", models, data, 4, n_windows=3, level=LEVELS)
    score = partial(ask, loopcast, "evaluate", table)
    parts = {by: partial(score, data=data, by=by) for by in ("series", "step", "cutoff")}
    of_intervals = ["coverage", "width", "pinball", "crps"]
    return {
        **parts,
        "usual": partial(score, data=data),
        "both": partial(score, ["mae", "rmse"], by=["series", "step"]),
        "intervals": partial(score, of_intervals),
        "every": {name: partial(score, name, data=data, reference="Naive") for name in metrics()},
        "pandas": partial(ask, loopcast, "evaluate", table.to_pandas(), "mae", by="series"),
        "wrong": partial(score, "mea"),
    }


@case("evaluate-targets")
def _() -> Outputs:
    data = panel_of(pair(missing=0.1), columns=pair_columns())
    models = [make("Naive"), make("Linear", horizon=4)]
    table = ask(loopcast, "cross_validation", models, data, 4, n_windows=2)
    score = partial(ask, loopcast, "evaluate", table, data=data)
    return {
        "missing": partial(score, "mase", by="target"),
        "skipped": partial(score, ["mase", "mae", "smape"], by="target", missing="skip"),
        "over targets": partial(score, ["mase", "mae"], missing="skip"),
        "by both": partial(score, "mase", by=["series", "target"], missing="skip"),
    }


def metrics() -> list[str]:
    """The names of all metrics, as the message about a wrong one gives them."""
    table = pl.DataFrame({"ds": [4], "y": [4.0], "Naive": [3.0]})
    try:
        ask(loopcast, "evaluate", table, "none such")
    except loopcast.LoopcastError as error:
        return str(error).removeprefix("metrics are some of ").split(";")[0].split(", ")
    return []


# Gaps


@case("impute-forecasters")
def _() -> Outputs:
    table, parts = series(40, 52, missing=0.15), {}
    for kind, options in {
        "Naive": {},
        "SeasonalNaive": {},
        "Drift": {},
        "WindowAverage": {"window": 4},
        "Linear": {"horizon": 3, "context": 5},
        "Recurrent": SMALL,
    }.items():
        model = fitted(kind, table, **options)
        parts[f"{kind} table"] = partial(ask, model, "impute", table, level=[90])
        parts |= {} if kind == "Recurrent" else {kind: partial(ask, model, "impute")}
    return parts


@case("impute-targets")
def _() -> Outputs:
    table = pair(missing=0.1)
    panel = panel_of(table, columns=pair_columns())
    model, linear = network(panel, channels="joint"), fitted("Linear", panel, horizon=3, context=5)
    return {
        "network": partial(ask, model, "impute", table),
        "linear": partial(ask, linear, "impute", table, level=[80]),
    }


def put_imputers() -> None:
    """A case for each way to fill gaps from both sides."""
    for name, options in {"two-sided": {}, "best": {"best": True}}.items():
        CASES[f"imputer-{name}"] = partial(imputer, options)


def imputer(options: Mapping[str, Any]) -> Outputs:
    """An imputer of two targets: what it fills, how sure it is, and of a file that it was kept in."""
    table = pair(missing=0.1)
    panel, other = panel_of(table, columns=pair_columns()), pair(90, missing=0.2)
    model = fitted("Imputer", panel, **{"units": (6,), "updates": 25, "show_progress": False} | options)
    loaded = kept(model)
    return {
        "filled": partial(ask, model, "impute"),
        "table": partial(ask, model, "impute", table, level=[80, 90]),
        "other": partial(ask, model, "impute", other, level=[90]),
        "loaded": partial(ask, loaded, "impute", other, level=[90]),
        "numbers": partial(ask, model, "fill", panel),
        "ends": lambda: dict(enumerate(np.stack(each) for each in ask(model, "intervals", panel, [90]).values())),
        "scores": read(model, "scores"),
        "describe": partial(ask, model, "describe"),
        "without data": partial(ask, loaded, "impute"),
    }


@case("imputer-causal")
def _() -> Outputs:
    table, whole = series(60, 60, missing=0.1), series(60, 60)
    options = {"mode": "causal", "cell": "gru", "season": 4, "window": 36, "batch_size": 8, "seed": 2}
    model = make("Imputer", units=(6,), updates=25, show_progress=False, **options)
    loaded, days = kept(ask(model, "fit", whole, gaps_like=table)), table.to_pandas()
    return {
        "like others": partial(ask, loaded, "impute", table, level=[90]),
        "describe": partial(ask, loaded, "describe"),
        "pandas": lambda: ask(ask(model, "fit", days), "impute", days, level=[80]),
    }


# Tables, calendars and errors


@case("tables")
def _() -> Outputs:
    table, wide = series(30, 36), series(30).select("ds", "y").with_columns((pl.col("y") * 2).alias("z"))
    parts = {
        "pandas": table.to_pandas(),
        "pyarrow": table.to_arrow(),
        "one series": table[:30].select("ds", "y"),
        "interleaved": table.sort("ds", maintain_order=True),
        "numbers": table.with_columns(pl.int_range(pl.len()).over("unique_id").alias("ds")),
        "panel": ask(loopcast.Panel, "from_wide", wide, time="ds"),
        "array": np.float64([numbers(30), numbers(30, seed=1)])[:, :, None],
        "values": ask(loopcast.Panel, "from_series", numbers(30), start="2020-01-31", freq="ME", name="value"),
    }
    return {
        name: partial(ask, fitted("Linear", data, horizon=3, context=4), "predict", level=[80])
        for name, data in parts.items()
    } | {"made up": ask(loopcast, "generate_time_series", 2, 20, seed=3)}


@case("calendars")
def _() -> Outputs:
    values, parts = numbers(110, season=5), {}
    for freq, start in {
        "W": "2024-01-07", "QS": "2015-01-01", "YS": "1980-01-01", "h": "2024-03-30T20:00", "15min": "2024-01-01T00:00",
        "B": "2024-01-01",
    }.items():  # fmt: skip
        parts[freq] = partial(forecast_from, values, freq=freq, start=start)
    zoned = pl.DataFrame({"ds": times(60, "h", "2024-03-30"), "y": numbers(60, season=24)}).with_columns(
        pl.col("ds").dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Berlin")
    )
    parts["zone"] = lambda: ask(fitted("SeasonalNaive", zoned), "predict", 30)
    text = series(30).with_columns(pl.col("ds").dt.to_string("%Y-%m-%d"))
    parts["text"] = lambda: ask(fitted("Naive", text), "predict", 3)
    return parts


def forecast_from(values: np.ndarray, **options: Any) -> Any:
    """Forecasts of one series on a calendar."""
    return ask(fitted("SeasonalNaive", ask(loopcast.Panel, "from_series", values, **options)), "predict", 9)


@case("errors-of-options")
def _() -> Outputs:
    wrong: dict[str, tuple[str, dict[str, Any]]] = {
        "horizon": ("Naive", {"horizon": 0}),
        "season": ("SeasonalNaive", {"season": -1}),
        "alias": ("Naive", {"alias": ""}),
        "window": ("WindowAverage", {"window": 0}),
        "ridge": ("Linear", {"horizon": 4, "ridge": -1.0}),
        "cell": ("Recurrent", {"horizon": 4, "cell": "rnn"}),
        "units": ("Recurrent", {"horizon": 4, "units": [4]}),
        "log": ("Recurrent", {"horizon": 4, "log": True, "scaling": "none"}),
        "head": ("Recurrent", {"horizon": 4, "distribution": "normal", "head": "recurrent"}),
        "seed": ("Recurrent", {"horizon": 4, "seed": -1}),
        "budget": ("Auto", {"horizon": 4, "budget": 0}),
        "mode": ("Imputer", {"mode": "both"}),
        "columns": ("Columns", {"target": ["a", "a"]}),
        "roles": ("Columns", {"past": ["y"]}),
        "calendar": ("Columns", {"calendar": ["second"]}),
    }
    return {name: partial(make, kind, **options) for name, (kind, options) in wrong.items()}


@case("errors-of-data")
def _() -> Outputs:
    table, model = series(30), fitted("Naive", series(30))
    steady = panel_of(shops().with_columns(pl.lit(1.0).alias("price")), columns=shop_columns(past=["price"]))
    return {
        "twice": partial(fitted, "Naive", pl.concat([table, table])),
        "left out": partial(fitted, "Naive", table[[0, 1, 2, 5, 6]]),
        "no column": partial(fitted, "Naive", table.drop("y")),
        "no value": partial(fitted, "Naive", table.with_columns(pl.lit(None, pl.Float64).alias("y"))),
        "too short": lambda: ask(fitted("SeasonalNaive", table[:5], season=12), "predict"),
        "shorter": partial(fitted, "Linear", table[:5], horizon=4, context=4),
        "text": partial(fitted, "Naive", table.with_columns(pl.lit("five").alias("y"))),
        "no table": partial(fitted, "Naive", {"y": 1}),
        "no file": partial(ask, loopcast, "read", "none.csv"),
        "no model": partial(ask, loopcast, "load", "series.csv"),
        "not fitted": partial(ask, make("Naive"), "predict"),
        "level": partial(ask, model, "predict", 3, level=[120]),
        "steps": partial(ask, model, "predict", 0),
        "constant": partial(fitted, "Linear", steady, horizon=4),
    }


# Pages


class Visible(HTMLParser):
    """The text of a page, and the numbers that its script draws."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.data = ""
        self._within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style"):
            self._within = "data" if ("type", "application/json") in attrs else tag

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within == "data":
            self.data += data
        elif not self._within and data.strip():
            self.lines.append(" ".join(data.split()))


def of_page(name: str, page: bytes) -> Outputs:
    """What a page says and draws."""
    found = Visible()
    found.feed(page.decode())
    drawn = {f"{name} numbers": json.dumps(json.loads(found.data), indent=0)} if found.data else {}
    return {f"{name} words": "\n".join(found.lines)} | drawn


@case("pages")
def _() -> Outputs:
    panel = panel_of(series(52, 60))
    done = timeless(ask(loopcast, "backtest", rivals()[:3], panel, 4, n_windows=2, level=[80]))
    board = timeless(ask(loopcast, "leaderboard", done))
    table = ask(fitted("Linear", panel, horizon=4), "predict", level=[80])
    gappy = panel_of(pair(missing=0.1), columns=pair_columns())
    filler = fitted("Imputer", gappy, units=(6,), updates=10, show_progress=False)
    filled = filler.fill_panel(gappy, Bands.of([90]))
    return {
        **of_page("backtest", ask(loopcast, "backtest_page", done, board, command="loopcast backtest")),
        **of_page("forecast", ask(loopcast, "forecast_page", panel, table, leaderboard=board)),
        **of_page("gaps", ask(loopcast, "gaps_page", filler, gappy, filled)),
    }


# Commands


SMALL_NET = "--units 6 --epochs 4 --quiet"
ALONE = f"--no-check --level none {SMALL_NET}"
SHOPS = (
    "shops.csv --id shop --time day --target sold --past-covariates visitors --future-covariates price,promotion "
    "--static region,size --calendar auto"
)
AIR = "air_quality.csv --target pm25,no2 --future-covariates wind --calendar auto"
COMMANDS: dict[str, tuple[str, ...]] = {
    "forecast": (
        f"forecast air_passengers.csv --horizon 12 --level none {SMALL_NET}",
        f"forecast air_passengers.csv --horizon 12 --level none --json --fail-if-worse-than Linear {SMALL_NET}",
    ),
    "forecast-options": (
        f"forecast series.csv --horizon 4 --cell gru --strategy direct --context 14 --seed 3 --season 4 {ALONE}",
    ),
    "forecast-saved": (
        f"forecast series.csv --horizon 4 --level 80 --save it.loopcast --output out.parquet --no-check {SMALL_NET}",
        f"forecast series.csv --horizon 4 --json --no-check {SMALL_NET}",
        "predict it.loopcast newer.csv",
        "predict it.loopcast newer.csv --horizon 2 --level 80,95 --output out.csv",
        "predict it.loopcast series.csv --json",
    ),
    "forecast-auto": (
        "forecast series.csv --horizon 4 --model Auto --budget 0.001s --no-check --level none --json --quiet",
    ),
    "forecast-covariates": (
        f"forecast {SHOPS} --future shops_future.csv --horizon 4 --save it.loopcast --json {ALONE}",
        "predict it.loopcast shops.csv --future shops_future.csv --output out.csv",
        "predict it.loopcast shops.csv",
    ),
    "forecast-targets": (
        f"forecast pair.csv --target pm25,no2 --horizon 4 --wide --save it.loopcast --output out.csv {ALONE}",
        "predict it.loopcast pair_newer.csv --json",
    ),
    "backtest": (
        "backtest series.csv --horizon 3 --n-windows 2 --models Naive,SeasonalNaive,Linear --output out.csv --quiet",
        "backtest series.csv --horizon 3 --n-windows 2 --step-size 1 --refit always --models Drift,Linear --json "
        "--quiet",
        "backtest series.csv --horizon 3 --models Naive,Drift --fail-if-worse-than Drift --quiet",
    ),
    "backtest-network": (
        "backtest series.csv --horizon 4 --n-windows 1 --models Naive,LSTM --seeds 2 --level none --quiet",
    ),
    "backtest-targets": (
        "backtest pair.csv --target pm25,no2 --horizon 3 --n-windows 2 --models Naive,Linear --calendar auto --json "
        "--output out.csv --quiet",
        f"backtest {AIR} --horizon 6 --models Naive,Linear --quiet",
        f"backtest {SHOPS} --horizon 3 --models Naive,Linear --quiet",
    ),
    "impute": (
        "impute left_out.csv --target pm25,no2 --gaps insert --updates 20 --save it.loopcast --output out.csv --quiet",
        "impute left_out.csv --target pm25,no2 --gaps insert --updates 20 --level 80,95 --best --json --quiet",
        "impute pair_newer.csv --model it.loopcast --level none --output out.parquet --json --quiet",
        "predict it.loopcast pair_newer.csv",
    ),
    "notebook": (
        "notebook --rows naive-1,ols-10,seq2vec-10-1-epoch --quiet",
        "notebook --rows linear-1,seq2seq-10-1-epoch --json --quiet",
    ),
    "errors": (
        "forecast none.csv --horizon 3",
        "forecast series.csv",
        "forecast series.csv --horizon 3 --output out.txt",
        "forecast series.csv --horizon 3 --target y,none --quiet",
        "forecast series.csv --horizon 3 --level 120",
        "forecast series.csv --horizon 3 --model Auto --cell gru",
        "forecast left_out.csv --target pm25,no2 --horizon 3",
        "backtest series.csv --horizon 3 --models Best",
        "backtest series.csv --horizon 3 --refit sometimes",
        "predict series.csv series.csv",
        "impute left_out.csv --level 99.5",
        "notebook --rows none",
    ),
    "help": (
        "--help",
        *(f"{command} --help" for command in ("forecast", "backtest", "predict", "impute", "notebook")),
        "--version",
    ),
}


def put_commands() -> None:
    """A case for each command, or for several that go on from each other's files."""
    for name, lines in COMMANDS.items():
        CASES[f"command-{name}"] = partial(commands, lines)


def commands(lines: Sequence[str]) -> Outputs:
    """What each command line in turn prints, says on standard error, and writes."""
    parts: dict[str, Any] = {}
    Path("it.loopcast").unlink(missing_ok=True)
    for line in lines:
        for file in ("out.csv", "out.parquet"):
            Path(file).unlink(missing_ok=True)
        code, printed, said = ran(line)
        parts |= {f"{line}: {name}": part for name, part in of_output(printed).items()}
        parts |= {f"{line}: exit": f"{code}\n{said}"} | of_files(line)
    return parts


def ran(line: str) -> tuple[Any, str, str]:
    """The exit code of a command line, run here, and what it wrote to standard output and standard error."""
    arguments = [ARGUMENTS.get(each, each) for each in shlex.split(line)]
    printed, said, before = io.StringIO(), io.StringIO(), signal.getsignal(signal.SIGINT)
    known, code = sys.argv, None
    sys.argv = ["loopcast", *arguments]
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(said):
            runpy.run_module("loopcast", run_name="__main__")
    except SystemExit as done:
        code = done.code
    finally:
        sys.argv = known
        signal.signal(signal.SIGINT, before)
    return code, printed.getvalue(), said.getvalue()


def of_output(printed: str) -> Outputs:
    """Standard output as text, and tables where it is a JSON object."""
    if not printed.startswith("{"):
        return {"printed": without_seconds(printed)}
    tables: dict[str, Any] = {}
    lines = list(opened("", json.loads(printed), tables))
    return {"printed": "\n".join(lines), **tables}


def opened(name: str, value: Any, tables: dict[str, Any]) -> Iterator[str]:
    """A JSON value as lines of text; lists of rows go to `tables`."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from () if key.endswith("seconds") else opened(f"{name}.{key}".strip("."), item, tables)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        tables[name] = pl.DataFrame(value, infer_schema_length=None)
    else:
        yield f"{name}: {value}"


def of_files(line: str) -> Outputs:
    """The tables that a command wrote."""
    readers = {"out.csv": partial(pl.read_csv, infer_schema_length=None), "out.parquet": pl.read_parquet}
    return {f"{line}: {file}": reader(file) for file, reader in readers.items() if Path(file).exists()}


def without_seconds(text: str) -> str:
    """Printed text in which the tables that have columns of seconds are without them."""
    lines: list[str] = []
    places: list[int] = []
    for line in text.splitlines():
        cells = [part.strip() for part in line.split("  ") if part.strip()]
        head = [i for i, name in enumerate(cells) if name.endswith("_seconds")]
        places = head or (places if len(cells) > max(places, default=len(cells)) else [])
        lines.append("  ".join(part for i, part in enumerate(cells) if i not in places) if places else line)
    return "\n".join(lines)


# Recording


def record(folder: Path, only: Sequence[str], cache: Path | None) -> int:
    """Runs the cases in a folder of their own and writes a file for each; 1 where one ended in a fault."""
    folder.mkdir(parents=True, exist_ok=True)
    folder, cache, faults = folder.resolve(), cache and cache.resolve(), []
    (folder / ABOUT).write_text(json.dumps(about(), indent=1) + "\n")
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        os.environ["LOOPCAST_CACHE"] = str(cache or Path(place) / "programs")
        write_files()
        for name in only:
            began = time.perf_counter()
            parts, fault = outputs_of(CASES[name])
            (folder / f"{name}.json").write_text(json.dumps(parts, indent=0) + "\n")
            faults += [name] if fault else []
            print(f"{name:32} {time.perf_counter() - began:6.1f} s{'  FAULT' if fault else ''}", flush=True)
    print(f"{len(only)} cases, {len(faults)} with a fault{': ' if faults else ''}{', '.join(faults)}")
    return 1 if faults else 0


def about() -> dict[str, str]:
    """What the last bits of the numbers depend on."""
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES if find_spec(name)}
    return {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}", **versions}


def outputs_of(work: Callable[[], Outputs]) -> tuple[dict[str, Any], bool]:
    """The parts of a case as they are written, and whether an error came that is none of Loopcast's."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        parts, fault = {}, False
        for name, part in flat("", work):
            parts[name], fault = written(part), fault or isinstance(part, Fault)
    told = [f"{each.category.__name__}: {each.message}" for each in warned if ours(each.category)]
    return parts | ({"warnings": written("\n".join(told))} if told else {}), fault


def ours(category: type[Warning]) -> bool:
    """Whether a warning is one of Loopcast's."""
    return category.__module__.startswith("loopcast")


class Fault(str):
    """The text of an error that should not be."""


def flat(name: str, part: Any) -> Iterator[tuple[str, Any]]:
    """The parts within a part, by name: functions are called, and an error stands where their output would."""
    if isinstance(part, Mapping):
        for key, inner in part.items():
            yield from flat(f"{name} {key}".strip(), inner)
    elif callable(part):
        yield from flat(name, caught(part))
    else:
        yield name or "error", part


def caught(work: Callable[[], Any]) -> Any:
    """What a function returns, or the message of its error."""
    try:
        return work()
    except loopcast.LoopcastError as error:
        return f"{type(error).__name__}: {error}"
    except Exception as error:  # noqa: BLE001 - the other cases go on
        traceback.print_exc()
        return Fault(f"FAULT {type(error).__name__}: {error}")


def written(part: Any) -> dict[str, Any]:
    """A table, an array or a text in what JSON holds to the bit."""
    if isinstance(part, str):
        return {"text": part.replace(str(Path.cwd()), "FOLDER").splitlines()}
    if isinstance(part, np.ndarray):
        column = {"name": "values", "type": str(part.dtype), "values": [cell(value) for value in part.ravel().tolist()]}
        return {"kind": f"an array {part.shape}", "columns": [column]}
    frame = nw.from_native(part, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        return {"text": [f"a {type(part).__name__}"]}
    columns = [frame[name] for name in frame.columns if not name.endswith("seconds")]
    return {"kind": f"a {type(part).__module__.split('.')[0]} table", "columns": [column_of(each) for each in columns]}


def column_of(column: Any) -> dict[str, Any]:
    """A column by name, with the type of its values."""
    return {
        "name": column.name,
        "type": str(column.dtype),
        "values": [cell(value) for value in column.to_list()],
    }


def cell(value: Any) -> str | None:
    """A float exactly, as hexadecimal text (NaN as nan); null as null; others as text."""
    if value is None:
        return None
    return float(value).hex() if isinstance(value, float | np.floating) else str(value)


# Comparing


def compare(before: Path, after: Path, only: Sequence[str] | None) -> int:
    """Prints for each case what differs between two recordings; 1 where anything does. only: None is every case."""
    print(*others(made_with(before), made_with(after)), sep="", end="")
    recorded = {path.stem for folder in (before, after) for path in folder.glob("*.json")} - {Path(ABOUT).stem}
    names = sorted(recorded if only is None else recorded & set(only))
    different = 0
    for name in names:
        lines = list(case_differs(*(parts_in(folder / f"{name}.json") for folder in (before, after))))
        different += bool(lines)
        print(f"{name}: {'differs' if lines else 'same'}", *lines, sep="\n  ")
    print(f"{len(names)} cases: {len(names) - different} the same, {different} different")
    return 1 if different else 0


def made_with(folder: Path) -> dict[str, str]:
    """What a recording was made with; SystemExit for a folder without one."""
    if not (folder / ABOUT).exists():
        raise SystemExit(f"{folder} holds no recording: there is no {ABOUT}")
    return json.loads((folder / ABOUT).read_text())


def others(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """What the recordings were made with, where that is not the same."""
    for name in before:
        if before[name] != after.get(name):
            yield f"Not made alike: {name} was {before[name]}, and is {after.get(name)}.\n"


def parts_in(file: Path) -> dict[str, Any] | None:
    """The parts of a case; None where it was not recorded."""
    return json.loads(file.read_text()) if file.exists() else None


def case_differs(before: dict[str, Any] | None, after: dict[str, Any] | None) -> Iterator[str]:
    """A line for each thing that differs in a case."""
    if before is None or after is None:
        yield f"recorded {'after' if before is None else 'before'} alone"
        return
    for name in [*before, *(name for name in after if name not in before)]:
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            yield f"{name}: {'came' if old is None else 'is gone'}"
        elif "text" in old and "text" in new:
            yield from (f"{name}: {line}" for line in text_differs(old["text"], new["text"]))
        elif "text" in old or "text" in new:
            yield f"{name}: was {shown(old)}, and is {shown(new)}"
        else:
            yield from (f"{name}: {line}" for line in table_differs(old, new))


def shown(part: Mapping[str, Any]) -> str:
    """A part in a few words."""
    return repr(" ".join(part["text"])[:200]) if "text" in part else str(part["kind"])


def text_differs(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """How many lines differ, and the first of them."""
    pairs = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        pairs += list(zip_longest(before[a:b], after[c:d])) if kind != "equal" else []
    if pairs:
        yield f"{len(pairs)} lines of text differ"
    for old, new in pairs[:MOST_LINES]:
        yield from () if old is None else (f"  - {old}",)
        yield from () if new is None else (f"  + {new}",)


def table_differs(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """What differs between two tables: their kind, their columns, and the values in them."""
    if before["kind"] != after["kind"]:
        yield f"was {before['kind']}, and is {after['kind']}"
    old, new = ({each["name"]: each for each in part["columns"]} for part in (before, after))
    renamed = dict(renamings(old, new))
    yield from (f"column {a!r} is called {b!r} (values same)" for a, b in renamed.items())
    yield from (f"column {name!r} is gone" for name in old if name not in new and name not in renamed)
    yield from (f"column {name!r} came" for name in new if name not in old and name not in renamed.values())
    if not renamed and list(old) != list(new) and sorted(old) == sorted(new):
        yield f"columns stand in another order: {', '.join(new)}"
    for name in old:
        if name in new:
            yield from (f"column {name!r}: {line}" for line in column_differs(old[name], new[name]))


def renamings(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Columns that are gone, each with the first new one that has its values."""
    left = [name for name in new if name not in old]
    for name in old:
        same = (each for each in left if new[each] | {"name": name} == old[name])
        found = None if name in new else next(same, None)
        if found is not None:
            left.remove(found)
            yield name, found


def column_differs(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """How many values differ, and of numbers by how much at most."""
    if before["type"] != after["type"]:
        yield f"was {before['type']}, and is {after['type']}"
    old, new = before["values"], after["values"]
    if len(old) != len(new):
        yield f"had {len(old)} values, and has {len(new)}"
        return
    pairs = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
    if not pairs:
        return
    floats = all(each["type"].lower().startswith("float") for each in (before, after))
    first = "first {!r}, now {!r}".format(*pairs[0])
    yield f"{len(pairs)} of {len(old)} values differ, {by_how_much(pairs) if floats else first}"


def by_how_much(pairs: Sequence[tuple[str | None, str | None]]) -> str:
    """The largest relative difference of pairs of numbers that differ, and how many of these are missing in one."""
    known = [[float.fromhex(each) for each in pair] for pair in pairs if None not in pair and "nan" not in pair]
    sizes = [abs(a - b) / (max(abs(a), abs(b)) or 1.0) for a, b in known]
    missing = f"{len(pairs) - len(known)} missing in one of them" if len(known) < len(pairs) else ""
    largest = f"largest relative difference {max(sizes):.3g}" if sizes else ""
    return ", ".join(filter(None, (largest, missing)))


def put_all() -> None:
    """Every case that is one of a kind, into the table."""
    for put in (
        put_baselines, put_networks, put_distributions, put_targets, put_covariates, put_saved, put_imputers,
        put_commands,
    ):  # fmt: skip
        put()


def chosen(text: str | None) -> list[str] | None:
    """The cases that were named, None without a name; SystemExit for a name that is none."""
    if text is None:
        return None
    names = text.split(",")
    unknown = [name for name in names if name not in CASES]
    if unknown:
        raise SystemExit(f"there is no case {unknown[0]!r}; the cases are {', '.join(sorted(CASES))}")
    return names


def main() -> None:
    """What the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="work", required=True)
    for work, folders in {"record": ["folder"], "compare": ["before", "after"]}.items():
        kind = kinds.add_parser(work)
        for folder in folders:
            kind.add_argument(folder, type=Path)
        kind.add_argument("--only", metavar="NAME,...", help="these cases alone")
    kinds.choices["record"].add_argument("--cache", metavar="FOLDER", type=Path, help="keep compiled programs there")
    options = parser.parse_args()
    put_all()
    names = chosen(options.only)
    os.environ |= {"COLUMNS": "120", "JAX_PLATFORMS": "cpu"}  # as wide, and computed on the same kind of device
    if options.work == "record":
        raise SystemExit(record(options.folder, names or sorted(CASES), options.cache))
    raise SystemExit(compare(options.before, options.after, names))


if __name__ == "__main__":
    main()
