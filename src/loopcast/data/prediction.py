"""Forecasts of one model as arrays: what every model gives, and everything that scores, draws or writes takes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from loopcast.columns import Bands
from loopcast.data.output import cv_table, forecast_table, wide_table
from loopcast.data.panel import Panel
from loopcast.errors import DataError, OptionError, quote

NO_PROBABILITIES: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Prediction:
    """What one model says of the steps after one or several cutoffs of a panel.

    name: the model's, of its columns in every table.
    panel: the history; rows after a cutoff are not seen by the forecasts made there.
    cutoffs: for each cutoff how many of the last rows of every series lie after it, fewer from one to the next; 0 is
        the end of the series.
    values: float64 `[series, cutoff, step, channel]`, the forecast; NaN where there is none.
    probabilities: of the quantiles, none or several; quantiles: float
        `[series, cutoff, step, channel, probability]`, the values that lie above so large a share of what may come.
    bands: which of them a table shows, as ends of intervals and as quantiles.
    """

    name: str
    panel: Panel
    cutoffs: tuple[int, ...]
    values: np.ndarray
    probabilities: tuple[float, ...] = NO_PROBABILITIES
    quantiles: np.ndarray | None = None
    bands: Bands = field(default_factory=Bands)

    def __post_init__(self) -> None:
        for name in ("values", "quantiles"):  # laid out in one way: sums of the same numbers are then the same bits
            if getattr(self, name) is not None:
                object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), np.float64))
        series, channels = self.panel.n_series, self.panel.n_channels
        if self.values.ndim != 4 or (*self.values.shape[:2], self.values.shape[3]) != (
            series,
            len(self.cutoffs),
            channels,
        ):
            raise OptionError(
                f"forecasts are [series, cutoff, step, channel] with {series} series, {len(self.cutoffs)} cutoffs and "
                f"{channels} channels, got shape {self.values.shape}"
            )
        if bool(self.probabilities) != (self.quantiles is not None):
            raise OptionError("quantiles come with their probabilities, and only then")
        if self.quantiles is not None and self.quantiles.shape != (*self.values.shape, len(self.probabilities)):
            raise OptionError(f"quantiles are the shape of the forecasts and a probability, got {self.quantiles.shape}")
        lacking = [each for each in self.bands.probabilities if each not in self.probabilities]
        if lacking:
            raise OptionError(f"the prediction of {quote(self.name)} has no quantiles of {lacking}: ask for them")

    @property
    def horizon(self) -> int:
        """Steps ahead."""
        return int(self.values.shape[2])

    def quantile(self, probability: float) -> np.ndarray:
        """The quantile of one probability, `[series, cutoff, step, channel]`; OptionError where it is not there."""
        if self.quantiles is None or probability not in self.probabilities:
            raise OptionError(f"the prediction of {quote(self.name)} has no quantile of {probability:g}")
        each: np.ndarray = self.quantiles[..., self.probabilities.index(probability)]
        return each

    def interval(self, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Both ends of the interval of a level in percent, `[series, cutoff, step, channel]` each."""
        low, high = Bands(levels=(level,)).probabilities
        return self.quantile(low), self.quantile(high)

    def columns(self) -> dict[str, np.ndarray]:
        """The forecast, then the ends and quantiles that a table shows, by the names of their columns."""
        return self._named(self.name)

    def wide_columns(self) -> dict[str, np.ndarray]:
        """The same, of each target by itself: `MODEL-TARGET`, `MODEL-TARGET-lo-80`, `[series, cutoff, step]` each."""
        return {
            column: values[..., channel]
            for channel, target in enumerate(self.panel.targets)
            for column, values in self._named(f"{self.name}-{target}").items()
        }

    def _named(self, name: str) -> dict[str, np.ndarray]:
        each = zip(self.bands.columns(name), self.bands.probabilities, strict=True)
        return {name: self.values} | {column: self.quantile(probability) for column, probability in each}

    def to_univariate(self, panel: Panel | None = None) -> "Prediction":
        """The same of the panel in which each target is a series of its own, as `Panel.to_univariate` orders them.

        panel: that panel, where several predictions share it; None makes it.
        """
        if self.panel.n_channels == 1:
            return self
        quantiles = None if self.quantiles is None else _channels_as_series(self.quantiles)
        panel = self.panel.to_univariate() if panel is None else panel
        return replace(self, panel=panel, values=_channels_as_series(self.values), quantiles=quantiles)


def _channels_as_series(array: np.ndarray) -> np.ndarray:
    """`[series, cutoff, step, channel, ...]` to `[series * channel, cutoff, step, 1, ...]`."""
    moved = np.moveaxis(array, 3, 1)
    return moved.reshape(-1, *moved.shape[2:4], 1, *moved.shape[4:])


def missing_prediction(name: str, panel: Panel, cutoffs: Sequence[int], horizon: int, bands: Bands) -> Prediction:
    """A prediction in which nothing is known, for a model that failed."""
    shape = (panel.n_series, len(cutoffs), horizon, panel.n_channels)
    probabilities = tuple(dict.fromkeys(bands.probabilities))
    return Prediction(
        name=name,
        panel=panel,
        cutoffs=tuple(cutoffs),
        values=np.full(shape, np.nan),
        probabilities=probabilities,
        quantiles=np.full((*shape, len(probabilities)), np.nan) if probabilities else None,
        bands=bands,
    )


def concat_cutoffs(parts: Sequence[Prediction]) -> Prediction:
    """Predictions of one model from cutoffs that follow one another, as one."""
    first = parts[0]
    quantiles = [part.quantiles for part in parts if part.quantiles is not None]
    return replace(
        first,
        cutoffs=tuple(cutoff for part in parts for cutoff in part.cutoffs),
        values=np.concatenate([part.values for part in parts], axis=1),
        quantiles=np.concatenate(quantiles, axis=1) if quantiles else None,
    )


def to_table(predictions: Sequence[Prediction], *, wide: bool = False) -> Any:
    """Forecasts after the end of each series as a table of the kind that came in: a row per series and future time.

    predictions: of one panel and one horizon, from its end; for each model its columns. For several targets each has a
    row, and a column `target` names it. wide: a column `MODEL-TARGET` for each model and target instead of rows; of no
    effect for one target.
    The id (if the table had one) and the time come first. Arrays and files give polars tables.
    DataError where the horizons differ, or two columns would have one name, such as an id that is called `target`.
    """
    panel = _panel_of(predictions)
    if wide and panel.n_channels > 1:
        return wide_table(panel, _merged([each.wide_columns() for each in predictions]))
    return forecast_table(panel, _merged([each.columns() for each in predictions]))


def to_cv_table(predictions: Sequence[Prediction]) -> pl.DataFrame:
    """Forecasts from past cutoffs beside what came, as a polars table: a row per series, cutoff and time.

    The id is always there, then the time, `cutoff` (the last time that was known), what came and each model's columns;
    null where a forecast, or what came, is missing. For several targets each has a row, which a column `target` names,
    and what came is the column `y`. DataError where a name is that of another column.
    """
    panel, first = _panel_of(predictions), predictions[0]
    return cv_table(panel, first.cutoffs, first.horizon, _merged([each.columns() for each in predictions]))


def _panel_of(predictions: Sequence[Prediction]) -> Panel:
    horizons = {each.horizon for each in predictions}
    if len(horizons) != 1 or len({each.cutoffs for each in predictions}) != 1:
        raise DataError(
            f"forecasts of one table have one horizon and the same cutoffs, got horizons {sorted(horizons)}"
        )
    return predictions[0].panel


def _merged(parts: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The columns of several models; DataError where two would have one name."""
    names = [name for part in parts for name in part]
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise DataError(f"two columns of the table would be called {quote(twice)}: rename a model (option alias)")
    return {name: values for part in parts for name, values in part.items()}
