"""Whole numbers that are dates are never counted on as plain numbers unless freq says that they are."""

import datetime as dt
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

from loopcast.columns import Columns
from loopcast.data.convert import as_panel
from loopcast.data.output import forecast_table
from loopcast.data.panel import Panel
from loopcast.data.read import read, read_whole
from loopcast.errors import CalendarError

DATED = {
    "months": ([202300 + m for m in range(1, 13)], "2023-01", dt.date(2024, 1, 1)),
    "months over a year's end": ([202210, 202211, 202212, 202301], "2022-10", dt.date(2023, 2, 1)),
    "days": ([20240100 + d for d in range(1, 32)], "2024-01-01", dt.date(2024, 2, 1)),
    "weeks": ([202100 + w for w in range(1, 53)], "2021-01-04", dt.date(2022, 1, 3)),
    "hours": ([2024013100 + h for h in range(24)], "2024-01-31 00:00", dt.datetime(2024, 2, 1)),  # noqa: DTZ001
    "minutes": ([202401312300 + m for m in range(60)], "2024-01-31 23:00", dt.datetime(2024, 2, 1)),  # noqa: DTZ001
    "seconds": (
        [20240131235900 + s for s in range(60)],
        "2024-01-31 23:59:00",
        dt.datetime(2024, 2, 1),  # noqa: DTZ001
    ),
}


def table_of(times) -> pl.DataFrame:
    return pl.DataFrame({"ds": times, "y": np.arange(len(times), dtype=float)})


def next_time(panel: Panel):
    return forecast_table(panel, {"m": np.zeros((1, 1))})["ds"][0]


@pytest.mark.parametrize("case", DATED)
def test_numbers_that_are_all_dates_are_refused_and_both_ways_out_work(case):
    times, iso, following = DATED[case]
    with pytest.raises(CalendarError, match=re.escape(f"Write them as {iso} ")) as caught:
        Panel.from_table(table_of(times))
    polars, pandas = re.search(r"polars: (.*); pandas: (.*)\), or state", str(caught.value)).groups()
    converted = table_of(times).with_columns(eval(polars, {"pl": pl}))
    assert next_time(Panel.from_table(converted)) == following
    table = table_of(times).to_pandas()
    table["ds"] = eval(pandas, {"pd": pd, "table": table})
    assert next_time(Panel.from_table(table)) == pd.Timestamp(following)
    assert Panel.from_table(table_of(times), freq=1, gaps="insert").starts.to_list() == times[:1]


def test_days_in_text_are_dates_as_iso_8601_writes_them_unless_freq_says_otherwise(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text("ds,y\n20240130,1\n20240131,2\n")
    assert next_time(read(path)) == dt.date(2024, 2, 1)
    assert next_time(read(path, freq=1)) == 20240132
    path.write_text("ds,y\n20240130,1\n20240201,2\n20240202,3\n")
    whole = read_whole(path, gaps="insert")
    assert whole.filled(np.zeros((4, 1)), np.isnan(whole.panel.values), {})["ds"][1] == "20240131"


@pytest.mark.parametrize("times", [[202301, 202302], [2024013100, 2024013101]])
def test_every_way_in_refuses_them(times, tmp_path):
    path = tmp_path / "sales.csv"
    table_of(times).write_csv(path)
    ways = [
        lambda: read(path),
        lambda: as_panel(table_of(times)),
        lambda: as_panel(table_of([str(time) for time in times])),
        lambda: Panel.from_table(table_of(times).to_pandas()),
        lambda: Panel.from_table(table_of(times), freq="MS"),
        lambda: Panel.from_table(table_of(times), gaps="insert"),
        lambda: Panel.from_wide(table_of(times)),
        lambda: Panel.from_series(pd.Series([1.0, 2.0], index=times)),
        lambda: Panel.from_series([1.0, 2.0], start=times[0]),
        lambda: Panel.from_array(np.zeros((1, 2, 1)), start=times[0]),
    ]
    for way in ways:
        with pytest.raises(CalendarError, match="whole numbers that are all"):
            way()
    assert read(path, freq=1, gaps="insert").starts.to_list() == times[:1]


@pytest.mark.parametrize(
    "times",
    [
        [1949, 1950],
        [202353, 202354],
        [202300, 202301],
        [20240228, 20240230],
        [170001, 170002],
        [990001, 990002],
        [99, 100],
        [1700000000, 1700003600],
        [-202301, 0],
    ],
)
def test_other_whole_numbers_are_plain(times):
    assert next_time(Panel.from_table(table_of(times))) == 2 * times[1] - times[0]


def test_one_row_with_a_whole_number_needs_a_whole_step():
    with pytest.raises(CalendarError, match="freq=1"):
        Panel.from_table(table_of([7]), columns=Columns())
