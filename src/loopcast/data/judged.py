"""Rows of a panel beside what was to be expected of each one step before."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from loopcast.columns import interval_columns
from loopcast.data.panel import Panel
from loopcast.data.tables import build

ANOMALY, SURPRISE = "anomaly", "surprise"


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """What is said of each row of a panel, float64 `[row]`, NaN for nothing.

    surprise: a normal score; low, high: the ends of the interval of `level` percent.
    """

    panel: Panel
    level: float
    surprise: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def anomalous(self) -> np.ndarray:
        """Which rows lie outside of their interval, `[row]`."""
        values = self.panel.values[:, 0]
        outside: np.ndarray = (values < self.low) | (values > self.high)
        return outside

    def table(self) -> Any:
        """As `loopcast.anomalies` gives it."""
        panel, rows = self.panel, np.arange(self.panel.n_rows)
        target = panel.schema.columns.one_target
        ends = dict(zip(interval_columns(target, self.level), (self.low, self.high), strict=True))
        numbers = {target: panel.values[:, 0], ANOMALY: self.anomalous, SURPRISE: self.surprise, **ends}
        return build(panel.schema, panel.ids.gather(panel.series_of(rows)), panel.times_of(rows), numbers)
