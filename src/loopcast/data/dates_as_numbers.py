"""Whole numbers that are dates: 202312 and 20231231 must not be counted on to 202313 and 20231232."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from loopcast.errors import quote

YEARS = (1800, 2200)  # in which numbers are taken for dates


@dataclass(frozen=True, kw_only=True)
class Form:
    """A way to write a time as a number: what it is called, how it is parsed, and how ISO 8601 writes it.

    ending: what the number lacks of a whole time, in the format that then reads it.
    """

    called: str
    digits: int
    format: str
    ending: str = ""
    iso: str = "%Y-%m-%d"


DAYS = Form(called="days (YYYYMMDD)", digits=8, format="%Y%m%d")
FORMS = (
    Form(called="months (YYYYMM)", digits=6, format="%Y%m%d", ending="01", iso="%Y-%m"),
    Form(called="weeks of a year (YYYYWW)", digits=6, format="%G%V%u", ending="1"),
    DAYS,
    Form(called="hours (YYYYMMDDHH)", digits=10, format="%Y%m%d%H%M", ending="00", iso="%Y-%m-%d %H:%M"),
    Form(called="minutes (YYYYMMDDHHMM)", digits=12, format="%Y%m%d%H%M", iso="%Y-%m-%d %H:%M"),
    Form(called="seconds (YYYYMMDDHHMMSS)", digits=14, format="%Y%m%d%H%M%S", iso="%Y-%m-%d %H:%M:%S"),
)


SECONDS = (631152000, 4102444800)  # since 1970: those from 1990 to 2100


@dataclass(frozen=True, kw_only=True)
class Count:
    """What whole numbers count: in words, from which number to which, how many make a second, and since which day."""

    called: str
    between: tuple[int, int]
    per_second: float
    since: str = "1970-01-01"

    def time(self, number: int) -> str:
        """The time that a number is, to the second."""
        return str(np.datetime64(self.since, "s") + np.timedelta64(int(number / self.per_second), "s"))


COUNTS = (
    *(
        Count(called=f"{name} since 1970", between=(SECONDS[0] * size, SECONDS[1] * size), per_second=size)
        for name, size in (("milliseconds", 10**3), ("microseconds", 10**6), ("nanoseconds", 10**9))
    ),
    Count(called="days as spreadsheets count them", between=(32874, 73050), per_second=1 / 86400, since="1899-12-30"),
)


def form_of(times: pl.Series) -> Form | None:
    """The form in which whole numbers are all dates; None where they are plain numbers."""
    return next((form for form in FORMS if _is_form(times.head(100), form) and _is_form(times, form)), None)


def stated_format(numbers: pl.Series) -> str | None:
    """The time format that reads whole numbers as the times that they seem to be; None where they are to be read as is.

    >>> stated_format(pl.Series([202011, 202012, 202101])), stated_format(pl.Series([1700000000, 1700003600]))
    ('%Y%m', '%s')
    """
    form = form_of(numbers)
    if form is not None and form is not DAYS:
        return form.format.removesuffix(form.format[-2:]) if form.ending else form.format
    return "%s" if form is None and _all_between(numbers, SECONDS) else None


def count_of(numbers: pl.Series) -> Count | None:
    """What whole numbers seem to count that no time format reads; None for plain numbers."""
    return next((count for count in COUNTS if _all_between(numbers, count.between)), None)


def _all_between(numbers: pl.Series, between: tuple[int, int]) -> bool:
    return len(numbers) > 1 and bool(numbers.is_between(*between).all())


def dates_message(times: pl.Series) -> str | None:
    """The error for whole numbers that are all dates, with both ways out; None where they are plain numbers.

    >>> dates_message(pl.Series("ds", [11, 12, 13])) is None
    True
    """
    form = form_of(times)
    if form is None:
        return None
    iso = parse_numbers(times.head(1), form).dt.strftime(form.iso)[0]
    ending = f" + {form.ending!r}" if form.ending else ""
    parse = "to_datetime" if "%H" in form.format else "to_date"
    return (
        f"column {quote(times.name)} holds whole numbers that are all {form.called}, such as {times[0]}; plain numbers "
        f"would go on to months, days or hours that there are not. Write them as {iso} "
        f"(polars: (pl.col({quote(times.name)}).cast(pl.String){ending}).str.{parse}({form.format!r}); "
        f"pandas: pd.to_datetime(table[{quote(times.name)}].astype(str){ending}, format={form.format!r})), "
        "or state freq=1 where they are plain numbers: Panel.from_table(table, freq=1), --freq 1"
    )


def _is_form(times: pl.Series, form: Form) -> bool:
    most = 10**form.digits
    if not len(times) or not times.cast(pl.Int64).is_between(most // 10, most - 1).all():
        return False
    parsed = parse_numbers(times, form)
    return not parsed.null_count() and bool(parsed.dt.year().is_between(*YEARS).all())


def parse_numbers(times: pl.Series, form: Form) -> pl.Series:
    """Whole numbers as the dates or timestamps that they are in a form, null where one is none."""
    text = pl.select(times.cast(pl.String) + form.ending).to_series()
    return (
        text.str.to_datetime(form.format, time_unit="us", strict=False)
        if "%H" in form.format
        else text.str.to_date(form.format, strict=False)
    )
