"""Rows of a panel beside what was to be expected of each one step before."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from loopcast.columns import TARGET_NAME, interval_columns
from loopcast.data.output import SEVERAL, check_keys, target_names
from loopcast.data.panel import Panel
from loopcast.data.ranges import concat_ranges
from loopcast.data.tables import build

ANOMALY, SURPRISE = "anomaly", "surprise"


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """What is said of each row of a panel, float64 `[row, target]`, NaN for nothing.

    surprise: a normal score; low, high: the ends of the interval of `level` percent.
    """

    panel: Panel
    level: float
    surprise: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def anomalous(self) -> np.ndarray:
        """Which values lie outside of their interval, `[row, target]`."""
        outside: np.ndarray = (self.panel.values < self.low) | (self.panel.values > self.high)
        return outside

    @property
    def ends(self) -> tuple[str, str]:
        """The columns of the two ends of the interval."""
        return interval_columns(self.panel.schema.columns.actual_column, self.level)

    def table(self) -> Any:
        """As `loopcast.anomalies` gives it."""
        panel = self.panel
        rows = np.repeat(np.arange(panel.n_rows), panel.n_channels)
        value, (low, high) = panel.schema.columns.actual_column, self.ends
        numbers = {
            value: panel.values,
            ANOMALY: self.anomalous,
            SURPRISE: self.surprise,
            low: self.low,
            high: self.high,
        }
        columns = {name: each.ravel() for name, each in numbers.items()}
        several = panel.n_channels > 1
        if several:
            check_keys(panel, [TARGET_NAME, *columns], SEVERAL)
        more = {TARGET_NAME: target_names(panel, panel.n_rows)} if several else {}
        return build(
            panel.schema, panel.ids.gather(panel.series_of(rows)), panel.times_of(rows), columns, more_keys=more
        )

    def to_univariate(self) -> Self:
        """The same of each target as a series of its own, in the order of `Panel.to_univariate`."""
        panel = self.panel
        if panel.n_channels == 1:
            return self
        rows, _ = concat_ranges(
            np.repeat(panel.offsets[:-1], panel.n_channels), np.repeat(panel.lengths, panel.n_channels)
        )
        alone = panel.to_univariate()
        target = np.repeat(np.tile(np.arange(panel.n_channels), panel.n_series), alone.lengths)
        numbers = {name: getattr(self, name)[rows, target][:, None] for name in (SURPRISE, "low", "high")}
        return replace(self, panel=alone, **numbers)
