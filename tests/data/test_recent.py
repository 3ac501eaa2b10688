"""The late part of each series: since a time, or a stretch before its end."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from loopcast import Columns, LengthError, OptionError, Panel


def days(count, start=dt.date(2024, 1, 1)):
    return [start + dt.timedelta(days=i) for i in range(count)]


def two(zone=None, hours=False):
    """Two series, the second of which ends ten steps later."""
    step = dt.timedelta(hours=1) if hours else dt.timedelta(days=1)
    begin = dt.datetime(2024, 1, 1) if hours else dt.date(2024, 1, 1)  # noqa: DTZ001
    times = [begin + step * i for i in range(40)]
    table = pl.DataFrame({"unique_id": ["a"] * 30 + ["b"] * 40, "ds": times[:30] + times, "y": np.arange(70.0)})
    return Panel.from_table(table if zone is None else table.with_columns(pl.col("ds").dt.replace_time_zone(zone)))


@pytest.mark.parametrize("time", ["2024-01-21", dt.date(2024, 1, 21), dt.datetime(2024, 1, 21, 5)])  # noqa: DTZ001
def test_rows_from_a_day_on(time):
    panel = two().since(time)
    assert panel.lengths.tolist() == [10, 20]
    assert panel.series(0)[0, 0] == 20
    assert panel.starts.to_list() == [dt.date(2024, 1, 21)] * 2


@pytest.mark.parametrize("time", ["2024-01-01T10:00", "2024-01-01T09:00:00+00:00"])
def test_a_time_without_a_zone_is_meant_in_that_of_the_panel(time):
    assert two("Europe/Berlin", hours=True).since(time).lengths.tolist() == [20, 30]


def test_stretches_end_with_each_series():
    assert two().latest(7).lengths.tolist() == [7, 7] == two().latest("1w").lengths.tolist()
    assert two(hours=True).latest("12h").lengths.tolist() == [12, 12]
    assert two().latest("35").lengths.tolist() == [30, 35]
    assert two().latest("1y").lengths.tolist() == [30, 40]


def test_known_covariates_of_the_time_to_come_stay_known():
    table = pl.DataFrame({"ds": days(20), "y": np.arange(20.0), "price": np.arange(20.0) % 3})
    panel = Panel.from_table(table.head(15), columns=Columns(future=["price"]))
    late = panel.with_future(table.tail(5).select("ds", "price")).latest(6)
    assert late.lengths.tolist() == [6]
    assert late.future_lengths.tolist() == [5]
    assert late.covariates.future[:, 0].tolist() == table["price"][9:].to_list()


def test_a_series_that_ended_before_is_named():
    with pytest.raises(LengthError, match="series 'a' ends at 2024-01-30, before 2024-02-05"):
        two().since("2024-02-05")


@pytest.mark.parametrize("time", ["yesterday", 3, "2024-01-01T00:00+01:00", None])
def test_what_is_no_time_of_the_panel_is_refused(time):
    with pytest.raises(OptionError):
        two(hours=True).since(time)


@pytest.mark.parametrize("stretch", ["30x", "0d", -3, 0, "", None, 2.5])
def test_what_is_no_stretch_is_refused(stretch):
    with pytest.raises(OptionError, match="the last part of each series"):
        two().latest(stretch)


def test_whole_numbers_have_no_days():
    panel = Panel.from_array(np.arange(9.0).reshape(1, 9, 1))
    assert panel.latest(4).since("7").series(0).ravel().tolist() == [7, 8]
    with pytest.raises(OptionError, match="a number of rows, got '3d'"):
        panel.latest("3d")
    with pytest.raises(OptionError, match="whole numbers here"):
        panel.since("2024-01-01")
