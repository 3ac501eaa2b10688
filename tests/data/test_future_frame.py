"""What comes after the end of each series: its times, and the covariates that are known there."""

from datetime import date, datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

from loopcast import Columns, Naive, Panel
from loopcast.errors import LoopcastError

SHOPS = Columns(future=["price"])
MIDNIGHT = datetime(2024, 1, 1)  # noqa: DTZ001 - times without a zone


def shops(rows=6):
    days = [date(2024, 1, 1 + i) for i in range(rows)]
    table = pl.DataFrame({"unique_id": ["b"] * rows + ["a"] * (rows - 2), "ds": days + days[:-2]})
    return table.with_columns(y=pl.int_range(pl.len()).cast(pl.Float64), price=pl.int_range(pl.len()) % 3 + 1.0)


def test_the_future_frame_has_the_keys_of_a_forecast():
    panel = Panel.from_table(shops().drop("price"))
    forecast = Naive().fit(panel).predict(3)
    assert panel.future_frame(3).equals(forecast.select("unique_id", "ds"))


def test_a_future_frame_is_of_the_kind_that_came_in():
    frame = Panel.from_table(shops().drop("price").to_pandas()).future_frame(1)
    assert isinstance(frame, pd.DataFrame)
    assert frame["unique_id"].tolist() == ["b", "a"]


def test_what_a_table_of_the_future_lacks_is_what_has_to_be_added():
    panel = Panel.from_table(shops(), SHOPS)
    whole = panel.future_frame(3).with_columns(price=pl.lit(2.0))
    part = whole.filter(~((pl.col("unique_id") == "a") & (pl.col("ds") == pl.col("ds").min())))[1:]
    lacking = panel.missing_future(part, 3)
    assert panel.missing_future(whole, 3).height == 0
    assert (
        pl.concat([part.select("unique_id", "ds"), lacking])
        .sort("unique_id", "ds")
        .equals(whole.select("unique_id", "ds").sort("unique_id", "ds"))
    )
    completed = pl.concat([part, lacking.with_columns(price=pl.lit(2.0))])
    assert panel.with_future(completed).future_lengths.tolist() == [3, 3]


def test_a_static_table_gives_each_series_what_it_says():
    static = pl.DataFrame({"unique_id": ["a", "b"], "size": [1.0, 2.0]})
    columns = Columns(static=["size"])
    joined = shops().drop("price").join(static, on="unique_id", how="left", maintain_order="left")
    beside = Panel.from_table(shops().drop("price"), columns, static=static)
    within = Panel.from_table(joined, columns)
    assert beside.covariates.static.equals(within.covariates.static)


@pytest.mark.parametrize(
    "static",
    [
        pl.DataFrame({"unique_id": ["a"], "size": [1.0]}),  # one series has no row
        pl.DataFrame({"unique_id": ["a", "a", "b"], "size": [1.0, 2.0, 3.0]}),  # one has two
        pl.DataFrame({"unique_id": ["a", "b"]}),  # no column
    ],
)
def test_a_static_table_has_one_row_for_each_series(static):
    with pytest.raises(LoopcastError):
        Panel.from_table(shops().drop("price"), Columns(static=["size"]), static=static)


def test_series_may_be_made_to_end_together():
    panel = Panel.from_table(shops().drop("price"), gaps="insert", end="global")
    assert panel.lengths.tolist() == [6, 6]
    assert np.isnan(panel.series(1)[-2:]).all()
    assert Panel.from_table(shops().drop("price"), gaps="insert").lengths.tolist() == [6, 4]


@pytest.mark.parametrize(
    ("polars", "pandas"),
    [("1h", "h"), ("1d", "D"), ("1w", "7D"), ("1mo", "MS"), ("1q", "QS"), ("1y", "YS"), ("15m", "15min")],
)
def test_a_frequency_may_be_spelled_as_polars_does(polars, pandas):
    one, other = (Panel.from_series([1.0] * 30, start=MIDNIGHT, freq=freq) for freq in (polars, pandas))
    assert one.future_frame(5).equals(other.future_frame(5))


def test_a_panel_says_what_it_is():
    panel = Panel.from_table(shops().with_columns(pl.when(pl.col("y") == 3).then(None).otherwise("y").alias("y")))
    assert len(panel) == 2
    assert panel.head(2).rows() == [("b", date(2024, 1, 1), 0.0), ("b", date(2024, 1, 2), 1.0)]
    assert repr(panel) == ("<Panel: 2 series, 10 rows, 2024-01-01 to 2024-01-06, frequency D, 1 of 10 values missing>")
