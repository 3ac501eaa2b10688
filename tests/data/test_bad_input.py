"""Every kind of bad table gets an error that names the place and the cure, and is left as it was."""

# ruff: noqa: DTZ001 (times without a zone are a case of their own)

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pytest

from loopcast.columns import Columns
from loopcast.data.convert import as_panel
from loopcast.data.panel import Panel
from loopcast.errors import CalendarError, ColumnError, DataError, OptionError, ValuesError


def good(**changes) -> dict:
    """Two interleaved daily series of three rows each, with columns changed."""
    days = [dt.date(2020, 1, d) for d in (1, 2, 3)]
    table = {"unique_id": ["a", "b"] * 3, "ds": [d for day in days for d in (day, day)], "y": [1.0, 2, 3, 4, 5, 6]}
    return table | changes


def swapped(cells: list, **at) -> list:
    """A list with some cells replaced: i3=… is the one at place 3."""
    return [at.get(f"i{i}", cell) for i, cell in enumerate(cells)]


DAYS, Y = good()["ds"], good()["y"]
BAD = {
    "duplicate time": (
        good(ds=swapped(DAYS, i2=DAYS[0])),
        CalendarError,
        ["series 'a'", "row 2", "'ds'", "2020-01-01", "twice", "keep one row"],
    ),
    "unsorted rows": (
        good(ds=swapped(DAYS, i4=dt.date(2019, 1, 1))),
        CalendarError,
        ["series 'a'", "row 4", "'ds'", "2019-01-01", "after 2020-01-02", "sort"],
    ),
    "gap": (
        good(ds=swapped(DAYS, i5=dt.date(2020, 1, 5))),
        CalendarError,
        ["series 'b'", "row 5", "'ds'", "2 missing", "2020-01-02", "2020-01-05", "frequency D", 'gaps="insert"'],
    ),
    "text in the target": (
        good(y=["1", "2", "3", "none", "5", "6"]),
        ValuesError,
        ["series 'b'", "row 3", "'y'", "'none'", "NaN"],
    ),
    "numbers as text": (good(y=[str(y) for y in Y]), ValuesError, ["'y'", "text", "cast"]),
    "decimal commas": (good(y=["1,5"] * 6), ValuesError, ["series 'a'", "row 0", "'1,5'", "point"]),
    "infinity": (good(y=swapped(Y, i4=np.inf)), ValuesError, ["series 'a'", "row 4", "'y'", "inf", "NaN"]),
    "minus infinity": (good(y=swapped(Y, i5=-np.inf)), ValuesError, ["series 'b'", "row 5", "-inf"]),
    "too large for to learn from": (
        good(y=swapped(Y, i3=1e39)),
        ValuesError,
        ["series 'b'", "row 3", "'y'", "1e+39", "to learn from", "divide"],
    ),
    "true and false": (good(y=[True, False] * 3), ValuesError, ["'y'", "true and false", "cast"]),
    "missing id": (good(unique_id=swapped(["a", "b"] * 3, i3=None)), ColumnError, ["'unique_id'", "row 3", "missing"]),
    "missing time": (good(ds=swapped(DAYS, i4=None)), CalendarError, ["series 'a'", "row 4", "'ds'", "missing"]),
    "no rows": ({"ds": [], "y": []}, DataError, ["no rows", "at least one"]),
    "dates as text, not ISO": (
        good(ds=["31/12/2020"] * 6),
        CalendarError,
        ["series 'a'", "row 0", "'31/12/2020'", "ISO 8601", "str.to_date"],
    ),
    "a day that is not there": (good(ds=["2020-02-30"] * 6), CalendarError, ["row 0", "'2020-02-30'"]),
    "times that are floats": (good(ds=Y), CalendarError, ["'ds'", "Float64", "cast(pl.Int64)"]),
    "mixed offsets in text": (
        {"ds": ["2020-03-28 00:00+01:00", "2020-03-29 00:00+01:00", "2020-03-30 00:00+02:00"], "y": [1, 2, 3]},
        CalendarError,
        ["'ds'", "mixes time zones", "+01:00", "row 0", "+02:00", "row 2", "UTC"],
    ),
    "offsets on some rows": (
        {"ds": ["2020-03-28 00:00+01:00", "2020-03-29 00:00"], "y": [1, 2]},
        CalendarError,
        ["no offset", "row 1"],
    ),
    "an offset of no zone": (
        {"ds": ["2020-03-28 00:00+05:17"] * 2, "y": [1, 2]},
        CalendarError,
        ["+05:17", "UTC"],
    ),
}


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame])
@pytest.mark.parametrize("case", BAD)
def test_bad_tables_are_refused_by_place_and_cure(case, make):
    cells, error, parts = BAD[case]
    with pytest.raises(error) as caught:
        Panel.from_table(make(cells))
    for part in parts:
        assert part in str(caught.value), str(caught.value)


def test_irregular_steps_name_the_row_and_the_frequency_that_was_inferred():
    hours = pl.datetime_range(dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 2), "1h", eager=True).to_list()
    hours[7] += dt.timedelta(minutes=3)
    with pytest.raises(CalendarError) as caught:
        Panel.from_table(pl.DataFrame({"ds": hours, "y": [0.0] * 25}))
    for part in ("row 7", "'ds'", "07:03", "06:00", "frequency h (the most common step)", "another freq"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("days", "freq", "day"),
    [
        (["2020-01-31", "2020-02-28", "2020-03-31"], "ME", "2020-02-28"),
        (["2020-01-01", "2020-02-02", "2020-03-01", "2020-04-01"], "MS", "2020-02-02"),
        (["2020-01-03", "2020-01-04", "2020-01-06"], "B", "2020-01-04"),
        (["2020-01-06", "2020-01-14", "2020-01-20"], "W-MON", "2020-01-14"),
        (["2020-01-01", "2020-04-01", "2020-08-01"], "QS", "2020-08-01"),
        (["2020-01-01", "2020-01-08", "2020-01-15"], "W", "2020-01-01"),
        (["2020-01-02", "2020-01-05", "2020-01-06"], "3D", "2020-01-06"),
    ],
)
def test_a_day_off_the_calendar_is_named(days, freq, day):
    with pytest.raises(CalendarError, match=f"{day}.*not on the calendar of frequency {freq}"):
        Panel.from_table(pl.DataFrame({"ds": days, "y": [1.0] * len(days)}), freq=freq)


def test_mixed_zones_in_a_column_of_objects_are_refused():
    times = [dt.datetime(2020, 1, d, tzinfo=ZoneInfo(z)) for d, z in ((1, "UTC"), (2, "Europe/Berlin"))]
    with pytest.raises(CalendarError, match=r"'ds' mixes time zones: UTC \(row 0\) and Europe/Berlin \(row 1\).*UTC"):
        Panel.from_table(pd.DataFrame({"ds": pd.Series(times, dtype=object), "y": [1, 2]}))


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame])
def test_a_missing_column_lists_those_that_are_there_and_a_close_one(make):
    with pytest.raises(ColumnError) as caught:
        Panel.from_table(make({"DS": [1, 2], "sales": [1.0, 2.0]}))
    for part in (
        "no column 'ds'",
        "'DS', 'sales'",
        "did you mean 'DS'",
        "Columns(id=..., time=..., target=...)",
        "from_wide",
    ):
        assert part in str(caught.value)


def test_an_id_column_that_was_named_must_be_there():
    with pytest.raises(ColumnError, match="no column 'shop'"):
        Panel.from_table(pl.DataFrame({"ds": [1, 2], "y": [1.0, 2.0]}), columns=Columns(id="shop"))


def test_times_in_a_pandas_index_are_pointed_out():
    table = pd.DataFrame({"y": [1.0, 2.0]}, index=pd.Index([1, 2], name="ds"))
    with pytest.raises(ColumnError, match=r"'ds' is in the index.*reset_index"):
        Panel.from_table(table)


def test_two_columns_of_one_name_are_refused():
    table = pd.DataFrame([[1, 1.0, 2.0], [2, 1.0, 2.0]], columns=["ds", "y", "y"])
    with pytest.raises(ColumnError, match="2 columns named 'y'"):
        Panel.from_table(table)


def test_duplicates_without_an_id_column_suggest_naming_it():
    with pytest.raises(CalendarError, match=r"Columns\(id=\.\.\.\)"):
        Panel.from_table(pl.DataFrame({"shop": ["a", "b"], "ds": [1, 1], "y": [1.0, 2.0]}))


def test_missing_ids_among_numbers_are_named_although_pandas_makes_them_floats():
    table = pd.DataFrame({"unique_id": [1, None], "ds": [1, 2], "y": [1.0, 2.0]})
    with pytest.raises(ColumnError, match="row 1: the id is missing"):
        Panel.from_table(table)


def test_names_of_mixed_types_in_a_wide_table_are_refused():
    with pytest.raises(ColumnError, match="mixed types"):
        Panel.from_wide(pd.DataFrame({"ds": [1, 2], 2020: [1.0, 2.0], "total": [1.0, 2.0]}))


def test_columns_are_a_value_of_their_own():
    with pytest.raises(OptionError, match="columns is a Columns"):
        Panel.from_table(pl.DataFrame(good()), columns="y")


@pytest.mark.parametrize(
    "times", [pd.Series(pd.period_range("2020", periods=2, freq="M")), pd.Series(pd.to_timedelta([1, 2]))]
)
def test_times_of_other_types_are_refused(times):
    with pytest.raises(CalendarError, match=r"'ds' holds .*convert it .*to_timestamp"):
        Panel.from_table(pd.DataFrame({"ds": times, "y": [1.0, 2.0]}))


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ([], "the series has no rows"),
        (["a", "b"], "row 0, column 'y': 'a' is not a number"),
        ([[1, 2], [3]], "row 0, column 'y': [1, 2] is not a number"),
        ([1.0, np.inf], "row 1, column 'y': inf"),
        ([True, False], "true and false"),
        ([1.0, "2"], "written as text"),
    ],
)
def test_bad_series_are_refused(values, part):
    with pytest.raises(DataError) as caught:
        as_panel(values)
    assert part in str(caught.value)


@pytest.mark.parametrize("ids", [[1.5, 2.5], [True, False], [dt.date(2020, 1, 1), dt.date(2020, 1, 2)], [1, "a"]])
def test_ids_of_other_types_are_refused(ids):
    table = pd.DataFrame({"unique_id": pd.Series(ids, dtype=object), "ds": [1, 1], "y": [1.0, 2.0]})
    with pytest.raises(ColumnError, match=r"'unique_id' is .*strings, integers or categories"):
        Panel.from_table(table, freq=1)


def test_text_among_numbers_in_a_column_of_objects_is_named():
    table = pd.DataFrame({"ds": [1, 2, 3], "y": pd.Series([1.5, "n/a", 2], dtype=object)})
    with pytest.raises(ValuesError, match="series 'y', row 1, column 'y': 'n/a' is not a number"):
        Panel.from_table(table)


def test_one_row_a_series_needs_a_stated_frequency():
    table = pl.DataFrame({"unique_id": ["a", "b"], "ds": [1, 1], "y": [1.0, 2.0]})
    with pytest.raises(CalendarError, match=r"no series has two rows.*state it"):
        Panel.from_table(table)
    assert Panel.from_table(table, freq=3).n_rows == 2


@pytest.mark.parametrize(
    ("ds", "freq", "part"),
    [
        ([1, 2], "D", "holds integers, and freq is 'D'"),
        ([dt.date(2020, 1, 1), dt.date(2020, 1, 2)], 1, "holds dates, and freq is 1"),
        ([dt.date(2020, 1, 1), dt.date(2020, 1, 2)], "h", "give timestamps"),
    ],
)
def test_a_frequency_of_another_kind_than_the_times_is_refused(ds, freq, part):
    with pytest.raises(CalendarError) as caught:
        Panel.from_table(pl.DataFrame({"ds": ds, "y": [1.0, 2.0]}), freq=freq)
    assert part in str(caught.value)


def test_nanoseconds_are_refused_and_not_rounded():
    times = pl.Series("ds", [1_000, 2_001]).cast(pl.Datetime("ns"))
    with pytest.raises(CalendarError, match=r"row 1.*nanoseconds.*round"):
        Panel.from_table(pl.DataFrame({"ds": times, "y": [1.0, 2.0]}))


def test_a_step_finer_than_the_column_holds_is_refused():
    times = pl.Series("ds", [dt.datetime(2020, 1, 1)], dtype=pl.Datetime("ms"))
    with pytest.raises(CalendarError, match="milliseconds"):
        Panel.from_table(pl.DataFrame({"ds": times, "y": [1.0]}), freq="5us")


def test_integer_times_near_the_end_of_the_range_are_refused():
    with pytest.raises(CalendarError, match=r"row 1.*too large"):
        Panel.from_table(pl.DataFrame({"ds": [1, 2**63 - 1], "y": [1.0, 2.0]}))


def test_insertion_that_would_fill_the_memory_is_refused():
    table = pl.DataFrame(
        {"ds": ["2020-01-01 00:00:00", "2020-01-01 00:00:01", "2999-01-01 00:00:00"], "y": [1.0, 2, 3]}
    )
    with pytest.raises(CalendarError, match="would turn 3 rows into"):
        Panel.from_table(table, gaps="insert")


def test_a_word_for_gaps_that_means_nothing_is_refused():
    with pytest.raises(OptionError, match='gaps is "error" or "insert", got \'fill\''):
        Panel.from_table(pl.DataFrame(good()), gaps="fill")


@pytest.mark.parametrize("data", [7, None, "sales.csv", {"ds": [1]}, np.zeros((2, 3)), np.float64(3)])
def test_what_is_no_data_is_refused_with_what_is(data):
    with pytest.raises(DataError, match=r"expected a Panel, a long table \(pandas, polars, pyarrow\), an array"):
        as_panel(data)


def test_a_lazy_frame_is_asked_to_be_collected():
    with pytest.raises(DataError, match="collect"):
        as_panel(pl.LazyFrame(good()))


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame])
def test_a_good_table_is_left_as_it_was_and_writeable(make):
    table, before = make(good()), make(good())
    Panel.from_table(table)
    assert table.equals(before)
    if make is pd.DataFrame:
        table.loc[0, "y"] = 7.0


@pytest.mark.parametrize("case", [case for case in BAD if case != "no rows"])
@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame])
def test_a_refused_table_is_left_as_it_was(case, make):
    cells, error, _ = BAD[case]
    table, before = make(cells), make(cells)
    with pytest.raises(error):
        Panel.from_table(table)
    assert table.equals(before)
