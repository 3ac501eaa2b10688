"""Each row of a panel as a sum: level, season, and what remains."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from loopcast.columns import TARGET_NAME
from loopcast.data.output import check_keys
from loopcast.data.panel import Panel
from loopcast.data.tables import build

REMAINDER = "remainder"


@dataclass(frozen=True, kw_only=True, eq=False)
class Decomposition:
    """The parts of the values of a panel, by name, float64 `[row, channel]` each; where a value is there, its sum.

    level and the seasons are those that the row itself and rows before it say.
    """

    panel: Panel
    parts: dict[str, np.ndarray]

    @classmethod
    def of(cls, panel: Panel, parts: dict[str, np.ndarray]) -> "Decomposition":
        """Of level and seasons; what remains is the rest of the values."""
        rest = panel.values - np.sum(list(parts.values()), axis=0)
        return cls(panel=panel, parts={**parts, REMAINDER: rest})

    def to_univariate(self) -> "Decomposition":
        """The same of the panel in which each target is a series of its own."""
        if self.panel.n_channels == 1:
            return self
        rows = [slice(a, b) for a, b in pairwise(self.panel.offsets)]
        parts = {
            name: np.concatenate([values[each].T.ravel() for each in rows])[:, None]
            for name, values in self.parts.items()
        }
        return replace(self, panel=self.panel.to_univariate(), parts=parts)

    def table(self) -> Any:
        """A row per series, time and target (of several): the value and its parts, a column each.

        DataError where the id, the time or the target is called as one of the new columns is.
        """
        panel, count = self.panel, self.panel.n_channels
        several, value = count > 1, panel.schema.columns.actual_column
        check_keys(panel, [*([TARGET_NAME] if several else []), *self.parts], "a decomposition", [value])
        rows = np.repeat(np.arange(panel.n_rows), count)
        target = pl.Series(TARGET_NAME, panel.targets).gather(np.tile(np.arange(count), panel.n_rows))
        numbers = {value: panel.values.ravel()} | {name: part.ravel() for name, part in self.parts.items()}
        return build(
            panel.schema,
            panel.ids.gather(panel.series_of(rows)),
            panel.times_of(rows),
            numbers,
            more_keys={TARGET_NAME: target} if several else {},
        )


def by_channel(series: Sequence[np.ndarray], channels: int) -> np.ndarray:
    """Numbers `[time]` of each series of `Panel.to_univariate`, in its order, as `[row, channel]` of the panel."""
    firsts = range(0, len(series), channels)
    return np.concatenate([np.stack(series[first : first + channels], axis=1) for first in firsts])
