"""The clock of live series numbers steps as panels do, on every calendar and in every zone."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest

from loopcast.columns import Columns
from loopcast.data.calendar import to_ticks
from loopcast.data.frequency import Frequency
from loopcast.data.schema import TableSchema
from loopcast.data.time_grid import future_times
from loopcast.errors import CalendarError
from loopcast.live.clock import Clock

ZONES = (
    None, "UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/Havana", "America/Santiago",
    "America/Sao_Paulo", "America/Asuncion", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland",
    "Asia/Jerusalem", "Asia/Beirut", "Asia/Tehran", "Asia/Kolkata", "Africa/Cairo", "Atlantic/Azores",
    "Pacific/Apia", "America/St_Johns", "Asia/Kathmandu",
)  # fmt: skip
STEPS = (
    "h",
    "15min",
    "s",
    "6h",
    "D",
    "2D",
    "B",
    "W-MON",
    "2W-SUN",
    "MS",
    "MS-15",
    "ME",
    "QS-FEB",
    "YE",
    "BME",
    "BMS",
    "3B",
    "B-SUN",
    "B-NONE+2023-03-22+2023-03-26",
)
BEGINS = {"B": "2023-03-20 02:30", "W-MON": "2023-03-20 02:30", "2W-SUN": "2023-03-19 00:00", "MS": "2021-03-01 00:00",
          "MS-15": "2021-03-15 02:30", "ME": "2021-01-31 02:30", "QS-FEB": "2021-02-01 00:00", "YE": "2020-12-31 01:00",
          "BME": "2021-01-29 02:30", "BMS": "2021-03-01 02:30", "3B": "2023-03-20 02:30",
          "B-SUN": "2023-03-20 02:30", "B-NONE+2023-03-22+2023-03-26": "2023-03-20 02:30"}  # fmt: skip


def clock_of(freq, time):
    return Clock(TableSchema(columns=Columns(), has_id=True, freq=Frequency.parse(freq), time=time))


def first_of(freq, zone):
    begin = pl.Series([dt.datetime.fromisoformat(BEGINS.get(freq, "2023-03-20 02:30"))]).cast(pl.Datetime("us"))
    return begin if zone is None else begin.dt.replace_time_zone(zone, ambiguous="earliest")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("freq", STEPS)
def test_steps_and_times_are_those_of_a_panel(freq, zone):
    clock = clock_of(freq, f"datetime[us{'' if zone is None else ', ' + zone}]")
    begin = first_of(freq, zone)
    times = future_times(begin, np.array([0]), 300, Frequency.parse(freq))
    ticks = to_ticks(times).tolist()
    phase = clock.phase(clock.tick(begin[0]))
    first = phase.step(ticks[0])
    for k, (tick, time) in enumerate(zip(ticks, times.to_list(), strict=True)):
        assert clock.tick(time) == tick
        assert clock.time(tick) == time
        assert phase.tick(first + k) == tick
    for k in (0, 1, 7, 50, 200, 299):
        assert phase.step(ticks[k]) == first + k
        assert phase.latest(ticks[k]) == first + k
        assert phase.latest(ticks[k] - 1) == first + k - 1
        assert clock.phase(ticks[k]).step(ticks[k]) is not None
    assert clock.times(np.array(ticks)).to_list() == times.to_list()
    if Frequency.parse(freq).size > 1 or zone is None:
        assert phase.step(ticks[5] + 1) is None


@pytest.mark.parametrize("freq", ["D", "W-MON", "MS", "B"])
def test_dates_are_days(freq):
    clock, day = clock_of(freq, "date"), dt.date(2024, 4, 1)
    for spelling in (day, "2024-04-01", "20240401", dt.datetime(2024, 4, 1), np.datetime64("2024-04-01")):  # noqa: DTZ001
        assert clock.time(clock.tick(spelling)) == day


def test_every_spelling_of_a_time_is_one_tick():
    clock = clock_of("h", "datetime[us, Europe/Berlin]")
    wanted = clock.tick(dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC))
    spellings = [
        "2024-01-01T12:00Z",
        "2024-01-01 13:00:00+01:00",
        "2024-01-01T12:00:00.000000z",
        "2024-01-01T07:00-0500",
    ]
    for spelling in [*spellings, pd.Timestamp("2024-01-01 13:00", tz="Europe/Berlin")]:
        assert clock.tick(spelling) == wanted
    numbers = clock_of(1, "int64")
    assert [numbers.tick(each) for each in (7, np.int32(7), "7", "+7")] == [7] * 4


@pytest.mark.parametrize(
    "time",
    ["2024-01-01T12:00", dt.datetime(2024, 1, 1), dt.date(2024, 1, 1), 5, 5.0, True, None, "",  # noqa: DTZ001
     "now", "2024-02-30T00:00Z", "2024-01-01T12:00:00.1234567Z", "20240101T00Z", "x" * 10**6, [1], float("nan"),
     np.datetime64("NaT"), b"2024", "0001-01-01T00:00Z", "9999-12-31T23:00Z", "2024-W01-1",
     pd.Timestamp("2024-01-01T00:00:00.000000001Z")],
)  # fmt: skip
def test_what_is_no_time_in_the_zone_of_the_model_is_refused(time):
    with pytest.raises(CalendarError):
        clock_of("h", "datetime[us, Europe/Berlin]").tick(time)


@pytest.mark.parametrize("time", ["2024-01-01T12:00Z", dt.datetime(2024, 1, 1, tzinfo=dt.UTC), 1, "1"])
def test_a_zone_where_the_model_has_none_is_refused(time):
    with pytest.raises(CalendarError):
        clock_of("h", "datetime[us]").tick(time)


@pytest.mark.parametrize("time", ["2024-01-01", 1.0, True, 2**63, "9" * 19, dt.date(2024, 1, 1), None])
def test_what_is_no_whole_number_is_refused_where_times_are(time):
    with pytest.raises(CalendarError):
        clock_of(1, "int64").tick(time)


@pytest.mark.parametrize(("freq", "begin"), [("W-MON", "2024-01-02"), ("B", "2024-01-06"), ("MS", "2024-01-02")])
def test_a_series_does_not_begin_off_its_calendar(freq, begin):
    clock = clock_of(freq, "date")
    with pytest.raises(CalendarError, match="not on the calendar"):
        clock.phase(clock.tick(begin))


def test_the_hour_that_comes_twice_is_one_step_of_days():
    clock = clock_of("D", "datetime[us, Europe/Berlin]")
    phase = clock.phase(clock.tick("2024-10-25T02:30+02:00"))
    both = [phase.step(clock.tick(f"2024-10-27T02:30+0{hours}:00")) for hours in (2, 1)]
    assert both == [2, 2]
    assert phase.tick(2) == clock.tick("2024-10-27T02:30+02:00")
