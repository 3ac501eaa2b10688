"""What statsforecast's models say of series: a JSON job on standard input, forecasts `[series, model, step]` on output.

Run by `benchmarks/theta.py` and `benchmarks/accuracy.py` in an environment of statsforecast's own. A job: series (lists
of numbers), season, horizon, models (names of classes), and levels, in percent, if intervals are wanted: then `ends`
are given back too, by level and low or high, as lists of the same shape. Also given back: seconds of each model, one
series after the other, after a first forecast that loads and compiles.
"""

import json
import sys
import time

import numpy as np
from statsforecast import models

job = json.load(sys.stdin)
series = [np.array(values) for values in job["series"]]
levels = job.get("levels") or None
names = [f"{end}-{level}" for level in levels or () for end in ("lo", "hi")]
forecasts, ends, seconds = [], {name: [] for name in names}, []
for name in job["models"]:
    model = getattr(models, name)(season_length=job["season"])
    model.forecast(y=series[0], h=job["horizon"], level=levels)
    began = time.perf_counter()
    told = [model.forecast(y=values, h=job["horizon"], level=levels) for values in series]
    seconds.append(time.perf_counter() - began)
    forecasts.append([each["mean"].tolist() for each in told])
    for end in names:
        ends[end].append([np.asarray(each[end]).tolist() for each in told])


def by_series(found: list) -> list:
    """`[model, series, step]` as `[series, model, step]`."""
    return np.array(found).swapaxes(0, 1).tolist()


answer = {"forecasts": by_series(forecasts), "seconds": seconds}
answer["ends"] = {name: by_series(found) for name, found in ends.items()}
json.dump(answer, sys.stdout)
