"""The comparison on the last part of the history."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl
import pytest

from loopcast.errors import LengthError, NotFittedError, OptionError
from loopcast.evaluation.holdout import holdout, rows_for_holdout, why_no_holdout
from loopcast.evaluation.metrics import mae, mase, rmse, smape
from loopcast.forecasters.baselines import Drift, Naive, SeasonalNaive, Stateless
from loopcast.frames.panel import Panel


@dataclass(frozen=True, kw_only=True, eq=False)
class Oracle(Stateless):
    """Stands for a network: off by `error` from a straight line of slope 1."""

    network: ClassVar[bool] = True

    error: float = 0.0

    def _forecast(self, state, panel, horizon):
        return panel.last(1) + np.arange(1, horizon + 1, dtype=np.float32)[:, None] + self.error

    def _describe(self, state):
        return "knows"


def lines(*starts, length=20):
    return Panel.from_array(np.array([np.arange(length) + start for start in starts])[:, :, None])


def test_the_models_see_nothing_of_what_they_are_scored_on():
    panel = lines(0, 5)
    changed = panel.last(20).copy()
    changed[:, -3:] = 1e6
    models = [Naive(), Drift(), SeasonalNaive(season=4)]
    result, other = holdout(models, panel, 3), holdout(models, Panel.from_array(changed), 3)
    for model in models:
        np.testing.assert_array_equal(result.forecasts[model.name], other.forecasts[model.name])


def test_scores_are_those_of_the_metrics():
    rng = np.random.default_rng(0)
    panel = Panel.from_array(rng.normal(size=(3, 30, 1)).cumsum(axis=1))
    result = holdout([SeasonalNaive(season=2)], panel, 4, season=2)
    training, actual = panel.without_last(4), panel.last(4)
    forecast = SeasonalNaive(season=2).fit(training).forecast(training, 4)
    assert result.scores.row(0) == (
        "SeasonalNaive",
        False,
        smape(actual, forecast),
        mase(actual, forecast, training, 2),
        mae(actual, forecast),
        rmse(actual, forecast),
    )


def test_the_best_model_comes_first():
    assert holdout([Naive(), Drift()], lines(0), 3).scores["model"].to_list() == ["Drift", "Naive"]


def test_the_forecasters_stay_as_they_were():
    naive = Naive()
    holdout([naive], lines(0), 3)
    with pytest.raises(NotFittedError):
        naive.predict(1)


def test_the_verdict_says_that_the_network_wins_and_by_how_much():
    verdict = holdout([Naive(), Oracle(error=1.0)], lines(0), 3).verdict()
    assert verdict == "Oracle beats the best baseline, Naive, by 50.0%: MASE 1.000 against 2.000."


def test_the_verdict_says_that_the_network_loses_and_by_how_much():
    verdict = holdout([Naive(), Oracle(error=4.0)], lines(0), 3).verdict()
    assert verdict == (
        "Oracle does not beat the best baseline, Naive; its error is 100.0% larger: MASE 4.000 against 2.000."
    )


def test_the_verdict_on_an_equal_network_does_not_call_it_better():
    assert "only equals" in holdout([Naive(), Oracle(error=2.0)], lines(0), 3).verdict()


def test_the_verdict_without_a_network_compares_nothing():
    assert "no network" in holdout([Naive(), Drift()], lines(0), 3).verdict()


def test_a_perfect_baseline_is_said_to_be_perfect():
    assert "perfect" in holdout([Drift(), Oracle(error=1.0)], lines(0), 3).verdict()


def test_constant_series_are_left_out_of_mase_and_that_is_said():
    values = np.stack([np.arange(12.0), np.full(12, 4.0), np.full(12, 7.0)])[:, :, None]
    result = holdout([Naive()], Panel.from_array(values), 2)
    assert result.scores["mase"].to_list() == [1.5]
    assert result.notes == (
        "MASE leaves out 2 of 3 series (1 and 1 more), unchanged from season to season (season 1): "
        "it is undefined there.",
    )


def test_where_no_series_has_a_mase_the_ranking_is_by_mae():
    panel = Panel.from_array(np.full((1, 12, 1), 4.0))
    result = holdout([Naive(), Oracle()], panel, 2)
    assert result.scores["mase"].to_list() == [None, None]
    assert result.measure == "mae"
    assert "MAE 1.500 against 0.000" in result.verdict()


def test_a_series_too_short_to_hold_back_is_named():
    with pytest.raises(LengthError, match="series 0 has 5 rows"):
        holdout([Naive()], lines(0, length=5), 5)


def unequal(*lengths):
    ids = np.repeat(np.arange(len(lengths)), lengths)
    times = np.concatenate([np.arange(length) for length in lengths])
    return pl.DataFrame({"unique_id": ids, "ds": times, "y": times.astype(float)})


def test_short_series_are_left_out_where_that_is_asked_for_and_it_is_said():
    result = holdout([Naive()], unequal(20, 4, 9), 3, least=9)
    alone = holdout([Naive()], unequal(20, 9), 3)
    assert result.ids.to_list() == [0, 2]
    assert result.notes == ("Compared on 2 of 3 series: the others have fewer than 9 steps.",)
    assert result.scores.equals(alone.scores)
    with pytest.raises(LengthError, match="no series has 21 rows"):
        holdout([Naive()], unequal(20, 4), 3, least=21)


def test_a_comparison_needs_rows_to_learn_from_and_a_season_or_a_context():
    assert rows_for_holdout(lines(0), 3, season=4) == 3 + 3 + 4 + 1
    assert rows_for_holdout(lines(0), 3, season=4, context=15) == 3 + 15 + 1
    assert why_no_holdout(unequal(19, 2), 3, context=15) is None
    assert why_no_holdout(unequal(18, 2), 3, context=15) == (
        "even the longest series 0 has 18 steps, and holding 3 back needs 19 (season 1, context 15)"
    )


@pytest.mark.parametrize("forecasters", [[], [Naive(), Naive()]])
def test_models_have_different_names(forecasters):
    with pytest.raises(OptionError, match="different names"):
        holdout(forecasters, lines(0), 2)


def test_the_table_of_scores_is_polars():
    assert isinstance(holdout([Naive()], lines(0), 2).scores, pl.DataFrame)
