"""Columns out of, and tables into, whatever kind of data frame the caller uses."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from types import MappingProxyType
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from loopcast.data.schema import Kind, TableSchema
from loopcast.errors import CalendarError, DataError

NANOSECOND_UNITS = ("ns", "us", "ms")


@dataclass(frozen=True, eq=False)
class Table:
    """A caller's table, read and never changed: columns come out as polars columns, one at a time."""

    native: Any
    kind: Kind
    names: Sequence[Any]

    def column(self, name: Any) -> pl.Series:
        """The column as polars sees it; what polars has no type for comes as pl.Object."""
        if self.kind == "polars":
            return self.native[name]
        if self.kind == "pyarrow":
            return pl.Series(str(name), self.native[name])
        return from_pandas(self.native[name])

    def type_name(self, name: Any) -> str:
        """What the caller's library calls the type of a column."""
        if self.kind == "polars":
            return ""
        if self.kind == "pyarrow":
            return str(self.native.schema.field(name).type)
        return str(self.native[name].dtype)

    @property
    def index_name(self) -> Any:
        """The name of a pandas index, None elsewhere."""
        return self.native.index.name if self.kind == "pandas" else None


def open_table(native: Any) -> Table | None:
    """The table behind a pandas or polars data frame or a pyarrow table; None for anything else."""
    if nw.dependencies.is_polars_lazyframe(native):
        raise DataError("the table is a polars LazyFrame, which holds no rows yet: give table.collect()")
    if nw.dependencies.is_polars_dataframe(native):
        return Table(native, "polars", native.columns)
    if nw.dependencies.is_pandas_dataframe(native):
        return Table(native, "pandas", list(native.columns))
    if nw.dependencies.is_pyarrow_table(native):
        return Table(native, "pyarrow", native.column_names)
    return None


def from_pandas(column: Any) -> pl.Series:
    """A pandas Series as a polars one, by way of NumPy: pyarrow may not be there."""
    series = nw.from_native(column, series_only=True)
    name = str(series.name)
    if isinstance(series.dtype, nw.Datetime):
        return _datetimes(name, series)
    if isinstance(series.dtype, nw.Categorical | nw.Enum):
        return _categories(name, column)
    missing = series.is_null().to_numpy()
    if series.dtype.is_float() or (series.dtype.is_integer() and not missing.any()):
        return pl.Series(name, np.ascontiguousarray(series.to_numpy()))
    cells = column.to_numpy(dtype=object).copy()
    cells[missing] = None
    return from_cells(name, cells.tolist())


def _datetimes(name: str, series: "nw.Series[Any]") -> pl.Series:
    zone = _known_zone(series.dtype.time_zone)  # type: ignore[attr-defined]
    if zone is not None:
        series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    array = np.ascontiguousarray(series.to_numpy())
    if np.datetime_data(array.dtype)[0] not in NANOSECOND_UNITS:
        array = array.astype("datetime64[us]")
    times = pl.Series(name, array)
    return times if zone is None else times.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)


def _known_zone(zone: str | None) -> str | None:
    """The name under which the time zone data base knows a zone, also one that is a fixed offset."""
    if zone is None or not zone.removeprefix("UTC").startswith(("+", "-")):
        return zone
    return offset_zone(zone.removeprefix("UTC"))


def offset_zone(offset: str) -> str:
    """The named zone of a fixed offset such as "+01:00"; CalendarError where the data base has none."""
    hours, minutes = int(offset[:3]), offset[3:].strip(":")
    if minutes not in ("", "00") or not -12 <= hours <= 14:
        raise CalendarError(f"no time zone is always at {offset}: convert the times to a named zone, or to UTC")
    return f"Etc/GMT{-hours:+d}" if hours else "UTC"  # the sign of these names is the wrong way round by design


def _categories(name: str, column: Any) -> pl.Series:
    codes, categories = column.cat.codes.to_numpy(), from_cells(name, column.cat.categories.to_list())
    index = pl.Series(codes.astype(np.int64))
    cells = categories.gather(index.set(index < 0, None))
    return cells.cast(pl.Enum(categories)) if categories.dtype == pl.String else cells


def from_cells(name: str, cells: list[Any]) -> pl.Series:
    """Python values, None for missing, as the column they make up; pl.Object where they are of mixed kinds."""
    cells = [None if cell is np.ma.masked else cell for cell in cells]
    kinds = {_kind(cell) for cell in set(map(type, cells)) - {type(None)}}
    if kinds == {dt.datetime}:
        _one_zone(name, cells)
    if kinds == {int, float}:
        return pl.Series(name, [cell if cell is None else float(cell) for cell in cells], dtype=pl.Float64)
    if len(kinds) > 1 or None in kinds:
        return pl.Series(name, cells, dtype=pl.Object)
    return pl.Series(name, cells)


def _kind(cell: type) -> type | None:
    """The plain type that a type of cell counts as, None for one that no column of ours holds."""
    plain = {bool: bool, np.bool_: bool, int: int, np.integer: int, float: float, np.floating: float}
    plain |= {Decimal: float, str: str, dt.datetime: dt.datetime, dt.date: dt.date}
    return next((kind for parent, kind in plain.items() if issubclass(cell, parent)), None)


def _one_zone(name: str, cells: list[Any]) -> None:
    zones: dict[str, int] = {}
    for row, cell in enumerate(cells):
        if hasattr(cell, "tzinfo"):
            zones.setdefault(str(cell.tzinfo), row)
    if len(zones) > 1:
        (one, i), (other, j), *_ = zones.items()
        raise CalendarError(
            f"column {name!r} mixes time zones: {one} (row {i}) and {other} (row {j}); "
            "convert all times to one zone, or to UTC, first"
        )


def build(
    schema: TableSchema,
    ids: pl.Series,
    times: pl.Series,
    columns: dict[str, np.ndarray],
    more_keys: Mapping[str, pl.Series] = MappingProxyType({}),
) -> Any:
    """A table as `schema` says: `ids` (a row each; left out where the table had none), times, then `columns`.

    more_keys: columns of further times, or of text, that stand after the times.
    """
    names = schema.columns
    keys = ({names.id: ids} if schema.has_id else {}) | {names.time: times, **more_keys}
    if schema.kind == "pandas":
        return _build_pandas(schema, keys, columns)
    frame = pl.DataFrame(keys | columns)
    return frame if schema.kind == "polars" else _build_pyarrow(schema, frame)


def _build_pyarrow(schema: TableSchema, frame: pl.DataFrame) -> Any:
    table, arrow = frame.to_arrow(), import_module("pyarrow")
    if schema.has_id and schema.id_type == "string":
        place = table.schema.get_field_index(schema.columns.id)
        field = arrow.field(schema.columns.id, arrow.string())
        return table.set_column(place, field, table[place].cast(arrow.string()))
    return table


def _build_pandas(schema: TableSchema, keys: dict[str, pl.Series], columns: dict[str, np.ndarray]) -> Any:
    pandas = import_module("pandas")
    names = schema.columns
    frame = {name: _pandas_key(pandas, schema, key) for name, key in keys.items() if name != names.id}
    if schema.has_id:
        frame = {names.id: _pandas_ids(pandas, schema, keys[names.id])} | frame
    return pandas.DataFrame(frame | columns)


def _pandas_ids(pandas: Any, schema: TableSchema, ids: pl.Series) -> Any:
    cells = ids.to_list()
    if isinstance(ids.dtype, pl.Enum):
        return pandas.Series(pandas.Categorical(cells, categories=ids.dtype.categories.to_list()))
    return pandas.Series(cells, dtype=schema.id_type or None)


def _pandas_key(pandas: Any, schema: TableSchema, key: pl.Series) -> Any:
    return pandas.Series(key.to_list()) if key.dtype == pl.String else pandas_times(pandas, schema, key)


def pandas_times(pandas: Any, schema: TableSchema, times: pl.Series) -> Any:
    """Times as a pandas Series of the type that `schema` says."""
    if times.dtype == pl.Date:
        return pandas.Series(times.to_list(), dtype=object)
    if times.dtype.is_integer():
        return pandas.Series(times.to_numpy()).astype(schema.time_type or "int64")
    column = pandas.Series(times.dt.replace_time_zone(None).to_numpy() if schema.zone is None else _utc(times))
    zone = schema.zone
    if zone is not None:
        column = column.dt.tz_localize("UTC").dt.tz_convert(zone)
    return column.astype(schema.time_type) if schema.time_type.startswith("datetime64[") else column


def _utc(times: pl.Series) -> np.ndarray:
    return times.dt.convert_time_zone("UTC").dt.replace_time_zone(None).to_numpy()
