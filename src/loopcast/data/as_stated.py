"""The table in a file, as it is meant: what `ReadOptions` say of fields, times and covariates, done."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from loopcast.columns import ID, TARGET, Columns
from loopcast.data.categories import categorized
from loopcast.data.number_format import plain_numbers
from loopcast.data.read_options import PARTS, ReadOptions
from loopcast.data.series_index import Source
from loopcast.data.tables import Table
from loopcast.data.time_formats import read_times
from loopcast.data.validate import check_names
from loopcast.errors import CalendarError, ColumnError, quote, quote_all


@dataclass(frozen=True, kw_only=True, eq=False)
class StatedTable:
    """A long table, with what its columns are and where its rows came from."""

    table: Table
    columns: Columns
    source: Source


def as_stated(stated: StatedTable, options: ReadOptions) -> StatedTable:
    """A table as it was read, in the form in which `align` takes it.

    ColumnError, CalendarError or ValuesError, naming the line, where it is not as the options say.
    """
    if options.strip:
        stated = _with(stated, stated.table.native.with_columns(pl.col(pl.String).str.strip_chars()))
    stated = _with_times(stated, options)
    if options.layout == "wide":
        stated = _unpivoted(stated)
    stated = _with_values(stated, options)
    return categorized_table(stated, options)


def _with(stated: StatedTable, frame: pl.DataFrame, names: Sequence[str] | None = None) -> StatedTable:
    return replace(stated, table=Table(frame, "polars", stated.table.names if names is None else names))


def _with_values(stated: StatedTable, options: ReadOptions) -> StatedTable:
    """Numbers with points for decimals, and nothing where a value is missing."""
    frame, columns = stated.table.native, stated.columns
    there = [name for name in (*columns.targets, *columns.covariates) if name in frame.columns]
    changed = [_value(frame[name], options, stated.source) for name in there if name not in options.categories]
    words = [_without(frame[name], options.na) for name in there if name in options.categories]
    return _with(stated, frame.with_columns(changed + words))


def _value(column: pl.Series, options: ReadOptions, source: Source) -> pl.Series:
    """A column of numbers, or what else a covariate is; text of a file with types of its own is read so too."""
    column = _without(plain_numbers(_without(column, options.na), options, source), options.na)
    if column.dtype != pl.String or source.lines or (options.plain_numbers and not options.na):
        return column
    numbers = column.cast(pl.Float64, strict=False)
    return numbers if numbers.null_count() == column.null_count() else column


def _without(column: pl.Series, na: tuple[str, ...]) -> pl.Series:
    """A column with nothing where it says, in words or as a number, that a value is missing."""
    if not na:
        return column
    numbers = pl.Series(na).cast(pl.Float64, strict=False).drop_nulls()
    found = column.cast(pl.Float64, strict=False).is_in(numbers.implode())
    if column.dtype == pl.String:
        found = found.fill_null(value=False) | column.is_in(pl.Series(na).implode())
    return column.set(found.fill_null(value=False), None)


def _with_times(stated: StatedTable, options: ReadOptions) -> StatedTable:
    """The column of times: made of its parts, and read in the format that was stated."""
    if options.time_parts:
        stated = _joined(stated, options)
    name = stated.columns.time
    if options.time_format is None or name not in stated.table.native.columns:
        return stated  # a column that is missing is named where all are looked for
    column = stated.table.native[name]
    if not (column.dtype == pl.String or column.dtype.is_integer()):
        raise ColumnError(f"column {quote(name)} holds times of a type of its own: leave --time-format out")
    texts = column.cast(pl.String)
    times = read_times(texts, options.time_format)
    bad = times.is_null() & texts.is_not_null()
    if bad.any():
        row = int(bad.arg_max() or 0)
        raise CalendarError(
            f"{stated.source.row(row)}, column {quote(name)}: {quote(texts[row])} is no time in the format "
            f"{quote(options.time_format)}: correct it or drop the row, or state another time_format (--time-format)"
        )
    return _with(stated, stated.table.native.with_columns(times))


def _joined(stated: StatedTable, options: ReadOptions) -> StatedTable:
    table, name, parts = stated.table, stated.columns.time, options.time_parts
    check_names(table, list(parts), f"They make up the time: {', '.join(PARTS)}", stated.source)
    if name in table.names and name not in parts:
        raise ColumnError(
            f"{stated.source} has a column {quote(name)}, and {quote_all(parts)} are to make up one: rename it"
        )
    texts = [table.native[part].cast(pl.String) for part in parts]
    if options.time_format is None:
        made = _iso([text.alias(part) for part, text in zip(PARTS, texts, strict=False)])
    else:
        made = pl.concat_str([pl.lit(text) for text in texts], separator=" ")
    return _with(stated, table.native.with_columns(made.alias(name)), [*table.names, name])


def _iso(parts: list[pl.Series]) -> pl.Expr:
    """Year, month, day, hour, minute and second, the first ones of these, as ISO 8601 writes them."""
    whole = [pl.lit(part).str.zfill(1 if part.name == "year" else 2) for part in parts]
    whole += [pl.lit("01" if len(whole) + i < 3 else "00") for i in range(6 - len(whole))]
    year, month, day, hour, minute, second = whole
    date = pl.concat_str([year, month, day], separator="-")
    if len(parts) <= 3:
        return date
    return pl.concat_str([date, pl.concat_str([hour, minute, second], separator=":")], separator=" ")


def _unpivoted(stated: StatedTable) -> StatedTable:
    """A wide table as a long one: its columns, the time aside, are series of one target."""
    frame, columns = stated.table.native, stated.columns
    usual = Columns(time=columns.time)
    if columns != usual:
        raise ColumnError(
            "in a wide table each column but the time is a series of its own: name no id, target or covariates"
        )
    check_names(stated.table, [columns.time], "Say which column holds the times (time, --time)", stated.source)
    series = [name for name in frame.columns if name != columns.time]
    if not series:
        raise ColumnError(f"{stated.source} has no column but {quote(columns.time)}: each series has one of its own")
    check_names(stated.table, series, "", stated.source)
    free = max(frame.columns, key=len)  # longer than it, no name is one that is there: a series may be called "y"
    long = frame.unpivot(series, index=columns.time, variable_name=f"{free} id", value_name=f"{free} value")
    long.columns = [columns.time, ID, TARGET]
    source = replace(stated.source, repeats=frame.height)
    return replace(_with(stated, long, long.columns), source=source)


def categorized_table(stated: StatedTable, options: ReadOptions) -> StatedTable:
    """Covariates of text as the columns of 0 and 1 that they become."""
    frame, columns = categorized(stated.table.native, stated.columns, options.categories, stated.source)
    names = [*stated.table.names, *(name for name in frame.columns if name not in stated.table.names)]
    return replace(_with(stated, frame, names), columns=columns)
