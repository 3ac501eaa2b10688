"""What is in the index of a pandas table, or named by a number, is never lost: the cure makes a column of it."""

import numpy as np
import pandas as pd
import pytest

from loopcast.columns import Columns
from loopcast.data.panel import Panel
from loopcast.data.prediction_table import read_predictions
from loopcast.errors import ColumnError, OptionError
from loopcast.evaluation.evaluate import evaluate

DAYS = pd.date_range("2024-01-01", periods=4)
LONG = pd.DataFrame({"unique_id": list("aabb"), "ds": DAYS, "y": [5.0, 5.0, 9.0, 9.0]})
ONE = LONG.drop(columns="unique_id")
WIDE = pd.DataFrame({"a": [5.0, 5.0, 9.0, 9.0]}, index=DAYS)
PARTS = {name: part.drop(columns="unique_id") for name, part in LONG.groupby("unique_id")}
SHAPES = {
    "id": (LONG.set_index("unique_id"), "table.reset_index()"),
    "time": (LONG.set_index("ds"), "table.reset_index()"),
    "id and time": (LONG.set_index(["unique_id", "ds"]), "table.reset_index()"),
    "time without a name": (ONE.set_index("ds").rename_axis(None), "table.rename_axis('ds').reset_index()"),
    "id without a name": (
        LONG.set_index("unique_id").rename_axis(None),
        "table.rename_axis(['unique_id']).reset_index()",
    ),
    "keys of concat": (pd.concat(PARTS), "table.rename_axis(['unique_id', 'level_1']).reset_index()"),
    "numbered keys of concat": (
        pd.concat(list(PARTS.values()), keys=[7, 8]),
        "table.rename_axis(['unique_id', 'level_1']).reset_index()",
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_in_the_index_is_named_and_the_cure_makes_a_column_of_it(shape):
    table, cure = SHAPES[shape]
    with pytest.raises(ColumnError) as caught:
        Panel.from_table(table)
    assert cure in str(caught.value)
    panel = Panel.from_table(eval(cure, {"table": table}))
    assert panel.values[:, 0].tolist() == LONG["y"].tolist()
    assert panel.lengths.tolist() == ([4] if shape == "time without a name" else [2, 2])


@pytest.mark.parametrize("index", [None, [5, 6, 7, 8], [0, 1, 0, 1], list("wxyz"), DAYS])
def test_an_index_that_tells_no_series_apart_is_left_alone(index):
    table = ONE if index is None else ONE.set_axis(index)
    assert Panel.from_table(table).lengths.tolist() == [4]


def test_the_times_of_a_wide_table_may_be_in_its_index():
    with pytest.raises(ColumnError) as caught:
        Panel.from_wide(WIDE)
    assert "table.rename_axis('ds').reset_index()" in str(caught.value)
    assert Panel.from_wide(WIDE.rename_axis("ds").reset_index()).ids.to_list() == ["a"]


def test_names_that_are_numbers_are_to_be_text():
    table = pd.DataFrame({0: DAYS, 1: np.arange(4.0)})
    columns = Columns(time="0", target="1")
    with pytest.raises(ColumnError, match=r"give table\.rename\(columns=str\)"):
        Panel.from_table(table, columns)
    assert Panel.from_table(table.rename(columns=str), columns).n_rows == 4
    with pytest.raises(OptionError, match=r"table\.rename\(columns=str\)"):
        Columns(time=0)


def test_other_readers_name_the_index_too():
    forecasts = LONG.assign(M=1.0).set_index("unique_id")
    with pytest.raises(ColumnError, match=r"'unique_id' is in the index.*table\.reset_index\(\)"):
        evaluate(forecasts, "mae")
    panel = Panel.from_table(LONG)
    with pytest.raises(ColumnError, match=r"'unique_id' is in the index.*table\.reset_index\(\)"):
        read_predictions(panel.future_frame(2).assign(M=1.0).set_index("unique_id"), panel)
    columns = Columns(static=["region"])
    static = pd.DataFrame({"unique_id": ["a", "b"], "region": ["n", "s"]})
    for table, other in ((LONG, static.set_index("unique_id")), (LONG.set_index("unique_id"), static)):
        with pytest.raises(ColumnError, match=r"'unique_id' is in the index.*table\.reset_index\(\)"):
            Panel.from_table(table, columns, static=other)
