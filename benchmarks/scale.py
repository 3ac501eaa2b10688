"""How long do very many series take, and how much memory; and what do processes bring to a backtest?

Writes synthetic series of 100 rows into Parquet files, 50,000 in each, and has `loopcast forecast-files` forecast them
12 steps ahead, with intervals, by the pretrained network, in two processes (a few also in one). Memory is that of all
its processes together, looked at ten times a second; pages that they share count once for each. Before that, eight
folds of a network, each fitted anew: in this process on all cores, in one process on one core, and in two on a core
each, in turn. The machine's load is printed, for what else runs on it takes its share. With `--on ray` the two
processes are workers of Ray, which is started and ended each time; what these take of processors is not counted.

    python benchmarks/scale.py [--series 10000,30000,100000,1000000] [--rounds 2] > benchmarks/results/scale.txt
    python benchmarks/scale.py --on ray [--series 30000,100000] > benchmarks/results/scale_ray.txt
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

import loopcast
from loopcast.parallel.processes import Process, usable_cores

ROWS, HORIZON, PER_FILE, FOLDS = 100, 12, 50_000, 8
PAGE = os.sysconf("SC_PAGE_SIZE")


def load() -> str:
    """How many processes ran or waited for a core, as a mean over the last minute."""
    return f"load {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores"


def write(folder: Path, series: int) -> int:
    """Series that rise, come again and are disturbed; gives the bytes of the files."""
    random, time_ = np.random.default_rng(0), np.arange(ROWS)
    for file, first in enumerate(range(0, series, PER_FILE)):
        ids = np.arange(first, min(first + PER_FILE, series))
        level, slope, height = random.uniform([[50], [-0.2], [0]], [[500], [0.2], [30]], (3, len(ids)))
        values = level[:, None] + slope[:, None] * time_ + height[:, None] * np.sin(2 * np.pi * time_ / 12)
        values += random.normal(0, 5, values.shape)
        rows = {"unique_id": np.repeat(ids, ROWS), "ds": np.tile(time_, len(ids)), "y": values.ravel().round(2)}
        pl.DataFrame(rows).write_parquet(folder / f"series-{file:04}.parquet")
    return sum(path.stat().st_size for path in folder.iterdir())


def family(root: int) -> list[int]:
    """A process and all that it started."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended
            continue
    found = [root]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def memory(root: int) -> int:
    """Bytes of a process and all that it started."""
    total = 0
    for each in family(root):
        try:
            total += int(Path(f"/proc/{each}/statm").read_text().split()[1]) * PAGE
        except OSError:
            continue
    return total


def forecast(series: int, jobs: int, on: str) -> float:
    """Seconds for the whole command."""
    with tempfile.TemporaryDirectory() as name:
        source, output = Path(name, "in"), Path(name, "out")
        source.mkdir()
        size = write(source, series)
        words = [sys.executable, "-m", "loopcast", "forecast-files", f"{source}/*.parquet", "--output", str(output)]
        words += ["--horizon", str(HORIZON), "--level", "80,95", "--jobs", str(jobs), "--on", on, "--quiet"]
        began, before, peak = time.perf_counter(), os.times(), 0
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        while process.poll() is None:
            peak = max(peak, memory(process.pid))
            time.sleep(0.1)
        seconds, after = time.perf_counter() - began, os.times()
        assert process.returncode == 0
        rows = pl.scan_parquet(f"{output}/*.parquet").select(pl.len()).collect().item()
        assert rows == series * HORIZON
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        print(
            f"{series:>9,} series, --jobs {jobs} --on {on}: {seconds:7.1f} s, {series / seconds:6,.0f} series a second "
            f"({cpu:7.1f} s of processors, {series / cpu:6,.0f} a second of them), peak {peak / 2**20:6,.0f} MiB; "
            f"files in {size / 2**20:,.0f} MiB; {load()}",
            flush=True,
        )
    return seconds


def fitted_folds(jobs: int, on: str) -> pl.DataFrame:
    """Eight fits of a network, each on more rows."""
    random = np.random.default_rng(0)
    values = 50 + 10 * np.sin(2 * np.pi * np.arange(400) / 12) + random.normal(0, 3, (20, 400))
    panel = loopcast.Panel.from_array(values[:, :, None])
    model = loopcast.Recurrent(horizon=HORIZON, season=12, updates=200, show_progress=False)
    return loopcast.backtest(model, panel, HORIZON, n_windows=FOLDS, refit=True, n_jobs=jobs, on=on).table


def processors() -> float:
    """Seconds of processors so far, of this process and of those that it started and that have ended."""
    now = os.times()
    return now.user + now.system + now.children_user + now.children_system


def here(_: None) -> pl.DataFrame:
    return fitted_folds(1, "processes")


def on_one_core() -> pl.DataFrame:
    """In one process on one core, which is started for it, as each of two is."""
    process = Process(usable_cores()[:1])
    try:
        return process.submit(here, None).result()
    finally:
        process.end()


def folds(rounds: int, on: str) -> None:
    """The fits in this process, on all cores; in one process on a core of its own, and in two, in turn."""
    ways = {
        "this process, on all cores": lambda: fitted_folds(1, "processes"),
        "one process on one core": on_one_core,
        f"two on one core each, on {on}": lambda: fitted_folds(2, on),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    busy: dict[str, list[float]] = {name: [] for name in ways}
    tables = []
    for _ in range(rounds):
        for name, fit in ways.items():
            began, before = time.perf_counter(), processors()
            tables.append(fit())
            taken[name].append(time.perf_counter() - began)
            busy[name].append(processors() - before)
            print(
                f"{FOLDS} folds of a network, {name}: {taken[name][-1]:6.1f} s, {busy[name][-1]:6.1f} s of processors; "
                f"{load()}",
                flush=True,
            )
    assert all(table.equals(tables[0]) for table in tables)
    every, one, two = (min(each) for each in taken.values())
    _, alone, both = (min(each) for each in busy.values())
    print(
        f"{FOLDS} folds of a network: two processes on a core each are {one / two:.2f} times as fast as one (bar 1.7), "
        f"{every / two:.2f} times as fast as this one on all cores, and give the same bits; by the time of processors, "
        f"which other programs disturb less, {2 * alone / both:.2f} times as fast as one"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", default="10000,30000,100000,1000000")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--on", default="processes", choices=["processes", "ray"])
    options = parser.parse_args()
    print(f"{os.cpu_count()} processors, {platform.machine()}; Loopcast {loopcast.__version__}; {load()} before")
    if options.rounds:
        folds(options.rounds, options.on)
    for each in filter(None, options.series.split(",")):
        for jobs in (1, 2):
            if jobs == 2 or int(each) <= 30_000:
                forecast(int(each), jobs, options.on)


if __name__ == "__main__":
    main()
