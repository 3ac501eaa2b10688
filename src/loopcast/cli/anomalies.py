"""loopcast anomalies: the rows of a file that are not as those before them say."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from loopcast.cli import printing
from loopcast.cli.command_line import command_line
from loopcast.cli.options import Json, Output, Report, SafeCsv, check_outputs
from loopcast.cli.tables import USUAL, SeriesOptions


def anomalies(
    file: Annotated[Path, Parameter(help="The series: .csv, .tsv or .parquet, a row for each series and time.")],
    /,
    *,
    table: SeriesOptions = USUAL,
    level: Annotated[float, Parameter(help="Percentage of the interval that a value is to lie in.")] = 99,
    season: Annotated[int | None, Parameter(help="Steps in a season [usual for the calendar].")] = None,
    output: Output = None,
    safe_csv: SafeCsv = False,
    report: Report = None,
    json: Json = False,
) -> None:
    """Show the rows in FILE that lie outside of what was to be expected one step before; --output has all rows."""
    check_outputs(file, output=output, report=report)
    panel = table.read(file)
    from loopcast.tasks.anomalies import anomalies as run

    result = run(panel, level=level, season=season)
    if output is not None:
        printing.write_table(result.table, output, safe_csv=safe_csv)
    if report is not None:
        printing.write_page(result.page(command_line()), report)
    if json:
        printing.print_object(result.facts())
        return
    strange = result.anomalies
    printing.say(f"{strange.height} of {result.table.height} rows are outside of their {level:g} % interval.")
    if strange.height:
        printing.show_forecast(strange.drop("anomaly"))
