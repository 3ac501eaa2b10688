"""Forecasts, samples and hindcasts of a panel as tables like the one that came in.

Where a panel has several targets a result is long: a row for each of them, which a column `target` names.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from loopcast.columns import CUTOFF, SAMPLE, TARGET_NAME
from loopcast.data.tables import build
from loopcast.data.time_grid import future_times
from loopcast.errors import DataError

if TYPE_CHECKING:
    from loopcast.data.panel import Panel

END = re.compile(r"(?P<model>.+)(?P<end>-(?:lo|hi)-\d+(?:\.\d+)?)", re.DOTALL)  # the column of one end of an interval


def forecast_table(panel: "Panel", forecasts: Mapping[str, np.ndarray], wide: bool) -> Any:
    """See `Panel.forecast_table`."""
    columns = {name: _forecast(panel, name, np.asarray(array)) for name, array in forecasts.items()}
    horizons = {array.shape[1] for array in columns.values()}
    if len(horizons) != 1:
        raise DataError(f"forecasts of one table have one horizon, got {sorted(horizons)}")
    horizon = horizons.pop()
    times = future_times(panel.starts, panel.lengths, horizon, panel.schema.freq)
    several = panel.n_channels > 1 and not wide
    if wide and panel.n_channels > 1:
        columns = widen(panel, columns)
    _check_free(panel, columns, which=several)
    flat = {name: array.ravel() for name, array in columns.items()}
    ids = panel.ids.gather(np.repeat(np.arange(panel.n_series), horizon))
    if not several:
        return build(panel.schema, ids, times, flat)
    ids, times = (_for_each_target(panel, column) for column in (ids, times))
    return build(panel.schema, ids, times, flat, more_keys={TARGET_NAME: target_names(panel, horizon * panel.n_series)})


def widen(panel: "Panel", columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """`MODEL` `[series, horizon, channel]` as `MODEL-TARGET` `[series, horizon]`, each with its intervals."""
    ends = {name: END.fullmatch(name) for name in columns}
    parts = {
        name: (end["model"], end["end"]) if end and end["model"] in ends else (name, "") for name, end in ends.items()
    }
    apart = [
        (f"{model}-{target}{end}", columns[name][:, :, channel])
        for model in dict.fromkeys(model for model, _ in parts.values())
        for channel, target in enumerate(panel.targets)
        for name, (whose, end) in parts.items()
        if whose == model
    ]
    names = [name for name, _ in apart]
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise DataError(f"two columns of the wide table would be called {twice!r}: rename a model, or take it long")
    return dict(apart)


def sample_table(panel: "Panel", name: str, samples: np.ndarray) -> Any:
    """See `Panel.sample_table`."""
    several = panel.n_channels > 1
    _check_free(panel, [name], SAMPLE, which=several)
    shaped = reshape_channels(panel, samples, 3)
    if shaped is None:
        raise DataError(
            f"samples of {name!r} are {_wanted(panel, 'series, sample, horizon')}, got shape {samples.shape}"
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
    panel: "Panel", cutoffs: Sequence[int], horizon: int, actual: np.ndarray, columns: Mapping[str, np.ndarray]
) -> pl.DataFrame:
    """See `Panel.cv_table`."""
    names, count, several = panel.schema.columns, len(cutoffs), panel.n_channels > 1
    check_hindcasts(panel, columns)
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
    return pl.DataFrame({**keys, names.actual_column: actual, **columns})


def check_hindcasts(panel: "Panel", columns: Iterable[str]) -> None:
    """DataError where a column of `cv_table` would have the name of another one."""
    came, several = panel.schema.columns.actual_column, panel.n_channels > 1
    _check_free(panel, columns, CUTOFF, came, which=several)
    if several:
        _check_key(panel, came)


def to_caller_type(panel: "Panel", table: pl.DataFrame) -> Any:
    """See `Panel.to_caller_type`."""
    names = panel.schema.columns
    numbers = {name: table[name].to_numpy() for name in table.columns if table[name].dtype.is_float()}
    keys = [CUTOFF, TARGET_NAME] if panel.n_channels > 1 else [CUTOFF]
    more_keys = {name: table[name] for name in keys}
    return build(panel.schema, table[names.id], table[names.time], numbers, more_keys=more_keys)


def _forecast(panel: "Panel", name: str, array: np.ndarray) -> np.ndarray:
    """A forecast as `[series, horizon]`, or `[series, horizon, channel]` where there are several channels."""
    shaped = reshape_channels(panel, array, 2)
    if shaped is None:
        raise DataError(f"forecast {name!r} is {_wanted(panel, 'series, horizon')}, got shape {array.shape}")
    return shaped


def reshape_channels(panel: "Panel", array: np.ndarray, axes: int) -> np.ndarray | None:
    """`array` with `axes` axes, of series first, and one of channels where those are several; None if it has others."""
    if panel.n_channels == 1 and array.ndim == axes + 1 and array.shape[-1] == 1:
        array = array[..., 0]
    channels = () if panel.n_channels == 1 else (panel.n_channels,)
    fits = array.ndim == axes + len(channels) and len(array) == panel.n_series and array.shape[axes:] == channels
    return array if fits else None


def _wanted(panel: "Panel", axes: str) -> str:
    if panel.n_channels == 1:
        return f"[{axes}] or [{axes}, 1] with {panel.n_series} series"
    return f"[{axes}, channel] with {panel.n_series} series and {panel.n_channels} channels"


def _for_each_target(panel: "Panel", column: pl.Series) -> pl.Series:
    """Each cell once for every target."""
    return column.gather(np.repeat(np.arange(len(column)), panel.n_channels))


def target_names(panel: "Panel", rows: int) -> pl.Series:
    """The names of the targets, over and over for so many times `rows`."""
    return pl.Series(TARGET_NAME, panel.targets).gather(np.tile(np.arange(panel.n_channels), rows))


def _check_free(panel: "Panel", columns: Iterable[str], *others: str, which: bool) -> None:
    """DataError where a column of forecasts has the name of another column."""
    if which:
        _check_key(panel, TARGET_NAME)
    names = panel.schema.columns
    taken = {names.time, *others} | ({names.id} if panel.schema.has_id else set()) | ({TARGET_NAME} if which else set())
    for name in columns:
        if name in taken:
            raise DataError(f"a forecast cannot be called {name!r}: that is another column of the table")


def _check_key(panel: "Panel", name: str) -> None:
    """DataError where the id or the time of the table that came in has a name that a long result needs."""
    names = panel.schema.columns
    key = "time" if name == names.time else "id" if name == names.id else None
    if key is not None:
        raise DataError(
            f"a result for several targets has a column {name!r} of its own, and the table's {key} is called so: "
            "rename that column"
        )
