"""loopcast impute: fill the gaps of the series in a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from cyclopts import Parameter

import loopcast
from loopcast.cli import printing
from loopcast.cli.options import Freq, GapsOption, Id, Json, Quiet, Report, Time, check_outputs, levels, named

if TYPE_CHECKING:
    import polars as pl

    from loopcast import Imputer, Panel


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
        Literal["two-sided", "causal"], Parameter(help="See both sides of a gap, or nothing later.")
    ] = "two-sided",
    best: Annotated[
        bool, Parameter(negative="", help="Fill each column as did best on hidden values: network, line, season, ...")
    ] = False,
    updates: Annotated[int | None, Parameter(help="Steps of training [by the number of values].")] = None,
    level: Annotated[str, Parameter(metavar="P,P", help="Percentages of the intervals, such as 90, or none.")] = "90",
    seed: Annotated[int, Parameter(help="The same seed fills with the same numbers.")] = 0,
    output: Annotated[Path | None, Parameter(help="Write the filled table: .csv or .parquet.")] = None,
    report: Report = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fill the gaps of the series in FILE, and say how far off filled values are, beside simpler ways."""
    check_outputs(file, output=output, report=report)
    wanted = levels(level)
    columns = named(id_, time, target)
    panel = loopcast.read(file, columns=columns, freq=freq, gaps=gaps)
    imputer = loopcast.Imputer(
        mode=mode, season=season, best=best, updates=updates, seed=seed, show_progress=False if quiet else None
    ).fit(panel)
    if output is not None or report is not None:
        filled = imputer.fill(panel)
    if output is not None:
        extra = imputer.ends(panel, wanted) if wanted else {}
        printing.write_table(whole(file, panel, filled, extra), output)
    if report is not None:
        ends = imputer.intervals(panel, wanted) if wanted else None
        loopcast.plot_gaps(panel, filled, ends).save(report)
    if json:
        printing.print_object({"chosen": imputer.describe(), "scores": imputer.scores.to_dicts(), **counts(panel)})
    else:
        show(imputer, panel)


def whole(file: Path, panel: "Panel", filled: np.ndarray, extra: dict[str, np.ndarray]) -> "pl.DataFrame":
    """The table in the file with every column it has, its gaps filled, and `extra` with it."""
    from loopcast.frames.filled import fill_table
    from loopcast.frames.read import read_whole

    table, template = read_whole(file), panel.template
    same = loopcast.Panel.from_table(table, columns=template.columns, freq=template.freq, gaps="insert")
    done: pl.DataFrame = fill_table(table, same, filled, np.isnan(same.values), extra)
    return done.with_columns(done[name].fill_nan(None) for name in extra)


def counts(panel: "Panel") -> dict[str, int]:
    """How many values there are, and how many were missing."""
    return {"series": panel.n_series, "values": panel.values.size, "filled": int(np.isnan(panel.values).sum())}


def show(imputer: "Imputer", panel: "Panel") -> None:
    """What was filled, and how far off each way is at values that were hidden."""
    found = counts(panel)
    print(f"Filled {found['filled']:,} of {found['values']:,} values in {found['series']:,} series.")
    print("\nMean absolute error at known values that were hidden, in units of each column's spread:")
    printing.show(imputer.scores, digits="#.4g")
    print(imputer.describe())
