"""Rows that those before them do not lead to expect: what `loopcast anomalies` does."""

from dataclasses import dataclass
from typing import Any

from loopcast.columns import Columns, interval_columns
from loopcast.data.panel import Panel
from loopcast.live.anomalies import ANOMALY
from loopcast.live.anomalies import anomalies as find
from loopcast.models.pretrained.forecaster import Pretrained


@dataclass(frozen=True, kw_only=True, eq=False)
class AnomaliesResult:
    """Every row with what was to be expected of it, and the percentage of the interval that it was to lie in."""

    table: Any
    level: float
    columns: Columns

    @property
    def ends(self) -> tuple[str, str]:
        """The columns of the two ends of the interval."""
        return interval_columns(self.columns.one_target, self.level)

    @property
    def anomalies(self) -> Any:
        """The rows that lie outside."""
        return self.table.filter(self.table[ANOMALY])

    def facts(self) -> dict[str, Any]:
        """As plain values: what `--json` prints."""
        return {"rows": self.table.height, "anomalies": self.anomalies.to_dicts()}


def anomalies(panel: Panel, *, level: float = 99, season: int | None = None) -> AnomaliesResult:
    """Follow each series by the pretrained network, as it is shipped; errors are those of `loopcast.anomalies`."""
    forecaster = Pretrained(season=season, tune=0).fit(panel)
    return AnomaliesResult(table=find(forecaster, level=level), level=level, columns=panel.schema.columns)
