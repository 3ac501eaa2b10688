"""Anomalies that were planted in series: how many are found at equal false alarms, beside a rolling z-score and river.

Spikes, shifts of the level, changes of the variance, frozen sensors; on noise, seasons, walks and skewed seasons. Each
row is scored before it is learned from; a method's threshold is where one row in a thousand of the series without
anything planted is above. An event is found where one of its first ROWS_TO_FIND rows is above; precision is the share
of alarms that lie within events. River runs where a Python that has it is named:

    python -m venv build/peers/river && build/peers/river/bin/pip install river
    .venv/bin/python benchmarks/anomalies.py build/peers/river/bin/python > benchmarks/results/anomalies.txt
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping

import numpy as np

from loopcast import Panel, Pretrained
from loopcast.live.anomalies import judge

SERIES, ROWS, SEASON = 24, 1200, 24
FIRST, APART, LONG = 300, 150, 40  # rows before the first event, from one to the next, of an event
ROWS_TO_FIND = 20
FALSE_ALARMS = 0.001
WINDOW = 100  # of the rolling z-score

RIVER = """
import json, sys
from river import anomaly, compose, preprocessing

def scores(values, size):
    model = compose.Pipeline(preprocessing.MinMaxScaler(), anomaly.HalfSpaceTrees(seed=0, window_size=100))
    told, lags = [], []
    for y in values:
        lags = (lags + [y])[-4:]
        x = {str(i): lag for i, lag in enumerate(lags)}
        told.append(model.score_one(x) if len(lags) == 4 else 0.0)
        if len(lags) == 4:
            model.learn_one(x)
    return told

print(json.dumps([scores(values, 24) for values in json.load(sys.stdin)]))
"""


def series(rng: np.random.Generator, kind: int) -> tuple[np.ndarray, float]:
    """A calm series, and its scale: the spread of what cannot be forecast."""
    t, noise = np.arange(ROWS), rng.normal(0, 1, ROWS)
    if kind == 0:
        return 50 + noise, 1.0
    if kind == 1:
        return 50 + 8 * np.sin(2 * np.pi * t / SEASON) + noise, 1.0
    if kind == 2:
        return 200 + np.cumsum(noise), 1.0
    return np.exp(3 + 0.4 * np.sin(2 * np.pi * t / SEASON) + 0.1 * noise), 2.0


def spike(values: np.ndarray, at: int, scale: float, rng: np.random.Generator) -> None:
    values[at] += rng.choice([-1, 1]) * 6 * scale


def shift(values: np.ndarray, at: int, scale: float, rng: np.random.Generator) -> None:
    values[at : at + LONG] += rng.choice([-1, 1]) * 5 * scale


def variance(values: np.ndarray, at: int, scale: float, rng: np.random.Generator) -> None:
    values[at : at + LONG] += rng.normal(0, 4 * scale, LONG)


def frozen(values: np.ndarray, at: int, scale: float, rng: np.random.Generator) -> None:
    values[at : at + LONG] = values[at - 1]


PLANTED: Mapping[str, Callable[..., None]] = {"spike": spike, "shift": shift, "variance": variance, "frozen": frozen}


def surprises(values: np.ndarray) -> np.ndarray:
    """Of the pretrained network, in size, `[series, row]`."""
    panel = Panel.from_array(values[:, :, None])
    fitted = Pretrained(seasons=(SEASON,), horizon=1, tune=0).fit(panel)
    return np.nan_to_num(np.abs(judge(fitted, panel).surprise)).reshape(values.shape)


def rolling(values: np.ndarray) -> np.ndarray:
    """How many standard deviations of the last WINDOW values each lies from their mean."""
    windows = np.lib.stride_tricks.sliding_window_view(values[:, :-1], WINDOW, axis=1)
    found = np.zeros(values.shape)
    found[:, WINDOW:] = np.abs(values[:, WINDOW:] - windows.mean(axis=2)) / np.maximum(windows.std(axis=2), 1e-9)
    return found


def river(python: str, values: np.ndarray) -> np.ndarray:
    """Half-space trees of the last four values."""
    done = subprocess.run(
        [python, "-c", RIVER], input=json.dumps(values.tolist()), capture_output=True, text=True, check=True
    )
    return np.array(json.loads(done.stdout))


def judged(scores: np.ndarray, calm: np.ndarray, events: list[int]) -> tuple[float, float]:
    """Recall and precision at FALSE_ALARMS."""
    threshold = np.quantile(calm[:, FIRST:], 1 - FALSE_ALARMS)
    above = scores > threshold
    found = np.mean([above[:, at : at + ROWS_TO_FIND].any(axis=1).mean() for at in events])
    within = sum(above[:, at : at + LONG + ROWS_TO_FIND].sum() for at in events)
    return float(found), float(within / max(above[:, FIRST:].sum(), 1))


def main() -> None:
    rng = np.random.default_rng(0)
    made = [series(rng, i % 4) for i in range(SERIES)]
    calm, events = np.stack([values for values, _ in made]), list(range(FIRST, ROWS - LONG - ROWS_TO_FIND, APART))
    methods: dict[str, Callable[[np.ndarray], np.ndarray]] = {"Loopcast": surprises, "rolling z-score": rolling}
    if len(sys.argv) > 1:
        methods["river, half-space trees"] = lambda values: river(sys.argv[1], values)
    quiet = {name: score(calm) for name, score in methods.items()}
    print(f"{SERIES} series of {ROWS} rows, {len(events)} events in each, {FALSE_ALARMS:.1%} of calm rows are above")
    for kind, plant in PLANTED.items():
        values = calm.copy()
        for row, (_, scale) in zip(values, made, strict=True):
            for at in events:
                plant(row, at, scale, rng)
        for name, score in methods.items():
            recall, precision = judged(score(values), quiet[name], events)
            print(f"{kind:10} {name:26} recall {recall:6.1%}  precision {precision:6.1%}", flush=True)


if __name__ == "__main__":
    main()
