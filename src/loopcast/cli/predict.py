"""loopcast predict: forecast the series in a file with a saved model."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

import loopcast
from loopcast.cli import printing
from loopcast.cli.options import STANDARD_STREAM, Explain, Json, Level, Output, Plot, Report, SafeCsv, check_outputs
from loopcast.cli.outputs import write
from loopcast.cli.tables import USUAL, Future, SeriesOptions, Wide, require_future, with_future
from loopcast.columns import Columns
from loopcast.errors import OptionError
from loopcast.tasks.texts import levels


def predict(
    model: Annotated[Path, Parameter(help="A model that loopcast forecast --save wrote.")],
    file: Annotated[
        Path, Parameter(help="The histories: .csv, .tsv, .parquet, .feather or .xlsx, or - for standard input.")
    ],
    /,
    *,
    horizon: Annotated[int | None, Parameter(help="Steps ahead [as trained].")] = None,
    table: SeriesOptions = USUAL,
    future: Future = None,
    level: Level = "none",
    explain: Explain = False,
    wide: Wide = False,
    output: Output = None,
    safe_csv: SafeCsv = False,
    plot: Plot = None,
    report: Report = None,
    json: Json = False,
) -> None:
    """Forecast the series in FILE with a saved MODEL, without training; columns are named as the model's."""
    check_outputs(file, model, future, output=output, plot=plot, report=report)
    wanted = levels(level)
    forecaster = loopcast.load(model)
    schema, steps = forecaster.model.schema, forecaster.steps_ahead(horizon)
    check_targets(table, schema.columns, model)
    panel = table.read(file, schema.columns, schema.freq.alias)
    panel = with_future(panel, future, table.options(), f"{model} was trained without any, so leave --future out")
    require_future(panel, steps)
    from loopcast.tasks.forecast import predict as run

    result = run(forecaster, panel, steps, wanted, explain=explain)
    write(result, wide=wide, output=output, safe_csv=safe_csv, plot=plot, report=report)
    if json:
        printing.print_object(result.facts(wide=wide))
    elif output != STANDARD_STREAM:  # which has the table then
        printing.show_forecast(result.table(wide=wide))
        printing.show_explanation(result.explanation)


def check_targets(table: SeriesOptions, known: Columns, model: Path) -> None:
    """OptionError where --target names other targets than the model's: only one alone may have another name."""
    asked = table.columns(known).targets
    if asked != known.targets and max(len(asked), len(known.targets)) > 1:
        raise OptionError(
            f"--target {table.target}: {model} forecasts {', '.join(known.targets)}, in this order; leave --target out"
        )
