"""Calendars of days of which some are closed: weekdays, and days of their own."""

import datetime as dt
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from loopcast.data.frequency import WEEKDAYS, Frequency
from loopcast.errors import DataError, OptionError, quote

FIRST_MONDAY = np.datetime64("0001-01-01")  # from which days are counted
NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EPOCH = dt.date(1970, 1, 1)
DAILY = (None, "D", "B")  # frequencies beside which days may be closed
MOST_CLOSED, FORTNIGHT = 3, 14  # weekdays that are taken for closed ones; days in which they would have been seen


def open_days(*closed: Any) -> Frequency:
    """The frequency of daily series that have no rows on closed days, and are not forecast on them.

    closed: weekdays, as "sun" or "Sunday", and days, as "2026-12-25" or a `datetime.date`; each may be a sequence of
    these. Days that are closed in the time to be forecast have to be among them. OptionError for anything else.

    >>> str(open_days("sun")), open_days("sat", "sun").alias
    ('B-SUN', 'B')
    >>> open_days(["sun", "2026-12-25"]).alias
    'B-SUN+2026-12-25'
    """
    weekdays, days = set(), set()
    for each in _flat(closed):
        weekday = _weekday(each)
        if weekday is None:
            days.add((_day(each) - EPOCH).days)
        else:
            weekdays.add(weekday)
    if not weekdays and not days:
        raise OptionError('open_days takes at least one weekday or day that is closed, as in open_days("sun")')
    return Frequency("B", closed=tuple(sorted(weekdays)), days_off=tuple(sorted(days)))


def daily_step(freq: int | str | None, closed: Sequence[str]) -> Frequency:
    """The frequency that closed days make, beside one that was stated; OptionError where that is no daily step."""
    if freq not in DAILY:
        raise OptionError(f"closed says which days have no rows, and freq={freq} is no daily step: leave one out")
    return open_days(closed)


def closed_in(text: str) -> list[str]:
    """The weekdays and days that are written with commas between, or in the file of that name, one in a line."""
    path = Path(text)
    if "," not in text and _weekday(text) is None and path.is_file():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise DataError(f"{quote(text)} is no text in UTF-8, and closed days are one in a line") from error
        return [line.strip() for line in lines if line.strip()]
    return [part.strip() for part in text.split(",")]


def never_seen(days: np.ndarray) -> tuple[str, ...]:
    """The weekdays on which no row of a daily series is, where two weeks or more would have shown them; at most three.

    days: of all rows, since 1970.
    """
    seen = {int(weekday) for weekday in np.unique((days + 3) % 7)}  # 1970-01-01 was a Thursday
    never = tuple(WEEKDAYS[place].lower() for place in range(len(WEEKDAYS)) if place not in seen)
    return never if len(never) <= MOST_CLOSED and np.ptp(days) >= FORTNIGHT else ()


def days_before(days: np.ndarray, freq: Frequency) -> np.ndarray:
    """How many open days lie before each day, both as days since 1970, int64."""
    calendar = _calendar(freq.closed, freq.days_off)
    count: np.ndarray = np.busday_count(FIRST_MONDAY, days.astype("datetime64[D]"), busdaycal=calendar)
    return count.astype(np.int64)


def is_open(days: np.ndarray, freq: Frequency) -> np.ndarray:
    """Whether each day since 1970 is one of the calendar's, bool."""
    found: np.ndarray = np.is_busday(days.astype("datetime64[D]"), busdaycal=_calendar(freq.closed, freq.days_off))
    return found


def open_day(steps: np.ndarray, freq: Frequency) -> np.ndarray:
    """The days since 1970 with so many open days before them."""
    calendar = _calendar(freq.closed, freq.days_off)
    first = np.busday_offset(FIRST_MONDAY, 0, roll="forward", busdaycal=calendar)
    days: np.ndarray = np.busday_offset(first, steps, busdaycal=calendar)
    return days.astype(np.int64)


@lru_cache(maxsize=32)
def _calendar(closed: tuple[int, ...], days_off: tuple[int, ...]) -> np.busdaycalendar:
    mask = [place not in closed for place in range(len(WEEKDAYS))]
    return np.busdaycalendar(mask, np.array(days_off, np.int64).astype("datetime64[D]"))


def _flat(closed: Sequence[Any]) -> Iterable[Any]:
    for each in closed:
        if isinstance(each, list | tuple | set | frozenset):
            yield from each
        else:
            yield each


def _weekday(each: Any) -> int | None:
    name = each.lower() if isinstance(each, str) else ""
    return next((place for place, weekday in enumerate(NAMES) if name in (weekday, weekday[:3])), None)


def _day(each: Any) -> dt.date:
    if isinstance(each, dt.date) and not isinstance(each, dt.datetime):
        return each
    try:
        return dt.date.fromisoformat(each if isinstance(each, str) else "")
    except ValueError as error:
        raise OptionError(
            f"{quote(each)} is neither a weekday, such as sun, nor a day, such as 2026-12-25, nor a file of these"
        ) from error
