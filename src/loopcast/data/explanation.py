"""What each part of a forecast comes to: numbers that add up to it, with names, and the table of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from loopcast.columns import TARGET_NAME
from loopcast.data.output import check_keys
from loopcast.data.panel import Panel
from loopcast.data.tables import build
from loopcast.data.time_grid import future_times

FEATURE, CONTRIBUTION = "feature", "contribution"
LEVEL, SEASON, TREND, RECENT = "level", "season", "trend", "recent values"
OTHERS, REST, BOUNDS = "other targets", "rest", "bounds"
FIRST, LAST = (LEVEL, SEASON, TREND, RECENT), (REST, BOUNDS)  # in a table; between them is what else there is

Contributions = Mapping[str, np.ndarray]  # by feature, float64 `[series, step, channel]`


@dataclass(frozen=True, kw_only=True, eq=False)
class Explanation:
    """One model's forecasts after the end of each series of a panel, as sums.

    name: the model's. features: what they are made of; the first, the level, is what all others are measured from.
    values: float64 `[series, step, channel, feature]`, in the unit of the target; over features they sum to the
    forecast.
    """

    name: str
    panel: Panel
    features: tuple[str, ...]
    values: np.ndarray

    @classmethod
    def of(cls, name: str, panel: Panel, contributions: Contributions) -> "Explanation":
        """Of contributions by feature, in any order."""
        between = [feature for feature in contributions if feature not in FIRST + LAST]
        features = tuple(feature for feature in (*FIRST, *between, *LAST) if feature in contributions)
        values = np.stack([contributions[feature] for feature in features], axis=-1)
        return cls(name=name, panel=panel, features=features, values=values)

    @property
    def horizon(self) -> int:
        """Steps ahead."""
        return int(self.values.shape[1])

    @property
    def forecast(self) -> np.ndarray:
        """What is explained, `[series, step, channel]`."""
        total: np.ndarray = self.values.sum(axis=-1)
        return total

    def contributions(self) -> dict[str, np.ndarray]:
        """By feature, `[series, step, channel]`."""
        return dict(zip(self.features, np.moveaxis(self.values, -1, 0), strict=True))

    def to_univariate(self) -> "Explanation":
        """The same of the panel in which each target is a series of its own."""
        if self.panel.n_channels == 1:
            return self
        moved = np.moveaxis(self.values, 2, 1)
        values = moved.reshape(-1, moved.shape[2], 1, moved.shape[3])
        return replace(self, panel=self.panel.to_univariate(), values=values)

    def table(self) -> Any:
        """A row per series, future time, target (of several) and feature, as a table of the kind that came in.

        DataError where the id or the time is called as one of the new columns is.
        """
        panel, several = self.panel, self.panel.n_channels > 1
        new = ([TARGET_NAME] if several else []) + [FEATURE, CONTRIBUTION]
        check_keys(panel, new, "an explanation")
        steps, each = self.horizon, panel.n_channels * len(self.features)
        times = future_times(panel.starts, panel.lengths, steps, panel.schema.freq)
        ids = panel.ids.gather(np.repeat(np.arange(panel.n_series), steps * each))
        rows = np.arange(len(ids))
        place = rows % len(self.features)
        names = {FEATURE: pl.Series(FEATURE, self.features).gather(place)}
        if several:
            target = rows // len(self.features) % panel.n_channels
            names = {TARGET_NAME: pl.Series(TARGET_NAME, panel.targets).gather(target)} | names
        numbers = {CONTRIBUTION: self.values.ravel()}
        return build(panel.schema, ids, times.gather(rows // each), numbers, more_keys=names)

    def sentences(self, most: int) -> list[str]:
        """Of the first series, and each target, on average over the steps: what the forecast is made of, in words."""
        alone = self.to_univariate()
        means = alone.values[:most, :, 0].mean(axis=1)
        names = alone.panel.ids.to_list() if alone.panel.schema.has_id else list(alone.panel.targets)
        return [f"{name}: {self._sum(mean)}" for name, mean in zip(names, means, strict=False)]

    def _sum(self, parts: np.ndarray) -> str:
        """A sum as text: as many decimals as give its largest part four digits."""
        size = float(np.abs(parts).max())
        usual = size == 0 or 1e-3 <= size < 1e9
        form = f",.{max(0, 3 - int(np.floor(np.log10(size or 1e3))))}f" if usual else ".4g"
        shown = [f"{self.features[0]} {parts[0]:z{form}}"]
        shown += [f"{name} {part:+z{form}}" for name, part in zip(self.features[1:], parts[1:], strict=True)]
        return f"{parts.sum():z{form}} = {', '.join(shown)}"


def add_contributions(parts: Sequence[Contributions]) -> Contributions:
    """The sums of several forecasts' contributions; a feature that one lacks is 0 there."""
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: np.asarray(sum(part[name] for part in parts if name in part)) for name in names}
