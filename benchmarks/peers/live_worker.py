"""A peer's side of `live_peers.py`: a process that follows one series with one model, and says what each row cost.

A JSON job on standard input: library, model, past (numbers, an hour apart), rows (those that follow), and every
(after how many rows a forecast is made). On standard output: the version, seconds of the fit, seconds of each row
after which a forecast was made, and the forecasts, `[row, step]`. Seconds are those of the processor, so that other
processes on it do not count.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any, Protocol

import numpy as np

HORIZON, DAY, WEEK = 24, 24, 168
LEVELS = (80, 95)  # of the intervals, where a model has them


class Follower(Protocol):
    """A fitted model that has seen the past."""

    def take(self, y: float) -> None: ...

    def forecast(self) -> Sequence[float]: ...


def follow(follower: Follower, rows: list[float], every: int) -> dict[str, Any]:
    """Forecasts after each `every`-th row that has a horizon after it, and seconds of taking it in and forecasting."""
    seconds, forecasts = [], []
    follower.forecast()  # whatever the first one loads or compiles
    for count, y in enumerate(rows[:-HORIZON], start=1):
        began = time.process_time()
        follower.take(y)
        if count % every == 0:
            forecasts.append(follower.forecast())
            seconds.append(time.process_time() - began)
    return {"seconds": seconds, "forecasts": np.array(forecasts, float).tolist()}


def serve(models: Mapping[str, Callable[[np.ndarray], Follower]]) -> None:
    """Do the job; what the library prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    job = json.load(sys.stdin)
    began = time.process_time()
    follower = models[job["model"]](np.array(job["past"]))
    fitted = time.process_time() - began
    json.dump(
        {"version": version(job["library"]), "fit": fitted, **follow(follower, job["rows"], job["every"])}, answers
    )
    answers.close()
