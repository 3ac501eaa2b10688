"""loopcast forecast: train on the series in a file and forecast them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

import loopcast
from loopcast.cli import printing
from loopcast.cli.options import (
    Freq,
    GapsOption,
    Id,
    Json,
    Output,
    Plot,
    Quiet,
    Target,
    Time,
    check_outputs,
    layers,
)
from loopcast.columns import ID, TARGET, TIME, Columns

if TYPE_CHECKING:  # at run time these load once the options are known to be right: --help has to be quick
    from collections.abc import Sequence

    from loopcast import Forecaster, HoldoutResult, Panel
    from loopcast.report.plots import Picture

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
    id_: Id = None,
    time: Time = None,
    target: Target = None,
    freq: Freq = None,
    gaps: GapsOption = "error",
    season: Annotated[int | None, Parameter(help="Steps in a season [usual for the calendar].")] = None,
    cell: Annotated[Literal["lstm", "gru", "simple"], Parameter(help="Kind of recurrent layer.")] = "lstm",
    units: Units = None,
    context: Annotated[
        int | Literal["all"] | None,
        Parameter(metavar="STEPS", show_choices=False, help="Steps of the past a forecast sees, or all [all]."),
    ] = None,
    strategy: Annotated[
        Literal["sequence", "direct", "iterated"], Parameter(help="How several steps ahead are learned.")
    ] = "sequence",
    epochs: Annotated[int | None, Parameter(help="Passes over the data [chosen by size].")] = None,
    seed: Annotated[int, Parameter(help="The same seed gives the same forecast.")] = 0,
    check: Annotated[bool, Parameter(help="Compare with the baselines on the last steps of the history.")] = True,
    output: Output = None,
    plot: Plot = None,
    save: Annotated[Path | None, Parameter(help="Keep the trained model, for loopcast predict.")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a recurrent network on the series in FILE, forecast them, and compare it with the baselines."""
    check_outputs(file, output=output, plot=plot, save=save)
    columns = Columns(id=id_ or ID, time=time or TIME, target=target or TARGET)
    panel = loopcast.read(file, columns=columns, freq=freq, gaps=gaps)
    network = loopcast.Recurrent(
        horizon=horizon,
        season=season,
        cell=cell,
        units=units,
        context=context,
        strategy=strategy,
        epochs=epochs,
        seed=seed,
        show_progress=False if quiet else None,
    )
    baselines: list[Forecaster[Any]] = [
        loopcast.Naive(),
        loopcast.SeasonalNaive(season=season),
        loopcast.Linear(horizon=horizon, season=season),
    ]
    rows = context if isinstance(context, int) else None
    unchecked = loopcast.why_no_holdout(panel, horizon, season=season, context=rows) if check else "not asked for"
    result = None
    if unchecked is None:
        printing.status(f"Comparing on the last {horizon} steps ...", quiet=quiet)
        least = loopcast.rows_for_holdout(panel, horizon, season=season, context=rows)
        result = loopcast.holdout([network, *baselines], panel, horizon, season=season, least=least)
    printing.status("Training on the whole history ...", quiet=quiet)
    table = network.fit(panel).predict(horizon)
    if output is not None:
        printing.write_table(table, output)
    if save is not None:
        network.save(save)
    if plot is not None:
        picture(panel, network, best_of(baselines, result, panel)).save(plot)
    if json:
        models = {network.name: network.describe()}
        printing.print_json(table, models=models, check=result, unchecked=unchecked)
    else:
        printing.show_forecast(table)
        printing.show_check(result, unchecked)


def best_of(
    baselines: "Sequence[Forecaster[Any]]", result: "HoldoutResult | None", panel: "Panel"
) -> "list[Forecaster[Any]]":
    """The baseline to show beside the network: the best one, if there was a comparison on all the series."""
    best = result.best(network=False) if result and len(result.ids) == panel.n_series else None
    return [each for each in baselines if best and each.name == best["model"]]


def picture(panel: "Panel", network: "Forecaster[Any]", beside: "Sequence[Forecaster[Any]]") -> "Picture":
    """The forecast of the fitted network, with those of baselines that are fitted here."""
    lines = [network, *(each.fit(panel) for each in beside)]
    return loopcast.plot(panel, {each.name: each.forecast(panel, network.horizon) for each in lines})
