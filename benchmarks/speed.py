"""How fast is Loopcast beside Keras, PyTorch, Darts and NeuralForecast, on this machine's cores?

    make bench    # makes the peers' environments in build/peers/, then runs this
    python benchmarks/speed.py [--work epoch-simple,epoch-lstm,epoch-gru,predict,script,step,grid]
                               [--peers keras-tf,keras-jax,torch,darts,neuralforecast] [--repeats N] [--json]

Every peer is a process of its own (`benchmarks/peers/`) that runs only in its turn. Before a work is measured,
each peer, Loopcast too, tries its settings (one thread or all; the batch of a prediction) and keeps the fastest.
Then all take turns, `--repeats` times: seconds are medians, ratios the peer's median over Loopcast's.
`--json` prints a JSON object per row: work, peer, seconds, loopcast_seconds, ratio, and the settings kept.
"""

import argparse
import itertools
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from loopcast.tasks.notebook.series import CONTEXT, split

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parent / "build" / "peers"
Job = dict[str, Any]


WORKS: dict[str, Job] = {
    "epoch-simple": {"work": "epoch", "cell": "simple", "strategy": "direct"},
    "epoch-lstm": {"work": "epoch", "cell": "lstm", "strategy": "sequence"},
    "epoch-gru": {"work": "epoch", "cell": "gru", "strategy": "sequence"},
    "predict": {"work": "predict"},
    "script": {"work": "script"},
    "step": {"work": "step", "way": "called"},
    "step-compiled": {"work": "step", "way": "compiled"},
    "grid": {"work": "grid"},
}
FORECASTING = ("epoch-lstm", "epoch-gru", "predict")  # what the forecasting libraries take part in


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A library: its side of the benchmark, its environment (None: Loopcast's own) and what it takes part in."""

    script: str
    environment: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    works: tuple[str, ...] = tuple(WORKS)

    @property
    def python(self) -> Path:
        return Path(sys.executable) if self.environment is None else ENVIRONMENTS / self.environment / "bin" / "python"


PEERS = {
    "loopcast": Peer(script="loopcast_peer.py"),
    "keras-tf": Peer(script="keras_peer.py", environment="keras-tf", variables={"KERAS_BACKEND": "tensorflow"}),
    "keras-jax": Peer(script="keras_peer.py", variables={"KERAS_BACKEND": "jax"}),
    "torch": Peer(script="torch_peer.py", environment="torch"),
    "darts": Peer(script="darts_peer.py", environment="darts", works=FORECASTING),
    "neuralforecast": Peer(script="neuralforecast_peer.py", environment="neuralforecast", works=FORECASTING),
}
GRID = list(itertools.product((1, 8, 20, 64, 128, 256, 512), (1, 32, 256), (10, 50, 500)))
SETTINGS: dict[str, list[Job]] = {"predict": [{"batch": size} for size in (32, 256, 1024)]}
LONG = 5.0  # seconds
THREADS = sorted({1, len(os.sched_getaffinity(0))})


class Worker:
    """A peer's process, bound to some cores."""

    def __init__(self, peer: Peer, threads: int, folder: Path, log: Path) -> None:
        self.threads = threads
        cores = ",".join(map(str, sorted(os.sched_getaffinity(0))[:threads]))
        variables = {"LOOPCAST_BENCHMARK_DATA": str(folder), "TF_CPP_MIN_LOG_LEVEL": "2", **peer.variables}
        self.process = subprocess.Popen(
            ["taskset", "--cpu-list", cores, peer.python, HERE / "peers" / peer.script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log.open("a"),
            text=True,
            env=os.environ | variables,
        )

    def ask(self, message: Job) -> Job:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"a peer stopped while it was asked {message}; build/peers/peers.log says why")
        return json.loads(answer)

    def seconds(self) -> float:
        return float(self.ask({"time": True})["seconds"])

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A peer with the settings that were its fastest."""

    name: str
    worker: Worker
    settings: Job


@dataclass(frozen=True, kw_only=True)
class Row:
    work: str
    peer: str
    seconds: float
    loopcast_seconds: float
    ratio: float
    settings: Job
    loopcast_settings: Job


def fastest(name: str, workers: list[Worker], job: Job) -> Entry:
    """Try every setting on every worker, twice unless that is long; the last word is the kept one's preparation."""
    tried: list[tuple[float, Job, Worker]] = []
    for worker, extra in itertools.product(workers, SETTINGS.get(job["work"], [{}])):
        worker.ask({"prepare": job | extra})
        first = worker.seconds()
        tried.append((first if first > LONG else min(first, worker.seconds()), extra, worker))
    _, extra, worker = min(tried, key=lambda one: one[0])
    if SETTINGS.get(job["work"]):
        worker.ask({"prepare": job | extra})
    return Entry(name=name, worker=worker, settings={"threads": worker.threads} | extra)


def measure(work: str, entries: list[Entry], repeats: int) -> Iterator[Row]:
    """All peers in turn, `repeats` times; a row for each but Loopcast."""
    times: dict[str, list[float]] = {entry.name: [] for entry in entries}
    for _ in range(repeats):
        for entry in entries:
            times[entry.name].append(entry.worker.seconds())
    medians = {name: statistics.median(values) for name, values in times.items()}
    ours = next(entry for entry in entries if entry.name == "loopcast")
    for entry in entries:
        if entry is not ours:
            yield Row(
                work=work,
                peer=entry.name,
                seconds=medians[entry.name],
                loopcast_seconds=medians["loopcast"],
                ratio=medians[entry.name] / medians["loopcast"],
                settings=entry.settings,
                loopcast_settings=ours.settings,
            )


def jobs(word: str, cells: list[str]) -> Iterator[tuple[str, Job]]:
    """The name and the job of each row of a work."""
    if word != "grid":
        yield word, WORKS[word]
    else:
        for cell, train, (units, batch, steps) in itertools.product(cells, (False, True), GRID):
            kind = "train" if train else "forward"
            name = f"grid {cell} {kind} units={units} batch={batch} steps={steps}"
            yield name, WORKS[word] | {"cell": cell, "train": train, "units": units, "batch": batch, "steps": steps}


def run(words: list[str], cells: list[str], names: list[str], repeats: int, folder: Path) -> Iterator[Row]:
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    log = ENVIRONMENTS / "peers.log"
    workers = {
        name: [Worker(PEERS[name], threads, folder, log) for threads in THREADS] for name in ["loopcast", *names]
    }
    try:
        for word in words:
            taking_part = [name for name in workers if word in PEERS[name].works]
            for work, job in jobs(word, cells):
                entries = [fastest(name, workers[name], job) for name in taking_part]
                yield from measure(work, entries, repeats)
    finally:
        for worker in itertools.chain(*workers.values()):
            worker.stop()


def save_data(folder: Path) -> None:
    """The notebook's series as every peer takes them; `every` holds, at each step, the ten values after it."""
    data = split(10, shared_frequency=False, seed=0)
    for prefix, panel in (("", data.training), ("test_", data.validation)):
        rows = panel.values.reshape(panel.n_series, CONTEXT + 10).astype(np.float32)  # as every peer computes
        np.save(folder / f"{prefix}x.npy", rows[:, :CONTEXT, None])
        np.save(folder / f"{prefix}last.npy", rows[:, CONTEXT:])
        every = np.stack([rows[:, 1 + t : 11 + t] for t in range(CONTEXT)], axis=1)
        np.save(folder / f"{prefix}every.npy", every)


def shown(row: Row) -> str:
    settings = ", ".join(f"{name} {value}" for name, value in row.settings.items())
    return (
        f"{row.work:52} {row.peer:15} {row.seconds * 1e3:12.3f} ms {row.loopcast_seconds * 1e3:12.3f} ms "
        f"{row.ratio:8.2f}  {settings}"
    )


def grid_summary(rows: list[Row]) -> str:
    """Against the fastest peer at each size: the geometric mean, and where Loopcast is slower."""
    best: dict[str, Row] = {}
    for row in rows:
        if row.work.startswith("grid") and (row.work not in best or row.ratio < best[row.work].ratio):
            best[row.work] = row
    mean = math.exp(statistics.fmean(math.log(row.ratio) for row in best.values()))
    slower = [f"  {row.work}: {row.ratio:.2f} ({row.peer})" for row in best.values() if row.ratio < 0.95]
    head = f"grid: {len(best)} sizes, geometric mean {mean:.2f} against the fastest peer, slower at {len(slower)}"
    return "\n".join([head, *slower])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", default="epoch-simple,epoch-lstm,epoch-gru,predict,script,step,step-compiled")
    parser.add_argument("--cells", default="lstm", help="of the grid: simple, gru, lstm")
    parser.add_argument("--peers", default=",".join(name for name in PEERS if name != "loopcast"))
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        save_data(Path(folder))
        chosen = options.work.split(","), options.cells.split(","), options.peers.split(",")
        for row in run(*chosen, options.repeats, Path(folder)):
            rows.append(row)
            print(json.dumps(vars(row)) if options.json else shown(row), flush=True)
    if any(row.work.startswith("grid") for row in rows):
        print(grid_summary(rows), file=sys.stderr if options.json else sys.stdout)


if __name__ == "__main__":
    main()
