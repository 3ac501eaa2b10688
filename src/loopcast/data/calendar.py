"""Times as numbers and back: where a row stands on a calendar, and which time comes at a step.

A *tick* is an int64: the time itself where times are integers, microseconds since 1970 in UTC where they are
timestamps or dates. An *ordinal* counts what a frequency counts: ticks (number, clock), days, business days or
months. Clock steps are absolute time, so they ignore daylight saving; days and longer are wall-clock time.
"""

import numpy as np
import polars as pl

from loopcast.data.frequency import DAY, UNITS, Frequency
from loopcast.data.open_days import days_before, is_open, open_day
from loopcast.errors import CalendarError

Ticks = np.ndarray  # int64
LAST_NANOSECOND = "2262-04-11"
# Microseconds of the first moment of year 1 and the last of 9999, which are the years that Python's times have.
FIRST_TICK, LAST_TICK = -62_135_596_800_000_000, 253_402_300_799_999_999


def zone_of(dtype: pl.DataType) -> str | None:
    """The time zone of a column of times, None where it has none."""
    return dtype.time_zone if isinstance(dtype, pl.Datetime) else None


def to_ticks(times: pl.Series) -> Ticks:
    """Times (integers, dates, timestamps, none missing) as ticks, int64 `[row]`."""
    if times.dtype.is_integer():
        return times.cast(pl.Int64).to_numpy()
    if times.dtype == pl.Date:
        return times.cast(pl.Int64).to_numpy() * DAY
    if times.dtype.time_unit != "us":  # type: ignore[attr-defined]  # a Datetime has one
        times = times.dt.cast_time_unit("us")
    return times.cast(pl.Int64).to_numpy()  # five times as fast as to_physical, which plans a query


def from_ticks(ticks: Ticks, dtype: pl.DataType) -> pl.Series:
    """Ticks as times of `dtype`; CalendarError where that type cannot hold them, or they are past the year 9999."""
    if dtype.is_integer():
        return _integers(ticks, dtype)
    if not in_years(ticks, dtype).all():
        raise CalendarError("a time is past the year 9999, and times end there: give a shorter horizon or frequency")
    if dtype == pl.Date:
        return pl.Series(ticks // DAY).cast(pl.Int32).cast(pl.Date)
    times = pl.Series(ticks).cast(pl.Datetime("us", zone_of(dtype)))
    if dtype == pl.Datetime("ns", zone_of(dtype)) and len(ticks) and np.abs(ticks).max() >= 2**63 // 1000:
        raise CalendarError(
            f"a time after {LAST_NANOSECOND} does not fit the column's nanoseconds: cast it to microseconds"
        )
    return times.cast(dtype)


def in_years(ticks: Ticks, dtype: pl.DataType, per: int = 1) -> np.ndarray:
    """Whether dates or timestamps are in the years 1 to 9999, in any zone that they may have.

    per: ticks in one of the numbers that are given: those of a day would overflow for days that are far off.
    """
    margin = DAY if zone_of(dtype) is not None else 0
    return (ticks >= (FIRST_TICK + margin) // per) & (ticks <= (LAST_TICK - margin) // per)


def _integers(ticks: Ticks, dtype: pl.DataType) -> pl.Series:
    column = pl.Series(ticks)
    narrow = column.cast(dtype, strict=False)
    if narrow.null_count():
        first = column.filter(narrow.is_null())[0]
        raise CalendarError(f"time {first} does not fit the column's type {dtype}: give integer times as 64 bits")
    return narrow


def to_local(ticks: Ticks, zone: str | None) -> Ticks:
    """What a clock on the wall of `zone` shows at each tick, in microseconds since 1970 there."""
    if zone in (None, "UTC"):
        return ticks
    times = from_ticks(ticks, pl.Datetime("us", zone))
    return times.dt.replace_time_zone(None).to_physical().to_numpy()


def to_utc(walls: Ticks, zone: str | None) -> Ticks:
    """The ticks at which a clock on the wall of `zone` shows these times.

    A time shown twice (clocks go back) is the earlier one. A time never shown (clocks go forward) is as far after
    the change as it was meant to be: 02:30 becomes 03:30, as in Python's zoneinfo.
    """
    if zone in (None, "UTC"):
        return walls
    exact = _localise(walls, zone)
    if exact.null_count():
        exact = exact.fill_null(_localise(walls - DAY, zone) + DAY)
    return exact.to_numpy()


def _localise(walls: Ticks, zone: str) -> pl.Series:
    naive = pl.Series(walls).cast(pl.Datetime("us"))
    return naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").to_physical()


def period_index(walls: Ticks, freq: Frequency) -> tuple[np.ndarray, np.ndarray]:
    """For each wall-clock time the ordinal it falls in, and whether it is a day that `freq` has."""
    days = walls // DAY
    if freq.family == "business":
        return days_before(days, freq), is_open(days, freq)
    if freq.family == "day":
        weekday = (days + 3) % 7  # 1970-01-01 was a Thursday
        return days, (weekday == freq.anchor) if freq.unit == "W" else np.ones(len(days), bool)
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months, (days_of(months, freq) == days) & ((months - freq.anchor) % UNITS[freq.unit].size == 0)


def days_of(steps: np.ndarray, freq: Frequency) -> np.ndarray:
    """The day (since 1970) of each ordinal of a calendar of days or longer."""
    if freq.family == "business":
        return open_day(steps, freq)
    if freq.family == "day":
        return steps
    first, following = (each.astype("datetime64[M]").astype("datetime64[D]") for each in (steps, steps + 1))
    if freq.family == "month start":
        days = np.minimum(first + freq.day - 1, following - 1)
    elif freq.family == "month end":
        days = following - 1
    elif freq.family == "month first B":
        days = np.busday_offset(first, 0, roll="forward")
    else:
        days = np.busday_offset(following - 1, 0, roll="backward")
    return days.astype(np.int64)


def step_index(ticks: Ticks, first: np.ndarray, freq: Frequency, zone: str | None) -> tuple[np.ndarray, np.ndarray]:
    """How many steps each row is after row `first` (the first of its series), and whether it is on the calendar.

    ticks: int64 `[row]`; first: int64 `[row]`. Where the second result is False the first means nothing.
    """
    if freq.family in ("number", "clock"):
        steps, rest = np.divmod(ticks - ticks[first], freq.size)
        return steps, rest == 0
    walls = to_local(ticks, zone)
    ordinal, fits = period_index(walls, freq)
    fits &= _same_time_of_day(ticks, walls, first, zone)
    steps, rest = np.divmod(ordinal - ordinal[first], freq.size)
    return steps, fits & (rest == 0)


def _same_time_of_day(ticks: Ticks, walls: Ticks, first: np.ndarray, zone: str | None) -> np.ndarray:
    meant = walls // DAY * DAY + walls[first] % DAY
    same = meant == walls
    other = np.flatnonzero(~same)
    if zone is not None and len(other):  # the day on which clocks go forward may lack the time of day
        same[other] = to_utc(meant[other], zone) == ticks[other]
    return same


def _check_reach(starts: Ticks, steps: int, freq: Frequency) -> None:
    longest = 31 * DAY if freq.family.startswith("month") else 7 * DAY if freq.family == "business" else DAY
    reach = len(freq.days_off) * DAY + steps * freq.size * (1 if freq.family in ("number", "clock") else longest)
    if max(abs(int(starts.min(initial=0))), abs(int(starts.max(initial=0)))) + reach >= 2**63:
        raise CalendarError(
            f"{steps} steps of {freq} end beyond the last time that 64 bits hold: give a shorter horizon or frequency"
        )


def future_ticks(starts: Ticks, lengths: np.ndarray, horizon: int, freq: Frequency, zone: str | None) -> Ticks:
    """Ticks `[series, horizon]` of the steps after the last row of series that start at `starts`.

    Raises CalendarError where a time would be beyond what 64 bits hold.
    """
    _check_reach(starts, int(lengths.max(initial=0)) + horizon, freq)
    steps = (lengths[:, None] + np.arange(horizon)) * freq.size
    if freq.family in ("number", "clock"):
        return starts[:, None] + steps
    walls = to_local(starts, zone)
    days = days_of(period_index(walls, freq)[0][:, None] + steps, freq)
    shape = days.shape
    return to_utc((days * DAY + (walls % DAY)[:, None]).ravel(), zone).reshape(shape)
