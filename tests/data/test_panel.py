"""Panels: what goes in is what is held, and forecasts look like what went in."""

# ruff: noqa: DTZ001 (times without a zone are a case of their own)

import dataclasses
import datetime as dt
import json
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcast.columns import STANDARD, Columns
from loopcast.data.convert import as_panel
from loopcast.data.frequency import Frequency
from loopcast.data.output import forecast_table
from loopcast.data.panel import Panel
from loopcast.data.schema import TableSchema
from loopcast.errors import CalendarError, DataError, LengthError, ModelFileError, OptionError, ValuesError


def long_table(lengths: dict[str, int]) -> pl.DataFrame:
    """Series of integer times that all start at 0, in blocks, with values that are all different."""
    blocks = [
        {"unique_id": name, "ds": t, "y": 100.0 * i + t}
        for i, (name, n) in enumerate(lengths.items())
        for t in range(n)
    ]
    return pl.DataFrame(blocks)


def test_a_long_table_becomes_series_end_to_end_in_order_of_appearance():
    panel = Panel.from_table(long_table({"b": 3, "a": 2}))
    assert panel.ids.to_list() == ["b", "a"]
    assert panel.offsets.tolist() == [0, 3, 5]
    assert panel.values.tolist() == [[0.0], [1.0], [2.0], [100.0], [101.0]]
    assert (panel.values.dtype, panel.offsets.dtype, panel.lengths.dtype) == (np.float64, np.int64, np.int64)
    assert (panel.n_series, panel.n_rows, panel.n_channels, panel.season) == (2, 5, 1, 1)
    assert panel.starts.to_list() == [0, 0]
    assert panel.series(1).tolist() == [[100.0], [101.0]]


@pytest.mark.parametrize("ids", [[1, 2, 1, 2], ["x", "y", "x", "y"]])
def test_interleaved_rows_are_put_series_by_series(ids):
    panel = Panel.from_table(pl.DataFrame({"unique_id": ids, "ds": [1, 5, 2, 6], "y": [1, 10, 2, 20]}))
    assert panel.values[:, 0].tolist() == [1, 2, 10, 20]
    assert panel.starts.to_list() == [1, 5]


def test_null_and_nan_in_the_target_are_missing():
    panel = Panel.from_table(pl.DataFrame({"ds": [1, 2, 3], "y": [None, float("nan"), 1.0]}))
    assert np.isnan(panel.values[:, 0]).tolist() == [True, True, False]


def test_a_target_that_is_all_null_is_all_missing():
    assert np.isnan(Panel.from_table(pl.DataFrame({"ds": [1, 2], "y": [None, None]})).values).all()


def test_gaps_are_inserted_as_missing_when_asked():
    days = [dt.date(2020, 1, 31), dt.date(2020, 2, 29), dt.date(2020, 5, 31)]
    panel = Panel.from_table(pl.DataFrame({"ds": days, "y": [1.0, 2, 5]}), gaps="insert")
    assert str(panel.schema.freq) == "ME"
    np.testing.assert_equal(panel.values[:, 0], [1, 2, np.nan, np.nan, 5])


def test_values_cannot_be_written():
    panel = as_panel(np.zeros((1, 3, 1), np.float32))
    with pytest.raises(ValueError, match="read-only"):
        panel.series(0)[0] = 1


@pytest.mark.parametrize(
    "change",
    [
        {"values": np.zeros((3, 1), np.float32)},
        {"values": np.zeros(3)},
        {"offsets": np.array([0, 2])},
        {"offsets": np.array([0, 3, 3])},
        {"offsets": np.array([0.0, 3.0])},
        {"ids": pl.Series(["a", "b"])},
    ],
)
def test_parts_that_do_not_fit_each_other_make_no_panel(change):
    with pytest.raises(DataError):
        dataclasses.replace(as_panel(np.zeros((1, 3, 1))), **change)


def test_the_array_that_came_in_is_copied_and_stays_writeable():
    array = np.zeros((1, 3, 1), np.float32)
    panel = Panel.from_array(array)
    array[0, 0, 0] = 7
    assert panel.values[0, 0] == 0


def test_the_last_rows_are_taken_and_left_out_of_each_series():
    panel = Panel.from_table(long_table({"a": 5, "b": 3}))
    assert panel.last(2)[:, :, 0].tolist() == [[3, 4], [101, 102]]
    shorter = panel.drop_last(2)
    assert shorter.values[:, 0].tolist() == [0, 1, 2, 100]
    assert forecast_table(shorter, {"m": np.zeros((2, 1))})["ds"].to_list() == [3, 1]
    assert panel.drop_last(0).values.tolist() == panel.values.tolist()


@pytest.mark.parametrize("ask", [lambda panel: panel.drop_last(3), lambda panel: panel.last(4)])
def test_the_first_series_that_is_too_short_is_named(ask):
    panel = Panel.from_table(long_table({"a": 5, "b": 3, "c": 1}))
    with pytest.raises(LengthError, match=r"series 'b' has 3 rows and 4 are needed.*2 of 3 series"):
        ask(panel)


@pytest.mark.parametrize("steps", [-1, 1.0, True])
def test_steps_are_whole_numbers(steps):
    with pytest.raises(OptionError, match="steps is a whole number"):
        as_panel([1.0, 2.0]).last(steps)


def test_what_cannot_take_missing_values_says_where_the_first_is_and_what_to_do():
    table = long_table({"a": 3, "b": 3}).with_columns(y=pl.when(pl.col("y") == 101).then(None).otherwise("y"))
    with pytest.raises(ValuesError, match=r"Lags take none, and series 'b'.* at 1 \('y'; 1 .*: fill them"):
        Panel.from_table(table).require_observed("Lags take none", "fill them")
    Panel.from_table(long_table({"a": 3})).require_observed("Lags take none", "fill them")


def test_a_series_begins_with_its_first_value_and_keeps_its_later_gaps():
    values = np.full((2, 5, 1), np.nan)
    values[0, [0, 2], 0], values[1, [3], 0] = (1, 2), 7
    begun = Panel.from_array(values, start="2024-01-31", freq="ME").trim_leading_missing()
    assert begun.lengths.tolist() == [5, 2]
    assert begun.starts.to_list() == [dt.date(2024, 1, 31), dt.date(2024, 4, 30)]
    np.testing.assert_array_equal(begun.series(0)[:, 0], [1, np.nan, 2, np.nan, np.nan])
    np.testing.assert_array_equal(begun.series(1)[:, 0], [7, np.nan])
    assert begun.trim_leading_missing() is begun


def test_a_series_without_any_value_is_named():
    values = np.full((3, 4, 1), np.nan)
    values[0] = 1
    values[1, 3] = 1
    panel = Panel.from_array(values, ids=["a", "b", "c"])
    assert panel.observed_lengths.tolist() == [4, 1, 0]
    with pytest.raises(ValuesError, match=r"Naive needs one, and series 'c' has none in its 4 rows \(1 of 3.*leave it"):
        panel.require_any_value("Naive needs one")
    with pytest.raises(ValuesError, match=r"series 'b' has none in its 4 rows before its last 2 \(2 of 3"):
        panel.require_any_value("Naive needs one", held_out=2)


ID_TYPES = ["str", "object", "category", "int64", "int32", "Int64", "string", "string[pyarrow]", "int64[pyarrow]"]
TIME_TYPES = [
    "datetime64[ns]",
    "datetime64[us]",
    "datetime64[s]",
    "datetime64[ns, Europe/Berlin]",
    "datetime64[us, +01:00]",
]


@pytest.mark.parametrize("time_type", TIME_TYPES)
@pytest.mark.parametrize("id_type", ID_TYPES)
def test_pandas_comes_back_as_pandas_in_the_same_types(id_type, time_type):
    days = pd.Series(pd.date_range("2020-01-01", periods=6)).dt.tz_localize("UTC" if "," in time_type else None)
    ids = pd.Series([1, 2]).astype("str" if "str" in id_type or id_type in ("object", "category") else "int64")
    whole = pd.DataFrame({"unique_id": np.repeat(ids.to_numpy(), 6), "ds": [*days, *days], "y": 1.0})
    whole["unique_id"] = whole["unique_id"].astype(id_type)
    whole["ds"] = whole["ds"].astype(time_type)
    history = whole.groupby("unique_id", observed=True).head(4).reset_index(drop=True)
    expected = whole.groupby("unique_id", observed=True).tail(2).reset_index(drop=True).rename(columns={"y": "Naive"})
    result = forecast_table(Panel.from_table(history), {"Naive": np.ones((2, 2, 1))})
    pd.testing.assert_frame_equal(result, expected)


def test_polars_comes_back_as_polars_with_its_own_names():
    history = pl.DataFrame({"shop": ["b", "a"], "day": [dt.date(2020, 1, 1)] * 2, "sales": [1, 2]})
    panel = Panel.from_table(history, columns=Columns(id="shop", time="day", target="sales"), freq="D")
    result = forecast_table(panel, {"Naive": np.array([[1.0], [2.0]], np.float32)})
    assert result.equals(
        pl.DataFrame(
            {"shop": ["b", "a"], "day": [dt.date(2020, 1, 2)] * 2, "Naive": pl.Series([1, 2], dtype=pl.Float32)}
        )
    )


@pytest.mark.parametrize("string", [pa.string(), pa.large_string()])
def test_pyarrow_comes_back_as_pyarrow(string):
    stamps = pa.array([0, 3_600_000_000], pa.timestamp("us", tz="Europe/Berlin"))
    history = pa.table({"unique_id": pa.array(["a", "a"], string), "ds": stamps, "y": [1.0, 2.0]})
    result = forecast_table(Panel.from_table(history), {"m": np.array([[3.0]])})
    assert isinstance(result, pa.Table)
    assert result.schema.field("unique_id").type == string
    assert result.schema.field("ds").type == stamps.type
    assert result["ds"].cast(pa.int64()).to_pylist() == [7_200_000_000]


@pytest.mark.parametrize("dtype", [pl.Categorical, pl.Enum(["a", "b", "unused"]), pl.Int16, pl.UInt64])
def test_polars_ids_keep_their_type(dtype):
    ids = pl.Series("unique_id", ["a", "b"] if dtype in (pl.Categorical, pl.Enum) else [1, 2]).cast(dtype)
    panel = Panel.from_table(pl.DataFrame({"unique_id": ids, "ds": [1, 1], "y": [1.0, 2.0]}), freq=1)
    assert forecast_table(panel, {"m": np.zeros((2, 1))})["unique_id"].equals(ids)


def test_dates_in_a_pandas_column_of_objects_come_back_as_dates():
    table = pd.DataFrame({"ds": pd.Series([dt.date(2020, 1, 1), dt.date(2020, 1, 2)], dtype=object), "y": [1, 2]})
    result = forecast_table(Panel.from_table(table), {"m": np.zeros((1, 1))})
    assert result["ds"].tolist() == [dt.date(2020, 1, 3)]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["2020-01", "2020-02"], dt.date(2020, 3, 1)),
        (["2020-01-01", "2020-01-02"], dt.date(2020, 1, 3)),
        (["2020-01-01", "2020-01-01T12:00"], dt.datetime(2020, 1, 2)),
        (["2020-01-01T00:00:00", "2020-01-01T00:00:00.250"], dt.datetime(2020, 1, 1, 0, 0, 0, 500000)),
        (["1949", "1950"], 1951),
    ],
)
def test_times_in_iso_text_are_read(cells, expected):
    panel = Panel.from_table(pl.DataFrame({"ds": cells, "y": [1.0, 2.0]}))
    assert forecast_table(panel, {"m": np.zeros((1, 1))})["ds"].to_list() == [expected]


@pytest.mark.parametrize(
    ("offset", "zone"),
    [("Z", "UTC"), ("+00:00", "UTC"), ("+01:00", "Etc/GMT-1"), ("-0500", "Etc/GMT+5"), ("+01", "Etc/GMT-1")],
)
def test_one_offset_on_all_times_in_text_is_a_zone(offset, zone):
    panel = Panel.from_table(pl.DataFrame({"ds": [f"2020-0{m}-01 00:00{offset}" for m in (1, 2)], "y": [1.0, 2.0]}))
    assert str(panel.schema.freq) == "MS"
    times = forecast_table(panel, {"m": np.zeros((1, 1))})["ds"]
    assert times.dtype == pl.Datetime("us", zone)
    assert times.dt.replace_time_zone(None).to_list() == [dt.datetime(2020, 3, 1)]


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame])
def test_a_wide_table_is_a_series_for_each_column(make):
    table = make({"day": ["2020-01-01", "2020-01-02", "2020-01-04"], "b": [1.0, None, 3], "a": [4, 5, 6]})
    panel = Panel.from_wide(table, time="day", gaps="insert")
    assert panel.ids.to_list() == ["b", "a"]
    np.testing.assert_equal(panel.series(0)[:, 0], [1, np.nan, np.nan, 3])
    np.testing.assert_equal(panel.series(1)[:, 0], [4, 5, np.nan, 6])
    result = forecast_table(panel, {"m": np.zeros((2, 1))})
    assert list(result.columns) == ["unique_id", "day", "m"]
    assert type(result) is type(table)


def test_text_in_a_wide_table_names_the_column_and_row():
    with pytest.raises(ValuesError, match="row 1, column 'a': 'x' is not a number"):
        Panel.from_wide(pl.DataFrame({"ds": [1, 2], "a": ["1", "x"]}))


def test_a_pandas_series_brings_its_times():
    series = pd.Series([1.0, 2.0, 3.0], index=pd.date_range("2020-01-31", periods=3, freq="ME"), name="sales")
    result = forecast_table(as_panel(series), {"m": np.zeros((1, 1))})
    assert result["ds"].tolist() == [pd.Timestamp("2020-04-30")]
    assert list(result.columns) == ["ds", "m"]


def test_a_pandas_series_of_periods_starts_each_at_its_beginning():
    series = pd.Series([1.0, 2.0, 3.0], index=pd.period_range("2020-01", periods=3, freq="M"))
    result = forecast_table(as_panel(series), {"m": np.zeros((1, 1))})
    assert result["ds"].tolist() == [pd.Timestamp("2020-04-01")]


@pytest.mark.parametrize(
    "values", [[1, 2.5, None], (1.0, 2.5, np.nan), np.array([1, 2.5, np.nan]), pl.Series([1.0, 2.5, None])]
)
def test_one_series_may_be_a_list_an_array_or_a_polars_series(values):
    panel = as_panel(values)
    np.testing.assert_equal(panel.values, np.array([[1], [2.5], [np.nan]], np.float32))
    assert forecast_table(panel, {"m": np.zeros((1, 2))}).to_dict(as_series=False) == {"ds": [3, 4], "m": [0, 0]}


def test_a_series_without_times_needs_a_step_where_it_starts_on_a_day():
    with pytest.raises(CalendarError, match="the step between rows must be stated"):
        Panel.from_series([1.0, 2.0], start=dt.date(2020, 1, 1))


def test_a_start_off_the_calendar_is_refused():
    with pytest.raises(CalendarError, match="2020-01-15 is not on the calendar of frequency MS"):
        Panel.from_series([1.0, 2.0], start=dt.date(2020, 1, 15), freq="MS")


def test_an_array_holds_channels():
    array = np.arange(12.0).reshape(2, 3, 2)
    panel = Panel.from_array(array, ids=["x", "y"], start="2020-01-01", freq="W-WED")
    assert (panel.series(1) == array[1]).all()
    assert panel.season == 52
    assert panel.last(2).shape == (2, 2, 2)


@pytest.mark.parametrize(
    ("array", "error", "part"),
    [
        (np.zeros((2, 3)), DataError, "shape (2, 3)"),
        (np.zeros((2, 0, 1)), DataError, "shape (2, 0, 1)"),
        (np.array([[["a"]]]), ValuesError, "array of numbers"),
        (np.array([[[True]]]), ValuesError, "array of numbers"),
        (np.array([[[0.0], [np.inf]]]), ValuesError, "series 0, row 1 of the array, channel 0: inf"),
    ],
)
def test_bad_arrays_are_refused(array, error, part):
    with pytest.raises(error) as caught:
        Panel.from_array(array)
    assert part in str(caught.value)


@pytest.mark.parametrize("ids", [["a"], ["a", "a"], ["a", "b", "c"]])
def test_ids_of_an_array_are_one_for_each_series(ids):
    with pytest.raises(DataError, match="ids are 2 different names"):
        Panel.from_array(np.zeros((2, 3, 1)), ids=ids)


@pytest.mark.parametrize(
    ("forecasts", "part"),
    [
        ({"m": np.zeros((1, 3))}, "with 2 series, got shape (1, 3)"),
        ({"m": np.zeros((2, 3, 2))}, "shape (2, 3, 2)"),
        ({"m": np.zeros((2, 3)), "n": np.zeros((2, 4))}, "one horizon, got [3, 4]"),
        ({"ds": np.zeros((2, 3))}, "cannot be called 'ds'"),
        ({}, "one horizon, got []"),
    ],
)
def test_forecasts_that_do_not_fit_the_panel_are_refused(forecasts, part):
    with pytest.raises(DataError) as caught:
        forecast_table(as_panel(np.zeros((2, 3, 1))), forecasts)
    assert part in str(caught.value)


def test_a_template_names_the_columns_and_frequency_of_later_data():
    columns = Columns(time="day", target="sales")
    fitted = Panel.from_table(pl.DataFrame({"day": ["2020-01-01", "2020-02-01"], "sales": [1, 2]}), columns=columns)
    later = as_panel(pl.DataFrame({"day": ["2020-03-01"], "sales": [3]}), like=fitted.schema)
    assert later.n_rows == 1
    assert as_panel(later, like=fitted.schema) is later


@pytest.mark.parametrize(
    ("ds", "part"),
    [
        ([1, 2], "holds integers, and freq is 'D'"),
        (["2020-01-01T00:00Z", "2020-01-02T00:00Z"], "zone none, and these are in UTC"),
        (["2020-01-01", "2020-01-08"], "gaps"),
    ],
)
def test_data_unlike_the_template_is_refused(ds, part):
    like = Panel.from_series([1.0], start="2020-01-01", freq="D").schema
    with pytest.raises(CalendarError) as caught:
        as_panel(pl.DataFrame({"ds": ds, "y": [1.0, 2.0]}), like=TableSchema.from_json(like.to_json()))
    assert part in str(caught.value)


def test_an_array_is_refused_where_a_model_knows_days():
    like = Panel.from_series([1.0], start="2020-01-01", freq="D").schema
    with pytest.raises(CalendarError, match="frequency D, and this data has 1"):
        as_panel(np.zeros((1, 3, 1)), like=like)


def example_template() -> TableSchema:
    return TableSchema(
        columns=STANDARD, has_id=False, freq=Frequency.parse("15min"), time="datetime[ns, Europe/Berlin]",
        kind="pandas", id_type="dictionary<values=string>", time_type="datetime64[ns, tzutc()]",
    )  # fmt: skip


def test_what_a_model_asks_of_tables_to_come_survives_json_and_how_its_own_was_typed_does_not():
    schema = example_template()
    again = TableSchema.from_json(json.loads(json.dumps(schema.to_json())))
    assert (again.columns, again.freq, again.time) == (schema.columns, schema.freq, schema.time)
    assert (again.kind, again.id_type, again.time_type) == ("polars", "", "")


@pytest.mark.parametrize(
    "change",
    [
        {"columns": None}, {"columns": {"id": "a", "time": "a", "target": "y"}}, {"columns": {"id": 1}},
        {"columns": {"id": "a", "time": 3, "target": "y"}},
        {"freq": "eval"}, {"freq": 0}, {"freq": None}, {"freq": 1.5},
        {"freq": {}}, {"time": "float64"}, {"time": "datetime[us, Nowhere/Land]"}, {"time": "datetime[us, ../etc]"},
        {"time": "date"}, {"time": "int64"}, {"time": 3}, {"kind": "polars"}, {"extra": 1},
        {"freq": "99999999999999999999min"}, {"freq": 10**30}, {"freq": True},
    ],
)  # fmt: skip
def test_a_template_from_a_damaged_file_is_refused(change):
    with pytest.raises(ModelFileError):
        TableSchema.from_json(example_template().to_json() | change)


@pytest.mark.parametrize("plain", [None, [], "x", {}, {"freq": "D"}])
def test_what_is_no_template_is_refused(plain):
    with pytest.raises(ModelFileError):
        TableSchema.from_json(plain)


@st.composite
def panels(draw):
    """Lengths of series, and the rows of all of them in some interleaved order."""
    lengths = draw(st.lists(st.integers(1, 8), min_size=1, max_size=6))
    return lengths, draw(st.permutations([i for i, n in enumerate(lengths) for _ in range(n)]))


@given(panels())
def test_any_interleaving_gives_each_series_its_rows_in_order_of_appearance(case):
    lengths, order = case
    seen = dict.fromkeys(order, 0)
    rows = []
    for i in order:
        rows.append({"unique_id": i, "ds": 10 * i + seen[i], "y": 100.0 * i + seen[i]})
        seen[i] += 1
    panel = Panel.from_table(pl.DataFrame(rows), freq=1)
    assert panel.ids.to_list() == list(seen)
    assert panel.starts.to_list() == [10 * i for i in seen]
    for place, i in enumerate(seen):
        assert panel.series(place)[:, 0].tolist() == [100 * i + k for k in range(lengths[i])]


@given(
    st.lists(st.lists(st.booleans(), min_size=0, max_size=9), min_size=1, max_size=4),
    st.sampled_from(["D", "B", "ME", "h"]),
)
def test_rows_that_were_taken_out_come_back_as_missing(holes, freq):
    tables, expected = [], []
    for i, inner in enumerate(holes):
        kept = np.array([True, *inner, True])
        times = pd.date_range("2020-01-31", periods=len(kept), freq=freq)
        tables.append(pd.DataFrame({"unique_id": i, "ds": times, "y": np.arange(1.0, len(kept) + 1)})[kept])
        expected += [value if keep else np.nan for value, keep in zip(np.arange(1.0, len(kept) + 1), kept, strict=True)]
    panel = Panel.from_table(pd.concat(tables), freq=freq, gaps="insert")
    np.testing.assert_equal(panel.values[:, 0], np.array(expected, np.float32))
    assert panel.lengths.tolist() == [len(inner) + 2 for inner in holes]


@given(panels(), st.integers(0, 7))
def test_leaving_out_and_taking_the_last_rows_part_each_series(case, steps):
    lengths, _ = case
    panel = Panel.from_table(long_table({str(i): n for i, n in enumerate(lengths)}), freq=1)
    if min(lengths) <= steps:
        with pytest.raises(LengthError):
            panel.drop_last(steps)
        return
    shorter, last = panel.drop_last(steps), panel.last(steps)
    for i in range(len(lengths)):
        assert (np.concatenate([shorter.series(i), last[i]]) == panel.series(i)).all()


def run(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], check=True, capture_output=True, text=True
    ).stdout


def test_pandas_works_without_pyarrow():
    printed = run("""
        import sys
        from importlib.machinery import PathFinder

        class WithoutArrow(PathFinder):
            @classmethod
            def find_spec(cls, name, path=None, target=None):
                return None if name.split(".")[0] == "pyarrow" else PathFinder.find_spec(name, path, target)

        sys.meta_path[:] = [WithoutArrow if finder is PathFinder else finder for finder in sys.meta_path]
        import numpy as np
        import pandas as pd
        from loopcast.data.panel import Panel
        days = pd.date_range("2020-03-27", periods=3, tz="Europe/Berlin")
        for ids in (["a"] * 3, pd.Categorical(["a"] * 3), [1] * 3, pd.array([1] * 3, dtype="Int64")):
            table = pd.DataFrame({"unique_id": ids, "ds": days, "y": [1.0, None, 3.0]})
            table["y"] = table["y"].astype("Float64")
            result = Panel.from_table(table).future_frame(1)
            print(result.unique_id.tolist(), result.unique_id.dtype == table.unique_id.dtype, result.ds[0])
        assert "pyarrow" not in sys.modules
    """)
    assert printed.splitlines() == [
        "['a'] True 2020-03-30 00:00:00+02:00", "['a'] True 2020-03-30 00:00:00+02:00",
        "[1] True 2020-03-30 00:00:00+02:00", "[1] True 2020-03-30 00:00:00+02:00",
    ]  # fmt: skip


def test_panels_need_neither_pandas_nor_a_network_library():
    printed = run("""
        import sys
        import loopcast.data.panel, loopcast.data.read, loopcast.data.synthetic
        print([name for name in ("pandas", "pyarrow", "jax", "keras") if name in sys.modules])
    """)
    assert printed.strip() == "[]"


def test_some_series_of_a_panel_are_those_series_as_they_were():
    panel = Panel.from_table(long_table({"a": 3, "b": 5, "c": 2}))
    some = panel.select(np.array([True, False, True]))
    assert some.ids.to_list() == ["a", "c"]
    assert some.starts.to_list() == panel.starts.gather([0, 2]).to_list()
    np.testing.assert_array_equal(some.series(1), panel.series(2))
    assert some.schema == panel.schema
    with pytest.raises(DataError):
        panel.select(np.zeros(3, bool))
