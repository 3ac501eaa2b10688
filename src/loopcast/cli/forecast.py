"""loopcast forecast: train on the series in a file and forecast them."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from loopcast.cli import printing
from loopcast.cli.bounds import NO_BOUNDS, BoundOptions
from loopcast.cli.options import (
    STANDARD_STREAM,
    WHOLE_NUMBERS,
    Budget,
    Explain,
    FailIfWorseThan,
    Json,
    Output,
    Plot,
    Quiet,
    Report,
    SafeCsv,
    Season,
    check_outputs,
)
from loopcast.cli.outputs import write
from loopcast.cli.tables import USUAL_COLUMNS, Future, SeriesAndCovariates, Wide, require_future, with_future
from loopcast.cli.verdict import require_better
from loopcast.errors import OptionError
from loopcast.tasks.models import BASELINES, CommonOptions, build_forecasters, build_models, seconds
from loopcast.tasks.texts import levels

Units = Annotated[tuple[int, ...] | None, WHOLE_NUMBERS, Parameter(help="Units of each layer, such as 40,40 [40].")]


def forecast(
    file: Annotated[
        Path, Parameter(help="The series: .csv, .tsv, .parquet, .feather or .xlsx, or - for standard input.")
    ],
    /,
    *,
    horizon: Annotated[int, Parameter(help="Steps ahead.")],
    table: SeriesAndCovariates = USUAL_COLUMNS,
    future: Future = None,
    season: Season = None,
    level: Annotated[
        str | None, Parameter(metavar="P,P", help="Percentages of the intervals, or none [80,95 where series allow].")
    ] = None,
    model: Annotated[
        str | None,
        Parameter(
            metavar="NAME,NAME",
            help="A model, such as Pretrained, Theta or Recurrent, or several [Auto: the best of several].",
        ),
    ] = None,
    budget: Budget = "60s",
    bounds: BoundOptions = NO_BOUNDS,
    cell: Annotated[Literal["lstm", "gru", "simple"] | None, Parameter(help="Kind of recurrent layer [gru].")] = None,
    units: Units = None,
    updates: Annotated[int | None, Parameter(help="Updates of the weights [400, or 800 with covariates].")] = None,
    seed: Annotated[int, Parameter(help="The same seed gives the same forecast.")] = 0,
    check: Annotated[bool, Parameter(help="Compare with the baselines on the last steps of the history.")] = True,
    explain: Explain = False,
    fail_if_worse_than: FailIfWorseThan = None,
    wide: Wide = False,
    output: Output = None,
    safe_csv: SafeCsv = False,
    plot: Plot = None,
    report: Report = None,
    save: Annotated[Path | None, Parameter(help="Keep the trained model, for loopcast predict.")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Forecast the series in FILE with what does best on their past, and show how well that would have done."""
    check_outputs(file, future, output=output, plot=plot, save=save, report=report)
    common = CommonOptions(horizon=horizon, seasons=season, seed=seed, budget=seconds(budget), bounds=bounds.options())
    options = {"cell": cell, "units": units, "updates": updates}
    chosen = {name: value for name, value in options.items() if value is not None}
    forecasters = build_forecasters(model, common, chosen, show_progress=False if quiet else None)
    check_one(len(forecasters), save=save is not None, explain=explain)
    names = [each.name for each in forecasters]
    baselines = build_models([name for name in BASELINES if name not in names], common)
    if fail_if_worse_than is not None and (fail_if_worse_than not in BASELINES or not check):
        raise OptionError(f"--fail-if-worse-than goes with --check and is one of {', '.join(BASELINES)}")
    wanted = None if level is None else levels(level)
    panel = with_future(table.read(file), future, table.options(), "name them with --future-covariates")
    require_future(panel, horizon)
    from loopcast.tasks.forecast import ForecastTask
    from loopcast.tasks.forecast import forecast as run

    result = run(
        ForecastTask(
            forecasters=tuple(forecasters),
            horizon=horizon,
            baselines=tuple(baselines),
            check=check,
            show_compared=report is not None,
            levels=wanted,
            season=common.season,
            explain=explain,
        ),
        panel,
        status=lambda message: printing.status(message, quiet=quiet),
        show_progress=False if quiet else None,
    )
    if save is not None:
        forecasters[0].save(save)
    write(result, wide=wide, output=output, safe_csv=safe_csv, plot=plot, report=report)
    if json:
        printing.print_object(result.facts(wide=wide))
    elif output != STANDARD_STREAM:  # which has the table then
        printing.show_forecast(result.table(wide=wide), result.unsure)
        printing.show_choices(result.forecasters)
        printing.show_explanation(result.explanation)
        printing.show_check(result.check, result.unchecked, horizon)
    if result.check is not None:
        require_better(result.check, fail_if_worse_than)


def check_one(count: int, **asked: bool) -> None:
    """OptionError where something is asked for that goes with one model, and there are several."""
    wrong = next((name for name, given in asked.items() if given), None)
    if count > 1 and wrong is not None:
        raise OptionError(f"--{wrong} goes with one model, and --model names {count}: name one")
