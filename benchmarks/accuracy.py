"""How accurate, and how honest about it, is the recurrent forecaster with default settings on real series?

Each set is one panel and one global model, with nothing set but the horizon and the season; nothing is chosen by
looking at the test part, which is scored once. sMAPE and MASE are M4's (`loopcast.evaluate`). Each set runs in a
process of its own, so that peak memory is its own.

ETTh1 has its own protocol: 12/4/4 months (8,640/2,880/2,880 hours), z-scored on the training part, seven channels as
separate series, every one of the 2,785 test windows of 96 hours, mean squared and mean absolute error. Models see
the training part in their fit, and all hours before a window in its forecast.

Intervals: the share of test points inside those of 80 and 90 percent, over all and by horizon step, and their MSIS
(MSIS of 90 percent for ETTh1 is scaled as for the other sets) beside that of SeasonalNaive, calibrated in the same way.

Before anything else the scoring is checked: SeasonalNaive and Naive2 have to come out as published (but for M3
quarterly's Naive2, whose forecasts are not at hand), and so has the repetition of the last value on ETTh1.

With --peer, a Python that has statsforecast (`pip install statsforecast` in an environment of its own), its AutoETS,
AutoTheta and DynamicOptimizedTheta forecast the same series, one after the other, with intervals of their own; not
ETTh1, of which each window would take them a fit, and without a season of 52 weeks, which they cannot have.

    python benchmarks/accuracy.py [--data DIR] [--sets NAME,NAME] [--models NAME,NAME] [--peer PYTHON] [--json FILE]
"""

import argparse
import json
import multiprocessing
import resource
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import loopcast
from loopcast.columns import Bands
from loopcast.data.output import cv_table

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LEVELS = (80, 90)
PEERS = ("AutoETS", "AutoTheta", "DynamicOptimizedTheta")


@dataclass(frozen=True, kw_only=True)
class Set:
    """Series in files that continue each other, and what is known of them.

    bars: of the two errors, with defaults. naive, naive2: the published errors that the scoring has to give again.
    """

    name: str
    horizon: int
    season: int
    errors: tuple[str, str] = ("smape", "mase")
    bars: tuple[float, float]
    naive: tuple[float, float]
    naive2: tuple[float, float] | None = None
    published: str = ""


SETS = (
    Set(
        name="m3 quarterly",
        horizon=8,
        season=4,
        bars=(9.1, 1.12),
        naive=(11.065, 1.425),
        published="Naive2 9.951 / 1.238, Theta 8.956 / 1.087, ForecastPro 9.815, automatic neural net 10.199",
    ),
    Set(
        name="m3 yearly",
        horizon=6,
        season=1,
        bars=(16.6, 2.90),
        naive=(17.880, 3.172),
        naive2=(17.880, 3.172),
        published="Theta 16.974 / 2.806, best entrant 16.424",
    ),
    Set(
        name="m3 other",
        horizon=8,
        season=1,
        bars=(4.45, 1.85),
        naive=(6.302, 3.089),
        naive2=(6.302, 3.089),
        published="Theta 4.410 / 1.904, best entrant 4.383",
    ),
    Set(name="tourism monthly", horizon=24, season=12, bars=(19.9, 1.54), naive=(21.670, 1.631)),
    Set(
        name="m4 weekly",
        horizon=13,
        season=1,
        bars=(8.3, 2.45),
        naive=(9.161, 2.777),
        naive2=(9.161, 2.777),
        published="competition winner 7.817 / 2.356",
    ),
    Set(
        name="etth1",
        horizon=96,
        season=24,
        errors=("mse", "mae"),
        bars=(0.385, 0.405),
        naive=(0.512, 0.433),
        published="NLinear 0.374 / 0.394, SegRNN (GRU) 0.351 / 0.392",
    ),
)
TRAIN, VALID, TEST = 8640, 2880, 2880


@dataclass(frozen=True, kw_only=True)
class Score:
    """One model on one set; errors in the order of the set's, coverage in percent, width in units of the data."""

    set: str
    series: int
    model: str
    first: float
    second: float
    coverage: tuple[float, ...]
    coverage_by_step: tuple[tuple[float, float], ...]
    msis: tuple[float, ...]
    width: tuple[float, ...]
    fit_seconds: float
    predict_seconds: float
    peak_mib: float


def makers(each: Set) -> dict[str, Callable[[], Any]]:
    season, horizon = each.season, each.horizon
    # The usual season of weekly data, chosen on the training part; M4's own errors are scaled without one.
    yearly = 52 if each.name == "m4 weekly" else season
    return {
        "SeasonalNaive": lambda: loopcast.SeasonalNaive(season=season),
        "Linear": lambda: loopcast.Linear(horizon=horizon, season=season),
        "Recurrent": lambda: loopcast.Recurrent(horizon=horizon, season=yearly),
        "Theta": lambda: loopcast.Theta(horizon=horizon, season=yearly),
        "Pretrained": lambda: loopcast.Pretrained(horizon=horizon, season=yearly, tune=False),
        "Tuned": lambda: loopcast.Pretrained(horizon=horizon, season=yearly, alias="Tuned"),
        "Auto": lambda: loopcast.Auto(horizon=horizon, season=yearly),
    }


def whole_of(each: Set, data: Path) -> tuple[loopcast.Panel, int, tuple[int, ...]]:
    """All rows, how many of each series' last ones a fit may not see, and how many are to come at each cutoff."""
    if each.name == "etth1":
        return etth1(data), VALID + TEST, tuple(range(TEST, each.horizon - 1, -1))
    stem = each.name.replace(" ", "_")
    parts = [pl.read_csv(data / f"{stem}_{part}.csv.gz") for part in ("train", "test")]
    panel = loopcast.Panel.from_table(pl.concat(parts, how="vertical_relaxed").sort("unique_id", "ds"))
    return panel, each.horizon, (each.horizon,)


def etth1(data: Path) -> loopcast.Panel:
    table = pl.read_csv(data / "ETTh1.csv")
    values = table.drop("date").to_numpy()[: TRAIN + VALID + TEST]
    scaled = (values - values[:TRAIN].mean(axis=0)) / values[:TRAIN].std(axis=0)
    return loopcast.Panel.from_array(scaled.T[:, :, None], ids=table.columns[1:], start="2016-07-01 00:00", freq="h")


def score(each: Set, model: str, data: Path) -> Score:
    """One model on one set."""
    panel, held, cutoffs = whole_of(each, data)
    forecaster, began = makers(each)[model](), time.perf_counter()
    forecaster.fit(panel.drop_last(held)).require_calibration(each.horizon)
    fitted = time.perf_counter()
    columns = forecaster.model.predict_bands(panel, each.horizon, Bands.of(LEVELS), cutoffs).columns()
    predicted = time.perf_counter()
    return scored(each, model, panel, cutoffs, columns, (fitted - began, predicted - fitted))


def peers(each: Set, python: Path, data: Path) -> list[Score]:
    """statsforecast's models on one set."""
    panel, held, cutoffs = whole_of(each, data)
    seen = panel.drop_last(held)
    job = {
        "series": [seen.series(i)[:, 0].tolist() for i in range(seen.n_series)],
        "season": each.season,
        "horizon": each.horizon,
        "models": PEERS,
        "levels": LEVELS,
    }
    peer = Path(__file__).parent / "peers" / "statsforecast_peer.py"
    run = subprocess.run([python, peer], input=json.dumps(job), stdout=subprocess.PIPE, text=True, check=True)
    answer = json.loads(run.stdout)
    values, ends = np.array(answer["forecasts"]), {name: np.array(end) for name, end in answer["ends"].items()}
    scores = []
    for place, name in enumerate(PEERS):
        columns = {name: values} | {f"{name}-{end}": array for end, array in ends.items()}
        shaped = {column: array[:, place][:, None, :, None] for column, array in columns.items()}
        scores.append(scored(each, name, panel, cutoffs, shaped, (answer["seconds"][place], 0.0)))
    return scores


def scored(
    each: Set,
    model: str,
    panel: loopcast.Panel,
    cutoffs: tuple[int, ...],
    columns: dict[str, np.ndarray],
    seconds: tuple[float, float],
) -> Score:
    table = cv_table(panel, cutoffs, each.horizon, columns)
    sure = len(columns) > 1
    metrics = (*each.errors, *(("coverage", "msis", "width") if sure else ()))
    total = loopcast.evaluate(table, metrics, data=panel, season=each.season).row(0, named=True)
    steps = loopcast.evaluate(table, ["coverage"], by=["step"]) if sure else pl.DataFrame()
    levels = LEVELS if sure else ()
    return Score(
        set=each.name,
        series=panel.n_series,
        model=model,
        first=total[each.errors[0]],
        second=total[each.errors[1]],
        coverage=tuple(total[f"coverage-{level}"] for level in levels),
        coverage_by_step=tuple(
            (steps[f"coverage-{level}"].min(), steps[f"coverage-{level}"].max()) for level in levels
        ),
        msis=tuple(total[f"msis-{level}"] for level in levels),
        width=tuple(total[f"width-{level}"] for level in levels),
        fit_seconds=seconds[0],
        predict_seconds=seconds[1],
        peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def check_scoring(each: Set, data: Path) -> str:
    """What the scoring gives for forecasts whose errors are published; SystemExit where they are others."""
    panel, _, cutoffs = whole_of(each, data)
    wanted = {"SeasonalNaive": each.naive, "Naive2": each.naive2}
    said = []
    for name, published in wanted.items():
        if published is not None:
            made = seasonal(each, panel, cutoffs) if name == "SeasonalNaive" else naive2(each, panel, data)
            got = scored(each, name, panel, cutoffs, {name: made}, (0.0, 0.0))
            require_same(each, name, (got.first, got.second), published)
            said.append(f"{name} {got.first:.3f} / {got.second:.3f}")
    if each.name == "etth1":
        last = loopcast.Naive().fit(panel).predict_panel(panel, each.horizon, cutoffs).values
        got = scored(each, "Naive", panel, cutoffs, {"Naive": last}, (0.0, 0.0))
        require_same(each, "Naive", (got.first, got.second), (1.2945, 0.713))
        said.append(f"last value {got.first:.3f} / {got.second:.3f}")
    return f"{each.name:16} scoring as published: {', '.join(said)}"


def require_same(each: Set, name: str, got: tuple[float, float], published: tuple[float, float]) -> None:
    if any(abs(one - other) > 0.00101 for one, other in zip(got, published, strict=True)):
        raise SystemExit(f"{each.name}: {name} scores {got}, and {published} is published")


def seasonal(each: Set, panel: loopcast.Panel, cutoffs: tuple[int, ...]) -> np.ndarray:
    return loopcast.SeasonalNaive(season=each.season).fit(panel).predict_panel(panel, each.horizon, cutoffs).values


def naive2(each: Set, panel: loopcast.Panel, data: Path) -> np.ndarray:
    """M4's own Naive2 forecasts; without a season they are the last value."""
    if each.name != "m4 weekly":
        return loopcast.Naive().fit(panel).predict_panel(panel, each.horizon, (each.horizon,)).values
    table = pl.read_csv(data / "m4_weekly_naive2.csv.gz")
    by_id = {key[0]: group["Naive2"].to_numpy() for key, group in table.group_by("unique_id", maintain_order=True)}
    return np.stack([by_id[name] for name in panel.ids]).astype(np.float32)[:, None, :, None]


def show(each: Set, scores: list[Score]) -> None:
    first, second = (
        name if name in ("mse", "mae") else {"smape": "sMAPE", "mase": "MASE"}[name] for name in each.errors
    )
    print(f"\n{each.name}, {scores[0].series} series, {each.horizon} steps: {first} / {second}; bar {each.bars}")
    if each.published:
        print(f"  published: {each.published}")
    for got in scores:
        inside = ", ".join(
            f"{level} %: {share:.1f} [{low:.1f}, {high:.1f}] MSIS {msis:.3f}, width {width:.4g}"
            for level, share, (low, high), msis, width in zip(
                LEVELS, got.coverage, got.coverage_by_step, got.msis, got.width, strict=True
            )
        )
        print(
            f"  {got.model:14} {got.first:7.3f} / {got.second:6.3f}  {inside}  "
            f"fit {got.fit_seconds:.1f} s, predict {got.predict_seconds:.2f} s, {got.peak_mib:.0f} MiB",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the series")
    parser.add_argument("--sets", help="names with commas between [all]")
    parser.add_argument("--models", help="names with commas between [all]")
    parser.add_argument("--peer", type=Path, help="a Python that has statsforecast")
    parser.add_argument("--json", type=Path, help="also write the scores here")
    options = parser.parse_args()
    wanted = [each for each in SETS if options.sets is None or each.name in options.sets.split(",")]
    for each in wanted:
        print(check_scoring(each, options.data), flush=True)
    every: list[Score] = []
    for each in wanted:
        models = options.models.split(",") if options.models else list(makers(each))
        with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
            scores = [pool.apply(score, (each, model, options.data)) for model in models]
        if options.peer is not None and each.name != "etth1":
            scores += peers(each, options.peer, options.data)
        show(each, scores)
        every += scores
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in every], indent=1) + "\n")


if __name__ == "__main__":
    main()
