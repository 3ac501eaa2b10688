"""A forecast on its way out: as it is printed, and the files that it is written to."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import loopcast
from loopcast.cli import printing
from loopcast.cli.models import command_line

if TYPE_CHECKING:
    import polars as pl

    from loopcast import Forecaster, Leaderboard, Panel


@dataclass(frozen=True, kw_only=True, eq=False)
class ForecastOutput:
    """A forecast of a panel: `table` as it was asked for, `long` as it is drawn from (a row for each target)."""

    panel: "Panel"
    forecaster: "Forecaster[Any]"
    table: "pl.DataFrame"
    long: "pl.DataFrame"

    @classmethod
    def of(
        cls, forecaster: "Forecaster[Any]", panel: "Panel", horizon: int, level: Sequence[float], *, wide: bool
    ) -> "ForecastOutput":
        long = forecaster.predict(horizon, data=panel, level=level)
        table = forecaster.predict(horizon, data=panel, level=level, wide=True) if wide else long
        return cls(panel=panel, forecaster=forecaster, table=table, long=long)

    def write(
        self,
        *,
        board: "Leaderboard | None" = None,
        output: Path | None,
        plot: Path | None,
        report: Path | None,
    ) -> None:
        """The table, the picture and the page that were asked for; board: what the page says of the check."""
        if output is not None:
            printing.write_table(self.table, output)
        if plot is not None:
            loopcast.plot(self.panel, self.long).save(plot)
        if report is not None:
            descriptions = {self.forecaster.name: self.forecaster.describe()}
            page = loopcast.forecast_page(
                self.panel, self.long, leaderboard=board, command=command_line(), descriptions=descriptions
            )
            printing.write_page(page, report)
