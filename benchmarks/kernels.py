"""How much faster is the fused kernel than `jax.lax.scan`? Both in one run, taken in turn; medians.

    python benchmarks/kernels.py [--cells simple,lstm,gru] [--sizes WORD] [--repeats 30] [--json FILE]

Work: a training step (`value_and_grad` of the squared error of a stack and a dense head, input 1) and a forward
pass with the head. For one core, run it under `taskset -c 0`.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from loopcast.kernels import instructions
from loopcast.nn.cells import CELLS
from loopcast.nn.fused import fused_scan
from loopcast.nn.shapes import CellWeights, DenseWeights
from loopcast.nn.stack import scan_stack

OUTPUTS = 10


@dataclass(frozen=True, kw_only=True)
class Size:
    units: tuple[int, ...]
    batch: int
    steps: int


SIZES = {
    "notebook": [Size(units=(20, 20), batch=32, steps=50), Size(units=(20, 20), batch=64, steps=50)],
    "large": [Size(units=(n,), batch=32, steps=50) for n in (64, 128, 256, 512)],
    "stream": [Size(units=units, batch=1, steps=1) for units in ((20, 20), (128,), (512,))],
    "single": [Size(units=(n,), batch=1, steps=50) for n in (1, 20, 64, 128, 256, 512)],
    "wide": [Size(units=(n,), batch=256, steps=50) for n in (1, 8, 20, 64)],
    "odd": [Size(units=(20, 20), batch=b, steps=50) for b in (2, 8, 17)],
}


def problem(cell: str, size: Size) -> tuple[Any, ...]:
    """Weights, states, inputs, targets and a head, all random."""
    rng, kind = np.random.default_rng(0), CELLS[cell]

    def normal(*shape: int) -> Any:
        return jnp.asarray(rng.normal(size=shape) / np.sqrt(shape[0]), jnp.float32)

    weights, width = [], 1
    for units in size.units:
        columns = kind.gates * units
        bias = (columns,) if kind.bias_rows == 1 else (kind.bias_rows, columns)
        weights.append(CellWeights(normal(width, columns), normal(units, columns), normal(*bias)))
        width = units
    states = tuple(kind.zero_state(size.batch, units) for units in size.units)
    inputs, targets = normal(size.batch, size.steps, 1), normal(size.batch, size.steps, OUTPUTS)
    return tuple(weights), states, inputs, targets, DenseWeights(normal(width, OUTPUTS), normal(OUTPUTS))


def programs(cell: str, scan: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    def forward(weights: Any, states: Any, inputs: Any, targets: Any, head: Any) -> Any:
        return scan(cell, weights, states, inputs, head=head)[1]

    def loss(weights: Any, head: Any, states: Any, inputs: Any, targets: Any) -> Any:
        return jnp.square(forward(weights, states, inputs, targets, head) - targets).mean()

    def train(weights: Any, states: Any, inputs: Any, targets: Any, head: Any) -> Any:
        return jax.value_and_grad(loss, argnums=(0, 1))(weights, head, states, inputs, targets)

    return {"forward": jax.jit(forward), "train": jax.jit(train)}


def paired(fused: Callable[[], Any], scan: Callable[[], Any], repeats: int) -> tuple[float, float]:
    """Median seconds of each, taken in turn."""
    times: tuple[list[float], list[float]] = ([], [])
    for run in (fused, scan):
        jax.block_until_ready(run())
    for _ in range(repeats):
        for run, kept in zip((fused, scan), times, strict=True):
            start = time.perf_counter()
            jax.block_until_ready(run())
            kept.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def measure(cells: list[str], words: list[str], repeats: int) -> list[dict[str, Any]]:
    rows = []
    print(f"{'work':8} {'cell':7} {'units':9} {'batch':>5} {'steps':>5} {'fused us':>10} {'scan us':>10} {'ratio':>6}")
    for size in [size for word in words for size in SIZES[word]]:
        for cell in cells:
            arguments = problem(cell, size)
            fused, scan = programs(cell, fused_scan), programs(cell, partial(scan_stack, fused="never"))
            for work in ("forward", "train"):
                ours, theirs = paired(
                    lambda run=fused[work], given=arguments: run(*given),
                    lambda run=scan[work], given=arguments: run(*given),
                    repeats,
                )
                units = "-".join(map(str, size.units))
                print(
                    f"{work:8} {cell:7} {units:9} {size.batch:5} {size.steps:5} "
                    f"{ours * 1e6:10.1f} {theirs * 1e6:10.1f} {theirs / ours:6.2f}"
                )
                rows.append({"work": work, "cell": cell, **asdict(size), "fused_seconds": ours, "scan_seconds": theirs})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", default="simple,lstm,gru")
    parser.add_argument("--sizes", default="notebook,large,stream,single,wide,odd", help=f"of {', '.join(SIZES)}")
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    print(f"kernels: {instructions()}; devices: {jax.devices()}")
    rows = measure(options.cells.split(","), options.sizes.split(","), options.repeats)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
