"""The parts of a panel out of whatever shape the data came in."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import polars as pl

from loopcast.columns import ID, TARGET, Columns
from loopcast.data.arrays import plain_numbers
from loopcast.data.calendar_features import check_features
from loopcast.data.cells import from_cells, from_pandas
from loopcast.data.covariates import read_covariates
from loopcast.data.fields import PanelFields
from loopcast.data.frequency import Frequency
from loopcast.data.schema import Kind, TableSchema, time_name
from loopcast.data.series_index import SeriesIndex, Source
from loopcast.data.tables import Table
from loopcast.data.time_grid import End, Gaps, TimeGrid, build_grid, check_plain, states_numbers
from loopcast.data.times import as_times
from loopcast.data.validate import check_ids, check_names, check_numbers, check_target, has_id_column
from loopcast.errors import CalendarError, ColumnError, DataError, OptionError, ValuesError, quote
from loopcast.forks import check_not_forked

Freq = Frequency | str | int | None

NAMING = (
    "Say which is which with Columns(id=..., time=..., target=...), or --id, --time and --target on the command line; "
    "where each series has a column of its own, use Panel.from_wide"
)


class AlignedTable(NamedTuple):
    """A long table on its calendar: its rows series by series, where each stands, and what they make up."""

    rows: SeriesIndex
    grid: TimeGrid
    parts: PanelFields


def from_long(
    table: Table, columns: Columns, freq: Freq, gaps: Gaps, source: Source, end: End = "series"
) -> PanelFields:
    """A row per series and time; without an id column (under its usual name) all rows are one series."""
    return align(table, columns, freq, gaps, source, end).parts


def align(table: Table, columns: Columns, freq: Freq, gaps: Gaps, source: Source, end: End = "series") -> AlignedTable:
    """`from_long`, with the way back to the rows of the table."""
    if not isinstance(columns, Columns):
        raise OptionError(f"columns is a Columns(id=..., time=..., target=...), got {quote(columns)}")
    has_id = has_id_column(table, columns, source)
    wanted = ([columns.id] if has_id else []) + [columns.time, *columns.targets, *columns.covariates]
    check_names(table, wanted, NAMING, source)
    _not_empty(table.column(columns.time), source)
    rows = _rows(table, columns, has_id, source)
    times = as_times(rows.reorder(table.column(columns.time)), rows, plain=states_numbers(freq))
    timetable = build_grid(times, rows, freq=freq, gaps=gaps, end=end)
    values = _targets(table, columns.targets, rows)
    schema = _schema(table, columns, has_id, timetable.freq, times)
    parts = PanelFields(
        values=timetable.scatter(values, rows),
        offsets=timetable.offsets,
        ids=rows.ids,
        starts=timetable.starts,
        schema=schema,
        covariates=read_covariates(table, columns, rows, timetable),
    )
    check_features(columns, timetable.freq)
    return AlignedTable(rows, timetable, parts)


def _targets(table: Table, names: Sequence[str], rows: SeriesIndex) -> np.ndarray:
    """The numbers of the columns `names` as float64 `[row, channel]`; of several, each must have one."""
    values = np.stack([check_target(rows.reorder(table.column(name)), rows) for name in names], axis=1)
    empty = np.isnan(values).all(axis=0)
    if len(names) > 1 and empty.any():
        raise ValuesError(
            f"column {quote(names[int(empty.argmax())])} has no value in any row, and each of several targets needs "
            "one: "
            "leave it out of target"
        )
    return values


def _rows(table: Table, columns: Columns, has_id: bool, source: Source) -> SeriesIndex:
    if not has_id:
        return SeriesIndex.one(", ".join(columns.targets), len(table.column(columns.time)), source)
    ids = table.column(columns.id)
    check_ids(ids, source)
    return SeriesIndex.group(ids, source)


def _schema(table: Table, columns: Columns, has_id: bool, freq: Frequency, times: pl.Series) -> TableSchema:
    return TableSchema(
        columns=columns,
        has_id=has_id,
        freq=freq,
        time=time_name(times.dtype),
        kind=table.kind,
        id_type=table.type_name(columns.id) if has_id else "",
        time_type=table.type_name(columns.time),
    )


def from_wide(table: Table, time: str, freq: Freq, gaps: Gaps, source: Source) -> PanelFields:
    """A row per time and a column per series; the columns' names are the ids."""
    check_names(table, [time], "Say which column holds the times with time=...", source)
    names = [name for name in table.names if name != time]
    if not names:
        raise ColumnError(f"{source} has no column but {quote(time)}: a wide table has a column for each series")
    check_names(table, names, "", source)
    rows = SeriesIndex.one(time, len(table.column(time)), source)
    _not_empty(table.column(time), source)
    times = as_times(table.column(time), rows, plain=states_numbers(freq))
    timetable = build_grid(times, rows, freq=freq, gaps=gaps)
    values = np.stack([check_target(table.column(name), rows) for name in names], axis=1)
    values = timetable.scatter(values, rows).T.reshape(-1, 1)
    schema = _schema(table, Columns(time=time), False, timetable.freq, times)
    offsets = np.arange(len(names) + 1) * timetable.lengths[0]
    starts = timetable.starts.gather([0] * len(names))
    ids = from_cells(ID, names)
    check_ids(ids, Source("the header"))
    return PanelFields(values=values, offsets=offsets, ids=ids, starts=starts, schema=replace(schema, has_id=True))


def from_series(values: Any, freq: Freq, start: Any, name: str | None) -> PanelFields:
    """One series: a pandas Series (its index holds the times), a polars Series, a list or an array `[time]`."""
    check_not_forked()
    pandas = nw.dependencies.is_pandas_series(values)
    numbers = from_pandas(values) if pandas else _column(values)
    columns = Columns(target=name or str(numbers.name or TARGET))
    name = columns.one_target
    _not_empty(numbers, Source("the series"))
    rows = SeriesIndex.one(name, len(numbers), Source())
    kind: Kind = "pandas" if pandas else "polars"
    schema = TableSchema(columns=columns, has_id=False, freq=Frequency("int"), time="int64", kind=kind)
    if pandas and start is None:
        index = values.index
        times = as_times(_index_times(index), rows, plain=states_numbers(freq))
        table = build_grid(times, rows, freq=freq, gaps="error")
        schema = replace(schema, time_type=str(index.dtype))
    else:
        table = start_grid(0 if start is None else start, freq)
    found = check_target(numbers.alias(name), rows)[:, None]
    schema = replace(schema, freq=table.freq, time=time_name(table.starts.dtype))
    return PanelFields(values=found, offsets=rows.offsets, ids=rows.ids, starts=table.starts, schema=schema)


def _column(values: Any) -> pl.Series:
    if isinstance(values, pl.Series):
        return values
    if isinstance(values, np.ndarray) and values.ndim != 1:
        raise DataError(f"one series is numbers [time], got shape {values.shape}")
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
        return pl.Series(plain_numbers(values))
    return from_cells("", list(values))


def _index_times(index: Any) -> pl.Series:
    """A pandas index as a column; periods become their first day or moment."""
    plain = index.to_timestamp() if hasattr(index, "to_timestamp") else index
    if plain.nlevels > 1:
        raise ColumnError(
            "the index of a series is its times, and this one has several levels: give the table series.reset_index()"
        )
    return from_pandas(plain.to_series()).alias("index")


def start_grid(start: Any, freq: Freq) -> TimeGrid:
    """The calendar of series that have no times of their own: one row, at `start`."""
    time = from_cells("start", [start])
    if freq is None and not time.dtype.is_integer():
        raise CalendarError(f"with start={quote(start)} the step between rows must be stated too, as in freq='D'")
    rows = SeriesIndex.one("start", 1, Source())
    times = as_times(time, rows, plain=states_numbers(freq))
    check_plain(times, freq)
    return build_grid(times, rows, freq=1 if freq is None else freq, gaps="error")


def from_array(
    array: Any, ids: Sequence[Any] | None, start: Any, freq: Freq, targets: Sequence[str] | None
) -> PanelFields:
    """Numbers `[series, time, channel]`, all series from `start` on."""
    check_not_forked()
    numbers = plain_numbers(array)
    if numbers.dtype.kind not in "iuf":
        raise ValuesError(
            f"expected an array of numbers, got one of {numbers.dtype}: convert it with array.astype(float)"
        )
    if numbers.ndim != 3 or 0 in numbers.shape:
        raise DataError(f"expected numbers [series, time, channel], none of them 0, got shape {numbers.shape}")
    n, length, channels = numbers.shape
    columns = _channels(channels, targets)
    names = _names(n, ids)
    offsets = np.arange(n + 1) * length
    values = check_numbers(numbers.reshape(-1, channels), SeriesIndex(names, offsets, None, Source("the array")))
    table = start_grid(start, freq)
    starts = table.starts.gather([0] * n)
    schema = TableSchema(columns=columns, has_id=True, freq=table.freq, time=time_name(starts.dtype))
    return PanelFields(values=values, offsets=offsets, ids=names, starts=starts, schema=schema)


def _channels(count: int, targets: Sequence[str] | None) -> Columns:
    """What the channels of an array are called: as `targets` say, or `y`, or `y0`, `y1` and so on for several."""
    if targets is None:
        return Columns() if count == 1 else Columns(target=tuple(f"{TARGET}{i}" for i in range(count)))
    columns = Columns(target=targets)
    if len(columns.targets) != count:
        raise DataError(f"targets are {count} names, one for each channel; got {len(columns.targets)}")
    return columns


def _names(n: int, ids: Sequence[Any] | None) -> pl.Series:
    names = from_cells(ID, list(range(n) if ids is None else ids))
    check_ids(names, Source("ids"))
    if len(names) != n or names.n_unique() != n:
        raise DataError(
            f"ids are {n} different names, one for each series; got {len(names)}, {names.n_unique()} different"
        )
    return names


def _not_empty(column: pl.Series, source: Source) -> None:
    if not len(column):
        raise DataError(f"{source} has no rows: a panel needs at least one")
