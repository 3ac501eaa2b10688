"""Offsets, clock changes and the ends of the calendar: what is written is what is meant, or said to be none."""

# ruff: noqa: DTZ001 (times without a zone are a case of their own)

import datetime as dt
import re

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from loopcast.data.output import forecast_table
from loopcast.data.panel import Panel
from loopcast.data.read import read
from loopcast.data.zones import PART_HOURS, at_offset, length_of
from loopcast.errors import CalendarError


def panel_of(times) -> Panel:
    return Panel.from_table(pl.DataFrame({"ds": times, "y": [1.0] * len(times)}))


@pytest.mark.parametrize(
    "spellings",
    [
        ["2024-01-01T00:00Z", "2024-01-02T00:00z", "2024-01-03 00:00+00", "2024-01-04 00:00+0000"],
        ["2024-01-01T00:00-00:00", "2024-01-02T00:00+00:00"],
        ["2024-01-01T00:00+01:00", "2024-01-02T00:00+01", "2024-01-03 00:00:00.000000+0100"],
        ["2024-01-01T00:00+05:30", "2024-01-02T00:00+0530"],
    ],
)  # fmt: skip
def test_spellings_of_one_offset_are_one_zone(spellings):
    panel = panel_of(spellings)
    assert (str(panel.schema.freq), panel.n_rows) == ("D", len(spellings))


@pytest.mark.parametrize("offset", ["Z", "+01:00", "+05:30", "-09:30", "+14:00"])
def test_output_can_be_appended_to_the_input_that_it_came_from(offset, tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("ds,y\n" + "".join(f"2024-01-0{d}T06:00{offset},{d}\n" for d in range(1, 8)))
    panel = read(path)
    following = forecast_table(panel, {"y": np.zeros((1, 3))})
    path.write_text(path.read_text() + following.write_csv(include_header=False))
    whole = read(path)
    assert (whole.n_rows, whole.schema.freq, whole.schema.zone) == (10, panel.schema.freq, panel.schema.zone)
    assert whole.times_of(np.array([7]))[0].isoformat().startswith("2024-01-08T06:00")


@pytest.mark.parametrize("offset", PART_HOURS)
def test_a_zone_at_an_offset_of_part_of_an_hour_shows_the_clock_that_was_written(offset):
    wall = pl.Series("ds", [dt.datetime(2024, m, 15, 12) for m in range(1, 13)])
    assert at_offset(wall - length_of(offset), offset).dt.replace_time_zone(None).to_list() == wall.to_list()


def test_an_offset_that_its_zone_did_not_have_then_is_refused():
    with pytest.raises(CalendarError, match="UTC"):
        panel_of(["2020-07-01T00:00+03:30", "2020-07-02T00:00+03:30"])  # summer time in Tehran: +04:30


@pytest.mark.parametrize("offset", ["+05:30", "+01:00", "UTC"])
def test_fixed_offsets_of_any_library_keep_their_clock(offset):
    text = ["2024-01-01T06:00" + (offset if offset != "UTC" else "Z"), "2024-01-02T06:00" + offset.replace("UTC", "Z")]
    wanted = panel_of(text).starts.to_list()
    stamps = pd.to_datetime(text)
    objects = pd.Series([stamp.to_pydatetime() for stamp in stamps], dtype=object)
    arrow = pa.table({"ds": pa.array(stamps.tz_convert("UTC").tz_localize(None).values).cast(
        pa.timestamp("us")).cast(pa.timestamp("us", offset)), "y": [1.0, 2.0]})  # fmt: skip
    for table in (pd.DataFrame({"ds": stamps, "y": 1.0}), pd.DataFrame({"ds": objects, "y": 1.0}), arrow):
        starts = Panel.from_table(table).starts
        assert starts.to_list() == wanted
        assert starts.dt.hour().to_list() == [6]


def test_digits_beyond_the_microsecond_are_read_where_they_are_0_and_refused_otherwise():
    for digits in ("0000000", "000000000", "123456000"):
        panel = panel_of([f"2024-01-01 00:00:00.{digits}", f"2024-01-02 00:00:00.{digits}"])
        assert panel.starts.dt.microsecond().to_list() == [int(digits[:6])]
    with pytest.raises(CalendarError, match=r"row 1.*nanoseconds.*round"):
        panel_of(["2024-01-01 00:00:00.0000000", "2024-01-02 00:00:00.0000001"])


@pytest.mark.parametrize(
    "times",
    [
        ["0000-01-01", "0000-01-02"],
        pl.Series([3_000_000, 3_000_001]).cast(pl.Date),
        pl.Series([10**18, 2 * 10**18]).cast(pl.Datetime("us")),
        pl.Series([-(10**18), 0]).cast(pl.Datetime("us", "UTC")),
        pl.Series([2**62, 2**62 + 1]).cast(pl.Datetime("ms")),
    ],
)
def test_years_that_python_has_none_of_are_refused(times):
    with pytest.raises(CalendarError, match="years 1 to 9999"):
        panel_of(times)
    for array in (
        np.array(["12024-01-01", "12024-01-02"], "M8[s]"),
        np.array(["300000-01-01", "300001-01-01"], "M8[s]"),
    ):
        with pytest.raises(CalendarError, match="years 1 to 9999"):
            Panel.from_table(pd.DataFrame({"ds": array, "y": 1.0}))


@pytest.mark.parametrize("zone", [None, "Pacific/Kiritimati"])
@pytest.mark.parametrize("freq", ["YS", "D", "h"])
def test_a_forecast_ends_with_the_year_9999(zone, freq):
    start = pl.Series([dt.datetime(9999, 1, 1)]).dt.replace_time_zone(zone)
    panel = Panel.from_table(pl.DataFrame({"ds": start, "y": [1.0]}), freq=freq)
    with pytest.raises(CalendarError, match="past the year 9999"):
        forecast_table(panel, {"m": np.zeros((1, 9000))})


CHANGES = [
    ("Europe/Berlin", "2024-10-26", "h"), ("America/New_York", "2024-11-02", "15min"),
    ("Australia/Sydney", "2024-04-06", "30min"), ("Europe/Berlin", "2024-03-30", "h"),
    ("America/New_York", "2024-03-09", "15min"), ("Australia/Lord_Howe", "2024-10-05", "30min"),
]  # fmt: skip


@pytest.mark.parametrize("series", [1, 2])
@pytest.mark.parametrize(("zone", "start", "freq"), CHANGES)
def test_the_hour_of_a_clock_change_is_named_and_the_cure_gives_every_hour_its_row(zone, start, freq, series):
    local = pd.date_range(start, periods=200, freq=freq, tz=zone)
    parts = [pd.DataFrame({"unique_id": name, "ds": local.tz_localize(None), "y": 1.0}) for name in "ab"[:series]]
    table = pd.concat(parts, ignore_index=True)
    table = table if series == 2 else table.drop(columns="unique_id")
    with pytest.raises(CalendarError, match=r"as clocks that are set (back|forward) do") as caught:
        Panel.from_table(table)
    polars, pandas = re.search(r"\(polars: (.*); pandas: (.*)\)(; otherwise.*)?$", str(caught.value)).groups()[:2]
    named = re.search(r"zones such as (\S+)\.", str(caught.value))[1]
    cured = [table.assign(ds=eval(pandas.replace(named, zone), {"table": table}))]
    cured.append(pl.from_pandas(table).with_columns(eval(polars.replace(named, zone), {"pl": pl})))
    for each in cured:
        panel = Panel.from_table(each)
        assert (panel.lengths.tolist(), str(panel.schema.freq)) == ([200] * series, freq)


def test_another_hour_that_is_there_twice_or_missing_is_no_clock_change():
    hours = pd.date_range("2024-10-27", periods=9, freq="h")
    for times in (hours.insert(5, hours[5]), hours.delete(4), hours.delete([2, 3])):
        with pytest.raises(CalendarError) as caught:
            Panel.from_table(pd.DataFrame({"ds": times, "y": 1.0}))
        assert "clocks" not in str(caught.value)
