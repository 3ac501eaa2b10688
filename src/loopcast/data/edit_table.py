"""Cells of a caller's table changed in a copy, in whichever library it is, and all other cells left as they came."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import polars as pl

from loopcast.data.schema import TableSchema
from loopcast.data.tables import Table, pandas_times
from loopcast.errors import DataError, ValuesError, quote


@dataclass(frozen=True, kw_only=True, eq=False)
class RowMapping:
    """The rows of a new table, each int64 or bool `[row of it]`.

    rows: which row of the panel it is; anchors: which row of the caller's table it is or, inserted, comes after.
    """

    rows: np.ndarray
    anchors: np.ndarray
    inserted: np.ndarray

    @property
    def sources(self) -> pl.Series:
        """The anchors, null where a row was inserted."""
        return pl.Series(self.anchors).zip_with(pl.Series(~self.inserted), pl.Series([None], dtype=pl.Int64))


@dataclass(eq=False)
class TableBuilder:
    """A table in the making; `native` is replaced as columns are, and is never the caller's own."""

    native: Any
    kind: str

    def add_column(self, name: str, column: pl.Series) -> None:
        """A column of a polars or pyarrow table in place of the one of that name, or after all others."""
        if self.kind == "polars":
            self.native = self.native.with_columns(column.alias(name))
            return
        place, array = self.native.schema.get_field_index(name), column.to_arrow()
        self.native = (
            self.native.append_column(name, array) if place < 0 else self.native.set_column(place, name, array)
        )


def take_rows(table: Table, order: RowMapping, repeated: Sequence[str]) -> TableBuilder:
    """The rows of a table in an order; an inserted row is null but for `repeated` columns, which it has of its anchor.

    Where nothing was inserted the rows stand as they came.
    """
    if not order.inserted.any():
        return TableBuilder(table.native.copy(deep=False) if table.kind == "pandas" else table.native, table.kind)
    if table.kind == "pandas":
        return _take_pandas(table, order, repeated)
    if table.kind == "polars":
        frame = table.native.select(pl.all().gather(order.sources))
        return TableBuilder(
            frame.with_columns(table.native[name].gather(order.anchors) for name in repeated), table.kind
        )
    taken = table.native.take(order.sources.to_arrow())
    for name in repeated:
        place = taken.schema.get_field_index(name)
        taken = taken.set_column(place, taken.schema.field(name), table.native[name].take(order.anchors))
    return TableBuilder(taken, table.kind)


def _take_pandas(table: Table, order: RowMapping, repeated: Sequence[str]) -> TableBuilder:
    pandas = import_module("pandas")
    native = table.native.reset_index(drop=True)
    columns = [_nullable(native.iloc[:, place]) for place in range(native.shape[1])]
    frame = pandas.concat(columns, axis=1).reindex(np.where(order.inserted, -1, order.anchors)).reset_index(drop=True)
    for name in repeated:
        frame[name] = native[name].take(order.anchors).reset_index(drop=True)
    return TableBuilder(frame, table.kind)


def _nullable(column: Any) -> Any:
    """Whole numbers and truth values in pandas's types that hold a null; NumPy's would become floats and objects."""
    dtype = column.dtype
    if not isinstance(dtype, np.dtype) or dtype.kind not in "iub":
        return column
    return column.astype("boolean" if dtype.kind == "b" else dtype.name.replace("i", "I").replace("u", "U"))


def set_times(draft: TableBuilder, table: Table, order: RowMapping, times: pl.Series, schema: TableSchema) -> None:
    """Give the inserted rows their times, written as the first one where the column is text."""
    name = schema.columns.time
    column = table.column(name)
    if column.dtype == pl.String:
        written = column.gather(order.anchors).zip_with(pl.Series(~order.inserted), format_times(column, times))
        if table.kind == "pandas":
            draft.native[name] = import_module("pandas").Series(written.to_list(), dtype=table.native[name].dtype)
        else:
            _set(draft, table, name, written)
        return
    if table.kind == "pandas":
        came = table.native[name].take(order.anchors).reset_index(drop=True)
        draft.native[name] = came.mask(order.inserted, pandas_times(import_module("pandas"), schema, times))
        return
    _set(
        draft, table, name, column.gather(order.anchors).zip_with(pl.Series(~order.inserted), times.cast(column.dtype))
    )


def format_times(column: pl.Series, times: pl.Series) -> pl.Series:
    """Times as text, as the first of `column` is; DataError where it names an offset, which may differ row by row."""
    first = str(column[0]).strip()
    if times.dtype.is_integer():
        return times.cast(pl.String)
    if times.dtype == pl.Date and first.isdigit():
        return times.dt.strftime("%Y%m%d")
    parts = re.fullmatch(r"\d{4}-\d{2}(-\d{2}(?:([T ])\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z)?)?)?", first)
    day, between, seconds, fraction, zone = parts.groups() if parts else (None,) * 5
    least = "1us" if fraction else "1s" if seconds else "1m" if between else "1d" if day else "1mo"
    if parts is None or (times.dt.truncate(least) != times).any():
        raise DataError(
            f"column {quote(column.name)} holds times as text such as {quote(first)}, and rows to be inserted need "
            "times, which "
            "cannot be written like that: convert it to dates or timestamps first"
        )
    clock = f"{between}%H:%M" + (":%S" if seconds else "") + ("%.6f" if fraction else "") + (zone or "")
    return times.dt.strftime("%Y-%m" + ("-%d" if day else "") + (clock if between else ""))


def set_numbers(
    draft: TableBuilder, table: Table, order: RowMapping, name: str, values: np.ndarray, marks: np.ndarray
) -> None:
    """Put `values` where `marks` hold, both `[row of the panel]`, into a column of targets.

    A column of floats keeps its type; another becomes float64. Where nothing is put and no row was inserted it is left.
    """
    values, marks = values[order.rows], marks[order.rows]
    if not (marks.any() or order.inserted.any()):
        return
    column = table.column(name)
    _check_exact(column)
    if table.kind == "pandas":
        draft.native[name] = _filled_pandas(table.native[name], order, values, marks)
        return
    if column.dtype == pl.String:  # of a text file: what is there stays as it was written
        written = pl.Series(values).cast(pl.String)
        _set(draft, table, name, column.gather(order.sources).zip_with(pl.Series(~marks), written))
        return
    floats = column if column.dtype.is_float() else column.cast(pl.Float64)
    _set(
        draft,
        table,
        name,
        floats.gather(order.sources).zip_with(pl.Series(~marks), pl.Series(values).cast(floats.dtype)),
    )


def _filled_pandas(column: Any, order: RowMapping, values: np.ndarray, marks: np.ndarray) -> Any:
    pandas = import_module("pandas")
    floats = column if pandas.api.types.is_float_dtype(column.dtype) else column.astype("float64")
    if order.inserted.any():
        sources = np.where(order.inserted, -1, order.anchors)
        floats = floats.reset_index(drop=True).reindex(sources).reset_index(drop=True)
    return floats.mask(marks, pandas.Series(values, index=floats.index).astype(floats.dtype))


def _check_exact(column: pl.Series) -> None:
    """ValuesError where a whole number would change on becoming float64, as some beyond 2**53 do."""
    if not column.dtype.is_integer():
        return
    changed = column.cast(pl.Float64).cast(column.dtype, strict=False).ne_missing(column)
    if changed.any():
        value = column[int(changed.arg_max() or 0)]
        raise ValuesError(
            f"column {quote(column.name)} has to become float64 to be filled, which does not hold {value} exactly: "
            "cast it to floats first"
        )


def _set(draft: TableBuilder, table: Table, name: str, column: pl.Series) -> None:
    """A column in place of the one of that name; in a pyarrow table in its type, unless that was no float's."""
    draft.add_column(name, column)
    if table.kind != "pyarrow":
        return
    came, place = table.native.schema.field(name).type, draft.native.schema.get_field_index(name)
    arrow = import_module("pyarrow")
    if arrow.types.is_floating(came) or not column.dtype.is_float():
        array = draft.native[name].cast(came)
        draft.native = draft.native.set_column(place, arrow.field(name, came), array)


def finish(draft: TableBuilder, columns: Mapping[str, np.ndarray]) -> Any:
    """The finished table, with further columns at its end."""
    for name, array in columns.items():
        if draft.kind == "pandas":
            draft.native[name] = array
        else:
            draft.add_column(name, pl.Series(array))
    return draft.native
