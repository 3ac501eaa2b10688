"""The leaderboard: who is first, by how much, whether that is noise, and what has to be known to read it."""

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from loopcast.data.panel import Panel
from loopcast.data.prediction_table import read_predictions
from loopcast.errors import ValuesError
from loopcast.evaluation.backtest_result import Backtest, ModelRun
from loopcast.evaluation.evaluate import evaluate
from loopcast.evaluation.leaderboard import Leaderboard, leaderboard
from loopcast.significance import diebold_mariano

HORIZON, STEP, LENGTH = 3, 2, 30


def backtest(*, series=6, n_windows=4, seed=0, constant=(), seeds=(), failures=None, networks=("Net",), **errors):
    """A backtest of models that are off by `errors` times a random number from 0.5 to 1.5, sign and all."""
    rng = np.random.default_rng(seed)
    values = np.float32(rng.normal(size=(series, LENGTH)).cumsum(axis=1))
    values[list(constant)] = 4.0
    panel = Panel.from_array(values[:, :, None], ids=[f"s{i}" for i in range(series)])
    rows = [
        (f"s{i}", cutoff, time, float(values[i, time]))
        for i in range(series)
        for cutoff in LENGTH - 1 - HORIZON - STEP * np.arange(n_windows)[::-1]
        for time in range(cutoff + 1, cutoff + 1 + HORIZON)
    ]
    table = pl.DataFrame(rows, schema=["unique_id", "cutoff", "ds", "y"], orient="row")
    for name, error in errors.items():
        off = pl.Series(error * rng.uniform(0.5, 1.5, size=table.height) * rng.choice([-1, 1], size=table.height))
        table = table.with_columns((pl.col("y") + off).alias(name))
    ran = [
        ModelRun(
            name=name,
            network=name in networks,
            fit_seconds=1.5,
            predict_seconds=0.25,
            parameters=7 if name in networks else None,
            description="",
            code="",
            failures=tuple((failures or {}).get(name, ())),
        )
        for name in errors
    ]
    return Backtest(
        predictions=read_predictions(table, panel),
        n_windows=n_windows,
        step_size=STEP,
        season=2,
        models=tuple(ran),
        seeds=tuple(read_predictions(each, panel) for each in seeds),
        notes=("A note of the backtest.",),
    )


def changed(made, *columns, **named):
    table = made.table.with_columns(*columns, **named)
    return replace(made, predictions=read_predictions(table, made.panel))


def row(board, model):
    return board.table.row(by_predicate=pl.col("model") == model, named=True)


def test_errors_are_those_that_evaluate_gives():
    made = backtest(Naive=1.0, Net=0.5)
    board = leaderboard(made)
    names = ("mase", "smape", "mae", "rmse")
    scores = evaluate(made.table, names, data=made.panel, season=2)
    assert_frame_equal(board.table.select("model", *names).sort("model"), scores.drop("points").sort("model"))


def test_the_columns_are_as_promised():
    ends = [
        (pl.col(model) + side * width).alias(f"{model}-{end}-{level}")
        for model in ("Naive", "Net")
        for level, width in ((80, 1.0), (95, 2.0))
        for end, side in (("lo", -1), ("hi", 1))
    ]
    board = leaderboard(changed(backtest(Naive=1.0, Net=0.5), *ends))
    assert board.table.columns == [
        *("model", "network", "mase", "smape", "mae", "rmse", "spread", "seed_spread", "skill", "p_value"),
        *("coverage-80", "coverage-95", "fit_seconds", "predict_seconds", "parameters"),
    ]
    assert board.table["model"].to_list() == ["Net", "Naive"]
    assert board.table["network"].to_list() == [True, False]
    assert row(board, "Net")["parameters"] == 7
    assert row(board, "Naive")["parameters"] is None


def test_skill_is_against_the_best_baseline():
    board = leaderboard(backtest(Naive=1.0, Linear=0.8, Net=0.5))
    for name in ("Naive", "Linear", "Net"):
        assert row(board, name)["skill"] == pytest.approx(1 - row(board, name)["mase"] / row(board, "Linear")["mase"])


def test_spread_is_over_series():
    made = backtest(Naive=1.0, Net=0.5)
    by_series = evaluate(made.table, "mase", by="series", data=made.panel, season=2)
    expected = by_series.filter(model="Net")["mase"].std()
    assert row(leaderboard(made), "Net")["spread"] == pytest.approx(expected)


def test_the_test_is_on_scaled_errors_averaged_by_series_and_cutoff():
    made = backtest(Naive=1.0, Linear=0.8, Net=0.75)
    scores = evaluate(made.table, "mase", by=("series", "cutoff"), data=made.panel, season=2)
    losses = {name: scores.filter(model=name)["mase"].to_numpy().reshape(6, 4) for name in ("Naive", "Linear", "Net")}
    board = leaderboard(made)
    for name in ("Naive", "Net"):
        expected = diebold_mariano(losses[name] - losses["Linear"], horizon=HORIZON, step=STEP)
        assert row(board, name)["p_value"] == pytest.approx(expected.p_value, rel=1e-6)
    assert row(board, "Linear")["p_value"] is None


def test_one_series_is_tested_over_its_cutoffs():
    made = backtest(series=1, n_windows=8, Naive=1.0, Net=0.8)
    scores = evaluate(made.table, "mase", by="cutoff", data=made.panel, season=2)
    losses = {name: scores.filter(model=name)["mase"].to_numpy()[None] for name in ("Naive", "Net")}
    expected = diebold_mariano(losses["Net"] - losses["Naive"], horizon=HORIZON, step=STEP)
    assert row(leaderboard(made), "Net")["p_value"] == pytest.approx(expected.p_value, rel=1e-6)


class TestVerdict:
    def test_of_a_network_that_is_better_by_more_than_noise(self):
        board = leaderboard(backtest(Naive=1.0, Linear=0.8, Net=0.4))
        mase, p = row(board, "Net")["mase"], row(board, "Net")["p_value"]
        share = 100 * row(board, "Net")["skill"]
        said = "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
        assert board.verdict == (
            f"Use Net: its MASE of {mase:.3g} is {share:.1f} % below that of the best baseline, Linear, "
            f"and the difference is more than noise (Diebold-Mariano {said})."
        )

    def test_of_a_network_that_may_be_better_by_noise(self):
        board = leaderboard(backtest(Linear=0.8, Net=0.79, seed=1))
        assert row(board, "Net")["skill"] > 0
        assert board.verdict.startswith("Use Linear: Net's MASE of ")
        assert "but the difference may be noise (Diebold-Mariano p = " in board.verdict
        assert board.verdict.endswith("the simpler Linear may do as well.")

    def test_of_a_network_that_is_worse(self):
        board = leaderboard(backtest(Linear=0.8, Net=2.0))
        ours, theirs = row(board, "Net")["mase"], row(board, "Linear")["mase"]
        assert board.verdict.startswith(
            f"Use Linear: Net does not beat it, with a MASE of {ours:.3g} against {theirs:.3g} (Diebold-Mariano p"
        )

    def test_of_a_difference_that_cannot_be_tested(self):
        board = leaderboard(backtest(series=1, n_windows=1, Naive=1.0, Net=0.3))
        assert board.verdict.startswith("Use Net, with care: its MASE of ")
        assert "more than noise is unknown (one series with 1 cutoff allows no test: 3 are needed" in board.verdict
        assert any("is unknown: one series with 1 cutoff" in note for note in board.notes)
        assert row(board, "Net")["p_value"] is None

    def test_of_equal_models_prefers_the_simpler(self):
        made = backtest(Net=1.0, Naive=1.0)
        board = leaderboard(changed(made, Net=pl.col("Naive")))
        assert board.table["model"].to_list() == ["Naive", "Net"]
        assert board.verdict.startswith("Use Naive: Net comes to the same, at a MASE of ")
        assert row(board, "Net")["p_value"] == 1.0

    def test_beside_a_perfect_baseline(self):
        board = leaderboard(backtest(Drift=0.0, Net=1.0))
        assert board.verdict.startswith("Use Drift: it is perfect here, and Net is not, with a MASE of ")
        assert row(board, "Net")["skill"] is None

    def test_of_baselines_alone(self):
        board = leaderboard(backtest(Naive=1.0, Linear=0.5))
        assert board.verdict.startswith("Use Linear: its MASE of ")
        assert board.verdict.endswith("is the smallest; there is no network to compare it with.")
        assert row(board, "Naive")["p_value"] is not None

    def test_of_networks_alone(self):
        board = leaderboard(backtest(Net=1.0, Other=0.5, networks=("Net", "Other")))
        assert board.verdict.endswith("is the smallest; there is no baseline to compare it with.")
        assert board.table["skill"].to_list() == board.table["p_value"].to_list() == [None, None]

    def test_of_one_model(self):
        assert "is the only model with forecasts" in leaderboard(backtest(Naive=1.0)).verdict


class TestFailures:
    def test_all_models_are_compared_where_all_have_forecasts(self):
        made = backtest(Naive=1.0, Linear=0.8, Net=0.5, failures={"Net": ["too short"]})
        first = made.table["cutoff"].min()
        board = leaderboard(changed(made, Net=pl.when(pl.col("cutoff") > first).then(pl.col("Net"))))
        later = evaluate(made.table.filter(pl.col("cutoff") > first), "mase", data=made.panel, season=2)
        for name, mase in later.select("model", "mase").iter_rows():
            assert row(board, name)["mase"] == pytest.approx(mase)
        assert "Net failed at 1 of 4 cutoffs, and first said: too short" in board.notes
        assert any(note.startswith("Errors are over 54 of 72 points") for note in board.notes)

    def test_a_model_without_forecasts_stands_last(self):
        made = backtest(Broken=1.0, Naive=1.0, Net=0.5, failures={"Broken": ["no memory"] * 4})
        board = leaderboard(changed(made, Broken=pl.lit(None)))
        assert board.table["model"].to_list() == ["Net", "Naive", "Broken"]
        assert row(board, "Broken")["mae"] is None
        assert row(board, "Broken")["fit_seconds"] == 1.5
        assert "Broken has no forecast at any cutoff and stands last, and first said: no memory" in board.notes
        assert not any("points" in note for note in board.notes)

    def test_no_forecast_at_all(self):
        board = leaderboard(changed(backtest(Naive=1.0), Naive=pl.lit(None, pl.Float64)))
        assert board.verdict == "Use none of these models: none of them made a forecast."
        assert board.table["mase"].to_list() == [None]

    def test_no_point_in_common_is_refused(self):
        made = backtest(Naive=1.0, Net=0.5)
        early = pl.col("cutoff") == made.table["cutoff"].min()
        made = changed(made, pl.when(early).then(pl.col("Naive")), pl.when(~early).then(pl.col("Net")))
        with pytest.raises(ValuesError, match="nothing to score"):
            leaderboard(made)


class TestUndefined:
    def test_series_are_named_and_counted(self):
        board = leaderboard(backtest(Naive=1.0, Net=0.5, constant=(1, 4)))
        assert board.measure == "mase"
        assert any(note.startswith("MASE is undefined for 2 of 6 series ('s1' and 1 more)") for note in board.notes)

    def test_everywhere_ranks_by_mae(self):
        board = leaderboard(backtest(Naive=1.0, Net=0.5, constant=range(6)))
        assert board.measure == "mae"
        assert board.table["mase"].to_list() == [None, None]
        assert board.verdict.startswith("Use Net: its MAE of ")
        assert any(note.endswith("ranked by MAE.") for note in board.notes)


def test_coverage_is_over_the_points_with_intervals():
    made = backtest(Naive=1.0, Net=0.5)
    early = pl.col("cutoff") == made.table["cutoff"].min()
    low, high = pl.when(~early).then(pl.col("y") - 1), pl.when(~early).then(pl.col("y") + 1)
    board = leaderboard(changed(made, **{"Net-lo-80": low, "Net-hi-80": high}))
    assert row(board, "Net")["coverage-80"] == 100
    assert row(board, "Naive")["coverage-80"] is None
    assert "Coverage of Net is over 54 of 72 points, those with intervals." in board.notes
    assert row(board, "Naive")["mase"] == row(leaderboard(made), "Naive")["mase"]


def test_seed_spread_is_over_the_seeds():
    made = backtest(Naive=1.0, Net=0.5)
    seeds = [
        backtest(Naive=1.0, Net=error).table.select("unique_id", "cutoff", "ds", "y", "Net") for error in (0.6, 0.8)
    ]
    board = leaderboard(replace(made, seeds=tuple(read_predictions(each, made.panel) for each in seeds)))
    tables = [made.table, *seeds]
    errors = [evaluate(each, "mase", data=made.panel, season=2).filter(model="Net")["mase"].item() for each in tables]
    assert row(board, "Net")["seed_spread"] == pytest.approx(np.std(errors, ddof=1))
    assert row(board, "Naive")["seed_spread"] is None
    assert row(leaderboard(made), "Net")["seed_spread"] is None


def test_other_names_of_columns_and_a_table_without_ids():
    made = backtest(series=1, n_windows=6, Naive=1.0, Net=0.5)
    values = made.panel.values[:, 0].astype(float)
    panel = Panel.from_table(pl.DataFrame({"ds": range(LENGTH), "y": values}))
    table = made.table.with_columns(unique_id=pl.lit("y"))
    board = leaderboard(replace(made, predictions=read_predictions(table, panel)))
    assert_frame_equal(board.table, leaderboard(made).table)


def test_notes_of_the_backtest_come_first():
    assert leaderboard(backtest(Naive=1.0)).notes[0] == "A note of the backtest."


def test_html_is_escaped():
    table = pl.DataFrame({"model": ["<b>&"], "network": [True], "mase": [math.pi], "parameters": [None]})
    html = Leaderboard(measure="mase", table=table, verdict="Use <b>.", notes=("a < b",))._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt;&amp;" in html
    assert "<td>3.14</td>" in html
    assert "<td>yes</td>" in html
    assert "<li>a &lt; b</li>" in html
