"""loopcast predict: forecast the series in a file with a saved model."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

import loopcast
from loopcast.cli import printing
from loopcast.cli.options import (
    Freq,
    GapsOption,
    Id,
    Json,
    Level,
    Output,
    Plot,
    Report,
    Target,
    Time,
    check_outputs,
    levels,
    named,
    of_one_target,
)
from loopcast.cli.outputs import write_forecast
from loopcast.errors import OptionError


def predict(
    model: Annotated[Path, Parameter(help="A model that loopcast forecast --save wrote.")],
    file: Annotated[Path, Parameter(help="The histories: .csv, .tsv or .parquet, of series seen before or not.")],
    /,
    *,
    horizon: Annotated[int | None, Parameter(help="Steps ahead [as trained].")] = None,
    id_: Id = None,
    time: Time = None,
    target: Target = None,
    freq: Freq = None,
    gaps: GapsOption = "error",
    level: Level = "none",
    output: Output = None,
    plot: Plot = None,
    report: Report = None,
    json: Json = False,
) -> None:
    """Forecast the series in FILE with a saved MODEL, without training. Column names default to the model's."""
    check_outputs(file, output=output, plot=plot, report=report)
    wanted = levels(level)
    forecaster = loopcast.load(model)
    if isinstance(forecaster, loopcast.Imputer):
        raise OptionError(f"{model} fills gaps, and does not forecast: loopcast impute {file} --model {model}")
    names, steps = forecaster.fitted.template.columns, forecaster.horizon if horizon is None else horizon
    columns = of_one_target(named(id_, time, target, names), "predict")
    panel = loopcast.read(file, columns=columns, freq=freq or forecaster.fitted.template.freq, gaps=gaps)
    table = forecaster.predict(steps, data=panel, level=wanted)
    write_forecast(panel, forecaster, table, output=output, plot=plot, report=report)
    if json:
        models = {forecaster.name: forecaster.describe()}
        printing.print_json(table, models=models, check=None, unchecked="a saved model is not compared", unsure=None)
        return
    printing.show_forecast(table)
