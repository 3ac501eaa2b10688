"""loopcast forecast: train on the series in a file and forecast them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

import loopcast
from loopcast.cli import printing
from loopcast.cli.models import BASELINES, CommonOptions, build_models, seconds
from loopcast.cli.options import (
    Budget,
    FailIfWorseThan,
    Json,
    Output,
    Plot,
    Quiet,
    Report,
    check_outputs,
    layers,
    levels,
)
from loopcast.cli.outputs import ForecastOutput
from loopcast.cli.tables import USUAL_COLUMNS, Future, SeriesAndCovariates, Wide, require_future, with_future
from loopcast.cli.verdict import require_better
from loopcast.errors import OptionError

if TYPE_CHECKING:  # at run time these load once the options are known to be right: --help has to be quick
    from collections.abc import Sequence

    from loopcast import Forecaster, Leaderboard, Panel

USUAL_LEVELS = (80, 95)

Units = Annotated[
    tuple[int, ...] | None,
    Parameter(
        converter=layers,
        n_tokens=1,
        negative="",
        metavar="N,N",
        help="Units of each layer, such as 40,40 [chosen by size].",
    ),
]


def forecast(
    file: Annotated[Path, Parameter(help="The series: .csv, .tsv or .parquet, a row for each series and time.")],
    /,
    *,
    horizon: Annotated[int, Parameter(help="Steps ahead.")],
    table: SeriesAndCovariates = USUAL_COLUMNS,
    future: Future = None,
    season: Annotated[int | None, Parameter(help="Steps in a season [usual for the calendar].")] = None,
    level: Annotated[
        str | None, Parameter(metavar="P,P", help="Percentages of the intervals, or none [80,95 where series allow].")
    ] = None,
    model: Annotated[
        Literal["Recurrent", "Auto"], Parameter(help="A network, or the best of several models.")
    ] = "Recurrent",
    budget: Budget = "60s",
    cell: Annotated[Literal["lstm", "gru", "simple"] | None, Parameter(help="Kind of recurrent layer [lstm].")] = None,
    units: Units = None,
    context: Annotated[
        int | Literal["all"] | None,
        Parameter(metavar="STEPS", show_choices=False, help="Steps of the past a forecast sees, or all [all]."),
    ] = None,
    strategy: Annotated[
        Literal["sequence", "direct", "iterated"] | None,
        Parameter(help="How several steps ahead are learned [sequence]."),
    ] = None,
    epochs: Annotated[int | None, Parameter(help="Passes over the data [chosen by size].")] = None,
    seed: Annotated[int, Parameter(help="The same seed gives the same forecast.")] = 0,
    check: Annotated[bool, Parameter(help="Compare with the baselines on the last steps of the history.")] = True,
    fail_if_worse_than: FailIfWorseThan = None,
    wide: Wide = False,
    output: Output = None,
    plot: Plot = None,
    report: Report = None,
    save: Annotated[Path | None, Parameter(help="Keep the trained model, for loopcast predict.")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a recurrent network on the series in FILE, forecast them, and compare it with the baselines."""
    check_outputs(file, output=output, plot=plot, save=save, report=report)
    asked = CommonOptions(horizon=horizon, season=season, seed=seed, budget=seconds(budget))
    options = {"cell": cell, "units": units, "context": context, "strategy": strategy, "epochs": epochs}
    given = {name: value for name, value in options.items() if value is not None}
    forecaster, baselines = build_forecaster(model, asked, given, quiet=quiet), build_models(BASELINES, asked)
    if fail_if_worse_than is not None and (fail_if_worse_than not in BASELINES or not check):
        raise OptionError(f"--fail-if-worse-than goes with --check and is one of {', '.join(BASELINES)}")
    wanted = None if level is None else levels(level)
    panel = with_future(table.read(file), future, "name them with --future-covariates")
    require_future(panel, horizon)
    models = [forecaster, *baselines]
    unchecked = loopcast.why_no_backtest(models, panel, horizon) if check else "not asked for"
    board = None if unchecked else run_check(models, panel, asked, quiet=quiet)
    printing.status("Training on the whole history ...", quiet=quiet)
    forecaster.fit(panel)
    unsure = forecaster.why_no_intervals(panel, horizon) if wanted is None else None
    shown = USUAL_LEVELS if wanted is None and unsure is None else wanted or ()
    if shown and forecaster.needs_calibration(horizon):
        printing.status("Measuring how sure it is on a held-back tail ...", quiet=quiet)
        forecaster.calibrate(horizon)
    predicted = ForecastOutput.of(forecaster, panel, horizon, shown, wide=wide)
    if save is not None:
        forecaster.save(save)
    predicted.write(board=board, output=output, plot=plot, report=report)
    if json:
        printing.print_json(
            predicted.table,
            models={forecaster.name: forecaster.describe()},
            check=board,
            unchecked=unchecked,
            unsure=unsure,
        )
    else:
        printing.show_forecast(predicted.table, unsure)
        printing.show_check(board, unchecked, horizon)
    if board is not None:
        require_better(board, fail_if_worse_than)


def build_forecaster(model: str, asked: CommonOptions, given: dict[str, Any], *, quiet: bool) -> "Forecaster[Any]":
    """The forecaster with the options that were given; OptionError where it takes none of them."""
    if model != "Recurrent" and given:
        raise OptionError(f"--{next(iter(given))} is an option of Recurrent, and --model {model} chooses by itself")
    [made_one] = build_models([model], asked)
    return made_one.with_options(show_progress=False if quiet else None, **given)


def run_check(
    models: "Sequence[Forecaster[Any]]", panel: "Panel", asked: CommonOptions, *, quiet: bool
) -> "Leaderboard":
    """How the models did on the last steps of the history."""
    printing.status(f"Comparing on the last {asked.horizon} steps ...", quiet=quiet)
    done = loopcast.backtest(
        models,
        panel,
        asked.horizon,
        season=asked.season,
        short="leave out",
        show_progress=False if quiet else None,
    )
    return loopcast.leaderboard(done)
