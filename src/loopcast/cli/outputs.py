"""The files that a forecast is written to."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import loopcast
from loopcast.cli import printing
from loopcast.cli.models import said

if TYPE_CHECKING:
    import polars as pl

    from loopcast import Forecaster, Leaderboard, Panel


def write_forecast(
    panel: "Panel",
    forecaster: "Forecaster[Any]",
    table: "pl.DataFrame",
    *,
    board: "Leaderboard | None" = None,
    output: Path | None,
    plot: Path | None,
    report: Path | None,
) -> None:
    """Those of the table, the picture and the page that were asked for; board: what the page says of the check."""
    if output is not None:
        printing.write_table(table, output)
    if plot is not None:
        loopcast.plot(panel, table).save(plot)
    if report is not None:
        descriptions = {forecaster.name: forecaster.describe()}
        page = loopcast.forecast_page(panel, table, leaderboard=board, command=said(), descriptions=descriptions)
        printing.write_page(page, report)
