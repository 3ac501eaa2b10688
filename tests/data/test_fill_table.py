"""Filled tables: missing cells get numbers, and every other cell is the one that came."""

# ruff: noqa: DTZ001 (times without a zone are a case of their own)

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from loopcast.columns import Columns
from loopcast.data.fill_table import fill_table, filled_table
from loopcast.data.panel import Panel
from loopcast.errors import ColumnError, DataError, ValuesError

AIR = Columns(target=("pm25", "no2"))
FINE = 0.1 + 1e-12  # what float32 cannot hold
MAKERS = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}


def air() -> dict:
    """Two interleaved stations of three and four days; b has no row on the second day, and a note that is a number."""
    days = [dt.datetime(2020, 1, d) for d in (1, 2, 3, 4)]
    return {
        "ds": [days[0], days[0], days[1], days[2], days[2], days[3]],
        "unique_id": ["a", "b", "a", "a", "b", "b"],
        "pm25": [FINE, 10.0, None, 3.0, 30.0, 40.0],
        "note": [2**60 + 1, 2, 3, 4, 5, 6],
        "no2": [5, 50, 6, 7, 70, 80],
        "good": [True, False, True, True, False, False],
    }


def filling(panel: Panel) -> tuple[np.ndarray, np.ndarray]:
    """Numbers 1000, 1001, … for all missing cells."""
    numbers = 1000 + np.arange(panel.values.size, dtype=np.float64).reshape(panel.values.shape)
    return numbers, np.isnan(panel.values)


def made(kind: str):
    table = MAKERS[kind](air())
    panel = Panel.from_table(table, columns=AIR, freq="D", gaps="insert")
    return table, panel


@pytest.mark.parametrize("kind", MAKERS)
def test_a_filled_table_of_a_panel_has_its_rows_targets_and_marks(kind):
    table, panel = made(kind)
    values, marks = filling(panel)
    result = filled_table(panel, values, marks, {"low": np.arange(7.0)})
    assert type(result) is type(table)
    frame = pl.DataFrame(result)
    assert frame.columns == ["unique_id", "ds", "pm25", "no2", "pm25-imputed", "no2-imputed", "low"]
    assert frame["unique_id"].to_list() == ["a"] * 3 + ["b"] * 4
    assert frame["ds"].dt.day().to_list() == [1, 2, 3, 1, 2, 3, 4]
    assert frame["pm25"].to_list() == [FINE, 1002, 3, 10, 1008, 30, 40]
    assert frame["no2"].to_list() == [5, 6, 7, 50, 1009, 70, 80]
    assert frame["pm25-imputed"].to_list() == [False, True, False, False, True, False, False]
    assert frame["no2-imputed"].to_list() == [False] * 4 + [True] + [False] * 2


@pytest.mark.parametrize("kind", MAKERS)
def test_the_callers_table_comes_back_with_only_missing_cells_filled_and_rows_added(kind):
    table, panel = made(kind)
    values, marks = filling(panel)
    result = fill_table(table, panel, values, marks, {"low": np.arange(7.0)})
    assert type(result) is type(table)
    came, frame = air(), result.to_dict("list") if kind == "pandas" else pl.DataFrame(result).to_dict(as_series=False)
    assert list(frame) == [*came, "pm25-imputed", "no2-imputed", "low"]
    place = 2  # b's second day, which was inserted, follows its first
    assert frame["ds"] == [*came["ds"][:2], dt.datetime(2020, 1, 2), *came["ds"][2:]]
    assert frame["unique_id"] == ["a", "b", "b", "a", "a", "b", "b"]
    assert frame["pm25"] == [FINE, 10, 1008, 1002, 3, 30, 40]
    assert frame["no2"] == [5, 50, 1009, 6, 7, 70, 80]
    assert frame["pm25-imputed"] == [i in (2, 3) for i in range(7)]
    assert frame["no2-imputed"] == [i == place for i in range(7)]
    assert frame["low"] == [0, 3, 4, 1, 2, 5, 6]
    for name in ("note", "good"):
        assert [cell for i, cell in enumerate(frame[name]) if i != place] == came[name]
        assert frame[name][place] in (None, pd.NA)
    assert (table.equals(MAKERS[kind](air()))) is True


@pytest.mark.parametrize("kind", MAKERS)
def test_without_inserted_rows_all_but_filled_columns_stay_as_they_are(kind):
    cells = {"ds": [3, 4, 5], "pm25": [FINE, None, 2.5], "no2": [1, 2, 3], "text": ["2", None, "x"]}
    table = MAKERS[kind](cells)
    if kind == "pandas":
        table.index = [9, 9, 4]
    panel = Panel.from_table(table, columns=AIR)
    result = fill_table(table, panel, *filling(panel))
    if kind == "pandas":
        expected = table.assign(
            **{"pm25": [FINE, 1002, 2.5], "pm25-imputed": [False, True, False], "no2-imputed": False}
        )
        pd.testing.assert_frame_equal(result, expected)
        return
    expected = pl.DataFrame(cells | {"pm25": [FINE, 1002, 2.5]}).with_columns(
        pl.Series("pm25-imputed", [False, True, False]), pl.lit(value=False).alias("no2-imputed")
    )
    assert_frame_equal(pl.DataFrame(result), expected)
    if kind == "pyarrow":
        assert result.schema.field("text").type == pa.string()


@pytest.mark.parametrize("dtype", ["float32", "float64", "Float32", "Float64", "float[pyarrow]", "double[pyarrow]"])
def test_floats_of_pandas_keep_their_type(dtype):
    table = pd.DataFrame({"ds": [1, 2, 4], "y": pd.Series([0.5, None, 2.5]).astype(dtype)})
    panel = Panel.from_table(table, freq=1, gaps="insert")
    result = fill_table(table, panel, *filling(panel))
    assert result["y"].dtype == table["y"].dtype
    assert result["y"].tolist() == [0.5, 1001, 1002, 2.5]


@pytest.mark.parametrize("dtype", ["Int64", "object", "int64[pyarrow]"])
def test_numbers_of_pandas_that_are_no_floats_become_floats_where_one_is_filled(dtype):
    table = pd.DataFrame({"ds": [1, 2], "y": pd.Series([3, None], dtype=dtype)})
    panel = Panel.from_table(table, freq=1)
    result = fill_table(table, panel, *filling(panel))
    assert (result["y"].dtype, result["y"].tolist()) == ("float64", [3, 1001])


@pytest.mark.parametrize("dtype", [pl.Float32, pl.Float64, pl.Int32, pl.UInt64])
def test_floats_of_polars_keep_their_type_and_whole_numbers_become_float64(dtype):
    table = pl.DataFrame({"ds": [1, 2], "y": pl.Series([3, None], dtype=dtype)})
    panel = Panel.from_table(table, freq=1)
    result = fill_table(table, panel, *filling(panel))
    assert result["y"].dtype == (dtype if dtype.is_float() else pl.Float64)
    assert result["y"].to_list() == [3, 1001]


@pytest.mark.parametrize("dtype", [pa.float32(), pa.float64(), pa.int32()])
def test_floats_of_pyarrow_keep_their_type(dtype):
    table = pa.table({"ds": pa.array([1, 2, 4], pa.int16()), "y": pa.array([3, None, 4], dtype)})
    panel = Panel.from_table(table, freq=1, gaps="insert")
    result = fill_table(table, panel, *filling(panel))
    assert result.schema.field("y").type == (pa.float64() if dtype == pa.int32() else dtype)
    assert result.schema.field("ds").type == pa.int16()
    assert result["y"].to_pylist() == [3, 1001, 1002, 4]
    assert result["ds"].to_pylist() == [1, 2, 3, 4]


@pytest.mark.parametrize("time_type", ["datetime64[ns]", "datetime64[us, Europe/Berlin]", "int32", "object"])
@pytest.mark.parametrize("id_type", ["str", "category", "int64", "Int32", "string[pyarrow]"])
def test_keys_of_pandas_keep_their_types_where_rows_are_inserted(id_type, time_type):
    days = pd.Series(pd.to_datetime(["2020-03-28", "2020-03-29", "2020-03-31"]))
    days = days.dt.tz_localize("Europe/Berlin") if "," in time_type else days
    times = {"int32": pd.Series([1, 2, 4]), "object": days.dt.date}.get(time_type, days).astype(time_type)
    ids = pd.Series([7, 7, 7] if "nt" in id_type else ["x"] * 3).astype(id_type)
    table = pd.DataFrame({"unique_id": ids, "ds": times, "y": [1.0, 2.0, 4.0]})
    panel = Panel.from_table(table, gaps="insert", freq=1 if time_type == "int32" else "D")
    result = fill_table(table, panel, *filling(panel))
    assert result[["unique_id", "ds"]].dtypes.tolist() == table[["unique_id", "ds"]].dtypes.tolist()
    kept = result[~result["y-imputed"]].drop(columns="y-imputed").reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, table)
    between = {"int32": 3, "object": dt.date(2020, 3, 30)}.get(time_type)
    assert result["ds"][2] == (between or pd.Timestamp("2020-03-30", tz="Europe/Berlin" if "," in time_type else None))


@pytest.mark.parametrize("dtype", [pl.Categorical, pl.Enum(["x", "unused"]), pl.String])
def test_keys_of_polars_keep_their_types_where_rows_are_inserted(dtype):
    table = pl.DataFrame(
        {"unique_id": pl.Series(["x"] * 2, dtype=dtype), "ds": [dt.date(2020, 1, 1), dt.date(2020, 1, 3)]}
    )
    table = table.with_columns(y=pl.Series([1.0, 3.0]))
    panel = Panel.from_table(table, freq="D", gaps="insert")
    result = fill_table(table, panel, *filling(panel))
    assert result.schema == {**table.schema, "y-imputed": pl.Boolean}
    assert result["unique_id"].to_list() == ["x"] * 3
    assert result["ds"][1] == dt.date(2020, 1, 2)


def test_a_missing_cell_without_a_mark_stays_missing():
    table = pl.DataFrame({"ds": [1, 2, 3], "y": [1.0, None, float("nan")]})
    panel = Panel.from_table(table)
    values, marks = filling(panel)
    nothing = np.zeros_like(marks)
    assert_frame_equal(fill_table(table, panel, values, nothing).drop("y-imputed"), table)
    assert np.isnan(filled_table(panel, values, nothing)["y"].to_numpy()).tolist() == [False, True, True]


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame])
@pytest.mark.parametrize(
    ("first", "inserted"),
    [
        (["2020-01", "2020-02", "2020-04"], "2020-03"),
        (["2020-01-01", "2020-01-02", "2020-01-04"], "2020-01-03"),
        (["2020-01-01T00:00", "2020-01-01T06:00", "2020-01-01T18:00"], "2020-01-01T12:00"),
        (["2020-01-01 00:00:30", "2020-01-01 00:01:00", "2020-01-01 00:02:00"], "2020-01-01 00:01:30"),
        (["2020-01-01T00:00:00Z", "2020-01-01T01:00:00Z", "2020-01-01T03:00:00Z"], "2020-01-01T02:00:00Z"),
        (["2020-01-01 00:00:00.500000", "2020-01-01 00:00:01", "2020-01-01 00:00:02"], "2020-01-01 00:00:01.500000"),
    ],
)
def test_inserted_times_are_written_as_the_first_one(make, first, inserted):
    table = make({"ds": first, "y": [1.0, None, 4.0]})
    panel = Panel.from_table(table, gaps="insert")
    written = list(fill_table(table, panel, *filling(panel))["ds"])
    assert [time for time in written if time in first] == first
    assert inserted in written


def test_times_with_an_offset_are_kept_and_none_is_made_up():
    table = pl.DataFrame({"ds": [f"2020-01-0{d}T00:00+01:00" for d in (1, 2, 4)], "y": [1.0, None, 4.0]})
    panel = Panel.from_table(table[:2])
    assert fill_table(table[:2], panel, *filling(panel))["ds"].to_list() == table["ds"][:2].to_list()
    panel = Panel.from_table(table, gaps="insert")
    with pytest.raises(DataError, match=r"'ds' holds times as text such as .*convert it to dates or timestamps first"):
        fill_table(table, panel, *filling(panel))


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame])
def test_whole_numbers_that_float64_cannot_hold_are_not_made_floats(make):
    table = make({"ds": [1, 3], "y": [2**53 + 1, 1]})
    panel = Panel.from_table(table, freq=1, gaps="insert")
    with pytest.raises(ValuesError, match=f"'y' has to become float64 to be filled, which does not hold {2**53 + 1}"):
        fill_table(table, panel, *filling(panel))


@pytest.mark.parametrize(
    ("change", "error", "part"),
    [
        (
            {"values": np.zeros((3, 2), np.float32)},
            DataError,
            "values are float64 [row, channel] of shape (3, 2), got float32",
        ),
        ({"values": np.zeros((3, 1))}, DataError, "got float64 of shape (3, 1)"),
        ({"marks": np.zeros((3, 2))}, DataError, "marks are bool [row, channel] of shape (3, 2), got float64"),
        ({"extra": {"low": np.zeros(2)}}, DataError, "'low' is floats [row] of shape (3,), got float64 (2,)"),
        ({"extra": {"low": np.zeros(3, int)}}, DataError, "'low' is floats [row] of shape (3,), got int64"),
        ({"extra": {"no2": np.zeros(3)}}, DataError, "adds a column 'no2', and there is one already"),
        ({"extra": {"no2-imputed": np.zeros(3)}}, DataError, "adds a column 'no2-imputed', and there is one already"),
        ({"marks": np.ones((3, 2), bool)}, ValuesError, "at 1, column 'pm25', is marked as imputed and has a value"),
        ({"values": np.full((3, 2), np.nan, np.float64)}, ValuesError, "series 'a' at 2, column 'pm25', is marked"),
        ({"values": np.full((3, 2), np.inf, np.float64)}, ValuesError, "what fills it is no number"),
    ],
)
def test_what_cannot_fill_a_panel_is_refused(change, error, part):
    table = pl.DataFrame({"unique_id": ["a"] * 3, "ds": [1, 2, 3], "pm25": [1.0, None, 3], "no2": [1, 2, None]})
    panel = Panel.from_table(table, columns=AIR)
    values, marks = filling(panel)
    given = {"values": values, "marks": marks, "extra": {}} | change
    for ask in (lambda: filled_table(panel, **given), lambda: fill_table(table, panel, **given)):
        with pytest.raises(error) as caught:
            ask()
        assert part in str(caught.value), str(caught.value)


def test_a_column_of_the_table_that_would_be_added_again_is_refused():
    table = pl.DataFrame({"ds": [1, 2], "y": [1.0, None], "y-imputed": [0, 0]})
    panel = Panel.from_table(table)
    with pytest.raises(DataError, match="adds a column 'y-imputed', and there is one already"):
        fill_table(table, panel, *filling(panel))


def test_a_table_that_the_panel_was_not_made_from_is_refused():
    table = pl.DataFrame({"ds": [1, 2, 3], "y": [1.0, None, 3.0]})
    panel = Panel.from_table(table)
    for other in (table[:2], table.with_columns(y=pl.col("y") + 1), table.with_columns(ds=pl.col("ds") + 1)):
        with pytest.raises(DataError, match="was not made from this table"):
            fill_table(other, panel, *filling(panel))
    with pytest.raises(ColumnError, match="no column 'y'"):
        fill_table(table.drop("y"), panel, *filling(panel))
    with pytest.raises(DataError, match="expected the pandas, polars or pyarrow table of the panel, got list"):
        fill_table([1.0, 2.0], panel, *filling(panel))


@st.composite
def tables(draw):
    """Rows of up to three series, interleaved, with left-out times between the first and last, and two targets."""
    kept = draw(st.lists(st.lists(st.booleans(), max_size=4), min_size=1, max_size=3))
    times = [[t for t, there in enumerate([True, *inner, True]) if there] for inner in kept]
    order = draw(st.permutations([i for i, each in enumerate(times) for _ in each]))
    cells = st.lists(st.one_of(st.none(), st.floats(-1e9, 1e9)), min_size=len(order) - 1, max_size=len(order) - 1)
    rows = [iter(each) for each in times]
    keys = {"unique_id": order, "ds": [next(rows[i]) for i in order], "row": range(len(order))}
    return pl.DataFrame(keys | {name: [1.0, *draw(cells)] for name in ("pm25", "no2")}, schema_overrides={"no2": float})


@pytest.mark.parametrize("kind", MAKERS)
@given(frame=tables())
def test_rows_that_came_stand_as_they_came_and_each_series_is_in_order(kind, frame):
    table = {"polars": frame, "pandas": pd.DataFrame(frame.to_dict(as_series=False)), "pyarrow": frame.to_arrow()}[kind]
    panel = Panel.from_table(table, columns=AIR, freq=1, gaps="insert")
    values, marks = filling(panel)
    native = fill_table(table, panel, values, marks)
    result = (
        pl.DataFrame({n: native[n].tolist() for n in native}, strict=False)
        if kind == "pandas"
        else pl.DataFrame(native)
    )
    result = result.with_columns(row=pl.Series([None if r is pd.NA else r for r in result["row"]], dtype=pl.Int64))
    came = result.filter(pl.col("row").is_not_null())
    assert came["row"].to_list() == frame["row"].to_list()
    for name in AIR.targets:
        for before, after in zip(frame[name], came[name], strict=True):
            assert before is None or before == after
    for place, each in enumerate(panel.ids):
        series = result.filter(pl.col("unique_id") == each)
        assert series["ds"].to_list() == list(range(panel.lengths[place]))
        here = slice(panel.offsets[place], panel.offsets[place + 1])
        whole = np.where(marks, values, panel.values)[here]
        np.testing.assert_array_equal(series.select(AIR.targets).to_numpy(), whole)
        np.testing.assert_array_equal(series.select("pm25-imputed", "no2-imputed").to_numpy(), marks[here])
