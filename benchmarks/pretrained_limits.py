"""Where the pretrained network might fail: seasons that its training never saw, and tuning on few series.

unseen: synthetic series of seasons of 5, 10, 48, 144 and 1,440 steps, half-hourly demand with 48 and 336, and
its daily means with 7 and 365; forecast a season ahead (a week of demand, four of its means) from the last cutoffs.
Printed is the mean absolute error of `Pretrained(tune=False)` over that of SeasonalNaive, of the better season, as a
geometric mean over those series that do not repeat exactly.

twenty: of the training parts alone, twenty series at random, their last horizon held back: the error of `Pretrained()`,
tuned where it wants to be, over that of `Pretrained(tune=False)`, on average over several draws.

    python benchmarks/pretrained_limits.py [--work unseen,twenty] [--data DIR] [--draws N]
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import loopcast

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
UNSEEN = {5: (200, 60), 10: (200, 100), 48: (100, 300), 144: (60, 720), 1440: (60, 5760)}  # series and rows by season
SETS = {"m3_quarterly": (8, 4), "m3_yearly": (6, 1), "tourism_monthly": (24, 12), "m4_weekly": (13, 52)}
LEAST = 3  # horizons that a series has to have before the one that is held back


def error(model: Any, panel: loopcast.Panel, horizon: int, cutoffs: tuple[int, ...], first: int) -> np.ndarray:
    """Absolute errors `[series, cutoff]`, means over the steps, of a model that was fitted without the last rows."""
    model.fit_panel(panel.drop_last(first), calibrate=False)
    told = model.predict_panel(panel, horizon, cutoffs).values
    came = panel.actuals(cutoffs, horizon)
    return np.nanmean(np.abs(told - came), axis=(2, 3))


def panels(data: Path) -> Iterator[tuple[str, loopcast.Panel, tuple[int, ...], int, int]]:
    """What is forecast: its name, series, seasons, horizon, and how many cutoffs."""
    for season, (series, rows) in UNSEEN.items():
        drawn = loopcast.synthetic_series(series, rows, season, seed=11)
        kept = drawn[np.isfinite(drawn[:, -2 * season :]).all(axis=1)]
        yield f"synthetic {season}", loopcast.Panel.from_array(kept[..., None]), (season,), season, 1
    table = pl.read_csv(data / "demand_halfhourly.csv.gz", try_parse_dates=True).select(ds="Time", y="Demand")
    yield "demand, half-hourly", loopcast.Panel.from_table(table), (48, 336), 336, 8
    daily = table.group_by_dynamic("ds", every="1d").agg(pl.col("y").mean()).with_columns(pl.col("ds").dt.date())
    yield "demand, daily", loopcast.Panel.from_table(daily[1:-1]), (7, 365), 28, 8


def unseen(data: Path) -> None:
    for name, panel, seasons, horizon, count in panels(data):
        cutoffs = tuple(horizon * back for back in range(count, 0, -1))
        network = loopcast.Pretrained(seasons=seasons, horizon=horizon, tune=False)
        ours = error(network, panel, horizon, cutoffs, cutoffs[0])
        naive = [
            error(loopcast.SeasonalNaive(season=season, horizon=horizon), panel, horizon, cutoffs, cutoffs[0])
            for season in seasons
        ]
        best = min(naive, key=lambda each: float(np.nanmean(each)))
        varies = np.nanmean(best, axis=1) > 0
        ratios = np.nanmean(ours, axis=1)[varies] / np.nanmean(best, axis=1)[varies]
        whole = float(np.exp(np.log(ratios).mean()))
        print(
            f"unseen  {name:20} {panel.n_series:4} series, seasons {seasons}, {horizon} ahead: {whole:.3f}", flush=True
        )


def twenty(data: Path, draws: int) -> None:
    rng, every = np.random.default_rng(5), []
    for name, (horizon, season) in SETS.items():
        table = pl.read_csv(data / f"{name}_train.csv.gz").sort("unique_id", "ds")
        whole = loopcast.Panel.from_table(table)
        enough = np.flatnonzero(whole.lengths >= (LEAST + 1) * horizon)
        ratios = []
        for draw in range(draws):
            chosen = np.isin(np.arange(whole.n_series), rng.choice(enough, 20, replace=False))
            panel = whole.select(chosen)
            options = {"horizon": horizon, "season": season, "seed": draw}
            plain = error(loopcast.Pretrained(tune=False, **options), panel, horizon, (horizon,), horizon)
            tuned = error(loopcast.Pretrained(show_progress=False, **options), panel, horizon, (horizon,), horizon)
            ratios.append(float(np.exp(np.log(np.maximum(tuned, 1e-9) / np.maximum(plain, 1e-9)).mean())))
        every += ratios
        said = ", ".join(f"{each:.3f}" for each in ratios)
        print(f"twenty  {name:20} {np.mean(ratios):.4f} ({said})", flush=True)
    print(f"twenty  all                  {np.mean(every):.4f}")


def main() -> None:
    """Print a line for each set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", default="unseen,twenty")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--draws", type=int, default=3)
    given = parser.parse_args()
    if "unseen" in given.work.split(","):
        unseen(given.data)
    if "twenty" in given.work.split(","):
        twenty(given.data, given.draws)


if __name__ == "__main__":
    main()
