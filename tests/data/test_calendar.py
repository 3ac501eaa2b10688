"""Future times and inferred frequencies, against pandas."""

# ruff: noqa: DTZ001 (times without a zone are a case of their own)

import datetime as dt
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loopcast.data.dates_as_numbers import form_of
from loopcast.data.frequency import MONTHS, OLD_SPELLINGS, WEEKDAYS, Frequency
from loopcast.data.output import forecast_table
from loopcast.data.panel import Panel
from loopcast.errors import CalendarError, OptionError

ALIASES = [
    "YS", "YE", "QS", "QE", "MS", "ME", "W", "B", "D", "h", "min", "s", "ms", "us",
    "2YS", "2YE-MAR", "2QS", "2QE-NOV", "5MS", "4ME", "2W-TUE", "3D", "10D", "2h", "6h", "12h", "15min", "30min",
    "90min", "5s", "30s", "100ms", "250us",
    *(f"W-{day}" for day in WEEKDAYS),
    *(f"{unit}-{month}" for unit in ("YS", "YE", "QS", "QE") for month in MONTHS),
    "BMS", "BME", "2BME", "BQS", "BQE-NOV", "BYS-MAR", "BYE",
]  # fmt: skip
ZONES = [None, "UTC", "Europe/Berlin", "America/New_York"]
STARTS = ["2019-12-30", "2020-01-31", "2020-02-29", "2020-03-28", "2020-10-24 06:30", "1969-06-15", "2040-12-31"]


def future(history: pd.DatetimeIndex, steps: int, freq: str | None = None) -> tuple[pd.Series, Panel]:
    table = pd.DataFrame({"ds": history, "y": np.arange(len(history), dtype=float)})
    panel = Panel.from_table(table, freq=freq)
    return forecast_table(panel, {"m": np.zeros((1, steps))})["ds"], panel


def dates(start: str, periods: int, freq: str, zone: str | None) -> pd.DatetimeIndex:
    times = pd.date_range(start, periods=periods, freq=freq, tz=zone)
    return times if zone is None else times[times.year < 2100]  # polars knows no clock changes after 2099


def in_polars(times: pd.DatetimeIndex) -> pl.Series:
    """The same times; a table of polars is read several times faster than one of pandas."""
    if times.tz is None:
        return pl.Series("ds", times.to_numpy())
    utc = pl.Series("ds", times.tz_convert(None).to_numpy())
    return utc.dt.replace_time_zone("UTC").dt.convert_time_zone(str(times.tz))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("alias", ALIASES)
def test_stated_frequency_continues_as_pandas_does(alias, zone):
    whole = {start: dates(start, 60, alias, zone) for start in STARTS}
    tables = [pd.DataFrame({"unique_id": start, "ds": times[:20], "y": 1.0}) for start, times in whole.items()]
    panel = Panel.from_table(pd.concat(tables), freq=alias)
    got = forecast_table(panel, {"m": np.zeros((len(STARTS), 40))})
    for start, expected in whole.items():
        times = got["ds"][got["unique_id"] == start][: len(expected) - 20]
        assert (times.to_numpy() == expected[20:].to_numpy()).all(), start
        assert times.dtype == expected.dtype


@pytest.mark.parametrize("zone", [None, "Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("alias", ALIASES)
def test_inferred_frequency_continues_as_pandas_does(alias, zone):
    for start in STARTS:
        expected = in_polars(dates(start, 60, alias, zone))
        panel = Panel.from_table(pl.DataFrame({"ds": expected[:20], "y": np.ones(20)}))
        times = forecast_table(panel, {"m": np.zeros((1, len(expected) - 20))})["ds"]
        assert times.equals(expected[20:]), (start, panel.schema.freq)


@pytest.mark.parametrize("alias", [alias for alias in ALIASES if alias == "B" or "B" not in alias.split("-")[0]])
def test_two_rows_are_enough_for_all_but_business_days(alias):
    expected = dates("2020-01-15", 12, alias, None)
    times, _ = future(expected[:2], 10, "B" if alias == "B" else None)
    assert (times == expected[2:]).all()


def on_day(day: int, months: int, count: int, zone: str | None = None) -> pd.DatetimeIndex:
    """So many times on a day of every few months from August 2019 on, or on the last day of a shorter one."""
    periods = [pd.Period("2019-08", "M") + months * i for i in range(count)]
    return pd.DatetimeIndex([pd.Timestamp(p.year, p.month, min(day, p.days_in_month), 6) for p in periods], tz=zone)


@pytest.mark.parametrize("rows", [2, 3, 14])
@pytest.mark.parametrize(("months", "alias"), [(1, "MS"), (2, "2MS"), (3, "QS-FEB"), (12, "YS-AUG"), (24, "2YS-AUG")])
@pytest.mark.parametrize("day", [2, 15, 28, 29, 30])
def test_any_day_of_the_month_is_a_calendar_and_goes_on_on_the_same_day(day, months, alias, rows):
    whole = on_day(day, months, rows + 8, "America/New_York" if rows == 3 else None)
    times, panel = future(whole[:rows], 8)
    assert str(panel.schema.freq) == f"{alias}-{day}"
    assert (times == whole[rows:]).all()
    assert panel.schema.freq == Frequency.parse(panel.schema.freq.alias)
    assert panel.season == Frequency.parse(alias).season


def test_a_gap_and_a_stray_row_do_not_change_the_day_of_the_month():
    whole = on_day(30, 1, 20)
    table = pd.DataFrame({"ds": whole.delete(7), "y": 1.0})
    assert Panel.from_table(table, gaps="insert").n_rows == 20
    with pytest.raises(CalendarError, match=r"row 9.*2020-05-29.*frequency MS-30"):
        future(whole[:9].append(pd.DatetimeIndex(["2020-05-29 06:00"])).append(whole[10:]), 1)


def test_four_weeks_are_not_taken_for_a_day_of_the_month():
    weeks = pd.date_range("2023-02-15", periods=5, freq="4W-WED")
    times, panel = future(weeks[:3], 2)
    assert (str(panel.schema.freq), times.tolist()) == ("4W-WED", weeks[3:].tolist())


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("change", ["2021-03-14", "2021-03-28", "2021-10-31", "2021-11-07"])
@pytest.mark.parametrize("alias", ["h", "15min", "D", "2D", "3h", "B", "W-SUN"])
@pytest.mark.parametrize("clock", ["00:00", "12:45"])
def test_clock_changes_are_crossed_as_pandas_does(zone, change, alias, clock):
    start = pd.Timestamp(change) - pd.Timedelta(days=40)
    expected = dates(f"{start.date()} {clock}", 5000 if alias in ("h", "15min", "3h") else 60, alias, zone)
    times, panel = future(expected[:30], len(expected) - 30)
    assert str(panel.schema.freq) == alias
    assert (times == expected[30:]).all()


@pytest.mark.parametrize("change", ["2021-03-28", "2021-10-31"])
@pytest.mark.parametrize("alias", ["h", "15min", "D"])
def test_history_that_holds_a_clock_change_is_regular(change, alias):
    expected = dates(str(pd.Timestamp(change) - pd.Timedelta(days=3)), 600, alias, "Europe/Berlin")
    times, _ = future(expected[:500], 100)
    assert (times == expected[500:]).all()


def test_a_daily_time_that_the_clocks_skip_is_as_much_later_and_comes_back_the_next_day():
    history = dates("2021-03-20 02:30", 8, "D", "Europe/Berlin")
    times, _ = future(history, 3)
    assert times.astype(str).tolist() == [
        "2021-03-28 03:30:00+02:00", "2021-03-29 02:30:00+02:00", "2021-03-30 02:30:00+02:00",
    ]  # fmt: skip
    whole = pd.DatetimeIndex([*history, *times])
    assert future(whole, 1)[0].astype(str).tolist() == ["2021-03-31 02:30:00+02:00"]


def test_a_daily_time_that_comes_twice_is_the_first_of_the_two_and_either_is_accepted():
    history = dates("2021-10-20 02:30", 11, "D", "Europe/Berlin")
    times, _ = future(history, 2)
    assert times.astype(str).tolist() == ["2021-10-31 02:30:00+02:00", "2021-11-01 02:30:00+01:00"]
    second = pd.Timestamp("2021-10-31 01:30", tz="UTC").tz_convert("Europe/Berlin")
    future(pd.DatetimeIndex([*history, second]), 1)


def test_steps_of_24_hours_in_absolute_time_are_told_from_days():
    history = dates("2021-03-20", 20, "24h", "Europe/Berlin")
    times, panel = future(history[:15], 5)
    assert str(panel.schema.freq) == "24h"
    assert (times == history[15:]).all()


def test_month_ends_follow_the_length_of_each_month():
    panel = Panel.from_series([1.0], start=dt.date(2023, 12, 31), freq="ME")
    table = forecast_table(panel, {"m": np.zeros((1, 3))})
    assert table["ds"].to_list() == [dt.date(2024, 1, 31), dt.date(2024, 2, 29), dt.date(2024, 3, 31)]


@pytest.mark.parametrize(
    ("dtype", "alias"), [(pl.Date, "D"), (pl.Date, "B"), (pl.Date, "W-WED"), (pl.Date, "ME"), (pl.Date, "QS-FEB")]
)
def test_dates_stay_dates(dtype, alias):
    expected = dates("2020-01-20", 50, alias, None)
    days = pl.Series("ds", expected.to_numpy()).cast(dtype)
    panel = Panel.from_table(pl.DataFrame({"ds": days[:30], "y": range(30)}))
    assert forecast_table(panel, {"m": np.zeros((1, 20))})["ds"].to_list() == days[30:].to_list()


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "Asia/Kolkata"])
def test_the_resolution_and_zone_of_timestamps_stay(unit, zone):
    expected = pl.Series("ds", dates("2020-01-01", 9, "h", None).to_numpy()).cast(pl.Datetime(unit))
    expected = expected.dt.replace_time_zone(zone)
    panel = Panel.from_table(pl.DataFrame({"ds": expected[:5], "y": range(5)}))
    times = forecast_table(panel, {"m": np.zeros((1, 4))})["ds"]
    assert times.dtype == expected.dtype
    assert times.to_list() == expected[5:].to_list()


@pytest.mark.parametrize("dtype", [pl.Int8, pl.Int32, pl.Int64, pl.UInt16, pl.UInt64])
def test_integer_times_step_by_their_usual_difference_in_their_own_type(dtype):
    panel = Panel.from_table(pl.DataFrame({"ds": pl.Series([3, 15, 27], dtype=dtype), "y": [1, 2, 3]}))
    times = forecast_table(panel, {"m": np.zeros((1, 2))})["ds"]
    assert (times.to_list(), times.dtype) == ([39, 51], dtype)


def test_an_integer_time_that_outgrows_its_type_is_an_error():
    panel = Panel.from_table(pl.DataFrame({"ds": pl.Series([100, 120], dtype=pl.Int8), "y": [1, 2]}))
    with pytest.raises(CalendarError, match="140 does not fit the column's type Int8"):
        forecast_table(panel, {"m": np.zeros((1, 1))})


@pytest.mark.parametrize(
    ("start", "freq", "part"),
    [
        (dt.date(2020, 1, 31), "999999999YE-JAN", "64 bits"),
        (2**61, 2**61, "64 bits"),
        (pl.Series([dt.date(2260, 1, 1)]).cast(pl.Datetime("ns")), "YS", "nanoseconds"),
    ],
)
def test_times_beyond_the_range_are_refused_and_do_not_wrap(start, freq, part):
    ds = start if isinstance(start, pl.Series) else pl.Series([start])
    panel = Panel.from_table(pl.DataFrame({"ds": ds, "y": [1.0]}), freq=freq)
    with pytest.raises(CalendarError, match=part):
        forecast_table(panel, {"m": np.zeros((1, 5))})


def test_a_frequency_is_inferred_over_all_series():
    table = pl.DataFrame(
        {"unique_id": ["a", "b", "b"], "ds": [dt.date(2020, 1, d) for d in (5, 6, 13)], "y": [1, 2, 3]}
    )
    with pytest.raises(CalendarError, match=r"series 'a', row 0.*2020-01-05.*W-MON"):
        Panel.from_table(table)
    panel = Panel.from_table(table.with_columns(ds=pl.Series([dt.date(2020, 1, d) for d in (6, 6, 13)])))
    assert str(panel.schema.freq) == "W-MON"


SEASONS = {
    "YS": 1, "YE-JUN": 1, "QS": 4, "QE": 4, "2QS": 2, "MS": 12, "ME": 12, "3MS": 4, "5MS": 1, "W": 52, "2W-MON": 26,
    "B": 5, "D": 7, "2D": 1, "h": 24, "2h": 12, "5h": 1, "24h": 1, "30min": 48, "15min": 96, "5min": 288, "min": 60,
    "s": 60, "30s": 120, 1: 1, 12: 1,
}  # fmt: skip


@pytest.mark.parametrize(("alias", "season"), SEASONS.items())
def test_each_frequency_has_its_usual_season(alias, season):
    assert Frequency.parse(alias).season == season


@pytest.mark.parametrize("alias", [*ALIASES, 1, 7])
def test_an_alias_reads_back_as_the_same_frequency(alias):
    freq = Frequency.parse(alias)
    assert Frequency.parse(freq.alias) == freq


@pytest.mark.parametrize(("old", "new"), OLD_SPELLINGS.items())
def test_old_spellings_mean_the_new_ones(old, new):
    assert Frequency.parse(old) == Frequency.parse(new)


@pytest.mark.parametrize(
    ("alias", "part"),
    [
        ("monthly", "use YS, YE"),
        ("", "no frequency"), ("0D", "0D"), (0, "=0"), (-1, "=-1"), (1.5, "1.5"), (True, "True"),
        ("W-XXX", "MON, TUE"), ("D-MON", "no anchor"), ("int", "int"), ("Min", "did you mean 'min'"), ("-3D", "-3D"),
        ("9" * 30 + "D", "no frequency"), (None, "None"), ("MS\n", "no frequency"),
        ("MS-31", "last ME"), ("D-15", "a day from 2 to 30"), ("MS-1", "a day from 2"), ("BME-15", "MS-15"),
    ],
)  # fmt: skip
def test_what_is_no_frequency_is_refused_with_those_that_are(alias, part):
    with pytest.raises(OptionError) as error:
        Frequency.parse(alias)
    assert part in str(error.value)


@given(
    start=st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2040, 1, 1)),
    alias=st.sampled_from(ALIASES),
    zone=st.sampled_from(ZONES),
    length=st.integers(1, 12),
)
def test_any_start_continues_as_pandas_does(start, alias, zone, length):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = pd.Timestamp(start).floor("D") + pd.Timedelta(hours=12)
        expected = dates(str(start), length + 10, alias, zone)
    times, _ = future(expected[:length], 10, alias)
    assert (times == expected[length:]).all()


@given(step=st.integers(1, 10**6), start=st.integers(-(10**9), 10**9), n=st.integers(2, 9))
def test_integer_times_go_on_as_they_came(step, start, n):
    history = [start + step * k for k in range(n)]
    assume(form_of(pl.Series(history)) is None)  # numbers that are dates are refused
    panel = Panel.from_table(pl.DataFrame({"ds": history, "y": [0.0] * n}))
    assert forecast_table(panel, {"m": np.zeros((1, 1))})["ds"].to_list() == [start + step * n]
