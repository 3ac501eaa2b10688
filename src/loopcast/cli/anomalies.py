"""loopcast anomalies: the rows of a file that are not as those before them say."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

import loopcast
from loopcast.cli import printing
from loopcast.cli.models import command_line
from loopcast.cli.options import Json, Output, Report, SafeCsv, check_outputs
from loopcast.cli.tables import USUAL, Series


def anomalies(
    file: Annotated[Path, Parameter(help="The series: .csv, .tsv or .parquet, a row for each series and time.")],
    /,
    *,
    table: Series = USUAL,
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
    from loopcast.live.anomalies import judge

    forecaster = loopcast.Pretrained(season=season, tune=0).fit(panel)
    judged = judge(forecaster, level=level)
    found = judged.table()
    strange = found.filter(found["anomaly"])
    if output is not None:
        printing.write_table(found, output, safe_csv=safe_csv)
    if report is not None:
        from loopcast.report.anomalies_page import anomalies_page  # and all that draws

        page = anomalies_page(judged, description=forecaster.describe(), command=command_line())
        printing.write_page(page, report)
    if json:
        printing.print_object({"rows": found.height, "anomalies": strange.to_dicts()})
        return
    printing.say(f"{strange.height} of {found.height} rows are outside of their {level:g} % interval.")
    if strange.height:
        printing.show_forecast(strange.drop("anomaly"))
