"""How long before a network trains? Seconds of compiling, and of a whole run in a new process.

    python benchmarks/startup.py [--repeats 3] [--json FILE]

compile  the notebook's 20-20 networks, SimpleRNN direct, LSTM and GRU sequence, one after the other in one process:
         the first `fit` less an epoch's own run, and the first `forecast` less a second one. In seconds of processor
         time, which others at work beside it change little; all else is by the clock.
cold     a new process imports Loopcast, fits the SimpleRNN for one epoch on 7,000 series of 50 steps and forecasts
         2,000: with an empty compilation cache, with what that run left there, and with no cache at all.

Each is asked in new processes, in turn; medians are printed. Trace, lower and compile are what JAX says it took.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

STAGES = {
    "/jax/core/compile/jaxpr_trace_duration": "trace",
    "/jax/core/compile/jaxpr_to_mlir_module_duration": "lower",
    "/jax/core/compile/backend_compile_duration": "compile",
}
STEPS, EPOCHS = 10, 1
NETWORKS = {"simple": "direct", "lstm": "sequence", "gru": "sequence"}
Seconds = dict[str, float]


def listen() -> Seconds:
    """A dictionary that JAX adds its seconds to, by stage and program; small programs within others are theirs."""
    import jax

    seconds: Seconds = {}

    def add(event: str, duration: float, **about: Any) -> None:
        if event in STAGES and not (STAGES[event] == "trace" and about.get("fun_name") not in PROGRAMS):
            name = f"{STAGES[event]} {about.get('fun_name', '').removeprefix('jit(').removesuffix(')')}"
            seconds[name] = seconds.get(name, 0.0) + duration

    jax.monitoring.register_event_duration_secs_listener(add)
    return seconds


PROGRAMS = ("run_batches", "absorb", "roll")


def timed(work: Any, *arguments: Any, clock: Any = time.perf_counter) -> tuple[float, Any]:
    began = clock()
    done = work(*arguments)
    return clock() - began, done


def data() -> tuple[Any, Any]:
    """Training series and the context of others."""
    from loopcast.tasks.notebook.series import split

    parts = split(STEPS, shared_frequency=True, seed=15)
    return parts.training, parts.validation.drop_last(STEPS)


def model(cell: str, epochs: int) -> Any:
    from loopcast.tasks.notebook.experiments import notebooks_own

    return notebooks_own(
        horizon=STEPS, cell=cell, strategy=NETWORKS[cell], epochs=epochs, seed=epochs, show_progress=False
    )


def compile_all() -> Seconds:
    """Seconds of everything but running, cell by cell, with what JAX says of it."""
    stages = listen()
    training, context = data()
    seconds: Seconds = {}
    for cell in NETWORKS:
        processor = partial(timed, clock=time.process_time)
        first, fitted = processor(model(cell, EPOCHS).fit, training)
        once, _ = processor(model(cell, EPOCHS).fit, training)
        twice, _ = processor(model(cell, 2 * EPOCHS).fit, training)
        ahead, _ = processor(fitted.forecast, context, STEPS)
        again, _ = processor(fitted.forecast, context, STEPS)
        seconds |= {f"{cell} fit": first - (twice - once), f"{cell} forecast": ahead - again}
    return {"total": sum(seconds.values())} | seconds | stages


def cold() -> Seconds:
    """Seconds of each part of a short program."""
    began = time.perf_counter()
    import loopcast

    _ = loopcast.PlainRecurrent
    imports = time.perf_counter() - began
    stages = listen()
    prepare, (training, context) = timed(data)
    fit, fitted = timed(model("simple", EPOCHS).fit, training)
    forecast, _ = timed(fitted.forecast, context, STEPS)
    compiling = sum(stages.values())
    return {
        "import": imports,
        "data": prepare,
        "fit": fit,
        "forecast": forecast,
        "compiling of these": compiling,
    } | stages


def elsewhere(work: str, cache: str) -> Seconds:
    """What `work` prints in a new process, and that process's seconds by the clock and of processor time."""
    before = os.times()
    wall, done = timed(
        lambda: subprocess.run(
            [sys.executable, __file__, "--work", work],
            env=os.environ | {"LOOPCAST_CACHE": cache},
            stdout=subprocess.PIPE,
            check=True,
        )
    )
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return {"wall": wall, "processor": used} | json.loads(done.stdout)


def measure(repeats: int) -> dict[str, list[Seconds]]:
    runs: dict[str, list[Seconds]] = {}
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            for name, work, cache in (
                ("compile", "compile", "off"),
                ("cold, no cache", "cold", "off"),
                ("cold, empty cache", "cold", folder),
                ("cold, second run", "cold", folder),
            ):
                runs.setdefault(name, []).append(elsewhere(work, cache))
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--work", choices=["compile", "cold"], help="do this once, here, and print it as JSON")
    options = parser.parse_args()
    if options.work:
        print(json.dumps({"compile": compile_all, "cold": cold}[options.work]()))
        return
    runs = measure(options.repeats)
    for name, rows in runs.items():
        print(f"{name} (seconds, medians of {len(rows)})")
        for part in rows[0]:
            print(f"  {part:24} {statistics.median(row.get(part, 0.0) for row in rows):7.3f}")
    if options.json:
        options.json.write_text(json.dumps(runs, indent=2) + "\n")


if __name__ == "__main__":
    main()
