"""Text that is no time in ISO 8601: which other format all of it is in, and the line that converts it."""

import re
from collections.abc import Iterable, Iterator

import polars as pl

from loopcast.data.time_formats import whole_time
from loopcast.errors import quote

DAYS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d %m %Y",
    "%d %B %Y", "%d. %B %Y", "%d-%B-%Y", "%B %d, %Y", "%B %d %Y", "%a %d %B %Y",
    "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%B-%y", "%Y%m%d", "%Y-%j",
)  # fmt: skip
CLOCKS = ("%H:%M", "%H:%M:%S", "%H:%M:%S%.f", "%I:%M %p", "%I:%M:%S %p", "%H.%M", "%H.%M.%S", "%H%M%S", "%H%M")
MONTHS = ("%m/%Y", "%m.%Y", "%m-%Y", "%Y/%m", "%Y.%m", "%B %Y", "%B-%Y", "%B-%y", "%Y-%B", "%YM%m", "%Y %B")
QUARTERS = ("%YQ%q", "%Y-Q%q", "%Y Q%q", "%Y/Q%q", "Q%q %Y", "Q%q-%Y", "Q%q/%Y")
OFFSETS = tuple(f"%Y-%m-%d{between}{clock}%z" for between in "T " for clock in ("%H:%M:%S", "%H:%M", "%H:%M:%S%.f"))
DAY_AND_HOUR = tuple(f"{day} %H" for day in DAYS)
SHAPES = {
    "%Y": r"\d{4}", "%G": r"\d{4}", "%y": r"\d{2}", "%d": r"\d{1,2}", "%m": r"\d{1,2}", "%j": r"\d{1,3}",
    "%V": r"\d{1,2}", "%q": "[1-4]", "%H": r"\d{1,2}", "%I": r"\d{1,2}", "%M": r"\d{2}", "%S": r"\d{2}",
    "%.f": r"(\.\d+)?", "%p": "[AaPp][Mm]", "%z": r"([+-]\d{2}:?\d{2}|Z)", "%B": r"[^\d\s]+", "%a": r"[^\d\s]+",
}  # fmt: skip
TRIED = 1000  # texts of a column that a format is tried on before all are


def conversions(times: pl.Series) -> list[str]:
    """Expressions of polars that make times of a column of text: those that read all of it.

    >>> conversions(pl.Series("ds", ["31/12/2020", "01/01/2021"]))
    ["pl.col('ds').str.to_date('%d/%m/%Y')"]
    """
    stripped = times.str.strip_chars().alias("text")
    line = f"pl.col({quote(times.name)})" + ("" if (stripped == times).all() else ".str.strip_chars()")
    return [
        shown.format(text=line, name=quote(times.name)) for shown, tried in _candidates() if _reads(stripped, tried)
    ]


def _candidates() -> Iterator[tuple[str, pl.Expr]]:
    """Ways to convert text: how they are written, and what to try."""
    text = pl.col("text")
    for day in DAYS:
        yield f"{{text}}.str.to_date({day!r})", _shaped(text.str.to_date(day, strict=False), day)
    for form in (f"{day}{between}{clock}" for day in DAYS for between in (" ", "T", ", ") for clock in CLOCKS):
        yield f"{{text}}.str.to_datetime({form!r})", _shaped(text.str.to_datetime(form, strict=False), form)
    for ending, form in ((" 1", f"{month} %d") for month in MONTHS):
        yield (
            f"({{text}} + {ending!r}).str.to_date({form!r})",
            (text + ending).str.to_date(form, strict=False),
        )
    week, hour = "%G-W%V-%u", "%Y-%m-%d %H:%M"
    yield f"({{text}} + '-1').str.to_date({week!r})", (text + "-1").str.to_date(week, strict=False)
    yield f"({{text}} + ':00').str.to_datetime({hour!r})", (text + ":00").str.to_datetime(hour, strict=False)
    quarter = text.str.extract(r"^\d{4}[ -]?[Qq]([1-4])$").cast(pl.Int32)
    yield (
        "pl.date({text}.str.head(4).cast(pl.Int32), {text}.str.tail(1).cast(pl.Int32) * 3 - 2, 1).alias({name})",
        pl.date(text.str.head(4).cast(pl.Int32, strict=False), quarter * 3 - 2, 1),
    )
    number = text.str.extract(r"^(\d{1,15})\.0*$").cast(pl.Int64)  # whole numbers that were floats for a while
    yield "{text}.cast(pl.Float64).cast(pl.Int64)", pl.datetime(2000, 1, 1) + pl.duration(days=number.clip(0, 1))


def _shaped(time: pl.Expr, form: str) -> pl.Expr:
    """A time of the column "text", null where the text has not the digits of its format.

    A parser takes 01.01.2023 10 for %d.%m.%y %H%M, ten past eleven in the evening of a day in 2020.
    """
    return pl.when(pl.col("text").str.contains(_shape(form))).then(time)


def _shape(form: str) -> str:
    """The pattern of texts in a format."""
    parts = re.split(r"(%\.?[A-Za-z])", form)
    return "(?i)^" + "".join(SHAPES.get(part, re.escape(part)) for part in parts) + "$"


def _reads(times: pl.Series, tried: pl.Expr) -> bool:
    """Whether an expression reads all texts as times of this age: 20 is no year that %Y means."""
    return all(
        part.to_frame().select((tried.dt.year() >= 1000).fill_null(value=False).all()).item()
        for part in _growing(times)
    )


def formats_of(times: pl.Series) -> list[str]:
    """The formats, in the words of strftime, in which all texts of a column are times: of several, each may be meant.

    >>> formats_of(pl.Series("ds", ["01/02/2020", "02/02/2020"]))
    ['%d/%m/%Y', '%m/%d/%Y']
    """
    return reading(times, _formats()) if times.str.contains(r"\d").all() else []


def offset_formats(times: pl.Series) -> list[str]:
    """The format that reads times in ISO 8601 of several offsets from UTC, as clocks that change have; else none.

    >>> offset_formats(pl.Series("ds", ["2023-10-29T02:00+02:00", "2023-10-29T02:00+01:00"]))
    ['%Y-%m-%dT%H:%M%z']
    """
    ends = times.str.extract(r"([+-]\d{2}:?\d{2})$")
    return reading(times, OFFSETS)[:1] if not ends.null_count() and ends.n_unique() > 1 else []


def reading(times: pl.Series, formats: Iterable[str]) -> list[str]:
    """Those of some formats that read all texts of a column."""
    found = list(formats)
    for part in _growing(times):
        read = part.to_frame("text").select(
            _shaped(whole_time(pl.col("text"), each), each).alias(each) for each in found
        )
        found = [each for each in found if not read[each].null_count()]
    return found


def is_iso(times: pl.Series) -> bool:
    """Whether all texts of a column look like times in ISO 8601, to the month or finer."""
    return bool(times.str.contains(r"^\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}.*)?)?$").all())


def _formats() -> Iterator[str]:
    yield from DAYS
    yield from (f"{day}{between}{clock}" for day in DAYS for between in (" ", "T", ", ") for clock in CLOCKS)
    yield from (*MONTHS, *QUARTERS, "%G-W%V", *DAY_AND_HOUR)


def _growing(times: pl.Series) -> tuple[pl.Series, ...]:
    """Ever more of a column, so that what does not read it is known soon."""
    return times.head(1), times.head(TRIED), times
