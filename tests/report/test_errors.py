"""Errors and coverage by steps ahead, against loops over the table."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from loopcast.data.panel import Panel
from loopcast.data.prediction_table import read_predictions
from loopcast.errors import OptionError
from loopcast.evaluation.scale import running_scale
from loopcast.report.chart_selection import choose, find
from loopcast.report.errors import coverage_of, errors_of, mean_over, ranking_model, scales
from report.made import NAMES, made_backtest, made_leaderboard, made_panel


def loop_errors(backtest, name, scaled):
    """|y - f| by series, cutoff and step, over mean |y_t - y_{t-12}| before the cutoff."""
    panel, found = backtest.panel, []
    for row in backtest.table.iter_rows(named=True):
        i = panel.ids.to_list().index(row["unique_id"])
        months = (row["cutoff"].year - 2015) * 12 + row["cutoff"].month
        known = panel.series(i)[:months, 0].astype(float)
        scale = np.mean([abs(known[t] - known[t - 12]) for t in range(12, months)]) if scaled else 1.0
        found.append(abs(row["y"] - row[name]) / scale)
    return np.array(found)


@pytest.mark.parametrize("measure", ["mase", "mae"])
def test_errors_are_those_of_a_loop_over_the_table(measure):
    backtest = made_backtest()
    errors = errors_of(backtest, measure)
    for name in NAMES:
        np.testing.assert_allclose(errors[name].ravel(), loop_errors(backtest, name, measure == "mase"), rtol=1e-6)


def test_the_scale_leaves_out_missing_values_and_is_missing_where_nothing_changes():
    random = np.random.default_rng(0)
    holes = np.where(random.random(40) < 0.2, np.nan, random.normal(size=40))
    panel = Panel.from_array(holes.reshape(1, 40, 1))
    values, scale = panel.values[:, 0].astype(np.float64), running_scale(panel, 7)["scale"]
    for t in range(12, 40):
        changes = [abs(values[s] - values[s - 7]) for s in range(7, t + 1)]
        np.testing.assert_allclose(scale[t], np.nanmean(changes))
    backtest = made_backtest()
    still = replace(backtest.panel, values=np.ones_like(backtest.panel.values))
    flat = replace(backtest, predictions=tuple(replace(each, panel=still) for each in backtest.predictions))
    assert np.isnan(scales(flat)).all()


def test_coverage_counts_what_came_within_the_interval():
    backtest = made_backtest()
    found = coverage_of(backtest, backtest.predictions[NAMES.index("Linear")], 80.0)
    for step in range(backtest.horizon):
        rows = backtest.table[step :: backtest.horizon]
        inside = [low <= y <= high for y, low, high in rows.select("y", "Linear-lo-80", "Linear-hi-80").iter_rows()]
        np.testing.assert_allclose(found[step], 100 * np.mean(inside))


def test_a_missing_forecast_is_left_out_of_the_mean():
    backtest = made_backtest()
    holes = backtest.table.with_columns(Naive=pl.when(pl.int_range(pl.len()) >= 6).then("Naive"))
    errors = errors_of(replace(backtest, predictions=read_predictions(holes, backtest.panel)), "mae")["Naive"].ravel()
    np.testing.assert_allclose(np.nanmean(errors), np.mean(loop_errors(backtest, "Naive", scaled=False)[6:]), rtol=1e-6)
    assert np.isnan(errors[:6]).all()
    assert np.isnan(mean_over(errors[:6], (0,))).all()


def test_series_are_ranked_by_the_best_network_or_else_by_the_best_model():
    backtest = made_backtest()
    board = made_leaderboard(tuple(reversed(NAMES)))
    assert ranking_model(made_leaderboard(), backtest) == "Recurrent"
    plain = replace(board, table=board.table.with_columns(network=pl.lit(False)))
    assert ranking_model(plain, backtest) == "Naive"


def test_worst_median_and_best_come_first_after_those_asked_for():
    errors = np.array([3.0, np.nan, 1.0, 5.0, 2.0, 4.0])
    chosen = choose(errors, np.arange(6), [2])
    assert chosen.order[:3] == (2, 3, 0)
    assert chosen.labels == {2: "asked for, best", 3: "worst", 0: "median"}
    assert sorted(chosen.order) == list(range(6))


@pytest.mark.parametrize("count", [1, 2])
def test_of_one_or_two_series_none_is_named_twice(count):
    labels = choose(np.arange(count, dtype=float), np.arange(count), []).labels
    assert labels == {1: {}, 2: {1: "worst", 0: "best"}}[count]


def test_series_are_found_by_id_or_by_its_text():
    panel = made_panel(ids=(7, 8, 9))
    assert find(panel, [9, "7", "9"]) == [2, 0]
    with pytest.raises(OptionError, match=r"no series 'x'; the first ids are \[7, 8, 9\]"):
        find(panel, ["x"])
    with pytest.raises(OptionError, match="list of ids"):
        find(panel, "789")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda table: table.clear(), "a column of numbers|no rows"),
        (lambda table: table.with_columns(unique_id=pl.lit("z")), "in one of them only"),
        (lambda table: table.with_columns(cutoff=pl.col("ds")), "is not a time after the history"),
        (lambda table: table.with_columns(ds=pl.col("ds").dt.offset_by("1d")), "is not a time after the history"),
    ],
)
def test_a_table_that_does_not_fit_its_panel_is_refused(change, match):
    backtest = made_backtest()
    with pytest.raises(OptionError, match=match):
        read_predictions(change(backtest.table), backtest.panel)
