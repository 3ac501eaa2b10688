"""What a clock and a calendar on the wall show at each time, as numbers that a model can use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from loopcast.columns import CALENDAR, Columns
from loopcast.data.calendar import to_local, to_ticks
from loopcast.data.frequency import DAY, Frequency
from loopcast.errors import OptionError, quote

WIDTHS = {"hour": 6, "weekday": 7, "month": 4}  # numbers that each part is shown as
DAYS_OF_YEAR = 365.2425


def resolve_features(columns: Columns, freq: Frequency) -> tuple[str, ...]:
    """The parts of a calendar to show, in the order of CALENDAR, "holiday" last; OptionError for one of no use.

    >>> resolve_features(Columns(calendar="auto"), Frequency.parse("D"))
    ('weekday', 'month')
    """
    useful = tuple(part for part in CALENDAR if varies(part, freq))
    if columns.calendar == "auto":
        parts = useful
    else:
        parts = tuple(part for part in CALENDAR if part in columns.calendar)
        wrong = next((part for part in parts if part not in useful), None)
        if wrong is not None:
            raise OptionError(
                f"calendar={quote(wrong)} says nothing at times of frequency {freq}: "
                + (f'take some of {", ".join(useful)}, or "auto"' if useful else "leave it out")
            )
    if not columns.countries:
        return parts
    if freq.family not in ("clock", "day", "business") or not _within(freq, 1):
        raise OptionError(f"holidays are days, and a step of frequency {freq} is no day or part of one: leave them out")
    return (*parts, "holiday")


def check_features(columns: Columns, freq: Frequency) -> None:
    """OptionError for what of a calendar cannot be shown, before a model asks for it, or where none will."""
    resolve_features(columns, freq)
    for country in columns.countries:
        _place(country)


def varies(part: str, freq: Frequency) -> bool:
    """Whether a part takes several values from step to step, and takes them again."""
    if freq.family == "number":
        return False
    if part == "hour":
        return freq.family == "clock" and freq.size % DAY != 0
    if part == "weekday":
        return {
            "clock": freq.size % (7 * DAY) != 0,
            "day": freq.size % 7 != 0,
            "business": freq.size % freq.open_weekdays != 0,
        }.get(freq.family, False)
    return not freq.family.startswith("month") or freq.size % 12 != 0


def _within(freq: Frequency, days: int) -> bool:
    """Whether a step is at most so many days."""
    return freq.size <= days * (DAY if freq.family == "clock" else 1)


@dataclass(frozen=True, kw_only=True)
class CalendarFeatures:
    """What is shown of times: parts of the calendar, and the holidays of countries.

    parts: as `resolve_features` gives them. countries: whose holidays. window: days around each that are shown too.

    >>> CalendarFeatures(parts=("month", "holiday"), countries=("DE", "FR"), window=1).size
    10
    """

    parts: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    window: int = 0

    @classmethod
    def of(cls, columns: Columns, parts: tuple[str, ...]) -> "CalendarFeatures":
        """Of the parts, and the holidays that the columns name."""
        return cls(parts=parts, countries=columns.countries, window=columns.holiday_window)

    @property
    def size(self) -> int:
        """How many numbers a time is shown as."""
        return sum(self.width(part) for part in self.parts)

    def width(self, part: str) -> int:
        """How many of them are of a part."""
        return len(self.names(part))

    def names(self, part: str) -> list[str]:
        """What the numbers of a part are called: `hour 1` to `hour 6`, `holiday DE`, `holiday DE -1`.

        >>> CalendarFeatures(countries=("DE",), window=1).names("holiday")
        ['holiday DE -1', 'holiday DE', 'holiday DE +1']
        """
        if part != "holiday":
            return [f"{part} {place}" for place in range(1, WIDTHS[part] + 1)]
        days = [f" {day:+}" if day else "" for day in self._days]
        return [f"holiday {country}{day}" for country in self.countries for day in days]

    def encode(self, times: pl.Series, zone: str | None) -> np.ndarray:
        """The parts of each time, float32 `[row, size]`, in the time zone of the times.

        hour: sine and cosine of the time of day, once, twice and three times around; weekday: 1 for the day, from
        Monday; month: sine and cosine of the time of the year, once and twice around; holiday: for each country, and
        each day of the window from the earliest on, 1 where a holiday is so many days before.

        >>> import datetime as dt
        >>> CalendarFeatures(parts=("weekday",)).encode(pl.Series([dt.date(2026, 11, 25)]), None).tolist()
        [[0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]]
        """
        if not self.parts:
            return np.zeros((len(times), 0), np.float32)
        day, within = np.divmod(to_local(to_ticks(times), zone), DAY)
        return np.concatenate([self._numbers(part, day, within) for part in self.parts], axis=1).astype(np.float32)

    def _numbers(self, part: str, day: np.ndarray, within: np.ndarray) -> np.ndarray:
        """One part of times, given as days from 1970 on and what has passed of them."""
        if part == "hour":
            return fourier(within / DAY, 3)
        if part == "weekday":
            return np.eye(7)[(day + 3) % 7]  # 1970 began on a Thursday
        if part == "month":
            return fourier(_of_year(day), 2)
        each = [_is_holiday(day, country, self._days) for country in self.countries]
        return np.concatenate(each, axis=1)

    @property
    def _days(self) -> range:
        """The days of the window, counted from a holiday on."""
        return range(-self.window, self.window + 1)


def fourier(share: np.ndarray, times: int) -> np.ndarray:
    angles = 2 * np.pi * share[:, None] * np.arange(1, times + 1)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


def _of_year(day: np.ndarray) -> np.ndarray:
    """The share of its year that is over on a day."""
    days = day.astype("datetime64[D]")
    return (days - days.astype("datetime64[Y]")).astype(np.float64) / DAYS_OF_YEAR


def _is_holiday(day: np.ndarray, country: str, shifts: Sequence[int]) -> np.ndarray:
    """1 where it is so many days after a public holiday, else 0, `[day, shift]`; days are counted from 1970."""
    each, place = np.unique(day, return_inverse=True)
    days = (each[:, None] - np.asarray(shifts)).astype("datetime64[D]")
    years = range(int(str(days.min())[:4]), int(str(days.max())[:4]) + 1)
    dates = np.array(sorted(_calendar(country, years)), "datetime64[D]")
    return np.isin(days, dates)[place].astype(np.float64)


def _calendar(where: str, years: range) -> list[date]:
    """The public holidays of those years."""
    country, part = _place(where)
    import holidays

    return list(holidays.country_holidays(country, subdiv=part or None, years=years))


def _place(where: str) -> tuple[str, str]:
    """A country and its part, "" for all of it; OptionError where it is not known, or the package is not there."""
    try:
        import holidays
    except ImportError as error:
        raise OptionError('holidays needs the package of that name: pip install "loopcast[holidays]"') from error
    country, _, part = where.partition("-")
    parts = holidays.list_supported_countries().get(country)
    if parts is None or (part and part not in parts):
        known = "no country of that name is known" if parts is None else f"its parts are {', '.join(parts) or 'none'}"
        raise OptionError(f'holidays is a country such as "DE" or "US-CA", got {quote(where)}: {known}')
    return country, part
