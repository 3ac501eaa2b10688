"""What statsforecast's theta models say: a JSON job on standard input, forecasts `[series, model, step]` on output.

Run by `benchmarks/theta.py` in an environment of statsforecast's own. A job: series (lists of numbers), season,
horizon, models (names of classes). Also given back: seconds of each model, after a first forecast that loads and
compiles.
"""

import json
import sys
import time

import numpy as np
from statsforecast import models

job = json.load(sys.stdin)
series = [np.array(values) for values in job["series"]]
forecasts, seconds = [], []
for name in job["models"]:
    model = getattr(models, name)(season_length=job["season"])
    model.forecast(y=series[0], h=job["horizon"])
    began = time.perf_counter()
    forecasts.append([model.forecast(y=values, h=job["horizon"])["mean"].tolist() for values in series])
    seconds.append(time.perf_counter() - began)
json.dump({"forecasts": np.array(forecasts).swapaxes(0, 1).tolist(), "seconds": seconds}, sys.stdout)
