"""What a step of a calendar is: its name, its length, its usual season."""

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal

import numpy as np

from loopcast.errors import OptionError, quote

Family = Literal["number", "clock", "day", "business", "month start", "month end", "month first B", "month last B"]

MICROSECOND, SECOND, MINUTE, HOUR, DAY = 1, 10**6, 60 * 10**6, 3600 * 10**6, 86400 * 10**6
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

LAST_DAY = 30  # of a month, that a calendar is said to be on; the 31st is the last of every month

# The spellings of older pandas, and no others.
OLD_SPELLINGS = {
    "H": "h", "T": "min", "S": "s", "L": "ms", "U": "us", "M": "ME", "Q": "QE", "Y": "YE", "A": "YE", "AS": "YS",
}  # fmt: skip


# Business days: a number, weekdays that are closed, days that are.
BUSINESS = re.compile(r"([1-9]\d{0,8})?B((?:-[A-Z]{3,4})*)((?:\+\d{4}-\d{2}-\d{2})*)")

# Polars' names for a step, which it writes with a number before them: 1h, 15m, 1mo.
POLARS_SPELLINGS = {"d": "D", "mo": "MS", "q": "QS", "y": "YS", "m": "min"}


@dataclass(frozen=True)
class Unit:
    """A unit of a calendar: `size` in microseconds (clock), days (day) or months (families that begin so)."""

    family: Family
    size: int
    season: int
    anchors: tuple[str, ...] = ()
    usual_anchor: int = 0


UNITS = {
    "int": Unit("number", 1, 1),
    "us": Unit("clock", MICROSECOND, 0),
    "ms": Unit("clock", 1000, 0),
    "s": Unit("clock", SECOND, 0),
    "min": Unit("clock", MINUTE, 0),
    "h": Unit("clock", HOUR, 0),
    "D": Unit("day", 1, 7),
    "B": Unit("business", 1, 5),
    "W": Unit("day", 7, 52, WEEKDAYS, 6),
    "MS": Unit("month start", 1, 12),
    "ME": Unit("month end", 1, 12),
    "QS": Unit("month start", 3, 4, MONTHS, 0),
    "QE": Unit("month end", 3, 4, MONTHS, 11),
    "YS": Unit("month start", 12, 1, MONTHS, 0),
    "YE": Unit("month end", 12, 1, MONTHS, 11),
    "BMS": Unit("month first B", 1, 12),
    "BME": Unit("month last B", 1, 12),
    "BQS": Unit("month first B", 3, 4, MONTHS, 0),
    "BQE": Unit("month last B", 3, 4, MONTHS, 11),
    "BYS": Unit("month first B", 12, 1, MONTHS, 0),
    "BYE": Unit("month last B", 12, 1, MONTHS, 11),
}

KNOWN = (
    "YS, YE, QS, QE, MS, ME, W, B, D, h, min, s, ms, us, BMS or BME (first or last business day), an anchor such as "
    "W-MON or QS-FEB, a day of the month such as MS-15 or QS-FEB-15, a multiple such as 15min, "
    "B-SUN (all days but Sundays)"
)


WEEKEND = (5, 6)  # closed on a calendar of business days that says nothing else
NO_WEEKDAY = "NONE"  # where days are closed, and no weekday


@dataclass(frozen=True)
class Frequency:
    """One step of a calendar: `multiple` units, on `anchor` (a weekday or a month, counted from 0).

    day: of the month, where that is not its first, such as the 15th of MS-15; a shorter month has its last day instead.
    closed, days_off: of B alone: weekdays from 0 for Monday, and days since 1970, both ascending, that are no steps.
    Read one with `Frequency.parse`; `alias` is the name the field uses (pandas' spelling), or the step itself
    where times are integers. Clock units are absolute time; days and longer are wall-clock time in the zone.

    >>> str(Frequency.parse("15min")), str(Frequency.parse("W")), Frequency.parse("QS-OCT").alias
    ('15min', 'W-SUN', 'QS-JAN')
    >>> Frequency.parse("15min").season
    96
    """

    unit: str
    multiple: int = 1
    anchor: int = 0
    day: int = 1
    closed: tuple[int, ...] = WEEKEND
    days_off: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.open_weekdays:
            raise OptionError("freq: all seven weekdays are closed, and no day is left: name fewer")

    @classmethod
    def parse(cls, alias: "str | int | Frequency") -> "Frequency":
        """Read an alias such as "MS", "W-MON", "15min", or a whole number; OptionError when it means nothing."""
        if isinstance(alias, Frequency):
            return alias
        if isinstance(alias, int) and not isinstance(alias, bool) and 1 <= alias < 2**62:
            return cls("int", alias)
        text = alias if isinstance(alias, str) else ""
        business = BUSINESS.fullmatch(text)
        if business is not None:
            return cls("B", int(business[1] or 1), closed=_closed(business[2]), days_off=_days_off(business[3]))
        parts = re.fullmatch(r"(\d{0,9})([A-Za-z]+)(?:-([A-Z]{3}))?(?:-([1-9]\d?))?", text)
        if parts is None:
            raise OptionError(f"freq={quote(alias)} is no frequency: use {KNOWN}; or a whole number for integer times")
        count, name, anchor, day = parts.groups()
        if name == "w" and anchor is None:  # of polars: weeks on whatever day they begin
            return cls("D", 7 * int(count or 1))
        name = (POLARS_SPELLINGS if anchor is None and count else {}).get(name, OLD_SPELLINGS.get(name, name))
        if name not in UNITS or name == "int" or count.strip("0") == "" != count:
            raise OptionError(f"freq={quote(alias)} is no frequency{_nearest(name)}: use {KNOWN}")
        return cls(name, int(count or 1), _anchor(text, name, anchor), _day(text, name, day))

    @property
    def alias(self) -> str | int:
        """The name by which `parse` gives this frequency back."""
        if self.unit == "int":
            return self.multiple
        anchors = UNITS[self.unit].anchors
        count = "" if self.multiple == 1 else str(self.multiple)
        day = "" if self.day == 1 else f"-{self.day}"
        anchor = f"-{anchors[self.anchor]}" if anchors else ""
        off = "".join(f"+{np.datetime64(each, 'D')}" for each in self.days_off)
        return f"{count}{self.unit}{anchor}{day}{self._closed_weekdays}{off}"

    @property
    def _closed_weekdays(self) -> str:
        if self.closed == WEEKEND:
            return ""
        return "".join(f"-{WEEKDAYS[each]}" for each in self.closed) or f"-{NO_WEEKDAY}"

    def __str__(self) -> str:
        """The alias, but for a list of days off, of which there may be many."""
        if not self.days_off:
            return str(self.alias)
        return f"{replace(self, days_off=())} less {len(self.days_off)} days"

    @property
    def family(self) -> Family:
        """Which kind of calendar this is a step of."""
        return UNITS[self.unit].family

    @property
    def size(self) -> int:
        """Length of a step: microseconds (clock), days, business days, months, or plain numbers."""
        return UNITS[self.unit].size * self.multiple

    @property
    def open_weekdays(self) -> int:
        """How many days of a week business has."""
        return len(WEEKDAYS) - len(self.closed)

    @property
    def season(self) -> int:
        """Steps in the usual season; 1 where the season is no whole number of steps, or there is none.

        A year for months, quarters and weeks, a week for days. Below a day: the longest of a day, an hour and a
        minute that has at most 288 steps, so 5 minutes still give a day (288) but 1 minute gives an hour (60): a
        season of 1,440 steps is longer than most histories and than what a recurrent network can look back on.
        """
        if self.family == "clock":
            spans = (span // self.size for span in (DAY, HOUR, MINUTE) if span % self.size == 0)
            return next((steps for steps in spans if steps <= 288), 1)
        usual = self.open_weekdays if self.family == "business" else UNITS[self.unit].season
        season, rest = divmod(usual, self.multiple)
        return 1 if rest or not season else season


def _closed(text: str) -> tuple[int, ...]:
    names = text.split("-")[1:]
    if not names or names == [NO_WEEKDAY]:
        return () if names else WEEKEND
    wrong = next((name for name in names if name not in WEEKDAYS), None)
    if wrong is not None:
        raise OptionError(
            f"freq={quote('B' + text)}: after B stand the weekdays that are closed, {', '.join(WEEKDAYS)}; "
            f"got {quote(wrong)}"
        )
    return tuple(sorted({WEEKDAYS.index(name) for name in names}))


def _days_off(text: str) -> tuple[int, ...]:
    days = text.split("+")[1:]
    try:
        return tuple(sorted({int(np.datetime64(day, "D").astype(np.int64)) for day in days}))
    except ValueError as error:
        raise OptionError(f"freq has {quote(text)} as days off, and one of these is no day: {error}") from error


def _nearest(name: str) -> str:
    close = get_close_matches(name, [*UNITS, name.lower(), name.upper()], n=3, cutoff=0.5)
    close = [other for other in close if other in UNITS and other != "int"]
    return f" (did you mean {quote(close[0])}?)" if close else ""


def _anchor(alias: str, name: str, anchor: str | None) -> int:
    unit = UNITS[name]
    if anchor is not None and anchor not in unit.anchors:
        allowed = ", ".join(unit.anchors) or "no anchor"
        raise OptionError(f"freq={quote(alias)}: {quote(name)} takes {allowed}, got {quote(anchor)}")
    index = unit.usual_anchor if anchor is None else unit.anchors.index(anchor)
    if unit.size == 3:  # QS-JAN, QS-APR, … are one calendar: the first name (start) or the last (end) stands
        return index % 3 + (0 if name.endswith("S") else 9)
    return index


def _day(alias: str, name: str, day: str | None) -> int:
    if day is None:
        return 1
    if UNITS[name].family != "month start" or not 2 <= int(day) <= LAST_DAY:
        raise OptionError(
            f"freq={quote(alias)}: a day from 2 to {LAST_DAY} may stand after MS, QS and YS, as in MS-15; the first "
            "day is "
            "MS, the last ME"
        )
    return int(day)
