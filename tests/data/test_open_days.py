"""Daily series with closed days: no row is expected on them, and none forecast; against pandas' own business days."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest

from loopcast import CalendarError, Naive, OptionError, Panel, load, open_days, read
from loopcast.data.frequency import Frequency
from loopcast.data.open_days import closed_in

CLOSED = [
    (["sun"], "Mon Tue Wed Thu Fri Sat", []),
    (["Friday", "sat"], "Mon Tue Wed Thu Sun", []),
    (["sun", "2024-12-25", dt.date(2024, 12, 26)], "Mon Tue Wed Thu Fri Sat", ["2024-12-25", "2024-12-26"]),
    (["2024-12-24"], "Mon Tue Wed Thu Fri Sat Sun", ["2024-12-24"]),
    (["sat", "sun", "2024-12-25"], "Mon Tue Wed Thu Fri", ["2024-12-25"]),
]  # fmt: skip


def opened(mask, holidays, periods, start="2024-11-18"):
    step = pd.offsets.CustomBusinessDay(weekmask=mask, holidays=holidays)
    return pd.date_range(start, periods=periods, freq=step)


@pytest.mark.parametrize(("closed", "mask", "holidays"), CLOSED)
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_series_go_on_as_pandas_business_days_of_ones_own_do(closed, mask, holidays, zone):
    days = opened(mask, holidays, 60).tz_localize(zone)
    table = pd.DataFrame({"ds": days[:20], "y": np.arange(20.0)})
    panel = Panel.from_table(table, freq=open_days(closed))
    assert panel.lengths.tolist() == [20]
    assert Naive().fit(panel).predict(40)["ds"].tolist() == days[20:].tolist()


@pytest.mark.parametrize(("closed", "mask", "holidays"), CLOSED)
def test_its_name_is_read_back(closed, mask, holidays):
    freq = open_days(*closed)
    assert Frequency.parse(freq.alias) == freq
    assert freq.season == len(mask.split())


def test_a_file_keeps_the_closed_days(tmp_path):
    days = opened("Mon Tue Wed Thu Fri Sat", ["2024-12-25"], 29)
    table = pl.DataFrame({"ds": days.date.tolist(), "y": np.arange(29.0)})
    Naive().fit(Panel.from_table(table, freq=open_days("sun", "2024-12-25"))).save(tmp_path / "m")
    told = load(tmp_path / "m").predict(3, data=table)
    assert told["ds"].to_list() == [dt.date(2024, 12, day) for day in (21, 23, 24)]


def test_a_missing_open_day_is_a_gap_and_a_row_on_a_closed_one_an_error():
    days = opened("Mon Tue Wed Thu Fri Sat", [], 20).date.tolist()
    table = pl.DataFrame({"ds": days, "y": np.arange(20.0)})
    left_out = table.filter(pl.col("ds") != days[7])
    with pytest.raises(CalendarError, match="1 missing between"):
        Panel.from_table(left_out, freq="B-SUN")
    assert np.isnan(Panel.from_table(left_out, freq="B-SUN", gaps="insert").series(0)[7, 0])
    with pytest.raises(CalendarError, match="not on the calendar of frequency B-MON-SUN"):
        Panel.from_table(table, freq="B-MON-SUN")


def test_the_error_of_gaps_on_one_weekday_names_what_reads_the_table():
    days = opened("Mon Tue Wed Thu Fri Sat", [], 20).date.tolist()
    table = pl.DataFrame({"ds": days, "y": np.arange(20.0)})
    with pytest.raises(CalendarError, match="No row is ever on a sun: freq='B-SUN'"):
        Panel.from_table(table)
    assert Panel.from_table(table, freq="B-SUN").n_rows == 20


@pytest.mark.parametrize(
    ("closed", "match"),
    [
        ((), "at least one"),
        ((["mon", "tue", "wed", "thu", "fri", "sat", "sun"],), "no day is left"),
        (("sunny",), "neither a weekday"),
        (("2024-13-01",), "neither a weekday"),
        ((5,), "neither a weekday"),
        ((dt.datetime(2024, 1, 1, tzinfo=dt.UTC),), "neither a weekday"),
    ],
)
def test_what_is_no_closed_day_is_refused(closed, match):
    with pytest.raises(OptionError, match=match):
        open_days(*closed)


@pytest.mark.parametrize("alias", ["B-XXX", "B-MON-TUE-WED-THU-FRI-SAT-SUN", "B+2024-02-30", "B-SUN+2024"])
def test_what_is_no_name_of_one_is_refused(alias):
    with pytest.raises(OptionError, match="freq"):
        Frequency.parse(alias)


def test_closed_days_are_a_list_or_a_file_with_one_in_a_line(tmp_path):
    path = tmp_path / "closed.txt"
    path.write_text("sun\n\n2024-12-25\n")
    assert closed_in(str(path)) == ["sun", "2024-12-25"] == closed_in("sun, 2024-12-25")


def test_live_series_step_over_closed_days():
    days = opened("Mon Tue Wed Thu Fri Sat", ["2024-12-25"], 40).date.tolist()
    panel = Panel.from_table(pl.DataFrame({"ds": days[:30], "y": np.arange(30.0)}), freq=open_days("sun", "2024-12-25"))
    live = Naive(horizon=3).fit(panel).live(panel)
    for day in days[30:35]:
        assert live.update_one("y", day, 1.0).status == "taken"
    assert live.predict(3)["ds"].to_list() == days[35:38]
    with pytest.raises(CalendarError, match="calendar"):
        live.update_one("y", dt.date(2024, 12, 29), 1.0)


def test_a_file_is_read_with_them(tmp_path):
    days = opened("Mon Tue Wed Thu Fri Sat", [], 20).date.tolist()
    pl.DataFrame({"ds": days, "y": np.arange(20.0)}).write_csv(tmp_path / "shop.csv")
    assert str(read(tmp_path / "shop.csv", freq=open_days("sun")).schema.freq) == "B-SUN"
