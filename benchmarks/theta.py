"""Does Theta forecast as statsforecast's theta models do, as accurately, and in what time?

Of each set the training part alone is read, and its last horizon is held back. With --peer, a Python that has
statsforecast (`pip install statsforecast` in an environment of its own), each of its models forecasts the same series,
one after the other. Printed are MASE (scaled by the seasonal naive errors before the cutoff), how far forecasts are
from Loopcast's (median and 90 percent quantile of the relative difference), and seconds.

    python benchmarks/theta.py [--peer PYTHON] [--data DIR] [--sets NAME,NAME] [--series N]
"""

import argparse
import json
import subprocess
import time
from pathlib import Path

import numpy as np
import polars as pl

import loopcast

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data"
AIR = HERE.parent / "examples" / "air_passengers.csv"
SETS = {"air_passengers": (12, 12), "m3_quarterly": (8, 4), "m3_yearly": (6, 1), "tourism_monthly": (24, 12)}
PEERS = ("DynamicOptimizedTheta", "OptimizedTheta", "AutoTheta")


def series_of(folder: Path, name: str, most: int) -> list[np.ndarray]:
    """At most so many series of a set, evenly from all that have two seasons and four rows before the horizon."""
    table = pl.read_csv(AIR if name == "air_passengers" else folder / f"{name}_train.csv.gz")
    horizon, season = SETS[name]
    found = [part["y"].to_numpy().astype(float) for part in table.partition_by("unique_id", maintain_order=True)]
    found = [values for values in found if len(values) >= horizon + 2 * season + 4]
    return [found[i] for i in np.linspace(0, len(found) - 1, min(most, len(found))).astype(int)]


def ours(seen: list[np.ndarray], season: int, horizon: int) -> tuple[np.ndarray, float]:
    """Theta's forecasts `[series, step]`, and seconds."""
    rows = [{"unique_id": i, "ds": t, "y": y} for i, values in enumerate(seen) for t, y in enumerate(values)]
    panel = loopcast.Panel.from_table(pl.DataFrame(rows))
    model = loopcast.Theta(season=season).fit_panel(panel, calibrate=False)
    began = time.perf_counter()
    told = model.predict_panel(panel, horizon).values[:, 0, :, 0]
    return told, time.perf_counter() - began


def theirs(python: Path, seen: list[np.ndarray], season: int, horizon: int) -> tuple[np.ndarray, list[float]]:
    """The peers' forecasts `[series, model, step]`, and seconds of each."""
    job = {"series": [values.tolist() for values in seen], "season": season, "horizon": horizon, "models": PEERS}
    run = subprocess.run(
        [python, HERE / "peers" / "statsforecast_peer.py"],
        input=json.dumps(job),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer = json.loads(run.stdout)
    return np.array(answer["forecasts"]), answer["seconds"]


def main() -> None:
    """Print a line for each set and model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", type=Path)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--series", type=int, default=100)
    given = parser.parse_args()
    for name in given.sets.split(","):
        whole, (horizon, season) = series_of(given.data, name, given.series), SETS[name]
        seen, actual = [values[:-horizon] for values in whole], np.stack([values[-horizon:] for values in whole])
        scale = np.array([np.abs(values[season:] - values[:-season]).mean() for values in seen])
        mine, seconds = ours(seen, season, horizon)
        lines = [("loopcast.Theta", mine, seconds)]
        if given.peer is not None:
            told, took = theirs(given.peer, seen, season, horizon)
            lines += zip(PEERS, np.moveaxis(told, 1, 0), took, strict=True)
        for called, told, took in lines:
            mase = (np.abs(told - actual).mean(axis=1) / scale).mean()
            middle, far = np.quantile(np.abs(told - mine) / np.abs(mine), (0.5, 0.9))
            print(
                f"{name:16} {len(seen):4} series  {called:22} MASE {mase:6.4f}  apart {middle:8.4%} {far:8.4%}  "
                f"{took:7.3f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
