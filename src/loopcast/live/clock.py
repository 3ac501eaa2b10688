"""Times of any spelling as ticks of a model's calendar, and where each stands on it: numbered steps.

A series stands in a *phase* of its calendar: hours at half past, weeks on Tuesday, days at six. Steps of a phase are
numbered, so that what comes next, what is late and how many are missing between is a matter of whole numbers.
"""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from loopcast.data.calendar import FIRST_TICK, LAST_TICK, from_ticks, future_ticks, period_index, step_index, to_local
from loopcast.data.frequency import DAY, Frequency
from loopcast.data.schema import TableSchema
from loopcast.data.times import EXPECTED, ISO, LARGEST
from loopcast.errors import CalendarError, quote

EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - of a wall clock
UTC_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
SECOND = 10**6
BLOCK = 64  # steps whose ticks are looked up at once
TEXT, NUMBER = re.compile(ISO), re.compile(r"[+-]?\d{1,18}")
COMPACT = re.compile(r"\d{8}")
FINER = re.compile(r"\.\d{6}\d*[1-9]")


class EvenPhase:
    """Steps of equal length."""

    def __init__(self, origin: int, size: int) -> None:
        self.origin, self.size = origin, size

    def tick(self, step: int) -> int:
        """When a step is."""
        return self.origin + step * self.size

    def step(self, tick: int) -> int | None:
        """Which step is at a tick; None where none is."""
        step, rest = divmod(tick - self.origin, self.size)
        return None if rest else step

    def latest(self, tick: int) -> int:
        """The last step that is not after a tick."""
        return (tick - self.origin) // self.size


class WallPhase:
    """Days and longer steps, by the clock on the wall of a zone; ticks are looked up a block at a time."""

    def __init__(self, origin: int, freq: Frequency, zone: str | None) -> None:
        self.origin, self.freq, self.zone = origin, freq, zone
        self._blocks: dict[int, list[int]] = {}
        self._steps: dict[int, int] = {}  # of the ticks that were looked up

    def tick(self, step: int) -> int:
        """When a step is; CalendarError past the year 9999."""
        block, place = divmod(step, BLOCK)
        found = self._blocks.get(block)
        if found is None:
            found = self._blocks[block] = self._looked_up(block * BLOCK)
        return found[place]

    def _looked_up(self, first: int) -> list[int]:
        starts, begin = np.array([self.origin]), np.array([first])
        ticks: list[int] = future_ticks(starts, begin, BLOCK, self.freq, self.zone)[0].tolist()
        self._steps |= dict(zip(ticks, range(first, first + BLOCK), strict=True))
        return ticks

    def step(self, tick: int) -> int | None:
        """Which step is at a tick; None where none is. CalendarError where there is no next one."""
        known = self._steps.get(tick)
        if known is not None and known % BLOCK < BLOCK - 1:
            return known
        steps, fits = step_index(np.array([self.origin, tick]), np.zeros(2, np.int64), self.freq, self.zone)
        if not fits[1]:
            return None
        step = int(steps[1])
        self.tick(step + 1)
        return step

    def latest(self, tick: int) -> int:
        """The last step that is not after a tick."""
        periods = period_index(to_local(np.array([self.origin, tick]), self.zone), self.freq)[0]
        step = int(periods[1] - periods[0]) // self.freq.size
        while self.tick(step) > tick:
            step -= 1
        while self.tick(step + 1) <= tick:
            step += 1
        return step


Phase = EvenPhase | WallPhase


class Clock:
    """The calendar of a model. Each phase is made once, when the first series stands in it."""

    def __init__(self, schema: TableSchema) -> None:
        self.freq, self.zone, self.dtype = schema.freq, schema.zone, schema.time_dtype
        self.even = self.freq.family in ("number", "clock")
        self.numbers, self.dates = self.dtype.is_integer(), self.dtype == pl.Date
        self._phases: dict[tuple[int, int], Phase] = {}
        self._zone_info = None if self.zone is None else ZoneInfo(self.zone)
        self._zone_epoch = EPOCH.replace(tzinfo=self._zone_info)

    def tick(self, time: Any) -> int:
        """A time as a tick: a whole number, a date, a timestamp (of any library) or ISO 8601 in text.

        CalendarError for another kind than the model's, for a time without a zone where the model's have one and the
        other way round, beyond the years 1 to 9999, and for parts of a microsecond.
        """
        kind = type(time)
        if kind is int and self.numbers:
            return self._number(time)
        if kind is dt.datetime and not self.numbers:
            return self._timestamp(time)
        return self._other(time)

    def _number(self, time: int) -> int:
        if not -LARGEST <= time <= LARGEST:
            raise CalendarError(f"{quote(time)} is too large for an integer time: subtract a first time from all")
        return time

    def _timestamp(self, time: dt.datetime) -> int:
        aware = time.tzinfo is not None
        if aware != (self.zone is not None):
            has, wants = (each or "none" for each in (time.tzinfo, self.zone))
            raise CalendarError(f"{time} is in zone {has}, and the model's times are in {wants}: convert it first")
        since = time - (UTC_EPOCH if aware else EPOCH)
        tick = since.days * DAY + since.seconds * SECOND + since.microseconds
        return self._in_years(tick)

    def _in_years(self, tick: int) -> int:
        """A tick that has a day to spare at both ends, in which any zone may lie."""
        if not FIRST_TICK + DAY <= tick <= LAST_TICK - DAY:
            raise CalendarError("a time is in the years 1 to 9999, to the day")
        return tick

    def _other(self, time: Any) -> int:
        if isinstance(time, np.generic):
            time = time.item() if isinstance(time, np.integer) else self._exact(time)
        if isinstance(time, str):
            return self._text(time)
        if isinstance(time, int) and not isinstance(time, bool) and self.numbers:
            return self._number(int(time))
        if self.numbers:
            raise CalendarError(f"{quote(time)} is no time of this model, whose times are whole numbers")
        if isinstance(time, dt.datetime):
            if getattr(time, "nanosecond", 0):
                raise CalendarError(f"{time} has nanoseconds, and times are kept to the microsecond: round it first")
            return self._timestamp(time)
        if isinstance(time, dt.date) and self.zone is None:
            return self._in_years((time - EPOCH.date()).days * DAY)
        kind = "a date" if self.dates else "a timestamp" + (f" in a zone, as {self.zone}" if self.zone else "")
        raise CalendarError(f"{quote(time)} is no time of this model, whose times are each {kind}, or that in ISO 8601")

    def _exact(self, time: np.generic) -> Any:
        """A timestamp of NumPy as Python's, where that loses nothing."""
        if not isinstance(time, np.datetime64) or np.isnat(time):
            return time
        exact = time.astype("datetime64[us]")
        if exact != time:
            raise CalendarError(f"{time} has nanoseconds, and times are kept to the microsecond: round it first")
        return exact.item()

    def _text(self, text: str) -> int:
        if self.numbers and NUMBER.fullmatch(text):
            return self._number(int(text))
        if self.dates and COMPACT.fullmatch(text):
            text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
        if self.numbers or len(text) > 40 or not TEXT.match(text):
            raise CalendarError(f"{quote(text)} is no time of this model; {EXPECTED}")
        if len(text) > 26 and FINER.search(text):
            raise CalendarError(f"{quote(text)} has nanoseconds, and times are kept to the microsecond: round it first")
        whole = text + "-01" if len(text) == 7 else text
        try:
            return self._timestamp(dt.datetime.fromisoformat(whole.replace("z", "Z")))
        except ValueError as error:
            if isinstance(error, CalendarError):
                raise
            raise CalendarError(f"{quote(text)} is no time: {error}") from error

    def time(self, tick: int) -> Any:
        """A tick as a time of the model's kind: a whole number, a date, or a timestamp, in its zone."""
        if self.numbers:
            return tick
        zone, since = self._zone_info, dt.timedelta(microseconds=tick)
        if zone is not None:
            return zone.fromutc(self._zone_epoch + since)
        return (EPOCH + since).date() if self.dates else EPOCH + since

    def times(self, ticks: np.ndarray) -> pl.Series:
        """The same, of many, as a column."""
        return from_ticks(ticks, self.dtype)

    def phase(self, tick: int) -> Phase:
        """The phase in which a series stands that begins at a tick; CalendarError where none can."""
        key = (0, tick % self.freq.size) if self.even else self._wall_key(tick)
        found = self._phases.get(key)
        if found is None:
            make: Callable[[], Phase] = (
                (lambda: EvenPhase(tick, self.freq.size))
                if self.even
                else (lambda: WallPhase(tick, self.freq, self.zone))
            )
            found = self._phases[key] = make()
        return found

    def _wall_key(self, tick: int) -> tuple[int, int]:
        walls = to_local(np.array([tick]), self.zone)
        period, fits = period_index(walls, self.freq)
        if not fits[0]:
            raise CalendarError(f"{self.time(tick)} is not on the calendar of frequency {self.freq}")
        return int(walls[0] % DAY), int(period[0] % self.freq.size)
