"""loopcast impute: fill the gaps of the series in a file."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from cyclopts import Parameter

import loopcast
from loopcast.cli import printing
from loopcast.cli.models import command_line
from loopcast.cli.options import Freq, GapsOption, Id, Json, Quiet, Report, Time, check_outputs, levels, resolve_columns
from loopcast.columns import Columns
from loopcast.errors import OptionError

if TYPE_CHECKING:
    import polars as pl

    from loopcast import Imputer, Panel
    from loopcast.data.schema import TableSchema


MOST_SURE = 99  # percent, of an interval: errors that are rarer are not told apart


def impute(
    file: Annotated[Path, Parameter(help="The series: .csv, .tsv or .parquet, a row for each series and time.")],
    /,
    *,
    id_: Id = None,
    time: Time = None,
    target: Annotated[
        str | None, Parameter(metavar="A,B", help="Columns of numbers with gaps, filled jointly [y].")
    ] = None,
    freq: Freq = None,
    gaps: GapsOption = "error",
    season: Annotated[int | None, Parameter(help="Steps in a season [usual for the calendar].")] = None,
    mode: Annotated[
        Literal["two-sided", "causal"] | None, Parameter(help="See both sides of a gap, or nothing later [two-sided].")
    ] = None,
    best: Annotated[
        bool, Parameter(negative="", help="Fill each column as did best on hidden values: network, line, season, ...")
    ] = False,
    updates: Annotated[int | None, Parameter(help="Steps of training, of each network [by how much is known].")] = None,
    level: Annotated[str, Parameter(metavar="P,P", help="Percentages of the intervals, such as 90, or none.")] = "90",
    seed: Annotated[int | None, Parameter(help="The same seed fills with the same numbers [0].")] = None,
    model: Annotated[
        Path | None, Parameter(help="Fill with what --save wrote, and train nothing. Columns default to the model's.")
    ] = None,
    save: Annotated[Path | None, Parameter(help="Write what was learned, to fill other files with.")] = None,
    output: Annotated[Path | None, Parameter(help="Write the filled table: .csv or .parquet.")] = None,
    report: Report = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fill the gaps of the series in FILE, and say how far off filled values are, beside simpler ways."""
    check_outputs(file, output=output, save=save, report=report)
    wanted = levels(level)
    if wanted and wanted[-1] > MOST_SURE:
        raise OptionError(f"intervals of filled values go up to {MOST_SURE}%, got --level {wanted[-1]:g}")
    if model is None:
        panel = loopcast.read(file, columns=resolve_columns(id_, time, target), freq=freq, gaps=gaps)
        if output is not None:  # before the training: what is wrong with the table shows
            fill_original(file, panel, np.zeros_like(panel.values), {})
        imputer = loopcast.Imputer(
            mode=mode or "two-sided",
            season=season,
            best=best,
            updates=updates,
            seed=seed or 0,
            show_progress=False if quiet else None,
        ).fit(panel)
    else:
        training = {
            "mode": mode,
            "season": season,
            "best": best or None,
            "updates": updates,
            "seed": seed,
            "save": save,
        }
        imputer = load_imputer(model, [name for name, value in training.items() if value is not None])
        panel = read_like(
            imputer.fitted.schema, file, resolve_columns(id_, time, target, imputer.fitted.schema.columns), freq, gaps
        )
    if save is not None:
        imputer.save(save)
    if output is not None or report is not None:
        write(imputer, panel, file, wanted, output=output, report=report)
    if json:
        printing.print_object({"chosen": imputer.describe(), "scores": imputer.scores.to_dicts(), **counts(panel)})
    else:
        show(imputer, panel)
        if output is None and report is None and save is None:
            printing.status("Nothing is kept of it: --output FILE writes the filled table.", quiet=quiet)


def load_imputer(model: Path, given: list[str]) -> "Imputer":
    """The imputer in a model file; OptionError for a file of something else, and for options of a fit."""
    if given:
        options = ", ".join(f"--{name}" for name in given)
        raise OptionError(f"--model trains nothing, and {options} is for training: leave one of them out")
    found = loopcast.load(model)
    if not isinstance(found, loopcast.Imputer):
        raise OptionError(f"{model} forecasts, and does not fill gaps: loopcast predict {model} FILE")
    return found


def read_like(
    schema: "TableSchema", file: Path, columns: Columns, freq: int | str | None, gaps: Literal["error", "insert"]
) -> "Panel":
    """The series in a file as a model takes them: of its calendar, its columns in its order however they are named."""
    from loopcast.data.convert import as_panel

    theirs = schema.columns.targets
    if sorted(columns.targets) == sorted(theirs):
        columns = replace(columns, target=schema.columns.target)
    return as_panel(loopcast.read(file, columns=columns, freq=freq or schema.freq, gaps=gaps), like=schema)


def write(
    imputer: "Imputer",
    panel: "Panel",
    file: Path,
    wanted: tuple[float, ...],
    *,
    output: Path | None,
    report: Path | None,
) -> None:
    """The filled table, and the page."""
    from loopcast.models.base import interval_arrays
    from loopcast.storage.atomic import write_whole

    filled = imputer.fill(panel)
    ends = imputer.intervals(panel, wanted) if wanted else {}
    if output is not None:
        printing.write_table(fill_original(file, panel, filled, interval_arrays(panel.targets, ends)), output)
    if report is not None:
        write_whole(report, loopcast.gaps_page(imputer, panel, filled, ends, command=command_line()))


def fill_original(file: Path, panel: "Panel", filled: np.ndarray, extra: dict[str, np.ndarray]) -> "pl.DataFrame":
    """The table in the file with every column it has, its gaps filled, and `extra` with it."""
    from loopcast.data.fill_table import fill_table
    from loopcast.data.read import read_whole

    table, schema = read_whole(file), panel.schema
    same = loopcast.Panel.from_table(table, columns=schema.columns, freq=schema.freq, gaps="insert")
    done: pl.DataFrame = fill_table(table, same, filled, np.isnan(same.values), extra)
    return done.with_columns(done[name].fill_nan(None) for name in extra)


def counts(panel: "Panel") -> dict[str, int]:
    """How many values there are, and how many were missing."""
    return {"series": panel.n_series, "values": panel.values.size, "filled": int(np.isnan(panel.values).sum())}


def show(imputer: "Imputer", panel: "Panel") -> None:
    """What was filled, and how far off each way is at values that were hidden."""
    found = counts(panel)
    print(f"Filled {found['filled']:,} of {found['values']:,} values in {found['series']:,} series.")
    if len(imputer.scores):
        print("\nMean absolute error at known values that were hidden, in units of each column's spread:")
        printing.show(imputer.scores, digits="#.4g")
    print(imputer.describe())
