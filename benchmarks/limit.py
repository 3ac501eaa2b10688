"""How near are the kernels to what the processor can do, and how does their time grow?

    taskset -c 0 python benchmarks/limit.py [--repeats 30] [--json FILE] [--plots DIR]

The limit is the multiply-adds that one core does a second from its registers, measured by `peak.cc` in the same run
(a C++ compiler is needed). The share is the multiply-adds of a stack's products over that, for two layers of so many
units, 32 series and 50 steps: once through for forward, twice for backward (by the weights and by the inputs).
Backward is a training step less its forward pass. Minima of the repeats: the machine's other work only adds.

Then the time of an LSTM's training step is drawn against units, steps and series in a batch, and that of an epoch
against the number of series.
"""

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import jax
import matplotlib.pyplot as plt
import numpy as np
from kernels import Size, problem, programs

from loopcast import generate_time_series
from loopcast.data.panel import Panel
from loopcast.kernels import instructions
from loopcast.models.plain.setup import set_up
from loopcast.nn.cells import CELLS
from loopcast.nn.fused import fused_scan
from loopcast.tasks.notebook.experiments import notebooks_own
from loopcast.training.run import TrainingRun

HERE = Path(__file__).parent
CELL_NAMES = ("simple", "gru", "lstm")
SWEEPS: dict[str, list[Size]] = {
    "units": [Size(units=(n,), batch=32, steps=50) for n in (1, 2, 4, 8, 16, 20, 32, 64, 96, 128, 192, 256, 384, 512)],
    "steps": [Size(units=(20,), batch=32, steps=n) for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)],
    "batch": [Size(units=(20,), batch=n, steps=50) for n in (1, 2, 4, 5, 8, 16, 17, 32, 33, 64, 128, 256, 512)],
}
STEP = "LSTM, 20 units, 32 series, 50 steps"
WORK = {"series": "an epoch, LSTM 20-20, 50 steps"}
SERIES = (32, 128, 512, 2048, 8192, 32768)


def peak() -> float:
    """Multiply-adds a second of this core."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "peak"
        subprocess.run(["c++", "-O3", "-march=native", "-std=c++17", HERE / "peak.cc", "-o", program], check=True)
        return float(subprocess.run([program], check=True, capture_output=True, text=True).stdout)


def fastest(run: Callable[[], Any], repeats: int) -> float:
    """Seconds that `run` takes at least."""
    times = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        jax.block_until_ready(run())
        times.append(time.perf_counter() - began)
    return min(times[1:])


def seconds(cell: str, size: Size, repeats: int) -> dict[str, float]:
    """Of a forward pass and of a training step, without a head's work counting: its ten outputs are few."""
    arguments = problem(cell, size)
    return {work: fastest(partial(run, *arguments), repeats) for work, run in programs(cell, fused_scan).items()}


def products(cell: str, size: Size) -> int:
    """Multiply-adds of the products of every layer, once through."""
    widths = (1, *size.units)
    weights = sum(units * (width + units) for width, units in zip(widths, size.units, strict=False))
    return CELLS[cell].gates * weights * size.batch * size.steps


def shares(limit: float, repeats: int) -> list[dict[str, Any]]:
    rows = []
    print(f"{'cell':8} {'units':>9} {'forward':>8} {'backward':>8}   of the peak")
    for cell in CELL_NAMES:
        for units in (20, 64, 256):
            size = Size(units=(units, units), batch=32, steps=50)
            took, count = seconds(cell, size, repeats), products(cell, size)
            row = {
                "cell": cell,
                "units": units,
                "forward": count / took["forward"] / limit,
                "backward": 2 * count / (took["train"] - took["forward"]) / limit,
            }
            print(f"{cell:8} {units:4}-{units:<4} {row['forward']:8.0%} {row['backward']:8.0%}", flush=True)
            rows.append(row)
    return rows


def epoch(series: int, repeats: int) -> float:
    """Seconds of an epoch of the notebook's LSTM."""
    options = notebooks_own(horizon=10, cell="lstm", strategy="sequence", epochs=1_000_000, show_progress=False)
    setup = set_up(options, Panel.from_array(generate_time_series(series, 60, seed=0)))
    epochs = TrainingRun(setup.data, setup.recipe, setup.data.to_device()).epochs()
    return fastest(lambda: next(epochs) and None, repeats)


def sweeps(repeats: int) -> dict[str, list[tuple[int, float]]]:
    grown = {
        name: [(_varied(name, size), seconds("lstm", size, repeats)["train"]) for size in sizes]
        for name, sizes in SWEEPS.items()
    }
    return grown | {"series": [(series, epoch(series, max(2, repeats // 10))) for series in SERIES]}


def _varied(name: str, size: Size) -> int:
    return size.units[0] if name == "units" else size.steps if name == "steps" else size.batch


def draw(grown: dict[str, list[tuple[int, float]]], folder: Path) -> None:
    """A picture for each sweep, both axes logarithmic, beside a line on which twice as much takes twice as long."""
    for name, points in grown.items():
        x, y = np.array(points).T
        figure, axes = plt.subplots(figsize=(5, 4), layout="constrained")
        axes.loglog(x, 1e3 * y, "o-")
        axes.loglog(x, 1e3 * y[-1] * x / x[-1], "--", color="grey", label="in proportion")
        axes.set(
            xlabel=name, ylabel="milliseconds", title=WORK.get(name, f"a training step, but {name} as drawn:\n{STEP}")
        )
        axes.title.set_fontsize(9)
        axes.grid(visible=True, which="both", alpha=0.3)
        axes.legend()
        figure.savefig(folder / f"limit-{name}.png", dpi=110)
        plt.close(figure)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--plots", type=Path, help="draw how time grows into this folder")
    options = parser.parse_args(arguments)
    limit = peak()
    print(f"kernels: {instructions()}; peak of one core: {limit / 1e9:.1f} thousand million multiply-adds a second")
    found: dict[str, Any] = {"peak": limit, "kernels": instructions(), "shares": shares(limit, options.repeats)}
    if options.plots:
        found["growth"] = sweeps(options.repeats)
        draw(found["growth"], options.plots)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
