"""Checks of a table's columns, each with an error that says where, what and how to mend it."""

from difflib import get_close_matches
from typing import Any

import numpy as np
import polars as pl

from loopcast.columns import ID, Columns
from loopcast.data.number_text import number_cure
from loopcast.data.series_index import SeriesIndex, Source
from loopcast.data.tables import Table
from loopcast.errors import ColumnError, ValuesError, brief, quote, quote_all

LARGEST = float(np.finfo(np.float32).max)  # networks read differences of values as float32


def check_names(table: Table, names: list[Any], cure: str, source: Source) -> None:
    """ColumnError unless each of `names` is a column of the table, and once only."""
    for name in names:
        count = list(table.names).count(name)
        if count > 1:
            raise ColumnError(f"{source} has {count} columns named {quote(name)}: rename or drop all but one")
        if count == 0:
            raise ColumnError(_missing(table, name, cure, source))


def has_id_column(table: Table, columns: Columns, source: Source) -> bool:
    """Whether a table has an id: under a name that was stated it must be there, under the usual one it may be.

    ColumnError where it is in the index of a pandas table: without it several series would be one.
    """
    if columns.id in table.names or columns.id != ID:
        return True
    if columns.id in table.index_names:
        raise ColumnError(_missing(table, columns.id, "", source))
    level = table.unnamed_labels
    if level is not None:
        names = quote_all(columns.id if i == level else f"level_{i}" for i in range(len(table.index_names)))
        raise ColumnError(
            f"{source} has no column {quote(columns.id)}, and an index of labels that repeat: where they are the ids, "
            "give "
            f"table.rename_axis([{names}]).reset_index(); where they say nothing, table.reset_index(drop=True)"
        )
    return False


def _missing(table: Table, name: Any, cure: str, source: Source) -> str:
    if name in table.index_names:
        return f"{quote(name)} is in the index of {source}, and no column: give table.reset_index()"
    if None in table.index_names and name not in map(str, table.names):
        levels = "" if len(table.index_names) == 1 else ", a name for each level"
        return (
            f"{source} has no column {quote(name)}, and an index without a name: if that is the column, give "
            f"table.rename_axis({quote(name)}).reset_index(){levels}. {cure}"
        )
    if name in map(str, table.names):
        return (
            f"{source} has a column whose name reads {quote(str(name))} and is no text: give table.rename(columns=str)"
        )
    there = [str(other) for other in table.names]
    folded = {other.casefold(): other for other in there}
    close = get_close_matches(str(name).casefold(), folded, n=1, cutoff=0.6)
    hint = f" (did you mean {quote(folded[close[0]])}?)" if close else ""
    return f"{source} has no column {quote(name)}{hint}; its columns are {quote_all(there) or 'none'}. {cure}"


def check_ids(ids: pl.Series, source: Source) -> None:
    """ColumnError unless every row has an id, and ids are strings, integers or categories."""
    there = ids.fill_nan(None) if ids.dtype.is_float() else ids
    if there.null_count():
        row = int(there.is_null().arg_max() or 0)
        raise ColumnError(
            f"column {quote(ids.name)}, {source.row(row)}: the id is missing; name the series or drop the row"
        )
    if not (ids.dtype in (pl.String, pl.Categorical, pl.Enum) or ids.dtype.is_integer()):
        kind = "of mixed types" if ids.dtype == pl.Object else brief(str(ids.dtype))
        raise ColumnError(
            f"column {quote(ids.name)} is {kind}, and ids are strings, integers or categories: cast it to text first"
        )


def check_target(target: pl.Series, rows: SeriesIndex) -> np.ndarray:
    """The numbers of a column, in the order of `rows`, as float64 `[row]`; NaN where missing.

    Raises ValuesError for text, true and false, infinity, and numbers beyond LARGEST.
    """
    column = f"column {quote(target.name)}"
    if rows.source.lines:
        target = _numbers_in_text(target, rows)
    if target.dtype == pl.Boolean:
        raise ValuesError(f"{column} holds true and false, not numbers: cast it to 0 and 1 if that is what they mean")
    if target.dtype == pl.Null:
        return np.full(len(target), np.nan)
    if not target.dtype.is_numeric():
        raise ValuesError(_not_numbers(target, rows))
    return check_numbers(target.cast(pl.Float64).to_numpy()[:, None], rows, column)[:, 0]


def _numbers_in_text(target: pl.Series, rows: SeriesIndex) -> pl.Series:
    """The numbers that the text of a file writes; an empty field is missing."""
    numbers = target.cast(pl.Float64, strict=False)
    if numbers.null_count() > target.null_count():
        raise ValuesError(_not_numbers(target, rows))
    return numbers


def _not_numbers(target: pl.Series, rows: SeriesIndex) -> str:
    column = f"column {quote(target.name)}"
    cells = target.to_list()
    bad = (row for row, cell in enumerate(cells) if cell is not None and not _is_number(cell))
    row = next(bad, None)
    if row is None:
        return f"{column} holds numbers written as text: cast it to a float column first"
    value = cells[row]
    cure = number_cure(value) if isinstance(value, str) else "give a number, or None where it is missing"
    return f"{rows.describe_row(row)}, {column}: {quote(value)} is not a number: {cure}"


def _is_number(cell: Any) -> bool:
    if not isinstance(cell, str):
        return isinstance(cell, int | float | np.number) and not isinstance(cell, bool)
    return pl.Series([cell]).cast(pl.Float64, strict=False)[0] is not None


def check_numbers(numbers: np.ndarray, rows: SeriesIndex, column: str = "") -> np.ndarray:
    """A copy of numbers `[row, channel]` as float64, exactly; ValuesError for infinity, and what is beyond LARGEST.

    column: what an error calls the column; without it the channel is named.
    """
    numbers = numbers.astype(np.float64)  # a copy: the caller may go on writing to the array
    bad = np.abs(numbers) > LARGEST
    if bad.any():
        row, channel = np.unravel_index(int(bad.argmax()), bad.shape)
        where = column or f"channel {channel}"
        raise ValuesError(f"{rows.describe_row(int(row))}, {where}: {_too_large(float(numbers[row, channel]))}")
    return numbers


def _too_large(value: float) -> str:
    if np.isinf(value):
        return f"{value} is no value to learn from: give NaN where it is missing"
    return f"{value:g} is too large to learn from (largest {LARGEST:.3g}): divide the column by a constant"
