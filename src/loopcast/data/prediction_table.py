"""Predictions out of a table of forecasts, from wherever it is: each row laid on the calendar of its panel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from loopcast.columns import CUTOFF, TARGET_NAME, Bands, parse_band_column
from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction
from loopcast.data.series_index import SeriesIndex, Source
from loopcast.data.tables import Table, open_table
from loopcast.data.time_grid import future_times
from loopcast.data.times import as_times
from loopcast.data.validate import check_names
from loopcast.errors import OptionError, brief, quote, quote_all


@dataclass(frozen=True, kw_only=True, eq=False)
class TablePlaces:
    """Where the rows of a table stand, int64 `[row]` each: series, place among the cutoffs, step (from 0), channel."""

    series: np.ndarray
    cutoff: np.ndarray
    step: np.ndarray
    channel: np.ndarray
    cutoffs: tuple[int, ...]

    @property
    def horizon(self) -> int:
        return int(self.step.max()) + 1


def read_predictions(table: Any, panel: Panel) -> tuple[Prediction, ...]:
    """The forecasts of every model in a table, as arrays.

    table: long (pandas, polars or pyarrow), as `predict` and `cross_validation` give it: the id and the time as the
        panel calls them, `cutoff` (the last time that was known; without it all are from the end of the series), of
        several targets a row for each with its name in the column `target`, a column of numbers for each model and for
        intervals `MODEL-lo-80` and `MODEL-hi-80`. What it has no row for is missing (NaN).
    OptionError for anything else, for a series that the panel does not have, and for times that do not come after their
    cutoff on its calendar.

    >>> panel = Panel.from_array(np.zeros((1, 3, 1)))
    >>> table = {"unique_id": [0], "ds": [3], "Naive": [0.0], "Naive-lo-80": [-1.0], "Naive-hi-80": [1.0]}
    >>> read_predictions(pl.DataFrame(table), panel)[0].bands.levels
    (80.0,)
    """
    opened = open_table(table)
    if opened is None:
        raise OptionError(f"forecasts are a table or arrays by name, got {type(table).__name__}")
    numbers = number_columns(opened, panel)
    if not len(opened.column(numbers[0])):
        raise OptionError("the table of forecasts has no rows")
    places = places_of(opened, panel)
    if CUTOFF not in opened.names:
        _require_whole(places, panel)
    arrays = {name: _laid(opened, name, places, panel) for name in numbers}
    return tuple(_prediction(name, arrays, places, panel) for name in model_names(numbers))


def number_columns(table: Table, panel: Panel) -> list[str]:
    """The columns that are forecasts or belong to one: neither key nor what came; OptionError where there is none."""
    names = panel.schema.columns
    keys = {names.id, names.time, CUTOFF, names.actual_column, *names.targets}
    keys |= {TARGET_NAME} if panel.n_channels > 1 else set()
    found = [name for name in table.names if name not in keys]
    if not found:
        raise OptionError("a forecast table has a column of numbers for each model, and this has none")
    return found


def model_names(columns: Sequence[str]) -> list[str]:
    """The columns that are forecasts, and not an end or a quantile of another column's."""
    bands = {name: parse_band_column(name) for name in columns}
    return [name for name in columns if (band := bands[name]) is None or band.model not in columns]


def places_of(table: Table, panel: Panel) -> TablePlaces:
    """Where each row stands; OptionError where one stands nowhere, or two at the same place."""
    series = _series(table, panel)
    after, held_out = _steps(table, panel, series)
    cutoffs = np.unique(held_out)[::-1]
    cutoff = np.searchsorted(-cutoffs, -held_out)
    channel = _channels(table, panel)
    keys = np.stack([series, cutoff, after, channel])
    if len(np.unique(keys, axis=1).T) < keys.shape[1]:
        raise OptionError("the table has two rows of one series, cutoff and time: keep one")
    return TablePlaces(series=series, cutoff=cutoff, step=after, channel=channel, cutoffs=tuple(cutoffs.tolist()))


def _require_whole(places: TablePlaces, panel: Panel) -> None:
    """OptionError unless the rows are as many steps after the end of every series, and of every target."""
    there = np.zeros((panel.n_series, places.horizon, panel.n_channels), bool)
    there[places.series, places.step, places.channel] = True
    if there.all():
        return
    i, step, channel = (int(place) for place in np.argwhere(~there)[0])
    due = future_times(panel.starts[[i]], panel.lengths[[i]] + step, 1, panel.schema.freq)[0]
    raise OptionError(
        f"the forecasts of every series, and of every target, are of as many steps after its end: series "
        f"{quote(panel.ids[i])} has no row at {due} ({quote(panel.targets[channel])}); give the history that was "
        "forecast"
    )


def _series(table: Table, panel: Panel) -> np.ndarray:
    names = panel.schema.columns
    if names.id not in table.names and names.id not in table.index_names:
        if panel.n_series > 1:
            raise OptionError(f"the forecasts of {panel.n_series} series need the column {quote(names.id)}")
        return np.zeros(len(table.column(names.time)), np.int64)
    check_names(table, [names.id], "", Source("the table of forecasts"))
    ids = table.column(names.id)
    known = dict(zip(panel.ids.to_list(), range(panel.n_series), strict=True))
    if not panel.schema.has_id and ids.n_unique() == 1:
        return np.zeros(len(ids), np.int64)
    unknown = next((each for each in ids.unique(maintain_order=True).to_list() if each not in known), None)
    missing = next((each for each in known if each not in set(ids.to_list())), None)
    if unknown is not None or missing is not None:
        other = unknown if unknown is not None else missing
        raise OptionError(f"forecasts and history are of the same series; {quote(other)} is in one of them only")
    return np.array([known[each] for each in ids.to_list()], np.int64)


def _steps(table: Table, panel: Panel, series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int64 `[row]` each: steps after the cutoff, from 0, and how many rows of its series lie after that."""
    time = panel.schema.columns.time
    if time not in table.names:
        raise OptionError(f"the table of forecasts has no column {quote(time)}, the time")
    index, on_grid = panel.step_index(_times(table, time, panel), series)
    last = panel.lengths[series] - 1
    if CUTOFF in table.names:
        last, known = panel.step_index(_times(table, CUTOFF, panel), series)
        on_grid = on_grid & known & (last >= 0) & (last < panel.lengths[series])
    after = index - last - 1
    wrong = np.flatnonzero(~on_grid | (after < 0))
    if len(wrong):
        row = int(wrong[0])
        raise OptionError(
            f"{table.column(time)[row]} is not a time after the history of series "
            f"{quote(panel.ids[int(series[row])])} (or "
            "after its cutoff) on its calendar: give the history that was forecast"
        )
    return after, panel.lengths[series] - 1 - last


def _times(table: Table, name: str, panel: Panel) -> pl.Series:
    column = table.column(name)
    plain = panel.schema.freq.unit == "int"
    times = as_times(column, SeriesIndex.one(name, len(column), Source()), plain=plain)
    if times.dtype.is_integer() != panel.starts.dtype.is_integer():
        raise OptionError(
            f"column {quote(name)} is {times.dtype}, and the times of the history are {panel.starts.dtype}"
        )
    return times


def _channels(table: Table, panel: Panel) -> np.ndarray:
    if panel.n_channels == 1:
        return np.zeros(len(table.column(panel.schema.columns.time)), np.int64)
    if TARGET_NAME not in table.names:
        raise OptionError(
            f"a forecast table of several targets is long: its column {quote(TARGET_NAME)} names the target of each "
            "row, "
            f"and this has the columns {quote_all(table.names)} (predict without wide=True gives one)"
        )
    named = table.column(TARGET_NAME).cast(pl.String)
    missing = next((target for target in panel.targets if not (named == target).any()), None)
    if missing is not None:
        raise OptionError(f"the forecast table has no row about the target {quote(missing)}")
    places = {target: channel for channel, target in enumerate(panel.targets)}
    unknown = next((each for each in named.unique().to_list() if each not in places), None)
    if unknown is not None:
        raise OptionError(f"the forecast table is about {quote(unknown)}, which is no target of the history")
    return np.array([places[each] for each in named.to_list()], np.int64)


def _laid(table: Table, name: str, places: TablePlaces, panel: Panel) -> np.ndarray:
    """A column as `[series, cutoff, step, channel]`."""
    column = table.column(name)
    if column.dtype != pl.Null and not column.dtype.is_numeric():
        raise OptionError(
            f"column {quote(name)} of a forecast table holds {brief(str(column.dtype))}, not numbers: cast it, or "
            "drop it"
        )
    whole = np.full((panel.n_series, len(places.cutoffs), places.horizon, panel.n_channels), np.nan)
    numbers = column.cast(pl.Float64).fill_null(np.nan).to_numpy()
    whole[places.series, places.cutoff, places.step, places.channel] = numbers
    return whole


def _prediction(name: str, arrays: Mapping[str, np.ndarray], places: TablePlaces, panel: Panel) -> Prediction:
    """One model's, with those of its intervals of which both ends are there, and its quantiles."""
    own = {column: band for column in arrays if (band := parse_band_column(column)) is not None and band.model == name}
    ends = [band.level for band in own.values() if band.level is not None]
    levels = tuple(sorted(level for level in set(ends) if ends.count(level) > 1))
    quantiles = tuple(sorted(band.probability for band in own.values() if band.level is None))
    bands = Bands(levels=levels, quantiles=quantiles)
    found = {band.probability: arrays[column] for column, band in own.items()}
    probabilities = tuple(dict.fromkeys(bands.probabilities))
    return Prediction(
        name=name,
        panel=panel,
        cutoffs=places.cutoffs,
        values=arrays[name],
        probabilities=probabilities,
        quantiles=np.stack([found[each] for each in probabilities], axis=-1) if probabilities else None,
        bands=bands,
    )
