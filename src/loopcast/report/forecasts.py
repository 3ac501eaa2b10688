"""Forecasts and their intervals as numbers, out of the table that `predict` gives or a mapping of arrays."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from loopcast.columns import Columns
from loopcast.errors import OptionError
from loopcast.frames.calendar import to_ticks
from loopcast.frames.panel import Panel
from loopcast.frames.tables import Table, open_table
from loopcast.frames.timetable import future_times

BOUND = re.compile(r"(?P<name>.+)-(?:lo|hi)-(?P<level>\d+(?:\.\d+)?)", re.DOTALL)


@dataclass(frozen=True, kw_only=True, eq=False)
class Band:
    """An interval that should hold `level` percent of what comes; low, high: `[…, time]`, NaN where it has a gap."""

    level: float
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecasts:
    """The forecasts of one model: values `[series, horizon]`, and bands of that shape, narrowest first."""

    name: str
    values: np.ndarray
    bands: tuple[Band, ...] = ()


def read_forecasts(given: Any, panel: Panel) -> tuple[Forecasts, ...]:
    """Forecasts of every series of `panel`, one for each model.

    given: arrays by name, each `[series, horizon]` or `[series, horizon, 1]`; or a forecast table (pandas, polars,
    pyarrow): id, time, `NAME`, and for intervals `NAME-lo-80` and `NAME-hi-80`, its rows of a series in order of time.
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
    numbers = {name: numbers_of(table, name, panel) for name in number_columns(table, panel)}
    if len({values.shape for values in numbers.values()}) != 1:
        raise OptionError("a forecast table has a column of numbers for each model, of as many steps for every series")
    return tuple(
        Forecasts(name=name, values=numbers[name], bands=bands(name, numbers)) for name in model_names(numbers)
    )


def number_columns(table: Table, panel: Panel) -> list[str]:
    """The columns that are neither id, time nor target."""
    names = panel.template.columns
    return [name for name in table.names if name not in (names.id, names.time, names.one_target)]


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


def numbers_of(table: Table, name: str, panel: Panel) -> np.ndarray:
    """A column of a forecast table as float32 `[series, horizon]`, the series in the panel's order."""
    names, freq = panel.template.columns, panel.template.freq
    # Reading it as a panel checks types, order and gaps of times as strictly as those of the history.
    read = Panel.from_table(table.native, columns=Columns(id=names.id, time=names.time, target=name), freq=freq)
    order = places(read, panel)
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


def places(read: Panel, panel: Panel) -> list[int]:
    """Where each series of `panel` stands in `read`; OptionError where they are not the same series."""
    if not panel.template.has_id and read.n_series == 1:
        return [0]
    found = {each: i for i, each in enumerate(read.ids.to_list())}
    wanted = panel.ids.to_list()
    if set(found) != set(wanted):
        other = next(iter(set(found) ^ set(wanted)))
        raise OptionError(f"forecasts and history are of the same series; {other!r} is in one of them only")
    return [found[each] for each in wanted]


def flat(name: str, values: np.ndarray, panel: Panel) -> np.ndarray:
    """`values` as `[series, horizon]`."""
    line = values[:, :, 0] if values.ndim == 3 and values.shape[2] == 1 else values
    if line.ndim != 2 or len(line) != panel.n_series or line.shape[1] < 1:
        raise OptionError(f"{name} is [series, horizon] for {panel.n_series} series, got shape {values.shape}")
    return line
