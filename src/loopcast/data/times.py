"""Columns of times in any spelling as integers, dates or timestamps in one zone.

Text is read as ISO 8601 and nothing else, in files and in tables alike: 2020-12-31 can mean only one day, while
03/04/2020 means two. Text that is all whole numbers is integers, so the years of a file (1949, 1950, …) are too, but
for 20201231, which is ISO 8601 as well.
"""

import shlex

import polars as pl

from loopcast.data.calendar import in_years
from loopcast.data.dates_as_numbers import DAYS, form_of, parse_numbers
from loopcast.data.frequency import DAY
from loopcast.data.schema import INTEGERS
from loopcast.data.series_index import SeriesIndex
from loopcast.data.time_text import conversions, formats_of
from loopcast.data.zones import at_offset, length_of, same_offset
from loopcast.errors import CalendarError, brief, quote

INTEGER = r"^[+-]?\d{1,18}$"
LARGEST = 2**62  # half of what an int64 holds, so that differences fit too
ISO = r"^\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}(:?\d{2})?)?)?)?$"
NO_OFFSET = "no offset"
WHOLE = "where all are whole numbers, cast it (polars: pl.col(COLUMN).cast(pl.Int64); pandas: .astype('int64'))"
CURES = {
    (pl.Float32, pl.Float64, pl.Decimal): WHOLE,
    (pl.Categorical, pl.Enum): "cast it to text (polars: pl.col(COLUMN).cast(pl.String); pandas: .astype(str))",
    (pl.Duration,): "add it to a first time (polars: pl.datetime(2024, 1, 1) + pl.col(COLUMN))",
    (pl.Object,): "convert it (pandas: pd.to_datetime(table[COLUMN]), and periods with .dt.to_timestamp())",
}
EXPECTED = "times are whole numbers, or ISO 8601: 2020-12, 2020-12-31, 2020-12-31 23:59:59, with +01:00 or Z after it"


def as_times(times: pl.Series, rows: SeriesIndex, *, plain: bool = False) -> pl.Series:
    """`times` (in the order of `rows`) as integers, dates or timestamps; CalendarError for anything else.

    plain: whether whole numbers in text are known to be no dates, as with freq=1.
    Timestamps are kept to the microsecond; a finer one is refused, not rounded.
    """
    if times.null_count():
        row = int(times.is_null().arg_max() or 0)
        raise CalendarError(
            f"{rows.describe_row(row)}, column {quote(times.name)}: the time is missing; give it or drop the row"
        )
    if times.dtype == pl.String:
        return _in_years(_parse(times, rows, plain), rows)
    if times.dtype.is_integer():
        return _in_64_bits(times, rows)
    if times.dtype == pl.Date:
        return _in_years(times, rows)
    if isinstance(times.dtype, pl.Datetime):
        return _to_the_microsecond(_in_years(times, rows), rows)
    kind = "values of mixed or unknown types" if times.dtype == pl.Object else brief(str(times.dtype))
    cure = next((cure for types, cure in CURES.items() if isinstance(times.dtype, types)), "convert it first")
    raise CalendarError(
        f"column {quote(times.name)} holds {kind}, and times are integers, dates or timestamps: "
        + cure.replace("COLUMN", quote(times.name))
    )


def _in_years(times: pl.Series, rows: SeriesIndex) -> pl.Series:
    """`times`, whose years are 1 to 9999: no other can be shown, counted on or written down."""
    unit = getattr(times.dtype, "time_unit", "D")
    if times.dtype.is_integer() or times.null_count() or unit == "ns":  # which ends in 2262
        return times
    there = in_years(times.to_physical().to_numpy(), times.dtype, {"D": DAY, "ms": 1000, "us": 1}[unit])
    if not there.all():
        row = int(there.argmin())
        time = times.to_physical().to_numpy()[row].astype(f"datetime64[{unit}]")  # polars cannot write it
        raise CalendarError(
            f"{rows.describe_row(row)}, column {quote(times.name)}: {time} is not in the years 1 to 9999 (to the day, "
            "where times have a zone): correct the time, or drop the row"
        )
    return times


def _in_64_bits(times: pl.Series, rows: SeriesIndex) -> pl.Series:
    numbers = times.cast(pl.Int64, strict=False)
    large = numbers.is_null() | ~numbers.is_between(-LARGEST, LARGEST)
    if large.any():
        row = int(large.arg_max() or 0)
        raise CalendarError(
            f"{rows.describe_row(row)}, column {quote(times.name)}: {times[row]} is too large for an integer time: "
            "subtract a first time from all"
        )
    return times if times.dtype in INTEGERS.values() else numbers


def _to_the_microsecond(times: pl.Series, rows: SeriesIndex) -> pl.Series:
    finer = times.to_physical() % 1000 != 0 if times.dtype.time_unit == "ns" else None  # type: ignore[attr-defined]
    if finer is not None and finer.any():
        row = int(finer.arg_max() or 0)
        raise CalendarError(_finer(times, row, rows))
    return times


def _finer(times: pl.Series, row: int, rows: SeriesIndex) -> str:
    return (
        f"{rows.describe_row(row)}, column {quote(times.name)}: {times[row]} has nanoseconds, and times are kept to "
        "the "
        "microsecond: round the column first (polars: .dt.round('1us'); pandas: .dt.round('us'))"
    )


def _parse(times: pl.Series, rows: SeriesIndex, plain: bool) -> pl.Series:
    """Text as times; of series that share their times each text is read once."""
    first = times.arg_unique()
    if 2 * len(first) > len(times):
        return _read(times, rows, plain)
    texts = times.gather(first)
    return times.replace_strict(texts, _read(texts, rows.only(first.to_numpy()), plain))


def _read(times: pl.Series, rows: SeriesIndex, plain: bool) -> pl.Series:
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
    here = f"{rows.describe_row(row)}, column {quote(times.name)}: {quote(times[row])} is no time; {EXPECTED}"
    if bad.sum() < len(bad) / 2:
        raise CalendarError(f"{here}. Correct the time, or drop the row")
    meant = " or, whichever is meant, "
    formats = formats_of(times) if rows.source.file else []
    if formats:
        stated = meant.join(f"time_format={each!r} (--time-format {shlex.quote(each)})" for each in formats)
        raise CalendarError(f"{here}. State {stated}")
    lines = conversions(times)
    read = "with_columns() of" if not rows.source.lines else "in a table, which pl.read_csv reads, with_columns() of"
    if lines:
        raise CalendarError(f"{here}. Convert the column first, {read} {meant.join(lines)}")
    raise CalendarError(
        f"{here}. Convert the column first, {read} pl.col({quote(times.name)}).str.to_date(FORMAT), where FORMAT is "
        "such as "
        '"%d/%m/%Y" for 31/12/2020'
    )


def _dates(times: pl.Series) -> pl.Series:
    return _fill(times, {7: "-01"}).str.to_date("%Y-%m-%d", strict=False)


def _timestamps(times: pl.Series, rows: SeriesIndex) -> pl.Series:
    rest = times.str.slice(16)  # after the minutes
    offset = _offset(rest.str.extract(r"([Zz]|[+-].*)$"), times.name, rows)
    seconds = rest.str.replace(r"([Zz]|[+-].*)$", "").str.replace(r"(\.\d{6})0+$", "${1}")
    finer = seconds.str.contains(r"\.\d{7}")
    if finer.any():
        raise CalendarError(_finer(times, int(finer.arg_max() or 0), rows))
    body = (times.str.slice(0, 16) + seconds).str.replace("T", " ")
    body = _fill(body, {7: "-01 00:00:00", 10: " 00:00:00", 16: ":00"})
    parsed = body.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    return parsed if offset is None else at_offset(parsed - length_of(offset), offset)


def _fill(times: pl.Series, endings: dict[int, str]) -> pl.Series:
    """Each text with the ending that its length asks for."""
    text = pl.col(times.name)
    ending = text.str.len_bytes().replace_strict(endings, default="", return_dtype=pl.String)
    return times.to_frame().select(text + ending).to_series()


def _offset(offsets: pl.Series, name: str, rows: SeriesIndex) -> str | None:
    """The offset that all name, however it is spelled; None where there is none; CalendarError where they differ."""
    spelled = offsets.unique().to_list()
    named = offsets.replace_strict(spelled, [same_offset(each or NO_OFFSET) for each in spelled])
    other = named != named[0]
    if other.any():
        row = int(other.arg_max() or 0)
        raise CalendarError(
            f"column {quote(name)} mixes time zones: {named[0]} ({rows.describe_row(0)}) and {named[row]} "
            f"({rows.describe_row(row)}); write all times in UTC, or convert the column to one named zone (polars: "
            f'pl.col({quote(name)}).str.to_datetime(time_zone="Europe/Berlin"))'
        )
    return None if named[0] == NO_OFFSET else str(named[0])
