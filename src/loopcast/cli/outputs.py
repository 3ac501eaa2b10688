"""A forecast on its way out: the files that it is written to."""

from pathlib import Path
from typing import TYPE_CHECKING

import loopcast
from loopcast.cli import printing
from loopcast.cli.command_line import command_line

if TYPE_CHECKING:
    from loopcast.tasks.forecast import ForecastResult


def write(
    result: "ForecastResult",
    *,
    wide: bool,
    output: Path | None,
    safe_csv: bool,
    plot: Path | None,
    report: Path | None,
) -> None:
    """The table, the picture and the page that were asked for."""
    if output is not None:
        printing.write_table(result.table(wide=wide), output, safe_csv=safe_csv)
    if plot is not None:
        loopcast.plot(result.panel, result.predictions).save(plot)
    if report is not None:
        printing.write_page(result.page(command_line()), report)
