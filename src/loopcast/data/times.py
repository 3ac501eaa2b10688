"""Columns of times in any spelling as integers, dates or timestamps in one zone.

Text is read as ISO 8601 and nothing else, in files and in tables alike: 2020-12-31 can mean only one day, while
03/04/2020 means two. Text that is all whole numbers is integers, so the years of a file (1949, 1950, …) are too, but
for 20201231, which is ISO 8601 as well.
"""

import polars as pl

from loopcast.data.dates_as_numbers import DAYS, form_of, parse_numbers
from loopcast.data.schema import INTEGERS
from loopcast.data.series_index import SeriesIndex
from loopcast.data.tables import offset_zone
from loopcast.errors import CalendarError

INTEGER = r"^[+-]?\d{1,18}$"
LARGEST = 2**62  # half of what an int64 holds, so that differences fit too
ISO = r"^\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?([Zz]|[+-]\d{2}(:?\d{2})?)?)?)?$"
EXPECTED = "times are whole numbers, or ISO 8601: 2020-12, 2020-12-31, 2020-12-31 23:59:59, with +01:00 or Z after it"


def as_times(times: pl.Series, rows: SeriesIndex, *, plain: bool = False) -> pl.Series:
    """`times` (in the order of `rows`) as integers, dates or timestamps; CalendarError for anything else.

    plain: whether whole numbers in text are known to be no dates, as with freq=1.
    Timestamps are kept to the microsecond; a finer one is refused, not rounded.
    """
    if times.null_count():
        row = int(times.is_null().arg_max() or 0)
        raise CalendarError(
            f"{rows.describe_row(row)}, column {times.name!r}: the time is missing; give it or drop the row"
        )
    if times.dtype == pl.String:
        return _parse(times, rows, plain)
    if times.dtype.is_integer():
        return _in_64_bits(times, rows)
    if times.dtype == pl.Date:
        return times
    if isinstance(times.dtype, pl.Datetime):
        return _to_the_microsecond(times, rows)
    kind = "values of mixed or unknown types" if times.dtype == pl.Object else str(times.dtype)
    raise CalendarError(
        f"column {times.name!r} holds {kind}, and times are integers, dates or timestamps: convert it first "
        "(pandas periods with .dt.to_timestamp())"
    )


def _in_64_bits(times: pl.Series, rows: SeriesIndex) -> pl.Series:
    numbers = times.cast(pl.Int64, strict=False)
    large = numbers.is_null() | ~numbers.is_between(-LARGEST, LARGEST)
    if large.any():
        row = int(large.arg_max() or 0)
        raise CalendarError(
            f"{rows.describe_row(row)}, column {times.name!r}: {times[row]} is too large for an integer time"
        )
    return times if times.dtype in INTEGERS.values() else numbers


def _to_the_microsecond(times: pl.Series, rows: SeriesIndex) -> pl.Series:
    finer = times.to_physical() % 1000 != 0 if times.dtype.time_unit == "ns" else None  # type: ignore[attr-defined]
    if finer is not None and finer.any():
        row = int(finer.arg_max() or 0)
        raise CalendarError(
            f"{rows.describe_row(row)}, column {times.name!r}: {times[row]} has nanoseconds, and times are kept to the "
            "microsecond: round the column first"
        )
    return times


def _parse(times: pl.Series, rows: SeriesIndex, plain: bool) -> pl.Series:
    if times.str.contains(INTEGER).all():
        numbers = times.str.strip_prefix("+").cast(pl.Int64)
        form = None if plain else form_of(numbers)
        return parse_numbers(numbers, form) if form is DAYS else numbers
    strange = ~times.str.contains(ISO)
    if strange.any():
        _refuse(times, strange, rows)
    parsed = _dates(times) if times.str.len_bytes().max() <= 10 else _timestamps(times, rows)  # type: ignore[operator]
    if parsed.null_count():  # such as 2020-02-30
        _refuse(times, parsed.is_null(), rows)
    return parsed


def _refuse(times: pl.Series, bad: pl.Series, rows: SeriesIndex) -> None:
    row = int(bad.arg_max() or 0)
    raise CalendarError(
        f"{rows.describe_row(row)}, column {times.name!r}: {times[row]!r} is no time; {EXPECTED}. Convert the column "
        f'first, for example pl.col({times.name!r}).str.to_date("%d/%m/%Y") for 31/12/2020, and give the table'
    )


def _dates(times: pl.Series) -> pl.Series:
    return _fill(times, {7: "-01"}).str.to_date("%Y-%m-%d", strict=False)


def _timestamps(times: pl.Series, rows: SeriesIndex) -> pl.Series:
    rest = times.str.slice(16)  # after the minutes
    offsets = rest.str.extract(r"([Zz]|[+-].*)$")
    zone = _zone(offsets, times.name, rows)
    body = times.str.slice(0, 16) + rest.str.replace(r"([Zz]|[+-].*)$", "")
    body = _fill(body.str.replace("T", " "), {7: "-01 00:00:00", 10: " 00:00:00", 16: ":00"})
    parsed = body.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    return parsed if zone is None else parsed.dt.replace_time_zone(zone)


def _fill(times: pl.Series, endings: dict[int, str]) -> pl.Series:
    """Each text with the ending that its length asks for."""
    text = pl.col(times.name)
    ending = text.str.len_bytes().replace_strict(endings, default="", return_dtype=pl.String)
    return times.to_frame().select(text + ending).to_series()


def _zone(offsets: pl.Series, name: str, rows: SeriesIndex) -> str | None:
    """The zone that all offsets name, None where there is no offset; CalendarError where they differ."""
    named = offsets.replace({"Z": "+00:00", "z": "+00:00"}).fill_null("no offset")
    other = named != named[0]
    if other.any():
        row = int(other.arg_max() or 0)
        raise CalendarError(
            f"column {name!r} mixes time zones: {named[0]} ({rows.describe_row(0)}) and {named[row]} "
            f"({rows.describe_row(row)}); write all times in UTC, or convert the column to one named zone"
        )
    return None if offsets[0] is None else offset_zone(named[0])
