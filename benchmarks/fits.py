"""How do the time and the memory of a fit, its intervals included, grow with the data and what is asked?

    python benchmarks/fits.py [--axes rows,length,horizon,...] [--models Recurrent,...] [--json FILE] [--plot FILE]

One axis at a time is varied about a usual case, 100 series of 200 hours, 12 ahead; each size is a process of its own.
CPU seconds of fit and forecast together, since other processes change them less than the wall's, and memory at the
peak beyond that before the fit. Beside each size: how many times the seconds of the size before it, and how many times
that size it is. `!` marks what grew by more than its size: see "where it is slow" in docs/scale.md.

rows: in all, in series of 200. length: of a single series. horizon: steps ahead. covariates: known ahead. targets: of
each series. gaps: share of values that are missing.
"""

import argparse
import json
import multiprocessing
import resource
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import loopcast

LENGTH, LEAST = 200, 2.0  # rows of a series; CPU seconds below which nothing is said of growth
MOST_SECONDS = 600


@dataclass(frozen=True, kw_only=True)
class Case:
    """One fit."""

    series: int = 100
    length: int = LENGTH
    horizon: int = 12
    covariates: int = 0
    targets: int = 1
    gaps: float = 0.0


AXES: dict[str, list[tuple[float, Case]]] = {
    "rows": [(rows, Case(series=rows // LENGTH)) for rows in (10**3, 10**4, 10**5, 10**6, 10**7)],
    "length": [(length, Case(series=1, length=length)) for length in (10**3, 10**4, 10**5, 10**6)],
    "horizon": [(steps, Case(length=3 * 10**3, series=10, horizon=steps)) for steps in (1, 10, 100, 1000)],
    "covariates": [(count, Case(covariates=count)) for count in (1, 5, 10, 50)],
    "targets": [(count, Case(series=20, targets=count)) for count in (1, 5, 20)],
    "gaps": [(share, Case(gaps=share)) for share in (0.01, 0.1, 0.5)],
}
MODELS = ("Recurrent", "Tuned", "Trees", "Linear", "Theta", "SeasonalNaive")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a fit and its forecast took. failure: what was said instead."""

    axis: str
    size: float
    model: str
    cpu_seconds: float = float("nan")
    wall_seconds: float = float("nan")
    mib: float = float("nan")
    failure: str = ""


def forecaster(name: str, horizon: int) -> Any:
    makers: dict[str, Any] = {
        "Recurrent": lambda: loopcast.Recurrent(horizon=horizon, show_progress=False),
        "Tuned": lambda: loopcast.Pretrained(horizon=horizon, show_progress=False, alias="Tuned"),
        "Trees": lambda: loopcast.Trees(horizon=horizon),
        "Linear": lambda: loopcast.Linear(horizon=horizon),
        "Theta": lambda: loopcast.Theta(horizon=horizon),
        "SeasonalNaive": loopcast.SeasonalNaive,
    }
    return makers[name]()


def panel_of(case: Case) -> loopcast.Panel:
    """Hours with a day's shape, walks, and what is known ahead."""
    rng = np.random.default_rng(0)
    shape = case.series, case.length + case.horizon, case.targets
    day = 3 * np.sin(np.arange(shape[1]) * np.pi / 12)[:, None]
    values = (50 + day + 0.3 * rng.normal(size=shape).cumsum(axis=1) + rng.normal(size=shape)).astype(np.float32)
    values[rng.uniform(size=shape) < case.gaps] = np.nan
    if not case.covariates:
        whole = loopcast.Panel.from_array(values, start="2020-01-01 00:00", freq="h")
        return whole.drop_last(case.horizon)
    names = [f"x{i}" for i in range(case.covariates)]
    known = rng.normal(size=(case.covariates, shape[0] * shape[1]))
    times = pl.datetime_range(pl.datetime(2020, 1, 1), interval="1h", end=pl.datetime(2400, 1, 1), eager=True)
    table = pl.DataFrame(
        {"unique_id": np.repeat(np.arange(shape[0]), shape[1]), "y": values.ravel().astype(np.float64)}
    ).with_columns(pl.concat([times[: shape[1]]] * shape[0]).alias("ds"))
    table = table.with_columns(pl.Series(name, column) for name, column in zip(names, known, strict=True))
    whole = loopcast.Panel.from_table(table, columns=loopcast.Columns(future=tuple(names)), freq="h")
    return whole.drop_last(case.horizon)


def cost(axis: str, size: float, model: str, case: Case) -> Cost:
    """Of one fit and one forecast, in this process."""
    panel, before = panel_of(case), peak_mib()
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        fitted = forecaster(model, case.horizon).fit_panel(panel).model
        fitted.predict_bands(panel, case.horizon, loopcast.columns.Bands.of(80), (0,))
    except loopcast.errors.LoopcastError as error:
        return Cost(axis=axis, size=size, model=model, failure=str(error)[:100])
    took = time.process_time() - cpu, time.perf_counter() - wall
    return Cost(axis=axis, size=size, model=model, cpu_seconds=took[0], wall_seconds=took[1], mib=peak_mib() - before)


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def costs(axes: Iterable[str], models: Iterable[str]) -> Iterable[list[Cost]]:
    """Of each model along each axis, in turn; after a size that takes too long no larger one is tried."""
    context = multiprocessing.get_context("spawn")
    for axis in axes:
        for model in models:
            found: list[Cost] = []
            for size, case in AXES[axis]:
                with context.Pool(1) as pool:
                    job = pool.apply_async(cost, (axis, size, model, case))
                    try:
                        found.append(job.get(MOST_SECONDS))
                    except multiprocessing.TimeoutError:
                        found.append(Cost(axis=axis, size=size, model=model, failure=f"over {MOST_SECONDS} s"))
                        break
            yield found


def show(line: list[Cost]) -> None:
    print(f"\n{line[0].axis}: {line[0].model}")
    before: Cost | None = None
    for each in line:
        if each.failure:
            print(f"  {each.size:>12,g}  {each.failure}", flush=True)
            continue
        growth = ""
        if before is not None and not before.failure and before.cpu_seconds > 0:
            times, larger = each.cpu_seconds / before.cpu_seconds, each.size / before.size
            steep = each.cpu_seconds > LEAST and times > 1.2 * larger
            growth = f"{times:6.1f} times for {larger:g} times{'  !' if steep else ''}"
        print(
            f"  {each.size:>12,g}  {each.cpu_seconds:7.1f} CPU s, {each.wall_seconds:7.1f} s, {each.mib:6.0f} MiB  "
            f"{growth}",
            flush=True,
        )
        before = each


def plot(lines: list[list[Cost]], path: Path) -> None:
    """Seconds along each axis, of all models."""
    import matplotlib.pyplot as plt

    axes = list(dict.fromkeys(line[0].axis for line in lines))
    figure, panes = plt.subplots(2, len(axes), figsize=(4 * len(axes), 7), squeeze=False)
    for place, axis in enumerate(axes):
        for line in (each for each in lines if each[0].axis == axis):
            sizes = [each.size for each in line]
            panes[0, place].loglog(sizes, [each.cpu_seconds for each in line], marker="o", label=line[0].model)
            panes[1, place].loglog(sizes, [max(each.mib, 1) for each in line], marker="o")
        panes[0, place].set_title(axis)
    panes[0, 0].set_ylabel("CPU seconds")
    panes[1, 0].set_ylabel("MiB beyond the data")
    panes[0, 0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=80)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--axes", default=",".join(AXES), help="names with commas between [all]")
    parser.add_argument("--models", default=",".join(MODELS), help="names with commas between [all]")
    parser.add_argument("--json", type=Path, help="also write the costs here")
    parser.add_argument("--plot", type=Path, help="also draw them here")
    options = parser.parse_args()
    lines = []
    for line in costs(options.axes.split(","), options.models.split(",")):
        show(line)
        lines.append(line)
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for line in lines for each in line], indent=1) + "\n")
    if options.plot:
        plot(lines, options.plot)


if __name__ == "__main__":
    main()
