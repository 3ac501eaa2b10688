"""loopcast impute: fill the gaps of the series in a file."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

import loopcast
from loopcast.cli import printing
from loopcast.cli.bounds import NO_BOUNDS, BoundOptions
from loopcast.cli.command_line import command_line
from loopcast.cli.options import STANDARD_STREAM, Json, Output, Quiet, Report, SafeCsv, check_outputs, has_types
from loopcast.cli.tables import USUAL, SeriesOptions
from loopcast.errors import OptionError
from loopcast.tasks.texts import levels

if TYPE_CHECKING:
    from loopcast import Imputer
    from loopcast.data.read import WholeFile
    from loopcast.data.schema import TableSchema
    from loopcast.tasks.impute import ImputeResult


MOST_SURE = 99  # percent, of an interval: errors that are rarer are not told apart


def impute(
    file: Annotated[
        Path, Parameter(help="The series: .csv, .tsv, .parquet, .feather or .xlsx, or - for standard input.")
    ],
    /,
    *,
    table: SeriesOptions = USUAL,
    season: Annotated[int | None, Parameter(help="Steps in a season [usual for the calendar].")] = None,
    mode: Annotated[
        Literal["two-sided", "causal"] | None, Parameter(help="See both sides of a gap, or nothing later [two-sided].")
    ] = None,
    best: Annotated[
        bool, Parameter(negative="", help="Fill each column as did best on hidden values: network, line, season, ...")
    ] = False,
    updates: Annotated[int | None, Parameter(help="Steps of training, of each network [by how much is known].")] = None,
    bounds: BoundOptions = NO_BOUNDS,
    level: Annotated[str, Parameter(metavar="P,P", help="Percentages of the intervals, such as 90, or none.")] = "90",
    seed: Annotated[int | None, Parameter(help="The same seed fills with the same numbers [0].")] = None,
    model: Annotated[
        Path | None, Parameter(help="Fill with what --save wrote, and train nothing. Columns default to the model's.")
    ] = None,
    save: Annotated[Path | None, Parameter(help="Write what was learned, to fill other files with.")] = None,
    output: Output = None,
    safe_csv: SafeCsv = False,
    report: Report = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fill the gaps of the series in FILE, and say how far off filled values are, beside simpler ways."""
    check_outputs(file, model, output=output, save=save, report=report)
    wanted = levels(level)
    if wanted and wanted[-1] > MOST_SURE:
        raise OptionError(f"intervals of filled values go up to {MOST_SURE}%, got --level {wanted[-1]:g}")
    if model is None:
        whole = table.read_file(file, every=output is not None)
        imputer = loopcast.Imputer(
            mode=mode or "two-sided",
            season=season,
            best=best,
            **bounds.options(),
            updates=updates,
            seed=seed or 0,
            show_progress=False if quiet else None,
        )
    else:
        training = {
            "mode": mode, "season": season, "best": best or None, "updates": updates, "seed": seed, "save": save,
        }  # fmt: skip
        given = [name for name, value in training.items() if value is not None]
        imputer = load_imputer(model, [*given, *bounds.named()])
        whole = read_like(imputer.model.schema, file, table, every=output is not None)
    panel = whole.panel
    from loopcast.tasks.impute import impute as run

    result = run(imputer, panel, levels=wanted, fill=output is not None or report is not None)
    if save is not None:
        imputer.save(save)
    if output is not None and result.filled is not None:
        done = result.table(whole)
        typed = has_types(output) and not has_types(file)
        printing.write_table(whole.with_types(done) if typed else done, output, safe_csv=safe_csv)
    if report is not None and result.filled is not None:
        printing.write_page(result.page(command_line()), report)
    if json:
        printing.print_object(result.facts())
    elif output != STANDARD_STREAM:  # which has the table then
        show(result)
        if output is None and report is None and save is None:
            printing.status("Nothing is kept of it: --output FILE writes the filled table.", quiet=quiet)


def load_imputer(model: Path, training: list[str]) -> "Imputer":
    """The imputer in a model file; OptionError for options of a fit beside it."""
    if training:
        options = ", ".join(f"--{name}" for name in training)
        raise OptionError(f"--model trains nothing, and {options} is for training: leave one of them out")
    return loopcast.load_imputer(model)


def read_like(schema: "TableSchema", file: Path, table: SeriesOptions, *, every: bool) -> "WholeFile":
    """The series in a file as a model takes them: of its calendar, its columns in its order however they are named."""
    from loopcast.data.convert import check_compatible

    if sorted(table.columns(schema.columns).targets) == sorted(schema.columns.targets):
        table = replace(table, target=None)  # in the model's order
    whole = table.read_file(file, schema.columns, schema.freq.alias, every=every)
    check_compatible(whole.panel.schema, schema)
    return whole


def show(result: "ImputeResult") -> None:
    """What was filled, and how far off each method is at values that were hidden."""
    counts, scores = result.counts, result.imputer.scores
    printing.say(f"Filled {counts['filled']:,} of {counts['values']:,} values in {counts['series']:,} series.")
    if len(scores):
        printing.say("\nMean absolute error at known values that were hidden, in units of each column's spread:")
        printing.show(scores, digits="#.4g")
    printing.say(result.imputer.describe())
