"""Do intervals hold where little of a series is known?

Models are fitted on whole series of the training parts less their last steps, and forecast these from the last few rows
before them alone, as if a series had just begun. Printed is the share of what came that lies inside intervals of 80 and
90 percent, by rows of history; "-" where a model refuses so few. Test parts are not read. `synthetic-M` are the series
that the pretrained network learns from, of a season of M; `Shipped` is that network with no calibration.

    python benchmarks/short_history.py [--data DIR] [--sets NAME,NAME] [--models NAME,NAME]
"""

import argparse
from pathlib import Path

import numpy as np
import polars as pl

import loopcast
from loopcast.columns import Bands

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SETS = {"m3_quarterly": (8, 4), "tourism_monthly": (24, 12), "m4_weekly": (13, 52)}  # horizon, season
SYNTHETIC = {f"synthetic-{season}": (steps, season) for season, steps in ((1, 8), (4, 8), (12, 24), (52, 13))}
ROWS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 36, 60)
LEVELS = (80, 90)
MODELS = ("Naive", "SeasonalNaive", "Drift", "Theta", "Pretrained", "Shipped", "Recurrent")


def panel_of(folder: Path, name: str) -> loopcast.Panel:
    """The training part of a set, its long series alone."""
    horizon, season = (SETS | SYNTHETIC)[name]
    if name in SYNTHETIC:
        drawn = loopcast.synthetic_series(1000, max(3 * season, 40) + 3 * horizon, season, seed=7)
        return loopcast.Panel.from_array(drawn[~np.isnan(drawn).any(axis=1)][..., None])
    table = pl.read_csv(folder / f"{name}_train.csv.gz")
    table = table.rename(dict(zip(table.columns, ("unique_id", "ds", "y"), strict=True)))
    return loopcast.Panel.from_table(
        table.filter(pl.len().over("unique_id") >= max(ROWS[:-3]) + 3 * horizon + season), freq=1
    )


def fitted(called: str, panel: loopcast.Panel, horizon: int, season: int) -> loopcast.Forecaster:
    if called == "Shipped":
        return loopcast.Pretrained(horizon=horizon, season=season, tune=False).fit_panel(panel, calibrate=False)
    options = {"show_progress": False} if called == "Recurrent" else {"tune": False} if called == "Pretrained" else {}
    return getattr(loopcast, called)(horizon=horizon, season=season, **options).fit(panel)


def covered(model: loopcast.Forecaster, panel: loopcast.Panel, horizon: int, rows: int) -> list[float] | None:
    """Shares of what came inside intervals, forecast from the last `rows` rows before it; None where it is refused."""
    seen = panel.drop_last(horizon)
    last = loopcast.Panel.from_array(seen.last(rows), ids=seen.ids.to_list())
    try:
        told = model.model.predict_bands(last, horizon, Bands.of(LEVELS))
    except loopcast.LoopcastError:
        return None
    actual = panel.last(horizon)
    ends = [[end[:, 0] for end in told.interval(level)] for level in LEVELS]
    return [float(((actual >= low) & (actual <= high)).mean()) for low, high in ends]


def main() -> None:
    """Print a line for each set, model and number of rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--sets", default=",".join(SETS | SYNTHETIC))
    parser.add_argument("--models", default=",".join(MODELS))
    given = parser.parse_args()
    for name in given.sets.split(","):
        panel, (horizon, season) = panel_of(given.data, name), (SETS | SYNTHETIC)[name]
        for called in given.models.split(","):
            model = fitted(called, panel.drop_last(horizon), horizon, season)
            shortest = int(panel.lengths.min()) - horizon
            for rows in (rows for rows in ROWS if rows <= shortest):
                shares = covered(model, panel, horizon, rows)
                said = "-" if shares is None else "  ".join(f"{share:5.1%}" for share in shares)
                print(f"{name:16} {called:14} {rows:4} rows  {said}", flush=True)


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
