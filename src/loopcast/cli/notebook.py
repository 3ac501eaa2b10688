"""loopcast notebook: every experiment of the notebook that started the project, beside its own figures."""

import json as json_format
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from loopcast.cli import printing
from loopcast.cli.options import Json, Plot, Quiet, check_plot
from loopcast.errors import OptionError

if TYPE_CHECKING:
    from loopcast.tasks.notebook.run import Results

SEED = 15
LINES = 4  # drawn of the models, the last of the table: more would hide one another


def notebook(
    *,
    rows: Annotated[str | None, Parameter(help="Only these rows, such as linear-1,lstm-10 [all].")] = None,
    shared_frequency: Annotated[
        bool, Parameter(help="Make the series with the notebook's slip, as its figures need.")
    ] = True,
    seed: Annotated[int, Parameter(help="Of the series and of every network.")] = SEED,
    plot: Plot = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run the notebook's experiments on its own series, and print one table of errors."""
    check_plot(plot)
    from loopcast.tasks.notebook.experiments import experiments
    from loopcast.tasks.notebook.run import chosen, run

    every = experiments(seed, False if quiet else None)
    wanted = [each.name for each in every] if rows is None else rows.split(",")
    unknown = [name for name in wanted if name not in {each.name for each in every}]
    if unknown:
        raise OptionError(f"there is no row {unknown[0]!r}; the rows are {', '.join(each.name for each in every)}")
    results = list(
        run(
            chosen(every, wanted),
            shared_frequency=shared_frequency,
            seed=seed,
            callback=lambda name: printing.status(f"{name} ...", quiet=quiet),
        )
    )
    show(results, shared_frequency=shared_frequency, seed=seed, as_json=json)
    if plot is not None:
        draw(results, shared_frequency=shared_frequency, seed=seed, path=plot)


def show(results: "Sequence[Results]", *, shared_frequency: bool, seed: int, as_json: bool) -> None:
    """The table, or one JSON object: rows, and best_possible by number of steps."""
    import polars as pl

    from loopcast.tasks.notebook.series import best_possible

    rows = [asdict(ran.row) for ran in results]
    best = {steps: best_possible(steps, shared_frequency=shared_frequency, seed=seed) for steps in (1, 10)}
    if as_json:
        print(json_format.dumps({"rows": rows, "best_possible": best}, allow_nan=False))
        return
    floats = ("valid_loss", "notebook_mse", "notebook_loss")
    schema = {"epochs": pl.Int64, **dict.fromkeys(floats, pl.Float64)}
    printing.show(pl.DataFrame(rows, schema_overrides=schema), digits=".3g")
    print(
        f"\nBest possible, given the noise: {best[1]:.5f} one step ahead, {best[10]:.5f} over ten.\n"
        "Mean squared errors, forecast at the last step; valid_loss is over all steps; seconds include compiling."
    )


def draw(results: "Sequence[Results]", *, shared_frequency: bool, seed: int, path: Path) -> None:
    """Forecasts of three test series by some of the rows with the most steps, beside the truth."""
    from loopcast.report.plots import plot
    from loopcast.tasks.notebook.series import split

    steps = max(ran.row.steps for ran in results)
    panel = split(steps, shared_frequency=shared_frequency, seed=seed).test
    seen = panel.drop_last(steps)
    drawn = [ran for ran in results if ran.row.steps == steps][-LINES:]
    plot(
        seen,
        {ran.row.name: ran.model.predict_panel(seen, steps).values[:, 0] for ran in drawn},
        truth=panel.last(steps),
        most=3,
    ).save(path)
