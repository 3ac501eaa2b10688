"""How good are the weights of a pretraining, at cutoffs within training parts? What the prior was chosen by.

No row of a test part is read, and none after the first months of the long series. Each set is forecast from several
inner cutoffs by `Pretrained(start=WEIGHTS, tune=False)` without a calibration: printed are its MASE, the mean pinball
loss of seven quantiles in the same units, and the share of what came that lies in the network's own interval of 80
percent; then the geometric means over sets of both errors, relative to the first weights.

    python benchmarks/inner_cutoffs.py [--data DIR] [--weights FILE,FILE] [--sets NAME,NAME]

Without --weights the shipped ones alone; these come first, also where others are given.
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import loopcast

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
PROBABILITIES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
DAY, HALF_HOURS = 24, 48


@dataclass(frozen=True, kw_only=True)
class Inner:
    """Series, less their test parts, and where they are forecast from; lag: of the errors that MASE divides by."""

    panel: loopcast.Panel
    horizon: int
    seasons: tuple[int, ...]
    cutoffs: tuple[int, ...]
    lag: int


def competition(data: Path, name: str, horizon: int, seasons: tuple[int, ...], count: int, lag: int) -> Inner:
    """The last `count` horizons of a training part, of those series that are long enough."""
    panel = loopcast.Panel.from_table(pl.read_csv(data / f"{name}_train.csv.gz").sort("unique_id", "ds"))
    cutoffs = tuple(horizon * back for back in range(count, 0, -1))
    return Inner(
        panel=panel.select(panel.lengths >= cutoffs[0] + horizon + 4),
        horizon=horizon, seasons=seasons, cutoffs=cutoffs, lag=lag,
    )  # fmt: skip


def long(values: np.ndarray, horizon: int, seasons: tuple[int, ...], count: int, apart: int) -> Inner:
    """A few long series, `[series, row]`, from `count` cutoffs so many rows apart."""
    cutoffs = tuple(horizon + apart * back for back in range(count - 1, -1, -1))
    panel = loopcast.Panel.from_array(np.atleast_2d(values)[..., None])
    return Inner(panel=panel, horizon=horizon, seasons=seasons, cutoffs=cutoffs, lag=seasons[0])


def bikes(data: Path) -> np.ndarray:
    table = pl.read_csv(data / "bike_hour.csv.gz", try_parse_dates=True).with_columns(
        ds=pl.col("dteday").cast(pl.Datetime) + pl.duration(hours="hr")
    )
    return table.sort("ds").upsample("ds", every="1h")["cnt"].cast(pl.Float64).fill_null(np.nan).to_numpy()


def air(data: Path) -> np.ndarray:
    """The sensors that were there most of the time."""
    table = pl.read_csv(data / "air_quality_uci.csv.gz", infer_schema_length=None)
    whole = table.select(pl.selectors.numeric()).to_numpy().astype(np.float64).T[:, :6000]
    values = np.where(whole <= -200, np.nan, whole)
    return values[np.isfinite(values).mean(axis=1) > 0.6]


def daily(values: np.ndarray, rows_a_day: int, days: int) -> np.ndarray:
    """Means of the first days, `[series, day]`."""
    values = np.atleast_2d(values)[:, : days * rows_a_day]
    return np.nanmean(values.reshape(len(values), days, rows_a_day), axis=2)


SETS: Mapping[str, Callable[[Path], Inner]] = {
    "m3 quarterly": lambda data: competition(data, "m3_quarterly", 8, (4,), 3, 4),
    "m3 yearly": lambda data: competition(data, "m3_yearly", 6, (1,), 2, 1),
    "m3 other": lambda data: competition(data, "m3_other", 8, (1,), 3, 1),
    "tourism": lambda data: competition(data, "tourism_monthly", 24, (12,), 2, 12),
    "m4 weekly": lambda data: competition(data, "m4_weekly", 13, (52,), 4, 1),
    "etth1": lambda data: long(etth1(data)[:, :8640], 96, (DAY, 7 * DAY), 12, 312),
    "bike": lambda data: long(bikes(data)[:10000], DAY, (DAY, 7 * DAY), 40, 5 * DAY),
    "air": lambda data: long(air(data), DAY, (DAY, 7 * DAY), 30, 5 * DAY),
    "demand": lambda data: long(demand(data)[:20000], 336, (HALF_HOURS, 7 * HALF_HOURS), 24, 500),
    "demand, daily": lambda data: long(daily(demand(data), HALF_HOURS, 505), 28, (7, 365), 16, 7),
    "etth1, daily": lambda data: long(daily(etth1(data), DAY, 480), 28, (7, 365), 10, 7),
    "bike, daily": lambda data: long(daily(bikes(data), DAY, 500), 28, (7, 365), 14, 7),
    "passengers": lambda data: long(passengers(data)[:120], 12, (12,), 24, 2),
}


def etth1(data: Path) -> np.ndarray:
    return pl.read_csv(data / "ETTh1.csv").drop("date").to_numpy().T


def demand(data: Path) -> np.ndarray:
    return pl.read_csv(data / "demand_halfhourly.csv.gz")["Demand"].to_numpy()


def passengers(data: Path) -> np.ndarray:
    return pl.read_csv(data / "air_passengers.csv").select(pl.selectors.numeric()).to_numpy()[:, -1]


def scales(inner: Inner) -> np.ndarray:
    """The mean change over `lag` rows before the first cutoff, `[series, 1]`; NaN where there is none."""
    seen = [inner.panel.series(i)[: -inner.cutoffs[0], 0] for i in range(inner.panel.n_series)]
    each = np.array([np.nanmean(np.abs(row[inner.lag :] - row[: -inner.lag])) for row in seen])
    return np.where(each > 0, each, np.nan)[:, None]


def scores(inner: Inner, options: dict[str, Any]) -> tuple[float, float, float]:
    """MASE, pinball loss, and the share inside the interval of 80 percent."""
    model = loopcast.Pretrained(seasons=inner.seasons, horizon=inner.horizon, tune=False, **options)
    model.fit_panel(inner.panel.drop_last(inner.cutoffs[0]), calibrate=False)
    told = model.predict_panel(inner.panel, inner.horizon, inner.cutoffs, PROBABILITIES)
    came = inner.panel.actuals(inner.cutoffs, inner.horizon)[..., 0]
    quantiles = np.stack([told.quantile(each)[..., 0] for each in PROBABILITIES], axis=-1)
    off, scale, shares = came[..., None] - quantiles, scales(inner), np.array(PROBABILITIES)
    there = np.isfinite(came)
    pinball = 2 * np.maximum(shares * off, (shares - 1) * off).mean(axis=-1)
    inside = (came >= quantiles[..., 1]) & (came <= quantiles[..., 5])
    errors = [np.nanmean(np.nanmean(each, axis=2) / scale) for each in (np.abs(came - told.values[..., 0]), pinball)]
    return float(errors[0]), float(errors[1]), float(inside[there].mean())


def main() -> None:
    """Print a line for each set and weights, then the means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--weights", default="")
    parser.add_argument("--sets", default=";".join(SETS), help="names with semicolons between")
    given = parser.parse_args()
    chosen = {name: SETS[name](given.data) for name in given.sets.split(";")}
    first: np.ndarray | None = None
    for weights in ("", *filter(None, given.weights.split(","))):
        found = []
        for name, inner in chosen.items():
            found.append(scores(inner, {"start": weights} if weights else {}))
            mase, pinball, inside = found[-1]
            print(f"{weights or 'shipped':30} {name:14} MASE {mase:.3f}  pinball {pinball:.3f}  80 %: {inside:.1%}")
        errors = np.log(np.array(found)[:, :2])
        first = errors if first is None else first
        mase, pinball = np.exp((errors - first).mean(axis=0))
        print(
            f"{weights or 'shipped':30} all of them    MASE {mase:.4f}  pinball {pinball:.4f} of the first's",
            flush=True,
        )


if __name__ == "__main__":
    main()
