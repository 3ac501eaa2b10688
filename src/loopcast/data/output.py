"""Forecasts, samples and hindcasts of a panel as tables like the one that came in.

Where a panel has several targets a result is long: a row for each of them, which a column `target` names.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from loopcast.columns import CUTOFF, SAMPLE, TARGET_NAME
from loopcast.data.arrays import plain_numbers
from loopcast.data.fields import PanelFields
from loopcast.data.tables import build
from loopcast.data.time_grid import future_times
from loopcast.errors import DataError, quote

SEVERAL = "a result for several targets"


def forecast_table(panel: PanelFields, forecasts: Mapping[str, np.ndarray]) -> Any:
    """Forecasts as a table of the kind that came in: a row per series and future time.

    forecasts: a column each, `[series, step]` or `[series, step, channel]` (with an axis of one cutoff after the
    series, if need be); for several targets each has a row, and a column `target` names it.
    DataError where a shape or name does not fit, such as an id column that is called `target`.
    """
    columns = {name: _forecast(panel, name, plain_numbers(array)) for name, array in forecasts.items()}
    several = panel.n_channels > 1
    _check_free(panel, columns, which=several)
    ids, times = _future_keys(panel, _one_horizon(columns))
    flat = {name: array.ravel() for name, array in columns.items()}
    if not several:
        return build(panel.schema, ids, times, flat)
    names = target_names(panel, len(ids))
    ids, times = (_for_each_target(panel, column) for column in (ids, times))
    return build(panel.schema, ids, times, flat, more_keys={TARGET_NAME: names})


def wide_table(panel: PanelFields, columns: Mapping[str, np.ndarray]) -> Any:
    """Numbers `[series, cutoff, step]` of one cutoff, whatever they are called, as columns beside the id and time."""
    flat = {name: array[:, 0] for name, array in columns.items()}
    _check_free(panel, flat, which=False)
    ids, times = _future_keys(panel, _one_horizon(flat))
    return build(panel.schema, ids, times, {name: array.ravel() for name, array in flat.items()})


def future_table(panel: PanelFields, series: np.ndarray, steps: np.ndarray) -> Any:
    """The id and time of some steps (from 0) after the end of some series, int64 `[row]` each."""
    starts = panel.starts.gather(series)
    times = future_times(starts, panel.lengths[series] + steps, 1, panel.schema.freq)
    return build(panel.schema, panel.ids.gather(series), times, {})


def rows_table(panel: PanelFields, rows: np.ndarray) -> Any:
    """Some rows of a panel: the id, the time and the targets."""
    columns = {name: panel.values[rows, channel] for channel, name in enumerate(panel.targets)}
    return build(panel.schema, panel.ids.gather(panel.series_of(rows)), panel.times_of(rows), columns)


def _one_horizon(columns: Mapping[str, np.ndarray]) -> int:
    horizons = {array.shape[1] for array in columns.values()}
    if len(horizons) != 1:
        raise DataError(f"forecasts of one table have one horizon, got {sorted(horizons)}")
    return horizons.pop()


def _future_keys(panel: PanelFields, horizon: int) -> tuple[pl.Series, pl.Series]:
    """The id and the time of each future step."""
    times = future_times(panel.starts, panel.lengths, horizon, panel.schema.freq)
    return panel.ids.gather(np.repeat(np.arange(panel.n_series), horizon)), times


def sample_table(panel: PanelFields, name: str, samples: np.ndarray) -> Any:
    """Paths `[series, sample, step]` as a table of the kind that came in: a row per series, `sample_id` and time.

    For several targets `[series, sample, step, channel]`, a row for each, which a column `target` names.
    DataError where the shape or the name does not fit.
    """
    several = panel.n_channels > 1
    _check_free(panel, [name], SAMPLE, which=several)
    shaped = reshape_channels(panel, plain_numbers(samples), 3)
    if shaped is None:
        raise DataError(
            f"samples of {quote(name)} are {_wanted(panel, 'series, sample, horizon')}, got shape {samples.shape}"
        )
    count, horizon = shaped.shape[1:3]
    series = np.repeat(np.arange(panel.n_series), count)
    times = future_times(panel.starts.gather(series), panel.lengths[series], horizon, panel.schema.freq)
    numbers = np.tile(np.repeat(np.arange(count), horizon * panel.n_channels), panel.n_series)
    ids = panel.ids.gather(np.repeat(series, horizon))
    columns = {SAMPLE: numbers, name: shaped.ravel()}
    if not several:
        return build(panel.schema, ids, times, columns)
    which = target_names(panel, len(ids))
    ids, times = (_for_each_target(panel, column) for column in (ids, times))
    return build(panel.schema, ids, times, columns, more_keys={TARGET_NAME: which})


def cv_table(
    panel: PanelFields, cutoffs: Sequence[int], horizon: int, columns: Mapping[str, np.ndarray]
) -> pl.DataFrame:
    """Numbers `[series, cutoff, step, channel]` from past cutoffs as a polars table; see `to_cv_table`."""
    names, count, several = panel.schema.columns, len(cutoffs), panel.n_channels > 1
    check_cv_columns(panel, columns)
    series = np.repeat(np.arange(panel.n_series), count)
    ends = (panel.lengths[:, None] - np.asarray(cutoffs)).ravel()
    starts = panel.starts.gather(series)
    cutoff_times = future_times(starts, ends - 1, 1, panel.schema.freq)
    keys = {
        names.id: panel.ids.gather(np.repeat(series, horizon)),
        names.time: future_times(starts, ends, horizon, panel.schema.freq),
        CUTOFF: cutoff_times.gather(np.repeat(np.arange(len(ends)), horizon)),
    }
    if several:
        keys = {name: _for_each_target(panel, column) for name, column in keys.items()}
        keys[TARGET_NAME] = target_names(panel, len(ends) * horizon)
    numbers = {names.actual_column: actuals_at(panel, cutoffs, horizon)} | dict(columns)
    flat = {name: pl.Series(array.ravel()).fill_nan(None) for name, array in numbers.items()}
    return pl.DataFrame({**keys, **flat})


def actuals_at(panel: PanelFields, cutoffs: Sequence[int], horizon: int) -> np.ndarray:
    """What came after each cutoff, float `[series, cutoff, step, channel]`; NaN where it is missing."""
    rows = panel.offsets[1:, None, None] - np.asarray(cutoffs)[:, None] + np.arange(horizon)
    there = rows < panel.offsets[1:, None, None]
    values: np.ndarray = panel.values[np.minimum(rows, panel.n_rows - 1)]
    return np.where(there[..., None], values, np.asarray(np.nan, values.dtype))


def check_cv_columns(panel: PanelFields, columns: Iterable[str]) -> None:
    """DataError where a column of `cv_table` would have the name of another one."""
    came, several = panel.schema.columns.actual_column, panel.n_channels > 1
    _check_free(panel, columns, CUTOFF, came, which=several)
    if several:
        check_keys(panel, [came], SEVERAL)


def to_caller_type(panel: PanelFields, table: pl.DataFrame) -> Any:
    """A table of `cv_table` as one of the kind that came in, without an id where that had none."""
    names = panel.schema.columns
    numbers = {name: table[name].to_numpy() for name in table.columns if table[name].dtype.is_float()}
    keys = [CUTOFF, TARGET_NAME] if panel.n_channels > 1 else [CUTOFF]
    more_keys = {name: table[name] for name in keys}
    return build(panel.schema, table[names.id], table[names.time], numbers, more_keys=more_keys)


def _forecast(panel: PanelFields, name: str, array: np.ndarray) -> np.ndarray:
    """A forecast as `[series, horizon]`, or `[series, horizon, channel]` where there are several channels."""
    if array.ndim == 4 and array.shape[1] == 1:  # of one cutoff
        array = array[:, 0]
    shaped = reshape_channels(panel, array, 2)
    if shaped is None:
        raise DataError(f"forecast {quote(name)} is {_wanted(panel, 'series, horizon')}, got shape {array.shape}")
    return shaped


def reshape_channels(panel: PanelFields, array: np.ndarray, axes: int) -> np.ndarray | None:
    """`array` with `axes` axes, of series first, and one of channels where those are several; None if it has others."""
    if panel.n_channels == 1 and array.ndim == axes + 1 and array.shape[-1] == 1:
        array = array[..., 0]
    channels = () if panel.n_channels == 1 else (panel.n_channels,)
    fits = array.ndim == axes + len(channels) and len(array) == panel.n_series and array.shape[axes:] == channels
    return array if fits else None


def _wanted(panel: PanelFields, axes: str) -> str:
    if panel.n_channels == 1:
        return f"[{axes}] or [{axes}, 1] with {panel.n_series} series"
    return f"[{axes}, channel] with {panel.n_series} series and {panel.n_channels} channels"


def _for_each_target(panel: PanelFields, column: pl.Series) -> pl.Series:
    """Each cell once for every target."""
    return column.gather(np.repeat(np.arange(len(column)), panel.n_channels))


def target_names(panel: PanelFields, rows: int) -> pl.Series:
    """The names of the targets, over and over for so many times `rows`."""
    return pl.Series(TARGET_NAME, panel.targets).gather(np.tile(np.arange(panel.n_channels), rows))


def _check_free(panel: PanelFields, columns: Iterable[str], *others: str, which: bool) -> None:
    """DataError where a column of forecasts has the name of another column."""
    if which:
        check_keys(panel, [TARGET_NAME], SEVERAL)
    names = panel.schema.columns
    taken = {names.time, *others} | ({names.id} if panel.schema.has_id else set()) | ({TARGET_NAME} if which else set())
    for name in columns:
        if name in taken:
            raise DataError(f"a forecast cannot be called {quote(name)}: that is another column of the table")


def check_keys(panel: PanelFields, columns: Iterable[str], what: str, targets: Iterable[str] = ()) -> None:
    """DataError where the id or the time of the table that came in, or a target, has a name that a result needs.

    what: the result, in words. targets: those that stand in it by their names.
    """
    names = panel.schema.columns
    taken = {**dict.fromkeys(targets, "target"), names.time: "time", names.id: "id"}
    for name in columns:
        if name in taken:
            raise DataError(
                f"{what} has a column {quote(name)} of its own, and the table's {taken[name]} is called so: "
                "rename that column"
            )
