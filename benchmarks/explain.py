"""In how many moves do contributions come near the integral, and what does that cost beside a forecast?

The pretrained network explains the last horizon of each series; contributions in few moves are compared with those in
many. Printed are the largest difference of any feature and step in percent of the mean size of the series (median and
90 percent quantile over series), how far sums are from the forecast, and milliseconds a series.

    python benchmarks/explain.py [--data DIR] [--series N] > benchmarks/results/explain.txt
"""

import argparse
import time
from pathlib import Path

import numpy as np
import polars as pl

import loopcast
from loopcast.models.network import path

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data"
SETS = {"air_passengers": (12, 12), "m3_quarterly": (8, 4), "m3_yearly": (6, 1), "tourism_monthly": (24, 12)}
FEW, MANY = (1, 4, 8, 16, 32), 256


def panel_of(folder: Path, name: str, most: int) -> loopcast.Panel:
    """At most so many series of a set, evenly from all."""
    if name == "air_passengers":
        return loopcast.read(HERE.parent / "examples" / "air_passengers.csv")
    table = pl.read_csv(folder / f"{name}_train.csv.gz")
    ids = table["unique_id"].unique(maintain_order=True)
    kept = ids.gather(np.linspace(0, len(ids) - 1, min(most, len(ids))).astype(int))
    return loopcast.Panel.from_table(table.filter(pl.col("unique_id").is_in(kept.to_list())))


def explained(model: loopcast.Model, panel: loopcast.Panel, horizon: int, moves: int) -> tuple[np.ndarray, float]:
    """Contributions `[series, step, feature]` in so many moves, and seconds."""
    path.MOVES = moves
    began = time.perf_counter()
    found = model.explain(panel, horizon)
    return found.values[:, :, 0], time.perf_counter() - began


def main() -> None:
    """Print a line for each set and number of moves."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--series", type=int, default=40)
    asked = parser.parse_args()
    for name, (horizon, season) in SETS.items():
        panel = panel_of(asked.data, name, asked.series)
        model = loopcast.Pretrained(season=season, tune=0).fit_panel(panel, calibrate=False).model
        model.predict(panel, horizon)
        began = time.perf_counter()
        told = model.predict(panel, horizon).values[:, 0, :, 0]
        seconds = time.perf_counter() - began
        size = np.array([np.nanmean(np.abs(panel.series(i))) for i in range(panel.n_series)])
        print(f"{name:16} {panel.n_series:4} series  predict    {1e3 * seconds / panel.n_series:8.2f} ms")
        whole, _ = explained(model, panel, horizon, MANY)
        for moves in FEW:
            found, seconds = explained(model, panel, horizon, moves)
            apart = 100 * np.abs(found - whole).max(axis=(1, 2)) / size
            off = (np.abs(found.sum(axis=2) - told).max(axis=1) / size).max()
            cost, middle, most = 1e3 * seconds / panel.n_series, np.median(apart), np.quantile(apart, 0.9)
            print(
                f"{name:16} {panel.n_series:4} series  {moves:3} moves  {cost:8.2f} ms  "
                f"apart {middle:7.4f}% {most:7.4f}%  sums off by {off:.0e}"
            )


if __name__ == "__main__":
    main()
