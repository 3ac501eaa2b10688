"""A forecast of a day after each new hour: live states beside what river, statsforecast, NeuralForecast and Darts do.

    make build/peers/{river,statsforecast,neuralforecast,darts}/installed    # several GB
    .venv/bin/python benchmarks/live_peers.py [--data DIR] [--peers NAME,NAME] > benchmarks/results/live_peers.txt

Three hourly series; what is fitted is fitted once, to the rows before the last ROWS; then each row is taken in and 24
steps are forecast. Peers that take long forecast after every k-th row alone; so errors are those of all rows done,
and of the rows that all models did. Each is a process of its own on one core, asked for two intervals where it has
them. Seconds are those of the processor, and leave out the first forecast. A row that is missing holds the value of a
day before, for all alike, and is not judged.
"""

import argparse
import json
import math
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from typing import Any

import numpy as np
import polars as pl

from loopcast import Panel
from loopcast.kernels import instructions

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parent / "build" / "peers"
DATA = HERE.resolve().parents[1] / "shared" / "data"
ROWS, HORIZON, DAY = 2000, 24, 24


@dataclass(frozen=True)
class Peer:
    """A library's model, after how many rows it forecasts, and whether intervals come with that."""

    library: str
    model: str
    every: int
    intervals: bool

    @property
    def python(self) -> Path:
        return Path(sys.executable) if self.library == "loopcast" else ENVIRONMENTS / self.library / "bin" / "python"


PEERS = (
    Peer("loopcast", "Pretrained(tune=0)", 1, True),
    Peer("loopcast", "Pretrained", 1, True),
    Peer("loopcast", "Recurrent", 1, True),
    Peer("loopcast", "SeasonalNaive", 1, True),
    Peer("river", "SNARIMAX", 1, False),
    Peer("river", "SNARIMAX, best tried", 1, False),
    Peer("river", "HoltWinters", 1, False),
    Peer("river", "HoltWinters, best tried", 1, False),
    Peer("statsforecast", "SeasonalNaive", 1, True),
    Peer("statsforecast", "AutoETS, forward", 1, True),
    Peer("statsforecast", "DynamicOptimizedTheta", 25, True),
    Peer("neuralforecast", "LSTM", 25, True),
    Peer("neuralforecast", "LSTM, longer", 25, True),
    Peer("darts", "BlockRNNModel", 25, False),
    Peer("darts", "BlockRNNModel, longer", 25, False),
)
SHARED = math.lcm(*(peer.every for peer in PEERS))  # every so many rows, all have a forecast
HEAD = f"{'':46}{'fit, s':>7}{'p50, ms':>9}{'p99, ms':>9}{'rows':>7}{'MAE':>11}{f'each {SHARED}th':>11}  intervals"
UNBOUNDED = 1e9  # an error that no value of the series explains


def hourly(data: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Series by name, NaN where a row is missing."""
    bike = pl.read_csv(data / "bike_hour.csv.gz", try_parse_dates=True)
    times = pl.col("dteday").cast(pl.Datetime) + pl.duration(hours=pl.col("hr"))
    yield "bike rentals", on_grid(bike.select(ds=times, y=pl.col("cnt").cast(pl.Float64)))
    yield "ETTh1, oil temperature", pl.read_csv(data / "ETTh1.csv")["OT"].to_numpy()
    air = pl.read_csv(data / "air_quality_uci.csv.gz")["PT08.S1(CO)"].to_numpy()
    yield "air, PT08.S1(CO)", np.where(air == -200, np.nan, air)


def on_grid(table: pl.DataFrame) -> np.ndarray:
    return Panel.from_table(table, freq="h", gaps="insert").values.reshape(-1).astype(float)


def filled(values: np.ndarray) -> np.ndarray:
    """With the value of a day before, which may be a filled one, in place of a missing one."""
    whole = values.copy()
    for row in np.flatnonzero(np.isnan(values)):
        whole[row] = whole[row - DAY]
    return whole


def asked(peer: Peer, values: np.ndarray) -> dict[str, Any]:
    """What the peer's process answers."""
    whole = filled(values).tolist()
    job = {
        "library": peer.library,
        "model": peer.model,
        "past": whole[:-ROWS],
        "rows": whole[-ROWS:],
        "every": peer.every,
    }
    return json.loads(run(peer, json.dumps(job)))


def run(peer: Peer, job: str) -> str:
    """What the peer's process says of a job, on one core and in one thread."""
    if not peer.python.exists():
        raise SystemExit(f"{peer.python} is not there: make build/peers/{peer.library}/installed")
    core = str(min(os.sched_getaffinity(0)))
    command = ["taskset", "--cpu-list", core, peer.python, HERE / "peers" / f"live_{peer.library}.py"]
    threads = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    with (ENVIRONMENTS / "peers.log").open("a") as log:
        done = subprocess.run(command, check=False, input=job, stdout=PIPE, stderr=log, text=True, env=threads)
    if done.returncode:
        raise SystemExit(f"{peer.library} stopped at {peer.model}; {log.name} says why")
    return done.stdout


def errors(values: np.ndarray, forecasts: np.ndarray, every: int) -> np.ndarray:
    """Absolute, `[row, step]`, NaN where no value is known."""
    future = np.lib.stride_tricks.sliding_window_view(values[-ROWS:], HORIZON)[every::every]
    return np.abs(forecasts - future)


def line(peer: Peer, values: np.ndarray, answer: dict[str, Any]) -> str:
    off = errors(values, np.array(answer["forecasts"]), peer.every)
    shared = off[SHARED // peer.every - 1 :: SHARED // peer.every]
    middle, late = np.percentile(answer["seconds"], [50, 99]) * 1000
    return (
        f"{peer.library + ' ' + answer['version']:22}{peer.model:24}{answer['fit']:7.1f}{middle:9.3f}{late:9.3f}"
        f"{len(off):7,}{error(off):>11}{error(shared):>11}  {'yes' if peer.intervals else 'no'}"
    )


def error(off: np.ndarray) -> str:
    mean = np.nanmean(off)
    return f"{mean:.4g}" if mean < UNBOUNDED else "unbounded"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the series")
    parser.add_argument("--peers", help="names of libraries with commas between [all]")
    options = parser.parse_args()
    names = {peer.library for peer in PEERS}
    wanted = names if options.peers is None else set(options.peers.split(","))
    if not wanted <= names:
        parser.error(f"--peers takes some of {', '.join(sorted(names))}, got {options.peers}")
    load = os.getloadavg()[0]
    print(f"one of {os.cpu_count()} processors, {platform.machine()}, {instructions()} kernels; load {load:.1f} before")
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    for name, values in hourly(options.data):
        late = np.isnan(values[-ROWS:]).sum()
        print(
            f"\n{name}: {len(values):,} hours, {np.isnan(values).sum()} missing, {late} of these in the last {ROWS:,}"
        )
        print(HEAD)
        for peer in (each for each in PEERS if each.library in wanted):
            print(line(peer, values, asked(peer, values)), flush=True)


if __name__ == "__main__":
    main()
