"""What do weather, calendar and the knowledge of gaps add to a forecast?

    python benchmarks/covariates.py [--data DIR] [--works demand,bike,gaps] [--part validation] [--json FILE]

demand: half-hourly electricity demand of Victoria, 336 half-hours ahead from 18 weekly cutoffs, mean absolute error,
    with temperature, holidays and the calendar known over the horizon; times are local (UTC+10). Models are fitted on
    the rows before July 2013, for the validation part on those before 18 weeks earlier.
bike: hourly rentals of shared bicycles, 24 hours ahead from each of the last 60 midnights, mean absolute error. Models
    are fitted once, before them. With covariates: temperature, humidity, wind, weather situation and working day, known
    over the horizon (what came stands for what was forecast), and the calendar. Hours without a row are missing.
gaps: ETTh1, 96 hours ahead, 12/4/4 months, z-scored on the training part, seven channels as separate series. A share
    of the inputs is hidden at random, in the training part and in the 336 hours that a test forecast sees. One model is
    given the gaps as they are, the same model what linear interpolation makes of them, within what it sees (the last
    value where a gap is open at its end). Mean absolute error of every fourth test window against what came,
    over three seeds: a single training is one or two percent better or worse by luck.

--part validation scores the months or days before the test part, from which anything was chosen that was chosen.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

import loopcast
from loopcast.models.imputer.baselines import METHODS, by_series

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
FUTURE = ("temp", "hum", "windspeed", "weathersit", "workingday")
DAYS, DAY, WEEK = 60, 24, 168
MINUTE = 60.0  # of a budget
HALF_HOURS, WEEKS = 336, 18
MONTH, HORIZON, SEEN, STRIDE = 720, 96, 336, 4
HIDDEN = (0.1, 0.3, 0.5)
SEEDS = (0, 10, 20)  # the members of a model take seeds that follow one another


@dataclass(frozen=True, kw_only=True)
class Score:
    """The mean absolute error of one model on one work, and the seconds of its fit and its forecasts."""

    work: str
    model: str
    mae: float
    fit_seconds: float
    predict_seconds: float


def bike(data: Path, unseen_days: int) -> list[Score]:
    """The models with and without covariates; the last `unseen_days` are left out."""
    table = pl.read_csv(data / "bike_hour.csv.gz", try_parse_dates=True).with_columns(
        ds=pl.col("dteday").cast(pl.Datetime) + pl.duration(hours=pl.col("hr")), y=pl.col("cnt").cast(pl.Float64)
    )
    panels = {
        "alone": loopcast.Columns(),
        "with weather and calendar": loopcast.Columns(future=FUTURE, calendar="auto"),
    }
    recurrent = loopcast.Recurrent(horizon=DAY, show_progress=False)
    scores = []
    for how, columns in panels.items():
        panel = loopcast.Panel.from_table(table, columns=columns, freq="h", gaps="insert")
        part = panel.drop_last(DAY * unseen_days)
        models = (
            loopcast.Pretrained(horizon=DAY, show_progress=False),
            loopcast.Trees(horizon=DAY),
            recurrent,
            loopcast.Auto(horizon=DAY, show_progress=False),
            loopcast.Auto(horizon=DAY, budget=2 * MINUTE, show_progress=False, alias="Auto in two minutes"),
            loopcast.Linear(horizon=DAY, season=WEEK),
            loopcast.SeasonalNaive(season=WEEK),
        )
        for model in models:
            done = loopcast.backtest([model], part, DAY, n_windows=DAYS, step_size=DAY, show_progress=False)
            errors = (done.table[model.name] - done.table["y"]).abs().fill_nan(None)
            [ran] = done.models
            scores.append(
                Score(
                    work="bike",
                    model=f"{model.name}, {how}",
                    mae=float(np.mean(errors.drop_nulls().to_numpy())),
                    fit_seconds=ran.fit_seconds,
                    predict_seconds=ran.predict_seconds,
                )
            )
    return scores


def demand(data: Path, part: str) -> list[Score]:
    """A week ahead from each of 18 weeks."""
    table = pl.read_csv(data / "demand_halfhourly.csv.gz", try_parse_dates=True).select(
        ds=pl.col("Time") + pl.duration(hours=10), y="Demand", Temperature="Temperature",
        Holiday=pl.col("Holiday").cast(pl.Float64),
    )  # fmt: skip
    columns = loopcast.Columns(future=("Temperature", "Holiday"), calendar="auto")
    panel = loopcast.Panel.from_table(table, columns=columns, freq="30min")
    later = table.filter(pl.col("ds") >= pl.datetime(2013, 7, 1)).height
    back = later if part == "test" else later + HALF_HOURS * WEEKS
    cutoffs = tuple(back - HALF_HOURS * week for week in range(WEEKS))
    actual = panel.actuals(cutoffs, HALF_HOURS)
    models = (
        loopcast.Pretrained(horizon=HALF_HOURS, show_progress=False),
        loopcast.Recurrent(horizon=HALF_HOURS, show_progress=False),
        loopcast.Trees(horizon=HALF_HOURS),
        loopcast.Auto(horizon=HALF_HOURS, show_progress=False),
        loopcast.Auto(horizon=HALF_HOURS, budget=2 * MINUTE, show_progress=False, alias="Auto in two minutes"),
        loopcast.SeasonalNaive(season=HALF_HOURS),
    )
    scores = []
    for model in models:
        began = time.perf_counter()
        fitted = model.fit_panel(panel.drop_last(back)).model
        done = time.perf_counter()
        off = np.abs(fitted.predict(panel, HALF_HOURS, cutoffs).values - actual)
        scores.append(
            Score(
                work="demand",
                model=model.name,
                mae=float(off.mean()),
                fit_seconds=done - began,
                predict_seconds=time.perf_counter() - done,
            )
        )
    return scores


def etth1(data: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """The training part and what follows it, with SEEN hours before it, float32 `[channel, time]`, z-scored."""
    table = pl.read_csv(data / "ETTh1.csv").drop("date").to_numpy().astype(np.float32)
    scaled = (table - table[: 12 * MONTH].mean(axis=0)) / table[: 12 * MONTH].std(axis=0)
    first = (12 if part == "validation" else 16) * MONTH
    return scaled[: 12 * MONTH].T, scaled[first - SEEN : first + 4 * MONTH].T


def gaps(data: Path, part: str, hidden: float) -> list[Score]:
    """A model that is given the gaps, and one that is given what interpolation makes of them."""
    training, later = etth1(data, part)
    rng = np.random.default_rng(round(100 * hidden))
    training, inputs = (
        np.where(rng.uniform(size=each.shape) < hidden, np.float32(np.nan), each) for each in (training, later)
    )
    starts = np.arange(0, later.shape[1] - SEEN - HORIZON + 1, STRIDE)
    windows = inputs[:, starts[:, None] + np.arange(SEEN)].reshape(-1, SEEN)
    actual = later[:, starts[:, None] + SEEN + np.arange(HORIZON)].reshape(-1, HORIZON)
    ways = {"gaps as they are": (training, windows), "interpolated": (interpolated(training), interpolated(windows))}
    return [
        scored(f"gaps {hidden:.0%}", f"Recurrent, {how}", panel_of(fitted), panel_of(seen), actual)
        for how, (fitted, seen) in ways.items()
    ]


def scored(work: str, name: str, training: loopcast.Panel, seen: loopcast.Panel, actual: np.ndarray) -> Score:
    """The mean over seeds."""
    runs = []
    for seed in SEEDS:
        began = time.perf_counter()
        model = loopcast.Recurrent(horizon=HORIZON, season=DAY, seed=seed, show_progress=False).fit(training)
        fitted = time.perf_counter()
        ahead = model.predict_panel(seen, HORIZON).values[:, 0][:, :, 0]
        runs.append((float(np.abs(ahead - actual).mean()), fitted - began, time.perf_counter() - fitted))
    mae, fit_seconds, predict_seconds = np.mean(runs, axis=0).tolist()
    return Score(work=work, model=name, mae=mae, fit_seconds=fit_seconds, predict_seconds=predict_seconds)


def panel_of(series: np.ndarray) -> loopcast.Panel:
    return loopcast.Panel.from_array(series[:, :, None])


def interpolated(series: np.ndarray) -> np.ndarray:
    """Linear between the values that are there, the first and last of which stand for what is beyond them."""
    offsets = np.arange(len(series) + 1) * series.shape[1]
    return by_series(series.reshape(-1, 1), offsets, METHODS["linear"], DAY).reshape(series.shape)


def show(scores: list[Score]) -> None:
    best = min(score.mae for score in scores)
    for score in scores:
        print(
            f"{score.work}: {score.model:45} {score.mae:8.4f}  ({score.mae / best - 1:+.1%})  "
            f"fit {score.fit_seconds:.1f} s, predict {score.predict_seconds:.2f} s",
            flush=True,
        )


def runs(work: str, data: Path, part: str) -> list[Callable[[], list[Score]]]:
    """What is to be scored of a work, one after the other."""
    if work == "gaps":
        return [partial(gaps, data, part, hidden) for hidden in HIDDEN]
    if work == "demand":
        return [partial(demand, data, part)]
    return [partial(bike, data, DAYS if part == "validation" else 0)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the series")
    parser.add_argument("--works", default="demand,bike,gaps", help="names with commas between")
    parser.add_argument("--part", choices=("test", "validation"), default="test")
    parser.add_argument("--json", type=Path, help="also write the scores here")
    options = parser.parse_args()
    scores: list[Score] = []
    for work in options.works.split(","):
        for run in runs(work, options.data, options.part):
            own = run()
            show(own)
            scores += own
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in scores], indent=1) + "\n")


if __name__ == "__main__":
    main()
