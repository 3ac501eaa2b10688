"""How soon a forecast is there: a cold command, the network alone, a thousand series at once.

Series row by row are measured by benchmarks/live.py.

Run it on a quiet machine: .venv/bin/python benchmarks/at_once.py > benchmarks/results/at_once.txt
"""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from loopcast import Panel, Pretrained
from loopcast.features.causal.encode import Origins, encode
from loopcast.features.causal.track import Periods
from loopcast.kernels import instructions

AIR = Path(__file__).parents[1] / "examples" / "air_passengers.csv"
SERIES, ROWS, STEPS = 1000, 100, 18


def report(what: str, seconds: list[float], unit: str = "s") -> None:
    """The best and the median of some runs."""
    times = np.array(seconds) * {"s": 1, "ms": 1e3, "us": 1e6}[unit]
    print(f"{what:58} best {times.min():8.3f}  median {np.median(times):8.3f} {unit}")


def timed(run: Callable[[], object], count: int) -> list[float]:
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        run()
        taken.append(time.perf_counter() - began)
    return taken


def cold(model: str) -> None:
    """The whole command, from the start of a process."""
    command = [sys.executable, "-m", "loopcast", "forecast", str(AIR), "--horizon", "12", "--model", model]
    before = os.times()
    taken = timed(lambda: subprocess.run(command, capture_output=True, check=True), 5)
    after = os.times()
    report(f"cold: loopcast forecast air_passengers --model {model}", taken)
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    print(f"{'':58} processor time, mean {processor / 5:8.3f} s")


def warm() -> None:
    """Calls in this process, the first one left out."""
    values = np.random.default_rng(0).normal(50, 5, (SERIES, ROWS))
    lengths, steps = np.full(SERIES, ROWS), np.broadcast_to(np.arange(1, STEPS + 1), (SERIES, STEPS))
    origins = Origins(np.arange(SERIES), lengths - 1, steps)
    panel = Panel.from_array(values[:, :, None])
    one = Panel.from_array(values[:1, :, None])
    model = replace(Pretrained(season=12).fit(one).model, calibration=None)
    model.predict(panel, STEPS)
    report("warm: one series, 100 rows, 12 ahead", timed(lambda: model.predict(one, 12), 50), "ms")
    size = f"{SERIES:,} series x {ROWS} rows"
    report(f"warm: {size}, {STEPS} ahead", timed(lambda: model.predict(panel, STEPS), 10))
    report(f"warm: {size}, encoder alone", timed(lambda: encode(values, lengths, Periods(season=12), origins), 10))


def encoder() -> None:
    """One row of one series: taken in, and shown."""
    rows = 100_000
    values = np.random.default_rng(0).normal(50, 5, (1, rows))
    origins = Origins(np.array([0]), np.array([rows - 1]), np.ones((1, 1), int))
    taken = timed(lambda: encode(values, np.array([rows]), Periods(season=12), origins), 10)
    report("encoder: a row taken in and shown, one thread", [each / rows for each in taken], "us")


if __name__ == "__main__":
    busy = f"{os.getloadavg()[0]:.1f} processes were running on them before"
    print(f"{os.cpu_count()} processors, {platform.machine()}, {instructions()} kernels; {busy}")
    for name in ("Pretrained", "Auto"):
        cold(name)
    warm()
    encoder()
