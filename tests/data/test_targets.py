"""Panels of several targets: a channel for each, and results that say which is which."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcast.columns import Columns
from loopcast.data.convert import as_panel
from loopcast.data.output import cv_table, forecast_table, sample_table, to_caller_type
from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction, to_table
from loopcast.data.read import read
from loopcast.data.schema import TableSchema
from loopcast.errors import ColumnError, DataError, ModelFileError, OptionError, ValuesError

AIR = Columns(target=("pm25", "no2"))
MAKERS = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}


def air(**changes) -> dict:
    """Two interleaved stations of three days, each target with a hole of its own."""
    days = [dt.datetime(2020, 1, d) for d in (1, 2, 3)]  # noqa: DTZ001
    table = {
        "unique_id": ["a", "b"] * 3,
        "ds": [day for day in days for _ in "ab"],
        "pm25": [1.0, 10, None, 20, 3, 30],
        "no2": [5.0, None, 6, 70, 7, 80],
    }
    return table | changes


def plain(table) -> dict[str, list]:
    """The cells of a table of any kind, by column."""
    return table.to_pydict() if isinstance(table, pa.Table) else pl.DataFrame(table).to_dict(as_series=False)


@pytest.mark.parametrize("target", [("pm25", "no2"), ["pm25", "no2"]])
def test_columns_keep_several_targets_as_a_tuple(target):
    columns = Columns(target=target)
    assert columns.target == columns.targets == ("pm25", "no2")
    assert hash(columns) == hash(AIR)


def test_one_target_has_a_name_or_is_a_tuple_of_one():
    assert (Columns().target, Columns().targets, Columns().one_target) == ("y", ("y",), "y")
    assert (Columns(target=["a"]).target, Columns(target=["a"]).one_target) == (("a",), "a")
    with pytest.raises(OptionError, match=r"one target was expected, got 2: 'pm25', 'no2'; .*Panel.channel"):
        assert AIR.one_target


@pytest.mark.parametrize(
    ("target", "part"),
    [
        (("a", "b", "a"), "'a' twice"),
        (("a", "unique_id"), "different columns"),
        (("ds",), "different columns"),
        ((), "a list of several names, got ()"),
        ("", "a list of several names, got ''"),
        (("a", ""), "non-empty strings"),
        (("a", 3), "non-empty strings"),
        (("a", ["b"]), "non-empty strings"),
        ({"a", "b"}, "a list of several names"),
        (None, "got None"),
    ],
)
def test_targets_that_mean_nothing_are_refused(target, part):
    with pytest.raises(OptionError) as caught:
        Columns(target=target)
    assert part in str(caught.value)


@pytest.mark.parametrize("kind", MAKERS)
def test_each_target_is_a_channel_with_missing_values_of_its_own(kind):
    panel = Panel.from_table(MAKERS[kind](air()), columns=AIR)
    assert (panel.targets, panel.n_channels, panel.values.dtype) == (("pm25", "no2"), 2, np.float64)
    np.testing.assert_equal(panel.series(0), np.array([[1, 5], [np.nan, 6], [3, 7]], np.float32))
    np.testing.assert_equal(panel.series(1), np.array([[10, np.nan], [20, 70], [30, 80]], np.float32))


def test_an_inserted_row_has_no_value_of_any_target():
    table = pl.DataFrame({"ds": [1, 3], "pm25": [1, 3], "no2": [5, 7]})
    panel = Panel.from_table(table, columns=AIR, freq=1, gaps="insert")
    np.testing.assert_equal(panel.values, np.array([[1, 5], [np.nan, np.nan], [3, 7]], np.float32))


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_files_are_read_with_several_targets(ending, tmp_path):
    path, frame = tmp_path / f"air.{ending}", pl.DataFrame(air(note=["x"] * 6)).with_columns(pl.col("ds").cast(pl.Date))
    (frame.write_csv if ending == "csv" else frame.write_parquet)(path)
    np.testing.assert_equal(read(path, columns=AIR).values, Panel.from_table(frame, columns=AIR).values)


def test_text_in_one_target_of_a_file_names_line_and_column(tmp_path):
    path = tmp_path / "air.csv"
    path.write_text("ds,pm25,no2\n1,1.5,2\n2,3,n/a\n")
    with pytest.raises(ValuesError, match=r"series 'pm25, no2', line 3 of .*air.csv, column 'no2': 'n/a' is not a num"):
        read(path, columns=AIR)


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame])
@pytest.mark.parametrize(
    ("changes", "error", "parts"),
    [
        ({"no2": ["5", "6", "x", "7", "8", "9"]}, ValuesError, ["series 'a', row 2", "'no2'", "'x'"]),
        ({"no2": [5.0, 6, 7, np.inf, 8, 9]}, ValuesError, ["series 'b', row 3", "'no2'", "inf"]),
        ({"no2": [None] * 6}, ValuesError, ["'no2' has no value in any row", "leave it out"]),
        ({"no2": [np.nan] * 6}, ValuesError, ["'no2' has no value in any row", "leave it out"]),
    ],
)
def test_what_is_wrong_with_one_target_names_its_column(make, changes, error, parts):
    with pytest.raises(error) as caught:
        Panel.from_table(make(air(**changes)), columns=AIR)
    for part in parts:
        assert part in str(caught.value), str(caught.value)


def test_a_missing_target_is_named_with_a_close_one():
    with pytest.raises(ColumnError, match=r"no column 'nO22' \(did you mean 'no2'\?\)"):
        Panel.from_table(pl.DataFrame(air()), columns=Columns(target=("pm25", "nO22")))


@st.composite
def tables(draw):
    """Two or more series with three targets of numbers, some missing, none of them all missing."""
    lengths = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    cells = st.one_of(st.none(), st.floats(-1e6, 1e6, width=32))
    columns = {name: [0.0, *draw(st.lists(cells, min_size=sum(lengths), max_size=sum(lengths)))[1:]] for name in "xyz"}
    keys = {
        "unique_id": [i for i, n in enumerate(lengths) for _ in range(n)],
        "ds": [t for n in lengths for t in range(n)],
    }
    return pl.DataFrame(keys | columns, schema_overrides=dict.fromkeys("xyz", pl.Float64))


@given(tables(), st.permutations(["x", "y", "z"]))
def test_the_order_of_targets_is_the_order_of_channels_and_no_more(table, order):
    one = Panel.from_table(table, columns=Columns(target=("x", "y", "z")), freq=1)
    other = Panel.from_table(table, columns=Columns(target=order), freq=1)
    np.testing.assert_equal(other.values, one.values[:, ["xyz".index(name) for name in order]])
    np.testing.assert_equal(other.offsets, one.offsets)
    assert other.ids.equals(one.ids)


@given(tables())
def test_a_panel_of_several_targets_is_that_of_each(table):
    together = Panel.from_table(table, columns=Columns(target=("x", "y", "z")), freq=1)
    for place, name in enumerate("xyz"):
        alone = Panel.from_table(table, columns=Columns(target=name), freq=1)
        for channel in (together.channel(name), together.channel(place)):
            np.testing.assert_equal(channel.values, alone.values)
            assert channel.schema == alone.schema


@pytest.mark.parametrize("which", ["co", 2, -1, True, 1.0, None])
def test_a_channel_that_is_not_there_is_refused(which):
    panel = Panel.from_table(pl.DataFrame(air()), columns=AIR)
    with pytest.raises(OptionError, match=r"a channel is one of 'pm25', 'no2', or its place from 0 to 1; got"):
        panel.channel(which)


def test_channels_of_an_array_have_names():
    array = np.zeros((1, 3, 2))
    assert Panel.from_array(array).targets == ("y0", "y1")
    assert Panel.from_array(array[:, :, :1]).schema.columns == Columns()
    assert Panel.from_array(array, targets=["a", "b"]).targets == ("a", "b")
    with pytest.raises(DataError, match="targets are 2 names, one for each channel; got 1"):
        Panel.from_array(array, targets=["a"])


def test_channels_are_as_many_as_targets():
    with pytest.raises(DataError, match="a channel per target"):
        Panel(**{**vars(Panel.from_array(np.zeros((1, 3, 2)))), "values": np.zeros((3, 1), np.float64)})


def test_a_missing_value_of_one_target_is_named_by_its_column():
    with pytest.raises(ValuesError, match=r"series 'a' has no value at 2020-01-02 00:00:00 \('pm25'; 2 are missing"):
        Panel.from_table(pl.DataFrame(air()), columns=AIR).require_observed(
            "Linear cannot take missing values", "fill them first"
        )


def predictions(panel, forecasts):
    """Predictions from the end of each series, of values `[series, step, channel]` by name."""
    return [
        Prediction(name=name, panel=panel, cutoffs=(0,), values=values[:, None]) for name, values in forecasts.items()
    ]


FORECAST = np.arange(8, dtype=np.float32).reshape(2, 2, 2)  # [series, horizon, channel]


@pytest.mark.parametrize("kind", MAKERS)
def test_a_forecast_of_several_targets_has_a_row_for_each(kind):
    table = MAKERS[kind](air())
    result = forecast_table(Panel.from_table(table, columns=AIR), {"m": FORECAST, "n": -FORECAST})
    assert type(result) is type(table)
    days = [dt.datetime(2020, 1, d) for d in (4, 4, 5, 5)]  # noqa: DTZ001
    assert plain(result) == {
        "unique_id": ["a"] * 4 + ["b"] * 4,
        "ds": days * 2,
        "target": ["pm25", "no2"] * 4,
        "m": [0, 1, 2, 3, 4, 5, 6, 7],
        "n": [0, -1, -2, -3, -4, -5, -6, -7],
    }


@pytest.mark.parametrize("kind", MAKERS)
def test_a_wide_forecast_has_a_column_for_each_model_and_target(kind):
    panel = Panel.from_table(MAKERS[kind](air()), columns=AIR)
    result = plain(to_table(predictions(panel, {"m": FORECAST, "n": -FORECAST}), wide=True))
    assert list(result) == ["unique_id", "ds", "m-pm25", "m-no2", "n-pm25", "n-no2"]
    assert (result["m-pm25"], result["n-no2"]) == ([0, 2, 4, 6], [-1, -3, -5, -7])


def test_wide_makes_no_difference_for_one_target():
    panel = as_panel([1.0, 2.0])
    made = predictions(panel, {"m": np.ones((1, 2, 1))})
    assert to_table(made, wide=True).equals(to_table(made))


@pytest.mark.parametrize(
    ("forecasts", "part"),
    [
        ({"m": np.zeros((2, 3))}, "[series, horizon, channel] with 2 series and 2 channels, got shape (2, 3)"),
        ({"m": np.zeros((2, 3, 1))}, "got shape (2, 3, 1)"),
        ({"target": FORECAST}, "cannot be called 'target'"),
        ({"m": FORECAST, "n": FORECAST[:, :1]}, "one horizon, got [1, 2]"),
    ],
)
def test_forecasts_that_do_not_fit_several_targets_are_refused(forecasts, part):
    with pytest.raises(DataError) as caught:
        forecast_table(Panel.from_table(pl.DataFrame(air()), columns=AIR), forecasts)
    assert part in str(caught.value)


def test_two_columns_of_one_name_in_a_wide_forecast_are_refused():
    panel = Panel.from_array(np.zeros((1, 3, 2)), targets=["x", "y-x"])
    with pytest.raises(DataError, match="two columns of the table would be called 'm-y-x'"):
        to_table(predictions(panel, {"m": np.zeros((1, 1, 2)), "m-y": np.zeros((1, 1, 2))}), wide=True)


@pytest.mark.parametrize("role", ["id", "time"])
def test_an_id_or_time_called_target_is_refused_where_the_result_is_long(role):
    columns = Columns(**{role: "target"}, target=AIR.target)
    table = pl.DataFrame(air()).rename({"unique_id" if role == "id" else "ds": "target"})
    panel = Panel.from_table(table, columns=columns)
    with pytest.raises(DataError, match=f"a column 'target' of its own, and the table's {role} is called so"):
        forecast_table(panel, {"m": FORECAST})
    assert "target" in to_table(predictions(panel, {"m": FORECAST}), wide=True).columns
    single = Panel.from_table(table, columns=Columns(**{role: "target"}, target="no2"))
    assert "target" in forecast_table(single, {"m": FORECAST[0]}).columns


@pytest.mark.parametrize("kind", MAKERS)
def test_samples_of_several_targets_have_a_row_for_each(kind):
    samples = np.arange(12.0).reshape(2, 3, 1, 2)  # [series, sample, horizon, channel]
    result = plain(sample_table(Panel.from_table(MAKERS[kind](air()), columns=AIR), "m", samples))
    assert list(result) == ["unique_id", "ds", "target", "sample_id", "m"]
    assert result["unique_id"] == ["a"] * 6 + ["b"] * 6
    assert result["target"] == ["pm25", "no2"] * 6
    assert result["sample_id"] == [0, 0, 1, 1, 2, 2] * 2
    assert result["m"] == list(range(12))


def test_samples_of_another_shape_are_refused():
    with pytest.raises(
        DataError, match=r"\[series, sample, horizon, channel\] with 2 series and 2 channels, got shape"
    ):
        sample_table(Panel.from_table(pl.DataFrame(air()), columns=AIR), "m", np.zeros((2, 3, 1)))


@pytest.mark.parametrize("kind", MAKERS)
def test_hindcasts_of_several_targets_have_a_row_for_each_and_come_back_as_they_came(kind):
    panel = Panel.from_table(MAKERS[kind](air()), columns=AIR)
    table = cv_table(panel, (2, 1), 1, {"m": np.arange(8.0).reshape(2, 2, 1, 2)})  # [series, cutoff, step, channel]
    assert table.columns == ["unique_id", "ds", "cutoff", "target", "y", "m"]
    expected = pl.DataFrame(air()).with_columns(pl.all().exclude("unique_id", "ds").cast(pl.Float64).fill_nan(None))
    for row in table.iter_rows(named=True):
        came = expected.row(
            by_predicate=(pl.col("unique_id") == row["unique_id"]) & (pl.col("ds") == row["ds"]), named=True
        )
        np.testing.assert_equal(row["y"], came[row["target"]])
        assert row["cutoff"] == row["ds"] - dt.timedelta(days=1)
    result = to_caller_type(panel, table)
    assert plain(result)["target"] == ["pm25", "no2"] * 4
    assert plain(result)["m"] == list(range(8))
    assert isinstance(result, type(MAKERS[kind](air())))


def test_a_hindcast_keeps_its_column_of_what_came_apart_from_the_keys():
    table = pl.DataFrame(air()).rename({"unique_id": "y"})
    panel = Panel.from_table(table, columns=Columns(id="y", target=AIR.target))
    with pytest.raises(DataError, match="a column 'y' of its own, and the table's id is called so"):
        cv_table(panel, (1,), 1, {})


def test_a_template_of_several_targets_survives_json():
    for columns in (AIR, Columns(target=("y",)), Columns()):
        schema = Panel.from_table(pl.DataFrame(air(y=1.0)), columns=columns).schema
        again = TableSchema.from_json(json.loads(json.dumps(schema.to_json())))
        assert again == schema
        assert again.columns.targets == columns.targets


@pytest.mark.parametrize("target", [[], [1], ["a", None], ["a", "a"], ["a", "ds"], ["a", ["b"]], {"a": 1}, 3, None])
def test_damaged_targets_of_a_template_are_refused(target):
    plain = Panel.from_table(pl.DataFrame(air()), columns=AIR).schema.to_json()
    with pytest.raises(ModelFileError, match="damaged"):
        TableSchema.from_json(plain | {"columns": plain["columns"] | {"target": target}})


def test_later_data_has_the_same_targets_in_the_same_order():
    like = Panel.from_table(pl.DataFrame(air()), columns=AIR).schema
    assert as_panel(pl.DataFrame(air()), like=like).targets == AIR.targets
    swapped = Panel.from_table(pl.DataFrame(air()), columns=Columns(target=("no2", "pm25")))
    for data in (swapped, swapped.channel("no2")):
        with pytest.raises(DataError, match="fitted on 'pm25', 'no2' in this order, and this data has 'no2'"):
            as_panel(data, like=like)


def test_an_array_takes_the_names_of_the_targets_that_a_model_knows():
    like = Panel.from_array(np.zeros((1, 3, 2)), targets=AIR.targets).schema
    assert as_panel(np.zeros((1, 3, 2)), like=like).targets == AIR.targets
    with pytest.raises(DataError, match="this data has 'y0', 'y1', 'y2'"):
        as_panel(np.zeros((1, 3, 3)), like=like)


def test_a_series_without_an_id_that_comes_several_times_has_all_its_targets_each_time():
    table = pl.DataFrame({"ds": [1, 2, 3], "a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]})
    panel = Panel.from_table(table, columns=Columns(target=["a", "b"]))
    parts = panel.take_heads(np.array([0, 0]), np.array([2, 3]), 0).to_univariate()
    assert [parts.series(i).ravel().tolist() for i in range(4)] == [[1, 2], [4, 5], [1, 2, 3], [4, 5, 6]]
