"""Forecasts and their intervals as numbers, out of the table that `predict` gives or a mapping of arrays."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from loopcast.columns import TARGET_NAME, Columns
from loopcast.data.calendar import to_ticks
from loopcast.data.panel import Panel
from loopcast.data.tables import Table, open_table
from loopcast.data.time_grid import future_times
from loopcast.errors import OptionError

BOUND = re.compile(r"(?P<name>.+)-(?:lo|hi)-(?P<level>\d+(?:\.\d+)?)", re.DOTALL)


@dataclass(frozen=True, kw_only=True, eq=False)
class Band:
    """An interval that should hold `level` percent of what comes; low, high: `[…, time]`, NaN where it has a gap."""

    level: float
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecasts:
    """The forecasts of one model: values `[series, horizon]`, and bands of that shape, narrowest first.

    Series are those of `Panel.apart`: each target of each series is one.
    """

    name: str
    values: np.ndarray
    bands: tuple[Band, ...] = ()


def read_forecasts(given: Any, panel: Panel) -> tuple[Forecasts, ...]:
    """Forecasts of every series and target of `panel`, one for each model.

    given: arrays by name, each `[series, horizon]` or `[series, horizon, channel]`; or a forecast table (pandas,
    polars, pyarrow): id, time, `NAME`, and for intervals `NAME-lo-80` and `NAME-hi-80`, its rows of a series in order
    of time; of several targets long, a row for each, which the column `target` names.
    OptionError for anything else, for other series than the panel's, and for other times than those after its end.

    >>> panel = Panel.from_array(np.zeros((1, 3, 1)))
    >>> table = {"unique_id": [0], "ds": [3], "Naive": [0.0], "Naive-lo-80": [-1.0], "Naive-hi-80": [1.0]}
    >>> import polars as pl
    >>> read_forecasts(pl.DataFrame(table), panel)[0].bands[0].level
    80.0
    """
    if isinstance(given, Mapping):
        return tuple(Forecasts(name=name, values=flat(name, values, panel)) for name, values in given.items())
    table = open_table(given)
    if table is None:
        raise OptionError(f"forecasts are a table or arrays by name, got {type(given).__name__}")
    parts = split_by_target(given, table, panel)
    numbers = {
        name: stack_targets([column_array(part, name, panel) for part in parts])
        for name in number_columns(table, panel)
    }
    if len({values.shape for values in numbers.values()}) != 1:
        raise OptionError("a forecast table has a column of numbers for each model, of as many steps for every series")
    return tuple(
        Forecasts(name=name, values=numbers[name], bands=bands(name, numbers)) for name in model_names(numbers)
    )


def split_by_target(given: Any, table: Table, panel: Panel) -> list[Any]:
    """The rows about each target, in the panel's order; OptionError where a target has none."""
    if panel.n_channels == 1:
        return [given]
    if TARGET_NAME not in table.names:
        raise OptionError(
            f"a forecast table of several targets is long: its column {TARGET_NAME!r} names the target of each row, and this "
            f"has the columns {list(table.names)} (predict without wide=True gives one)"
        )
    frame, which = nw.from_native(given, eager_only=True), table.column(TARGET_NAME).cast(pl.String)
    rows = [(which == target).arg_true().to_list() for target in panel.targets]
    if not all(rows):
        raise OptionError(
            f"the forecast table has no row about the target {panel.targets[[*map(bool, rows)].index(False)]!r}"
        )
    return [nw.maybe_reset_index(frame[each, :]).to_native() for each in rows]


def stack_targets(channels: Sequence[np.ndarray]) -> np.ndarray:
    """Numbers `[series, horizon]` of each channel as those of `Panel.apart`, `[series * channel, horizon]`."""
    if len({each.shape for each in channels}) != 1:
        raise OptionError(f"a forecast has as many steps of every target, got {[each.shape[1] for each in channels]}")
    return np.stack(channels, axis=1).reshape(-1, channels[0].shape[1])


def number_columns(table: Table, panel: Panel) -> list[str]:
    """The columns that are neither id, time nor target."""
    names = panel.schema.columns
    which = {TARGET_NAME} if panel.n_channels > 1 else set()
    return [name for name in table.names if name not in {names.id, names.time, *names.targets} | which]


def model_names(names: Iterable[str]) -> list[str]:
    """The columns that are forecasts, and not the bounds of another column's interval."""
    known = list(names)
    bounds = {name: BOUND.fullmatch(name) for name in known}
    return [name for name in known if (bound := bounds[name]) is None or bound["name"] not in known]


def bands(name: str, numbers: Mapping[str, np.ndarray]) -> tuple[Band, ...]:
    """The intervals of one model, of which both bounds are there; narrowest first."""
    found = [match["level"] for each in numbers if (match := BOUND.fullmatch(each)) and match["name"] == name]
    both = [level for level in dict.fromkeys(found) if {f"{name}-lo-{level}", f"{name}-hi-{level}"} <= set(numbers)]
    return tuple(
        Band(level=float(level), low=numbers[f"{name}-lo-{level}"], high=numbers[f"{name}-hi-{level}"])
        for level in sorted(both, key=float)
    )


def column_array(table: Any, name: str, panel: Panel) -> np.ndarray:
    """A column of a forecast table as float32 `[series, horizon]`, the series in the panel's order."""
    names, freq = panel.schema.columns, panel.schema.freq
    # Reading it as a panel checks types, order and gaps of times as strictly as those of the history.
    read = Panel.from_table(table, columns=Columns(id=names.id, time=names.time, target=name), freq=freq)
    order = match_series(read, panel)
    due = future_times(panel.starts, panel.lengths, 1, freq)
    wrong = np.flatnonzero(to_ticks(read.starts.gather(order)) != to_ticks(due))
    if len(wrong):
        i = int(wrong[0])
        raise OptionError(
            f"the history of series {panel.ids[i]!r} is followed by {due[i]}, and its forecast in column {name!r} "
            f"begins at {read.starts[order[i]]}: give the history that was forecast"
        )
    if len(set(read.lengths.tolist())) > 1:
        raise OptionError(f"column {name!r} has as many steps for every series, got {sorted(set(read.lengths))}")
    return read.values[:, 0].reshape(read.n_series, -1)[order]


def match_series(read: Panel, panel: Panel) -> list[int]:
    """Where each series of `panel` stands in `read`; OptionError where they are not the same series."""
    if not panel.schema.has_id and read.n_series == 1:
        return [0]
    found = {each: i for i, each in enumerate(read.ids.to_list())}
    wanted = panel.ids.to_list()
    if set(found) != set(wanted):
        other = next(iter(set(found) ^ set(wanted)))
        raise OptionError(f"forecasts and history are of the same series; {other!r} is in one of them only")
    return [found[each] for each in wanted]


def flat(name: str, values: np.ndarray, panel: Panel) -> np.ndarray:
    """`values`, `[series, horizon]` or `[series, horizon, channel]`, as those of `Panel.apart`, `[series, horizon]`."""
    line = values[:, :, None] if values.ndim == 2 else values
    if line.ndim != 3 or len(line) != panel.n_series or line.shape[1] < 1 or line.shape[2] != panel.n_channels:
        axes = "[series, horizon]" if panel.n_channels == 1 else f"[series, horizon, {panel.n_channels}]"
        raise OptionError(f"{name} is {axes} for {panel.n_series} series, got shape {values.shape}")
    return stack_targets(list(np.moveaxis(line, 2, 0)))
