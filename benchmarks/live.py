"""Live states beside their bars: bits, latency, throughput, memory, snapshot and resume, and the stream.

Run it on a quiet machine: .venv/bin/python benchmarks/live.py > benchmarks/results/live.txt
"""

import datetime as dt
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from loopcast import Linear, Live, Naive, Panel, Pretrained, resume
from loopcast.kernels import instructions

START, HOUR = dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.timedelta(hours=1)
SERIES = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
ROWS, STEPS = 10_000, 24


def say(what: str, figure: str) -> None:
    print(f"{what:66} {figure}", flush=True)


def fitted(seasons: tuple[int, ...]) -> Pretrained:
    values = np.random.default_rng(0).normal(50, 5, (1, 500, 1))
    panel = Panel.from_array(values, ids=["a"], start=START, freq="h")
    return Pretrained(seasons=seasons, horizon=STEPS, tune=0).fit(panel)


def same_bits() -> None:
    """Bar 1: forecasts streamed beside those of one call, over a stream with gaps and a late negative value."""
    rng = np.random.default_rng(1)
    came = rng.normal(50, 5, ROWS) + 10 * np.sin(np.arange(ROWS) * np.pi / 12)
    came[rng.random(ROWS) < 0.1], came[0], came[7000] = np.nan, 50.0, -1.0
    forecaster = fitted((24, 168))
    panel = Panel.from_array(came[None, :, None], ids=["a"], start=START, freq="h")
    told = forecaster.model.predict(panel, STEPS, range(ROWS - 1, -1, -1)).values[0, :, :, 0]
    live, equal = forecaster.live(), 0
    for row, y in enumerate(came.tolist()):
        live.update_one("a", START + row * HOUR, y)
        equal += bool((live.predict_one("a").values == told[row]).all())
    say(f"bar 1: streamed = predict(data=), bit for bit, of {ROWS:,} rows x {STEPS} steps", f"{equal:,}")


def latency() -> None:
    """Bar 3."""
    came = np.random.default_rng(0).normal(50, 5, ROWS).tolist()
    for seasons in ((12,), (24, 168)):
        live, each = fitted(seasons).live(), []
        for row, y in enumerate(came):
            time_of_row = START + row * HOUR
            began = time.perf_counter()
            live.update_one("a", time_of_row, y)
            between = time.perf_counter()
            live.predict_one("a")
            each.append((between - began, time.perf_counter() - between, time.perf_counter() - began))
        taken = np.array(each[500:]) * 1e6
        for place, what in enumerate(("update_one", "predict_one", "both")):
            middle, late = np.percentile(taken[:, place], [50, 99])
            say(f"bar 3: seasons {seasons}, {STEPS} steps, 2 levels: {what}", f"p50 {middle:6.1f}  p99 {late:6.1f} us")


def many() -> None:
    """Bars 4 and 5: many series from a table, their memory, their folder."""
    forecaster = fitted((24,))
    live, rng = forecaster.live(), np.random.default_rng(0)
    ids = [f"pump-{i}" for i in range(SERIES)]
    others = {"Naive": Naive(horizon=STEPS), "Linear": Linear(horizon=STEPS)}
    for name, other in others.items():
        throughput(f"{name}, ", other.fit(forecaster.model.panel).live(level=80), ids)
    for row in range(3):
        values = rng.normal(50, 5, SERIES)
        table = pl.DataFrame({"unique_id": ids, "ds": [START + row * HOUR] * SERIES, "y": values})
        began = time.perf_counter()
        live.update(table)
        rate = SERIES / (time.perf_counter() - began)
        say(f"bar 4: update of a table, {SERIES:,} series, row {row}", f"{rate:10,.0f} rows/s")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    say(f"bar 5: largest memory so far, {SERIES:,} series", f"{memory:10.2f} GB")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.live"
        began = time.perf_counter()
        live.save(path)
        say(f"bar 5: snapshot, {SERIES:,} series", f"{time.perf_counter() - began:10.2f} s")
        size = sum(each.stat().st_size for each in path.iterdir())
        began = time.perf_counter()
        resume(path)
        say(f"bar 5: resume, {size / 1e6:,.0f} MB", f"{time.perf_counter() - began:10.2f} s")


def throughput(what: str, live: Live, ids: list[str]) -> None:
    """Bar 4, of the last of four rows of each series."""
    for row in range(4):
        values = np.random.default_rng(row).normal(50, 5, len(ids))
        table = pl.DataFrame({"unique_id": ids, "ds": [START + row * HOUR] * len(ids), "y": values})
        began = time.perf_counter()
        live.update(table)
    rate = len(ids) / (time.perf_counter() - began)
    say(f"bar 4: update of a table, {what}{len(ids):,} series", f"{rate:10,.0f} rows/s")


def stream() -> None:
    """Bars 4 and 5: lines through the command, and how soon the first answer is there."""
    lines = [
        json.dumps({"unique_id": f"pump-{i}", "ds": (START + row * HOUR).isoformat(), "y": 50.0 + i % 7}) + "\n"
        for row in range(100)
        for i in range(500)
    ]
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "m.loopcast"
        fitted((24,)).save(model)
        for what, options in (("", []), (", in a folder", ["--state", str(Path(folder) / "s.live")])):
            command = [sys.executable, "-m", "loopcast", "stream", str(model), *options]
            began = time.perf_counter()
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            process.stdin.write(lines[0])
            process.stdin.flush()
            process.stdout.readline()
            first = time.perf_counter()
            process.communicate("".join(lines[1:]))
            say(f"bar 5: stream{what}: first answer after", f"{first - began:10.2f} s")
            say(f"bar 4: stream{what}: lines after it", f"{len(lines) / (time.perf_counter() - first):10,.0f} lines/s")
        termination([*command[:-2], "--state", str(Path(folder) / "t.live")], lines[:300])  # what fits into a pipe


def termination(command: list[str], lines: list[str]) -> None:
    """Bar 12: what a stream that is told to end has kept, and how soon."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdin.write("".join(lines))
    process.stdin.flush()
    for _ in lines:
        process.stdout.readline()
    began = time.perf_counter()
    process.terminate()
    code = process.wait()
    kept = int(resume(command[-1]).health()["rows"].sum())
    figure = f"{time.perf_counter() - began:10.2f} s, exit {code}, {kept:,} of {len(lines):,} rows kept"
    say("bar 12: SIGTERM: ended and resumed after", figure)


if __name__ == "__main__":
    busy = f"{os.getloadavg()[0]:.1f} processes were running on them before"
    print(f"{os.cpu_count()} processors, {platform.machine()}, {instructions()} kernels; {busy}")
    same_bits()
    latency()
    many()
    stream()
