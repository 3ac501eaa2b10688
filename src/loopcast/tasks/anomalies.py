"""Rows that those before them do not lead to expect: what `loopcast anomalies` does."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from loopcast.data.judged import ANOMALY, Judged
from loopcast.data.panel import Panel
from loopcast.live.anomalies import judge
from loopcast.models.pretrained.forecaster import Pretrained


@dataclass(frozen=True, kw_only=True, eq=False)
class AnomaliesResult:
    """Every row with what was to be expected of it, and what was followed, in words."""

    judged: Judged
    description: str

    @cached_property
    def table(self) -> Any:
        """A row for each that was judged; see `loopcast.anomalies`."""
        return self.judged.table()

    @property
    def level(self) -> float:
        """The percentage of the interval that a row was to lie in."""
        return self.judged.level

    @property
    def ends(self) -> tuple[str, str]:
        """The columns of the two ends of the interval."""
        return self.judged.ends

    @property
    def anomalies(self) -> Any:
        """The rows that lie outside."""
        return self.table.filter(self.table[ANOMALY])

    def facts(self) -> dict[str, Any]:
        """As plain values: what `--json` prints."""
        return {"rows": self.table.height, "anomalies": self.anomalies.to_dicts()}

    def page(self, command: str) -> bytes:
        """The page that shows them on their series; command: that made it."""
        from loopcast.report.anomalies_page import anomalies_page  # and all that draws

        return anomalies_page(self.judged, description=self.description, command=command)


def anomalies(panel: Panel, *, level: float = 99, season: int | None = None) -> AnomaliesResult:
    """Follow each series by the pretrained network, as it is shipped; errors are those of `loopcast.anomalies`."""
    forecaster = Pretrained(season=season, tune=0).fit(panel)
    return AnomaliesResult(judged=judge(forecaster, level=level), description=forecaster.describe())
