"""How accurate is the recurrent forecaster with default settings on real series, beside the baselines?

Each set is one panel and one global model, with nothing set but the horizon and the season; nothing is chosen by
looking at the test part, which is scored once. Scores are M4's: sMAPE is the mean of 200 |y - f| / (|y| + |f|)
over all points; MASE divides each series' mean absolute error by that of its seasonal-naive forecast in-sample.
Each set runs in a process of its own, so that peak memory is its own.

    python benchmarks/accuracy.py [--data DIR] [--sets NAME,NAME] [--json FILE]
"""

import argparse
import json
import multiprocessing
import resource
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import loopcast

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@dataclass(frozen=True, kw_only=True)
class Set:
    """Series in a file, or in two that continue each other."""

    name: str
    horizon: int
    season: int
    training: str
    test: str | None  # None: the last `horizon` rows are the test


SETS = (
    Set(name="air passengers", horizon=12, season=12, training="air_passengers.csv", test=None),
    *(
        Set(
            name=name,
            horizon=horizon,
            season=season,
            training=f"{name.replace(' ', '_')}_train.csv.gz",
            test=f"{name.replace(' ', '_')}_test.csv.gz",
        )
        for name, horizon, season in (
            ("m3 quarterly", 8, 4),
            ("tourism monthly", 24, 12),
            ("m4 weekly", 13, 1),
            ("m3 yearly", 6, 1),
            ("m3 other", 8, 1),
        )
    ),
)


@dataclass(frozen=True, kw_only=True)
class Score:
    """One model on one set. Seconds are of fit and predict together; peak_mib is of the whole process."""

    set: str
    series: int
    model: str
    smape: float
    mase: float
    seconds: float
    peak_mib: float


def parts(each: Set, data: Path) -> tuple[loopcast.Panel, np.ndarray]:
    """The training panel, and what came after it, `[series, horizon, 1]`."""
    panel = loopcast.read(data / each.training)
    if each.test is None:
        return panel.without_last(each.horizon), panel.last(each.horizon)
    return panel, following(panel, pl.read_csv(data / each.test))


def following(panel: loopcast.Panel, test: pl.DataFrame) -> np.ndarray:
    """The test values in the order of the panel's series."""
    by_id = {key[0]: group["y"].to_numpy() for key, group in test.group_by("unique_id", maintain_order=True)}
    return np.stack([by_id[name] for name in panel.ids]).astype(np.float32)[:, :, None]


def score(each: Set, data: Path) -> list[Score]:
    """Every model on one set, the network last."""
    panel, actual = parts(each, data)
    options: dict[str, Any] = {"season": each.season}
    models = [
        loopcast.Naive(),
        loopcast.SeasonalNaive(**options),
        loopcast.Linear(horizon=each.horizon, **options),
        loopcast.Recurrent(horizon=each.horizon, **options),
    ]
    scores = []
    for model in models:
        began = time.perf_counter()
        forecast = model.fit(panel).forecast(panel, each.horizon)
        scores.append(
            Score(
                set=each.name,
                series=panel.n_series,
                model=model.name,
                smape=loopcast.smape(actual, forecast),
                mase=loopcast.mase(actual, forecast, panel, season=each.season),
                seconds=time.perf_counter() - began,
                peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            )
        )
    return scores


def show(scores: list[Score]) -> None:
    """A line per set and model."""
    print(f"{'set':16} {'series':>6}  {'model':14} {'sMAPE':>7} {'MASE':>7} {'seconds':>8} {'peak MiB':>8}")
    for each in scores:
        print(
            f"{each.set:16} {each.series:6d}  {each.model:14} {each.smape:7.3f} {each.mase:7.3f} "
            f"{each.seconds:8.1f} {each.peak_mib:8.0f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the series")
    parser.add_argument("--sets", help="names with commas between [all]")
    parser.add_argument("--json", type=Path, help="also write the scores here")
    options = parser.parse_args()
    wanted = options.sets.split(",") if options.sets else [each.name for each in SETS]
    scores: list[Score] = []
    for each in SETS:
        if each.name in wanted:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                scores += pool.apply(score, (each, options.data))
    show(scores)
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in scores], indent=1) + "\n")


if __name__ == "__main__":
    main()
