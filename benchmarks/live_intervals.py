"""What live intervals, surprises and drifts promise, beside what they do: bars 10 and 11 of live states.

.venv/bin/python benchmarks/live_intervals.py > benchmarks/results/live_intervals.txt
"""

import datetime as dt

import numpy as np
import polars as pl
from scipy.stats import kstest

from loopcast import Live, Panel, Pretrained
from loopcast.intervals.tracking import LARGEST_SCORE, RATE

START, HOUR = dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.timedelta(hours=1)
ROWS, LEARNED, SEASON = 20_000, 500, 24
LEVELS = (80, 95)


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


def followed(values: np.ndarray) -> tuple[Pretrained, Live, pl.DataFrame]:
    """The forecaster of the first rows, a live state that has all, and what it said of the others."""
    panel = Panel.from_array(values[None, :LEARNED, None], ids=["a"], start=START, freq="h")
    forecaster = Pretrained(seasons=(SEASON,), horizon=SEASON, tune=0).fit(panel)
    live = forecaster.live(panel, level=LEVELS)
    times = [START + row * HOUR for row in range(LEARNED, len(values))]
    return forecaster, live, live.update(pl.DataFrame({"unique_id": "a", "ds": times, "y": values[LEARNED:]}))


def coverage(rng: np.random.Generator) -> None:
    """Bar 10: within a point of what the level says, on each series."""
    for name, values in simulated(rng).items():
        health = followed(values)[1].health()
        shares = [100 - 100 * health[f"missed-{level}"].item() for level in LEVELS]
        print(f"bar 10: {name:18} 80 and 95 % hold {shares[0]:6.2f} and {shares[1]:6.2f} %", flush=True)


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
    """Bar 10: on data that do not change, live intervals beside those of the calibration alone."""
    values = simulated(rng)["noise"][:4000]
    forecaster, live, _ = followed(values[:1000])
    ratios = []
    for row in range(1000, 4000):
        live.update_one("a", START + row * HOUR, float(values[row]))
        if row % 50 == 0:
            seen = Panel.from_array(values[None, : row + 1, None], ids=["a"], start=START, freq="h")
            told, ahead = forecaster.predict(1, data=seen, level=80), live.predict_one("a")
            fixed = told["Pretrained-hi-80"][0] - told["Pretrained-lo-80"][0]
            ratios.append((ahead.high[0, 0] - ahead.low[0, 0]) / fixed)
    print(f"bar 10: on still data live intervals are {np.mean(ratios) - 1:+.1%} wider than those of the calibration")


def surprise(rng: np.random.Generator) -> None:
    """Bar 11: surprises are normal scores, and drifts are rare where nothing drifts."""
    told = followed(simulated(rng)["noise"])[2]["surprise"].to_numpy()[2000:]
    found = kstest(told[::18][:1000], "norm")
    print(
        f"bar 11: surprises: mean {told.mean():+.3f}, spread {told.std():.3f}, Kolmogorov-Smirnov p {found.pvalue:.3f}"
    )
    noise = rng.normal(0, 1, ROWS)
    for row in range(1, ROWS):
        noise[row] += 0.2 * noise[row - 1]
    drifts = followed(50 + 3 * noise)[1].health()["drifts"].item()
    rate = drifts / (ROWS - LEARNED) * 10_000
    print(f"bar 11: drifts on noise with an autocorrelation of 0.2: {rate:.2f} per 10,000 rows")


if __name__ == "__main__":
    draws = np.random.default_rng(0)
    coverage(draws)
    adversary()
    width(draws)
    surprise(draws)
