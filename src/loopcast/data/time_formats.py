"""Text in a format that is stated, as times."""

import re

import polars as pl

from loopcast.data.read_options import QUARTER

FIRST_YEAR = 1000  # an earlier one is of two digits, which %Y takes for the years of the first century

CODE = re.compile(r"%[-_]?([A-Za-z])")
CLOCK = frozenset("HIklMSTRXfsc")
WHOLE_DAY, WEEK, MONTH = frozenset("dejDFxsc"), frozenset("VUW"), frozenset("mbBh")
MINUTE = frozenset("MTRXsc")


def time_reader(text: pl.Expr, time_format: str) -> pl.Expr:
    """What reads text in a format as dates or, where the format has a clock, timestamps; null where it is no such time.

    A format without a day is of the first of a month, one of a quarter (%q) of its first day, one of a week of its
    Monday, one without minutes of a whole hour.

    >>> pl.select(time_reader(pl.lit("12/2020"), "%m/%Y")).item()
    datetime.date(2020, 12, 1)
    """
    if QUARTER in time_format:
        return _first_of_quarter(text, time_format)
    codes = frozenset(CODE.findall(time_format))
    for lacks, added, code in _completions(codes):
        if lacks:
            text, time_format = text + added, time_format + code
    if not codes & CLOCK:
        return text.str.to_date(time_format, strict=False)
    return text.str.to_datetime(time_format, time_unit="us", strict=False)


def _first_of_quarter(text: pl.Expr, time_format: str) -> pl.Expr:
    """The first days of quarters such as 2019Q1, which is %YQ%q."""
    groups = {"%Y": r"(?P<year>\d{4})", QUARTER: "(?P<quarter>[1-4])"}
    pattern = re.escape(time_format)
    for code, group in groups.items():
        pattern = pattern.replace(code, group)
    found = text.str.extract_groups(f"(?i)^{pattern}$").struct
    return pl.date(found.field("year").cast(pl.Int32), found.field("quarter").cast(pl.Int32) * 3 - 2, 1)


def _completions(codes: frozenset[str]) -> tuple[tuple[bool, str, str], ...]:
    """What a format with these codes lacks of a time: whether, what is added to a text, and what reads that."""
    day = bool(codes & WHOLE_DAY)
    week, month = bool(codes & WEEK), bool(codes & MONTH)
    return (
        (bool(codes & CLOCK) and not codes & MINUTE, " 00", " %M"),
        (not day and week and not codes & frozenset("uwaA"), " 1", " %u"),
        (not day and not week and month, " 1", " %d"),
        (not day and not week and not month, " 1 1", " %m %d"),
    )


def read_times(texts: pl.Series, time_format: str) -> pl.Series:
    """Texts as times, null for what is none in this format, or has a year of two digits that it takes for four."""
    return texts.to_frame().select(whole_time(pl.col(texts.name), time_format).alias(texts.name)).to_series()


def whole_time(text: pl.Expr, time_format: str) -> pl.Expr:
    """`time_reader`, null for years of two digits too."""
    time = time_reader(text, time_format)
    return pl.when(time.dt.year() >= FIRST_YEAR).then(time)
