"""Scores of several targets: each as it is alone, and together where a mean means something."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from loopcast.columns import Columns
from loopcast.data.panel import Panel
from loopcast.errors import CalendarError, ColumnError, DataError, OptionError, UndefinedMetricWarning
from loopcast.evaluation.backtest import backtest, cross_validation
from loopcast.evaluation.compare import compare
from loopcast.evaluation.evaluate import evaluate
from loopcast.evaluation.leaderboard import leaderboard
from loopcast.evaluation.metrics import METRICS
from loopcast.models.baselines import Drift, Naive, SeasonalNaive

NAMES = ("pm25", "no2")
MODELS = [Naive(), Drift()]
IN_UNITS = {"mae", "mse", "rmse", "bias", "wape", "pinball", "crps", "wql", "width"}


def panel(series=3, length=60, seed=0):
    values = np.random.default_rng(seed).normal(size=(series, length, 2)).cumsum(axis=1) * [1.0, 50.0] + [0.0, 900.0]
    ids = [f"s{i}" for i in range(series)]
    return Panel.from_array(values, ids=ids, start="2020-01-01", freq="D", targets=NAMES)


@pytest.fixture(scope="module")
def data():
    return panel()


@pytest.fixture(scope="module")
def table(data):
    return cross_validation(MODELS, data, 4, n_windows=3, level=[80])


@pytest.mark.parametrize("by", [(), ("series",), ("cutoff",), ("step",)])
def test_every_metric_of_a_target_is_what_it_is_alone(data, table, by):
    options = {"metrics": list(METRICS), "reference": "Naive"}
    both = evaluate(table, by=("target", *by), data=data, **options)
    for name in NAMES:
        alone = data.channel(name)
        forecasts = cross_validation(MODELS, alone, 4, n_windows=3, level=[80])
        wanted = evaluate(forecasts, by=by, data=alone, columns=alone.schema.columns, **options)
        got = both.filter(pl.col("target") == name).drop("target")
        assert got.drop(pl.selectors.float()).equals(wanted.drop(pl.selectors.float()))
        floats = (each.select(pl.selectors.float()).to_numpy() for each in (got, wanted))
        np.testing.assert_allclose(*floats, rtol=1e-5)


def test_together_scaled_errors_are_the_mean_over_targets(data, table):
    for metric in ("mase", "rmsse", "msis", "smape", "coverage"):
        whole, each = evaluate(table, metric, data=data), evaluate(table, metric, by="target", data=data)
        column = whole.columns[-1]
        means = each.group_by("model", maintain_order=True).agg(pl.col(column).mean())
        np.testing.assert_allclose(whole[column], means[column])


def test_where_a_target_has_no_scale_in_one_series_that_series_is_the_mean_of_the_others():
    values = panel().values.reshape(3, 60, 2).copy()
    values[0, :, 1] = 5.0
    data = Panel.from_array(values, targets=NAMES)
    table = cross_validation(MODELS, data, 4, n_windows=3)
    with pytest.warns(UndefinedMetricWarning, match=r"1 of 6 series and targets \(0, 'no2'\)"):
        whole = evaluate(table, "mase", data=data)
    with pytest.warns(UndefinedMetricWarning):
        each = evaluate(table, "mase", by=("series", "cutoff", "target"), data=data).drop_nulls()
    means = each.group_by("model", "unique_id").agg(pl.col("mase").mean()).group_by("model").agg(pl.col("mase").mean())
    np.testing.assert_allclose(whole.sort("model")["mase"], means.sort("model")["mase"])


def test_what_is_in_the_units_of_targets_has_no_mean_over_them(data, table):
    with pytest.warns(UndefinedMetricWarning, match="targets have units of their own"):
        whole = evaluate(table, list(METRICS), data=data, reference="Naive")
    for name, metric in METRICS.items():
        columns = [column for column in whole.columns if column == name or column.startswith(f"{name}-")]
        assert metric.in_units == (name in IN_UNITS)
        assert whole.select(columns).null_count().sum_horizontal().item() == (
            2 * len(columns) if name in IN_UNITS else 0
        )
    one = table.filter(pl.col("target") == "no2")
    assert evaluate(one, "mae")["mae"].null_count() == 0


def test_pandas_in_gives_pandas_out_with_the_names_of_targets(data, table):
    scores = evaluate(table.to_pandas(), "mase", by="target", data=data)
    assert isinstance(scores, pd.DataFrame)
    assert scores["target"].tolist() == ["pm25", "no2"] * 2


def test_histories_are_a_table_with_a_column_for_each_target(data, table):
    rows = pl.DataFrame(
        {"unique_id": data.ids.gather(np.repeat(np.arange(3), 60)), "ds": data.times_of(np.arange(180))}
    )
    histories = rows.with_columns(pm25=data.values[:, 0], no2=data.values[:, 1])
    columns = Columns(target=NAMES)
    assert evaluate(table, "mase", data=histories, columns=columns).equals(evaluate(table, "mase", data=data))
    swapped = evaluate(table, "mase", by="target", data=histories, columns=Columns(target=NAMES[::-1]))
    assert swapped["target"].to_list()[:2] == ["no2", "pm25"]
    assert swapped.sort("model", "target").equals(
        evaluate(table, "mase", by="target", data=data).sort("model", "target")
    )


@pytest.mark.parametrize(
    ("change", "options", "error", "match"),
    [
        (lambda t: t.drop("target"), {}, CalendarError, "comes twice"),
        (lambda t: t.drop("target"), {"by": "target"}, CalendarError, "comes twice"),
        (lambda t: t.filter(pl.col("target") == "no2").drop("target"), {"by": "target"}, OptionError, "none"),
        (
            lambda t: t.filter(pl.col("target") == "no2").drop("target"),
            {"data": panel()},
            DataError,
            "has to say which",
        ),
        (lambda t: t, {"data": panel().channel("no2")}, DataError, "target 'pm25' has forecasts and no history"),
        (lambda t: t.drop("target"), {"columns": Columns(target=NAMES)}, ColumnError, "no column 'target'"),
        (lambda t: t, {"columns": Columns(target=("no2", "o3"))}, DataError, "'pm25', which is none of the targets"),
        (lambda t: t.with_columns(target=pl.lit(None, pl.String)), {}, ColumnError, "with 72 nulls"),
        (lambda t: t.with_columns(target=1), {"columns": Columns(target=NAMES)}, ColumnError, "in words; it is Int32"),
    ],
)
def test_tables_that_do_not_say_which_target_are_refused(table, change, options, error, match):
    with pytest.raises(error, match=match):
        evaluate(change(table), **({"metrics": "mase" if "data" in options else "smape"} | options))


def test_a_row_is_named_with_its_target(table):
    broken = table.with_columns(y=pl.when(pl.col("target") == "no2").then(None).otherwise(pl.col("y")))
    with pytest.raises(ValueError, match="series 's0', target 'no2' at 2020-02-18"):
        evaluate(broken, "smape")


@pytest.fixture(scope="module")
def done():
    return backtest([*MODELS, SeasonalNaive(season=7)], panel(series=8), 4, n_windows=3, level=[80])


class TestLeaderboard:
    def test_it_ranks_by_the_mean_over_targets_and_shows_each(self, done):
        board = leaderboard(done)
        each = board.targets
        assert (board.measure, board.table["mae"].null_count(), board.table["rmse"].null_count()) == ("mase", 3, 3)
        assert each["target"].to_list() == ["pm25"] * 3 + ["no2"] * 3
        means = dict(each.group_by("model").agg(pl.col("mase").mean()).rows())
        for name, mase in board.table.select("model", "mase").rows():
            assert mase == pytest.approx(means[name])
        for name in NAMES:
            assert each.filter(pl.col("target") == name)["mase"].is_sorted()
            assert each.filter(pl.col("target") == name)["skill"].max() == 0
        assert set(each.columns) >= {"mae", "rmse", "smape", "coverage-80"}
        assert any("2 targets (pm25, no2)" in note for note in board.notes)
        assert "no2" in board._repr_html_()

    def test_on_one_target_alone_it_says_what_the_part_about_that_target_says(self, done):
        each = leaderboard(done).targets
        for name in NAMES:
            alone = leaderboard(
                backtest([*MODELS, SeasonalNaive(season=7)], panel(series=8).channel(name), 4, n_windows=3)
            )
            assert alone.targets is None
            columns = ["model", "mase", "smape", "mae", "rmse", "skill"]
            got, wanted = each.filter(pl.col("target") == name).select(columns), alone.table.select(columns)
            assert got["model"].to_list() == wanted["model"].to_list()
            np.testing.assert_allclose(got.drop("model").to_numpy(), wanted.drop("model").to_numpy(), rtol=1e-5)

    def test_series_are_what_the_test_counts_and_not_targets(self, done):
        """A copy of a target is no new evidence: the p-value stays what it is with one."""
        values = panel(series=8).values.reshape(8, 60, 2)[:, :, [0]]
        one, two = (Panel.from_array(np.repeat(values, count, axis=2)) for count in (1, 2))
        found = [compare(backtest(MODELS, each, 4, n_windows=3)).test("Naive", "Drift") for each in (one, two)]
        assert found[0].p_value == pytest.approx(found[1].p_value)
        assert (found[0].freedom, found[1].freedom) == (7, 7)

    def test_without_a_scale_it_ranks_by_what_has_no_unit(self):
        values = np.tile([1.0, 2.0, 5.0, 9.0], 10)[:, None] * [1.0, 100.0]
        values[-4:] *= 1.5
        done = backtest([Naive(), Drift()], Panel.from_array(values[None], targets=NAMES), 4, season=4)
        board = leaderboard(done)
        assert board.measure == "smape"
        assert board.table["smape"].is_sorted()
        assert any("ranked by SMAPE" in note for note in board.notes)

    def test_a_target_of_which_nothing_came_is_left_out(self):
        values = panel().values.reshape(3, 60, 2).copy()
        values[:, -4:, 1] = np.nan
        board = leaderboard(backtest(MODELS, Panel.from_array(values, targets=NAMES), 4))
        assert board.targets["target"].unique().to_list() == ["pm25"]
        assert board.table["mase"].null_count() == 0
