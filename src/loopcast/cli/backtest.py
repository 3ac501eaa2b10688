"""loopcast backtest: what models would have forecast in the past, side by side."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from loopcast.cli import printing
from loopcast.cli.bounds import NO_BOUNDS, BoundOptions
from loopcast.cli.command_line import command_line
from loopcast.cli.options import (
    STANDARD_STREAM,
    Budget,
    FailIfWorseThan,
    Jobs,
    Json,
    Level,
    On,
    Output,
    Quiet,
    Report,
    SafeCsv,
    Season,
    check_outputs,
)
from loopcast.cli.tables import USUAL_COLUMNS, SeriesAndCovariates
from loopcast.cli.verdict import require_better
from loopcast.tasks.models import DEFAULT_MODELS, CommonOptions, build_models, seconds
from loopcast.tasks.texts import levels, parse_refit


def backtest(
    file: Annotated[
        Path, Parameter(help="The series: .csv, .tsv, .parquet, .feather or .xlsx, or - for standard input.")
    ],
    /,
    *,
    horizon: Annotated[int, Parameter(help="Steps ahead.")],
    n_windows: Annotated[int, Parameter(help="How many past cutoffs to forecast from.")] = 3,
    step_size: Annotated[int | None, Parameter(help="Steps from one cutoff to the next [the horizon].")] = None,
    refit: Annotated[
        str, Parameter(metavar="WHEN", help="Fit never again, always, or every so many cutoffs.")
    ] = "never",
    models: Annotated[
        str, Parameter(metavar="A,B", help="Which models: those, LSTM, GRU, SimpleRNN, Auto.")
    ] = DEFAULT_MODELS,
    level: Level = "80,95",
    seeds: Annotated[int, Parameter(help="Fits of each network, from different seeds.")] = 1,
    table: SeriesAndCovariates = USUAL_COLUMNS,
    season: Season = None,
    seed: Annotated[int, Parameter(help="The same seed gives the same forecasts.")] = 0,
    budget: Budget = "60s",
    bounds: BoundOptions = NO_BOUNDS,
    cache_dir: Annotated[
        Path | None, Parameter(help="A folder for what is finished, for a run after an interruption.")
    ] = None,
    jobs: Jobs = 1,
    on: On = "processes",
    report: Report = None,
    series: Annotated[str | None, Parameter(metavar="A,B", help="Ids of series that the report has to show.")] = None,
    output: Output = None,
    safe_csv: SafeCsv = False,
    fail_if_worse_than: FailIfWorseThan = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Forecast from past cutoffs of the series in FILE with several models, and say which one to use."""
    check_outputs(file, output=output, report=report)
    names = [name.strip() for name in models.split(",")]
    if fail_if_worse_than is not None and fail_if_worse_than not in names:
        names.append(fail_if_worse_than)
    asked = CommonOptions(horizon=horizon, seasons=season, seed=seed, budget=seconds(budget), bounds=bounds.options())
    forecasters, wanted, again = build_models(names, asked), levels(level), parse_refit(refit)
    panel = table.read(file)
    from loopcast.data.output import to_caller_type
    from loopcast.tasks.backtest import backtest as run

    result = run(
        forecasters,
        panel,
        horizon,
        n_windows=n_windows,
        step_size=step_size,
        refit=again,
        level=wanted,
        season=asked.season,
        seeds=seeds,
        cache_dir=cache_dir,
        n_jobs=jobs,
        on=on,
        show_progress=False if quiet else None,
    )
    done, board = result.backtest, result.leaderboard
    if output is not None:
        printing.write_table(to_caller_type(panel, done.table), output, safe_csv=safe_csv)
    if report is not None:
        chosen = [] if series is None else series.split(",")
        printing.write_page(result.page(command_line(), chosen), report)
    if json:
        printing.print_object(result.facts())
    elif output != STANDARD_STREAM:  # which has the table then
        printing.show_backtest(done, board)
    require_better(board, fail_if_worse_than)
