"""What more cutoffs cost: a network that reads a history once for all of them, beside one that starts anew at each.

    python benchmarks/hindcast.py

Prints, for a series of 20,000 rows, seconds for the forecasts from 1 to 1,024 cutoffs, one row apart, each way; both
ways are compiled before they are timed, and their forecasts are compared.
"""

import time
from collections.abc import Callable

import numpy as np

import loopcast

ROWS, HORIZON = 20_000, 24
COUNTS = (1, 4, 16, 64, 256, 1024)
ANEW = 64  # at most: starting anew at more takes minutes and shows nothing new


def seconds(work: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    work()
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def main() -> None:
    t = np.arange(ROWS)
    values = np.sin(t / 4) + 0.1 * np.random.default_rng(0).normal(size=ROWS)
    panel = loopcast.Panel.from_array(values[None, :, None])
    model = loopcast.Recurrent(horizon=HORIZON, season=24, updates=1).fit(panel)
    print(f"{'cutoffs':>8} {'carried, s':>11} {'anew, s':>9} {'ratio':>7}")
    for count in COUNTS:
        cutoffs = range(HORIZON + count - 1, HORIZON - 1, -1)
        carried, got = seconds(lambda cutoffs=cutoffs: model.predict_panel(panel, HORIZON, cutoffs).values)
        if count > ANEW:
            print(f"{count:8d} {carried:11.3f} {'-':>9} {'-':>7}", flush=True)
            continue
        anew, wanted = seconds(
            lambda cutoffs=cutoffs: np.stack(
                [model.predict_panel(panel.drop_last(rows), HORIZON).values[:, 0] for rows in cutoffs], axis=1
            )
        )
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4)
        print(f"{count:8d} {carried:11.3f} {anew:9.3f} {anew / carried:7.1f}", flush=True)


if __name__ == "__main__":
    main()
