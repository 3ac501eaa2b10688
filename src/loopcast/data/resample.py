"""Rows at irregular times as one row for each step of a calendar: polars' own grouping by time."""

from dataclasses import dataclass, replace

import polars as pl

from loopcast.columns import Columns
from loopcast.data.covariates import numbers_of, static_column
from loopcast.data.frequency import Frequency
from loopcast.data.read_options import ReadOptions
from loopcast.data.series_index import SeriesIndex, Source
from loopcast.data.tables import Table
from loopcast.data.times import as_times
from loopcast.data.validate import check_ids, check_names, has_id_column
from loopcast.errors import CalendarError, OptionError, quote

POLARS_UNITS = {"D": "d", "MS": "mo", "QS": "q", "YS": "y", "int": "i"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Resampled:
    """A table of one row for each step in which there were rows, and from how many it was made."""

    frame: pl.DataFrame
    freq: Frequency
    rows: int
    aggregate: str

    def sentence(self, steps: int) -> str:
        """What was done, where a panel of so many rows was made of it."""
        return (
            f"Resampled {self.rows:,} rows to {steps:,} steps of {self.freq}, each the {self.aggregate} of its rows; "
            f"{steps - self.frame.height:,} have none and are missing"
        )


def resampled(table: Table, columns: Columns, options: ReadOptions, source: Source) -> Resampled:
    """The rows of a long table, one for each series and step; errors are those of the columns as `align` reads them."""
    freq = Frequency.parse(options.resample)  # type: ignore[arg-type]
    every = polars_duration(freq)
    has_id = has_id_column(table, columns, source)
    keys = [columns.id] if has_id else []
    check_names(table, [*keys, columns.time, *columns.targets, *columns.covariates], "", source)
    rows = SeriesIndex.one(", ".join(columns.targets), table.native.height, source)
    if has_id:
        check_ids(table.column(columns.id), source)
        rows = SeriesIndex.group(table.column(columns.id), source)
    times = as_times(rows.reorder(table.column(columns.time)), rows, plain=freq.unit == "int")
    _check_kind(times, freq)
    numbers = numbers_of([rows.reorder(table.column(name)) for name in _numbers(columns)], rows)
    for name in columns.static:
        static_column(table, name, rows)  # which changes in no series
    frame = pl.DataFrame(
        {name: rows.reorder(table.column(name)) for name in (*keys, *columns.static)}
        | {columns.time: times}
        | dict(zip(_numbers(columns), numbers.T, strict=True))
    )
    return Resampled(
        frame=_grouped(frame, columns, keys, every, str(options.aggregate)),
        freq=freq,
        rows=frame.height,
        aggregate=str(options.aggregate),
    )


def _grouped(frame: pl.DataFrame, columns: Columns, keys: list[str], every: str, aggregate: str) -> pl.DataFrame:
    """A row for each series and step in which there is one; what does not change within a series stays."""
    place = "the place of a series"
    numbers = [pl.col(name).fill_nan(None).drop_nulls() for name in _numbers(columns)]
    frame = frame.with_columns(pl.struct(keys).rank("dense").alias(place) if keys else pl.lit(0).alias(place))
    first = frame.unique(place, keep="first", maintain_order=True).select(place, pl.int_range(pl.len()).alias("order"))
    grouped = (
        frame.sort(place, columns.time, maintain_order=True)
        .group_by_dynamic(columns.time, every=every, group_by=place)
        .agg(
            *(pl.col(name).first() for name in (*keys, *columns.static)),
            *(pl.when(each.len() > 0).then(getattr(each, aggregate)()) for each in numbers),
        )
    )
    return grouped.join(first, on=place).sort("order", columns.time).drop(place, "order")


def polars_duration(freq: Frequency) -> str:
    """A step as polars writes it; OptionError for one that its grouping by time has none for.

    >>> polars_duration(Frequency.parse("15min")), polars_duration(Frequency.parse("MS"))
    ('900000000us', '1mo')
    """
    if freq.family == "clock":
        return f"{freq.size}us"
    if freq.unit == "W" and freq.anchor == 0:
        return f"{freq.multiple}w"
    plain = freq == replace(freq, day=1, anchor=0)
    if freq.unit not in POLARS_UNITS or not plain:
        raise OptionError(
            f"resample={quote(freq.alias)}: rows are put into steps of 1min, 1h and so on, D, W-MON, MS, QS, YS, or a "
            "whole number for integer times"
        )
    return f"{freq.multiple}{POLARS_UNITS[freq.unit]}"


def _numbers(columns: Columns) -> tuple[str, ...]:
    return (*columns.targets, *columns.past, *columns.future)


def _check_kind(times: pl.Series, freq: Frequency) -> None:
    if times.dtype.is_integer() != (freq.unit == "int"):
        kind = (
            "integers, so resample is a whole number"
            if times.dtype.is_integer()
            else "dates, so resample is 1h, D, ..."
        )
        raise CalendarError(f"column {quote(times.name)} holds {kind}; got {quote(freq.alias)}")
    if times.dtype == pl.Date and freq.family == "clock":
        raise CalendarError(f"column {quote(times.name)} holds dates, which have no steps of {freq}: use D")
