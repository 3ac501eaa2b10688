"""How a file writes what is in it, said by its reader: nothing is guessed."""

import re
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from loopcast.errors import OptionError, quote

Layout = Literal["long", "wide"]
Aggregate = Literal["mean", "sum", "min", "max", "median", "first", "last"]

PARTS = ("year", "month", "day", "hour", "minute", "second")  # what several columns of whole numbers are, in order
QUARTER = "%q"  # in a time format, 1 to 4: strftime has no word for it
DECIMALS = (".", ",")
MAX_UNPACKED = 2**32  # bytes of a compressed file; a thousandth of them can hold so many
LARGEST = 2**40  # of a count
NO_SEPARATOR = '"\r\n0123456789'


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """How a file writes its table. What is not named is as Loopcast writes it: UTF-8, commas, points, ISO 8601.

    separator: between the fields of a line; None is a comma, or a tab in a .tsv.
    decimal: "." or ",", in numbers; thousands: what stands between groups of three digits, such as ".", " " or "'".
    encoding: of a text file, by Python's name for it, such as "latin-1", "cp1252" or "utf-16".
    time_format: how times are written, in the words of strftime, such as "%d.%m.%Y %H:%M". A format without a day is of
        the first of a month, one of a week of its Monday, one of a quarter (%q, as in "%YQ%q")
        of its first day, and one without minutes of the whole hour.
    time_parts: columns that make up the time together: year, month, day, hour, minute, second, the first ones of these,
        in whole numbers; with a time_format texts, which are joined by a space.
    na: what is written for a missing value besides nothing and NaN, such as ("NA", "-200"); never of ids and times.
    strip: whether spaces around a field are no part of it.
    header: whether the first line has the names of columns; without one they are column_1, column_2 and so on.
    skip_rows: lines before the header that are no part of the table.
    sheet: of an Excel file, by its name; None is its only one.
    layout: "long", a row for each series and time, or "wide", a row for each time and a column for each series.
    categories: covariates of text: each value of a past or future one becomes a column `NAME=VALUE` of 0 and 1, and a
        static one is a category though its values look like numbers.
    resample: a step such as "1h", in each of which all rows become one; a step without rows becomes missing.
    aggregate: what becomes of the numbers of the rows of a step.
    max_unpacked: bytes that a compressed file may become; DataError for more.

    Raises OptionError for what means nothing.

    >>> ReadOptions(separator=";", decimal=",")
    ReadOptions(separator=';', decimal=',')
    """

    separator: str | None = None
    decimal: str = "."
    thousands: str | None = None
    encoding: str = "utf-8"
    time_format: str | None = None
    time_parts: tuple[str, ...] = ()
    na: tuple[str, ...] = ()
    strip: bool = False
    header: bool = True
    skip_rows: int = 0
    sheet: str | None = None
    layout: Layout = "long"
    categories: tuple[str, ...] = ()
    resample: str | int | None = None
    aggregate: Aggregate | None = None
    max_unpacked: int = MAX_UNPACKED

    def __post_init__(self) -> None:
        for field in ("time_parts", "na", "categories"):
            object.__setattr__(self, field, _texts(field, getattr(self, field)))
        _check_choices(self)
        _check_separators(self)
        _check_counts(self)

    def __repr__(self) -> str:
        return f"ReadOptions({', '.join(f'{name}={value!r}' for name, value in self.stated().items())})"

    def stated(self) -> dict[str, Any]:
        """What differs from a file of Loopcast's own, by name."""
        values = {each.name: (getattr(self, each.name), each.default) for each in fields(self)}
        return {name: value for name, (value, usual) in values.items() if value != usual}

    @property
    def plain_numbers(self) -> bool:
        """Whether numbers are written as Python writes them."""
        return self.decimal == "." and self.thousands is None


def _texts(name: str, value: Any) -> tuple[str, ...]:
    texts = tuple(value) if isinstance(value, list | tuple) else None
    if texts is None or not all(isinstance(each, str) and each for each in texts) or len(set(texts)) < len(texts):
        raise OptionError(f"{name} is a list of different texts, none of them empty; got {quote(value)}")
    return texts


def _check_choices(options: ReadOptions) -> None:
    choices = {"decimal": DECIMALS, "layout": get_args(Layout), "aggregate": (None, *get_args(Aggregate))}
    for name, known in choices.items():
        if getattr(options, name) not in known:
            listed = " or ".join(repr(each) for each in known if each is not None)
            raise OptionError(f"{name} is {listed}, got {quote(getattr(options, name))}")
    if (options.resample is None) != (options.aggregate is None):
        raise OptionError(
            "resample and aggregate go together: a step such as '1h', and what becomes of its rows, such as 'mean'"
        )
    if options.layout == "wide" and options.categories:
        raise OptionError("a wide table has no covariates, so leave categories out")


def _check_separators(options: ReadOptions) -> None:
    for name in ("separator", "thousands"):
        value = getattr(options, name)
        if value is not None and not (isinstance(value, str) and len(value) == 1 and value not in NO_SEPARATOR):
            raise OptionError(f"{name} is one character, and no digit, quote or line end; got {quote(value)}")
    if options.separator is not None and not options.separator.isascii():
        raise OptionError(f"separator is an ASCII character, got {quote(options.separator)}")
    if options.thousands == options.decimal or options.thousands in ("+", "-"):
        raise OptionError(f"thousands and decimal differ, and are no sign; got {quote(options.thousands)} for both")


def _check_counts(options: ReadOptions) -> None:
    for name in ("header", "strip"):
        if not isinstance(getattr(options, name), bool):
            raise OptionError(f"{name} is True or False, got {quote(getattr(options, name))}")
    for name, least in (("skip_rows", 0), ("max_unpacked", 1)):
        value = getattr(options, name)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST:
            raise OptionError(f"{name} is a whole number from {least} to {LARGEST:,}, got {quote(value)}")
    if len(options.time_parts) == 1 or (options.time_format is None and len(options.time_parts) > len(PARTS)):
        raise OptionError(f"time_parts are two columns or more: {', '.join(PARTS)}; got {quote(options.time_parts)}")
    for name in ("time_format", "sheet"):
        value = getattr(options, name)
        if value is not None and not (isinstance(value, str) and value):
            raise OptionError(f"{name} is a text, got {quote(value)}")
    codes = re.findall("%.", options.time_format or "")
    if QUARTER in codes and sorted(codes) != ["%Y", QUARTER]:
        raise OptionError(
            f"time_format has {QUARTER}, a quarter, beside %Y and nothing else, as in %YQ%q; got "
            f"{quote(options.time_format)}"
        )
    try:
        "a".encode(options.encoding)
    except (LookupError, TypeError, ValueError) as error:
        raise OptionError(
            f"there is no encoding {quote(options.encoding)} of text: name one of Python's, such as latin-1 or utf-16"
        ) from error


USUAL = ReadOptions()  # a file of Loopcast's own
