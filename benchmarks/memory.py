"""How much memory does a fit need beyond its data?

Makes a panel of many rows, fits a network and forecasts, and prints the memory of the process before the fit and at its
peak. Series are encoded a few at a time and no more than a few thousand windows are kept, so that the difference does
not grow with the panel; encoded as a whole, ten million rows would take 1.6 GB.

    python benchmarks/memory.py [--rows 10000000] [--series 1000]
"""

import argparse
import resource
import time

import numpy as np

import loopcast

UPDATES = 50


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--series", type=int, default=1_000)
    options = parser.parse_args()
    steps = options.rows // options.series
    random = np.random.default_rng(0)
    walks = random.normal(size=(options.series, steps, 1)).astype(np.float32).cumsum(axis=1)
    panel = loopcast.Panel.from_array(walks)
    del walks
    before = peak_mib()
    began = time.perf_counter()
    model = loopcast.Recurrent(horizon=10, updates=UPDATES, show_progress=False).fit(panel)
    model.predict_panel(panel, 10).values[:, 0]
    seconds, after = time.perf_counter() - began, peak_mib()
    print(f"rows {panel.n_rows:,}  series {panel.n_series:,}  updates {UPDATES}")
    print(f"values {panel.values.nbytes / 2**20:.0f} MiB, peak before the fit {before:.0f} MiB")
    print(f"peak of fit and predict {after:.0f} MiB: {after - before:.0f} MiB beyond the data, in {seconds:.0f} s")


if __name__ == "__main__":
    main()
