"""Pictures and pages of several targets: a chart for each target of each series."""

import json
import re

import numpy as np
import polars as pl
import pytest

from loopcast.columns import Columns
from loopcast.data.panel import Panel
from loopcast.errors import OptionError
from loopcast.evaluation.backtest import backtest
from loopcast.evaluation.leaderboard import leaderboard
from loopcast.models.baselines import Drift, Naive
from loopcast.report.errors import errors_of
from loopcast.report.page import backtest_page, forecast_page
from loopcast.report.plots import plot

NAMES = ("pm25", "no2")


def panel(series=2):
    values = np.random.default_rng(0).normal(size=(series, 60, 2)).cumsum(axis=1) + np.array([100.0, 900.0])
    return Panel.from_array(values, ids=["north", "south"][:series], start="2020-01-01", freq="D", targets=NAMES)


@pytest.fixture(scope="module")
def done():
    return backtest([Naive(), Drift()], panel(), 3, n_windows=3, level=[80])


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page.decode(), re.S)[1])


def test_a_picture_has_a_chart_for_each_target_whatever_the_forecasts_come_in():
    data = panel()
    model = Drift(horizon=3).fit(data)
    table = model.predict(level=[80])
    pictures = [
        plot(data, each) for each in (table, table.to_pandas(), {"Drift": model.predict_panel(data, 3).values[:, 0]})
    ]
    for picture in pictures:
        assert [chart.title for chart in picture.charts] == ["north, pm25", "north, no2", "south, pm25", "south, no2"]
        for place, chart in enumerate(picture.charts):
            i, channel = divmod(place, 2)
            np.testing.assert_array_equal(chart.history.values, data.series(i)[-24:, channel])
            np.testing.assert_array_equal(
                chart.forecasts[0].values, model.predict_panel(data, 3).values[:, 0][i, :, channel]
            )
    assert len(pictures[0].charts[0].forecasts[0].bands) == 1


def test_rows_of_a_forecast_may_be_in_any_order_of_targets():
    data = panel()
    table = Naive(horizon=2).fit(data).predict()
    for one, other in zip(plot(data, table).charts, plot(data, table.sort("target", "ds")).charts, strict=True):
        np.testing.assert_array_equal(one.forecasts[0].values, other.forecasts[0].values)


def test_truth_is_drawn_target_by_target():
    data = panel()
    picture = plot(data.drop_last(3), {"Naive": np.zeros((2, 3, 2))}, truth=data.last(3))
    np.testing.assert_array_equal(picture.charts[3].truth.values, data.last(3)[1, :, 1])


def test_targets_of_one_series_without_an_id_are_named_alone():
    frame = pl.DataFrame({"ds": range(20), "a": np.arange(20.0), "b": np.ones(20)})
    data = Panel.from_table(frame, columns=Columns(target=("a", "b")))
    assert [chart.title for chart in plot(data, Naive(horizon=2).fit(data).predict()).charts] == ["a", "b"]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda t: t.drop("target"), "several targets is long"),
        (lambda t: t.filter(pl.col("target") == "no2"), "no row about the target 'pm25'"),
        (
            lambda t: t.filter((pl.col("target") == "no2") | (pl.col("ds").dt.day() < 2)),
            "of every target, are of as many steps",
        ),
        (lambda t: {"Naive": np.zeros((2, 3))}, r"\[series, step, 2\]"),
        (lambda t: {"Naive": np.zeros((2, 3, 3))}, r"\[series, step, 2\]"),
    ],
)
def test_forecasts_of_other_targets_are_refused(change, match):
    data = panel()
    with pytest.raises(OptionError, match=match):
        plot(data, change(Naive(horizon=3).fit(data).predict()))


def test_a_page_has_each_target_of_each_series_and_their_errors(done):
    page = backtest_page(done, leaderboard(done), series=["south"])
    data, text = data_of(page), page.decode()
    assert data["targets"] == list(NAMES)
    assert {(each["id"], each["order"]) for each in data["series"]} == {
        ("north, pm25", 0), ("north, no2", 1), ("south, pm25", 2), ("south, no2", 3),
    }  # fmt: skip
    asked = [each["id"] for each in data["series"] if each["label"].startswith("asked for")]
    assert sorted(asked) == ["south, no2", "south, pm25"]
    assert "<h1>Backtest of pm25, no2: 3 steps ahead</h1>" in text
    assert "Target by target" in text
    assert "columns pm25, no2" in text


def test_one_target_of_a_series_can_be_asked_for(done):
    data = data_of(backtest_page(done, leaderboard(done), series=["south, no2"]))
    assert [each["id"] for each in data["series"] if "asked for" in each["label"]] == ["south, no2"]
    with pytest.raises(OptionError, match="no series 'east'"):
        backtest_page(done, leaderboard(done), series=["east"])


def test_the_charts_of_a_page_hold_what_the_table_holds(done):
    data = data_of(backtest_page(done, leaderboard(done)))
    for chart in data["series"]:
        series, target = chart["id"].split(", ")
        rows = done.table.filter((pl.col("unique_id") == series) & (pl.col("target") == target))
        last = rows.filter(pl.col("cutoff") == rows["cutoff"].max())
        place = [model["name"] for model in data["models"]].index("Drift")
        np.testing.assert_allclose(chart["cuts"][-1]["fans"][place][0], last["Drift"], rtol=1e-3)


def test_errors_of_a_page_are_those_of_each_target_by_its_own_scale(done):
    board = leaderboard(done)
    apart = done.to_univariate()
    errors = errors_of(apart, "mase")
    targets = np.array([name.split(", ")[1] for name in apart.panel.ids])
    for target, model, mase in board.targets.select("target", "model", "mase").rows():
        assert errors[model][targets == target].mean() == pytest.approx(mase)
    symmetric = errors_of(apart, "smape")
    assert symmetric["Naive"].mean() == pytest.approx(board.table.filter(pl.col("model") == "Naive")["smape"].item())


def test_a_forecast_page_has_each_target_and_what_is_known_besides():
    frame = pl.DataFrame({"ds": range(40), "a": np.arange(40.0), "b": np.ones(40), "wind": np.arange(40.0) % 7})
    data = Panel.from_table(frame, columns=Columns(target=("a", "b"), past=["wind"]))
    page = forecast_page(data, Naive(horizon=2).fit(data).predict(level=[80]))
    assert [each["id"] for each in data_of(page)["series"]] == ["a", "b"]
    assert "past: wind" in page.decode()
