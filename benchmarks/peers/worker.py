"""A peer's side of `speed.py`: a process that prepares a job when told to, then times it once per line it is sent.

A job is a JSON object: `work`, and what the work needs to know. Lines in: `{"prepare": job}` or `{"time": true}`;
lines out: `{"ready": true}` or `{"seconds": ...}`. A job shorter than MINIMUM is repeated within one timing.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

LONG = 5.0  # seconds: once is enough to get ready
MINIMUM = 0.05  # seconds: shorter ones are dominated by what else the machine does
Run = Callable[[], object]  # does the job once; gives a float, the seconds, where not all it does counts


def data(name: str) -> np.ndarray:
    """One of the arrays that all peers share: x [7000, 50, 1], last [7000, 10], every [7000, 50, 10], test_*."""
    return np.load(Path(os.environ["LOOPCAST_BENCHMARK_DATA"]) / f"{name}.npy")


def cpu_count() -> int:
    """How many threads this process may use: `speed.py` bound it to as many cores."""
    return len(os.sched_getaffinity(0))


def seconds_of(run: Run, times: int = 1) -> float:
    """Seconds that one of `times` runs took."""
    began = time.perf_counter()
    results = [run() for _ in range(times)]
    whole = time.perf_counter() - began
    own = [result for result in results if isinstance(result, float)]
    return sum(own or [whole]) / times


def script(name: str) -> Run:
    """A whole Python process, from its start to its end."""
    path = Path(__file__).with_name(name)
    return lambda: subprocess.run([sys.executable, path], check=True, stdout=sys.stderr)


def serve(prepare: Mapping[str, Callable[[dict[str, Any]], Run]]) -> None:
    """Answer lines until there are no more; `prepare` holds a function per work.

    What the library prints goes to standard error.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    run: Run | None = None
    times = 1
    for line in sys.stdin:
        message = json.loads(line)
        if "prepare" in message:
            run = None  # frees the last job's memory before the next one's is taken
            job = message["prepare"]
            run = prepare[job["work"]](job)
            first = seconds_of(run)  # compiles, perhaps
            times = 1 if first > LONG else max(1, int(MINIMUM / max(seconds_of(run), 1e-7)))
            answer: dict[str, Any] = {"ready": True}
        else:
            answer = {"seconds": seconds_of(run, times)}
        print(json.dumps(answer), file=answers, flush=True)
