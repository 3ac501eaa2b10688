"""What live intervals, surprises and drifts promise, beside what they do: bars 10 and 11 of live states.

.venv/bin/python benchmarks/live_intervals.py > benchmarks/results/live_intervals.txt
"""

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import kstest

from loopcast import Live, Panel, Pretrained
from loopcast.intervals.tracking import LARGEST_SCORE, RATE

START, HOUR = dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.timedelta(hours=1)
ROWS, LEARNED, SEASON = 20_000, 500, 24
LEVELS = (80, 95)
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
DRIFTING, PATHS = 10, 1000


def simulated(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Series by what they do, `[row]`."""
    t, noise = np.arange(ROWS), rng.normal(0, 1, ROWS)
    season = 5 * np.sin(2 * np.pi * t / SEASON)
    growing = np.where(t < ROWS / 2, 1, 3)
    return {
        "noise": 50 + 3 * noise,
        "season": 50 + season + noise,
        "walk": 500 + np.cumsum(noise),
        "heavy tails": 50 + season + rng.standard_t(3, ROWS),
        "skewed": np.exp(2 + 0.3 * season / 5 + 0.2 * noise),
        "variance triples": 50 + season + growing * noise,
        "level jumps": 50 + season + noise + 10 * (t // 4000),
    }


def etth1() -> dict[str, np.ndarray]:
    """The oil temperature and six loads of a transformer, each hour of two years."""
    table = pl.read_csv(DATA / "ETTh1.csv").drop("date")
    return {f"ETTh1 {name}": table[name].to_numpy() for name in table.columns}


def panel_of(values: np.ndarray) -> Panel:
    return Panel.from_array(values[None, :, None], ids=["a"], start=START, freq="h")


def followed(values: np.ndarray) -> tuple[Pretrained, Live, pl.DataFrame]:
    """The forecaster of the first rows, a live state that has all, and what it said of the others."""
    panel = panel_of(values[:LEARNED])
    forecaster = Pretrained(seasons=(SEASON,), horizon=SEASON, tune=0).fit(panel)
    live = forecaster.live(panel, level=LEVELS)
    times = [START + row * HOUR for row in range(LEARNED, len(values))]
    return forecaster, live, live.update(pl.DataFrame({"unique_id": "a", "ds": times, "y": values[LEARNED:]}))


def coverage(series: dict[str, np.ndarray]) -> None:
    """Bar 10: within a point of what the level says, on each series."""
    farthest = 0.0
    for name, values in series.items():
        health = followed(values)[1].health()
        shares = [100 - 100 * health[f"missed-{level}"].item() for level in LEVELS]
        farthest = max(farthest, *(abs(share - level) for share, level in zip(shares, LEVELS, strict=True)))
        print(f"bar 10: {name:18} 80 and 95 % hold {shares[0]:6.2f} and {shares[1]:6.2f} %", flush=True)
    print(f"bar 10: of these {len(series)} series the farthest from its level is {farthest:.2f} points off")


def adversary() -> None:
    """Bar 10: of values that are just outside of what was issued, no more miss than the bound says."""
    live, rows = followed(np.random.default_rng(0).normal(50, 3, LEARNED + 1))[1], 1500
    for row in range(LEARNED + 1, LEARNED + 1 + rows):
        ahead = live.predict_one("a")
        live.update_one("a", START + row * HOUR, float(min(ahead.high[0, 0] + 1e-6, 1e30)))
    missed = live.health()["missed-80"].item()
    bound = (2 * LARGEST_SCORE + 4 * RATE) / (RATE * rows)
    print(f"bar 10: always just outside of 80 %, up to 1e30: {missed:.1%} miss, and {0.2 + bound:.1%} is the bound")


def width(rng: np.random.Generator) -> None:
    """Bar 10: on data that do not change, live intervals beside those of the calibration, and of split conformal.

    Split conformal: the same forecasts, plus and minus that quantile of their errors at LEARNED rows before.
    """
    values, first = simulated(rng)["noise"][:4000], 2 * LEARNED
    forecaster, live, _ = followed(values[: first + 1])
    ratios, widths = [], []
    for row in range(first + 1, len(values)):
        live.update_one("a", START + row * HOUR, float(values[row]))
        ahead = live.predict_one("a")
        widths.append(ahead.high[0, 0] - ahead.low[0, 0])
        if row % 50 == 0:
            told = forecaster.predict(1, data=panel_of(values[: row + 1]), level=80)
            ratios.append(widths[-1] / (told["Pretrained-hi-80"][0] - told["Pretrained-lo-80"][0]))
    split = 2 * split_conformal(forecaster, values, first)
    print(f"bar 10: on still data live intervals are {np.mean(ratios):.3f} times as wide as those of the calibration")
    print(f"bar 10: and {np.mean(widths) / split:.3f} times as wide as those of split conformal")


def split_conformal(forecaster: Pretrained, values: np.ndarray, first: int) -> float:
    """The half-width of 80 % one step ahead, from the LEARNED rows before `first`."""
    cutoffs = range(LEARNED, 0, -1)
    told = forecaster.model.predict(panel_of(values[:first]), 1, cutoffs).values.reshape(-1)
    off = np.abs(values[first - LEARNED : first] - told)
    return float(np.quantile(off, 0.8 * (1 + 1 / LEARNED), method="higher"))


def surprise(rng: np.random.Generator) -> None:
    """Bar 11: surprises are normal scores."""
    told = followed(simulated(rng)["noise"])[2]["surprise"].to_numpy()[2000:]
    say_normal("surprises of noise", told[::18][:1000])
    panel = panel_of(simulated(rng)["season"][:LEARNED])
    forecaster = Pretrained(seasons=(SEASON,), horizon=SEASON, tune=0).fit(panel)
    came = forecaster.simulate(PATHS, 1, data=panel)["Pretrained"].to_list()
    before = forecaster.live(panel, level=LEVELS)
    told = [before.fork().update_one("a", START + LEARNED * HOUR, y).surprise for y in came]
    say_normal("surprises of simulated paths", np.array(told))


def say_normal(what: str, told: np.ndarray) -> None:
    p = kstest(told, "norm").pvalue
    print(f"bar 11: {what}: mean {told.mean():+.3f}, spread {told.std():.3f}, Kolmogorov-Smirnov p {p:.3f}")


def drifts(rng: np.random.Generator) -> None:
    """Bar 11: drifts are rare where nothing drifts."""
    found = 0
    for _ in range(DRIFTING):
        noise = rng.normal(0, 1, ROWS)
        for row in range(1, ROWS):
            noise[row] += 0.2 * noise[row - 1]
        found += followed(50 + 3 * noise)[1].health()["drifts"].item()
    rows = DRIFTING * (ROWS - LEARNED)
    rate = found / rows * 10_000
    print(f"bar 11: drifts on noise with an autocorrelation of 0.2: {rate:.2f} per 10,000 rows, of {rows:,}")


if __name__ == "__main__":
    draws = np.random.default_rng(0)
    coverage(simulated(draws))
    coverage(etth1())
    adversary()
    width(draws)
    surprise(draws)
    drifts(draws)
