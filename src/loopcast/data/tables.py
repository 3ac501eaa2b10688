"""Columns out of, and tables into, whatever kind of data frame the caller uses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from loopcast.data.cells import from_pandas, from_pyarrow
from loopcast.data.schema import Kind, TableSchema
from loopcast.errors import DataError
from loopcast.forks import check_not_forked


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
            return from_pyarrow(str(name), self.native[name])
        return from_pandas(self.native[name])

    def type_name(self, name: Any) -> str:
        """What the caller's library calls the type of a column; "" where it could not read that name back."""
        if self.kind == "polars":
            return ""
        if self.kind == "pyarrow":
            return str(self.native.schema.field(name).type)
        named = str(self.native[name].dtype)
        return "" if "<" in named or "(" in named else named  # such as dictionary<...>[pyarrow], or a zone tzutc()

    @property
    def index_names(self) -> tuple[Any, ...]:
        """The names of the levels of a pandas index, None for one without a name; none for its usual numbers."""
        if self.kind != "pandas":
            return ()
        names = tuple(self.native.index.names)
        return () if names == (None,) and self.native.index.dtype.kind in "iu" else names

    @property
    def unnamed_labels(self) -> int | None:
        """The first level of a pandas index that has no name, and labels that tell groups of rows apart; None for none.

        Whole numbers of a single level tell nothing, nor do times: of those there is a column, or an error.
        """
        levels = self.native.index.nlevels if self.kind == "pandas" else 0
        for level in range(levels):
            labels = self.native.index.get_level_values(level)
            counted = labels.dtype.kind == "M" or (levels == 1 and labels.dtype.kind in "iu")
            if labels.name is None and not counted and labels.has_duplicates:
                return level
        return None


def open_table(native: Any) -> Table | None:
    """The table behind a pandas or polars data frame or a pyarrow table; None for anything else."""
    check_not_forked()
    if nw.dependencies.is_polars_lazyframe(native):
        raise DataError("the table is a polars LazyFrame, which holds no rows yet: give table.collect()")
    if nw.dependencies.is_polars_dataframe(native):
        return Table(native, "polars", native.columns)
    if nw.dependencies.is_pandas_dataframe(native):
        return Table(native, "pandas", list(native.columns))
    if nw.dependencies.is_pyarrow_table(native):
        return Table(native, "pyarrow", native.column_names)
    return None


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
