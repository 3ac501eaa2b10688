"""The pretrained network is tuned where held-back rows say that it pays, and never sees what it is judged on."""

import numpy as np
import polars as pl
import pytest

from loopcast import Columns, OptionError, Panel, Pretrained, load
from loopcast.models.pretrained import forecaster as module
from loopcast.models.pretrained import tuning
from loopcast.models.pretrained.tuning import Choice


@pytest.fixture(scope="module")
def weekly():
    """Sixty series whose season the shipped network has to guess."""
    rng, t = np.random.default_rng(0), np.arange(60)
    shape = 50 + 20 * np.sin(t * np.pi / 2)
    return Panel.from_array((shape + rng.normal(0, 2, (60, 60)))[:, :, None])


@pytest.fixture
def few(monkeypatch):
    """Few updates, so that a test is soon done."""
    monkeypatch.setattr(module, "USUAL", (Choice(2, 0.5), Choice(4, 1.0, below=0.96)))
    monkeypatch.setattr(module, "WITH_KNOWN", (Choice(2, 1.0), Choice(4, 1.0)))


def with_weather(rows=1100, effect=30.0):
    rng = np.random.default_rng(1)
    sun = rng.random(rows + 12)
    y = 100 + effect * sun[:rows] + rng.normal(0, 1, rows)
    table = pl.DataFrame({"ds": np.arange(rows), "y": y, "sun": sun[:rows]})
    future = pl.DataFrame({"ds": np.arange(rows, rows + 12), "sun": sun[rows:]})
    return table, future, 100 + effect * sun[rows:]


@pytest.mark.parametrize("wrong", [True, -1, "always", 2.5])
def test_tune_is_auto_or_a_number_of_updates(wrong):
    with pytest.raises(OptionError, match='tune is "auto", False, or a number of updates'):
        Pretrained(tune=wrong)


@pytest.mark.parametrize("wrong", [0, 1.5, True])
def test_a_share_is_of_a_way(wrong):
    with pytest.raises(OptionError, match="share is above 0 and at most 1"):
        Pretrained(share=wrong)


def test_few_series_are_not_learned_from_and_that_is_said():
    panel = Panel.from_array(np.random.default_rng(0).random((5, 40, 1)))
    fitted = Pretrained(horizon=4, season=4).fit(panel)
    plain = Pretrained(horizon=4, season=4, tune=False).fit(panel)
    assert "not trained on these series: 5 series, or windows of them, are too few" in fitted.describe()
    np.testing.assert_array_equal(fitted.predict_panel(panel, 4).values, plain.predict_panel(panel, 4).values)


@pytest.mark.usefixtures("few")
def test_tuned_weights_are_part_of_the_way(weekly):
    whole = Pretrained(horizon=4, season=4, tune=4, share=1.0).fit(weekly).model.weights
    plain = Pretrained(horizon=4, season=4, tune=0).fit(weekly).model.weights
    half = Pretrained(horizon=4, season=4, tune=4, share=0.5).fit(weekly).model.weights
    assert np.abs(whole - plain).max() > 0
    np.testing.assert_allclose(half, (whole + plain) / 2, atol=1e-6)


@pytest.mark.usefixtures("few")
def test_the_copy_that_intervals_come_from_has_not_seen_the_held_back_rows(weekly):
    forecaster = Pretrained(horizon=4, season=4, tune=4)
    fit = forecaster._fit(weekly)
    spoilt = weekly.values.reshape(60, 60, 1).copy()
    spoilt[:, -fit.held_rows :] = 1e6
    again = forecaster._fit(Panel.from_array(spoilt))
    np.testing.assert_array_equal(again.held_out.weights, fit.held_out.weights)
    assert np.abs(again.model.weights - fit.model.weights).max() > 0


@pytest.mark.usefixtures("few")
def test_the_same_fit_gives_the_same_bits(weekly):
    one, same = (Pretrained(horizon=4, season=4).fit(weekly).predict(level=80) for _ in range(2))
    assert one.equals(same)


@pytest.mark.usefixtures("few")
def test_the_recipe_learns_the_same_without_choosing(weekly):
    fitted = Pretrained(horizon=4, season=4, tune=2).fit(weekly)
    again = fitted.model.recipe.fit(weekly)
    np.testing.assert_array_equal(again.model.weights, fitted.model.weights)


@pytest.mark.parametrize(
    ("errors", "best"),
    [
        ([1.0, 1.0, 1.0], 0),  # a tie goes to the usual one
        ([1.0, 1.0, 0.98], None),  # as it was shipped
        ([1.0, 0.95, 1.0], 1),
        ([1.0, 0.97, 1.0], 0),
    ],
)
def test_what_goes_further_has_to_be_clearly_better(monkeypatch, weekly, errors, best):
    monkeypatch.setattr(tuning, "scaled_errors", lambda *_: np.array(errors))
    plain = Pretrained(season=4, tune=0).fit(weekly).model
    task = tuning.Tuning(plain=plain, known=False, horizon=4, choices=tuning.USUAL, longest=60, seed=0)
    assert task.choose(["half", "whole"], weekly, 8) == best


def test_what_a_covariate_does_is_learned_and_kept_in_a_file(tmp_path):
    table, future, came = with_weather()
    columns = Columns(future=("sun",))
    fitted = Pretrained(horizon=12, season=1, tune=120).fit(table, columns=columns)
    told = fitted.predict(future=future)["Pretrained"].to_numpy()
    plain = Pretrained(horizon=12, season=1, tune=False).fit(table, columns=columns)
    without = plain.predict(future=future)["Pretrained"].to_numpy()
    assert np.abs(told - came).mean() < 0.5 * np.abs(without - came).mean()
    assert "with sun" in fitted.describe()
    assert "sun are left out" in plain.describe()
    fitted.save(tmp_path / "model.loopcast")
    loaded = load(tmp_path / "model.loopcast").predict(data=table, future=future, columns=columns)
    np.testing.assert_array_equal(loaded["Pretrained"].to_numpy(), told)


def test_past_cutoffs_with_covariates_are_forecast_as_from_series_that_end_there():
    table, _, _ = with_weather(rows=1010)
    panel = Panel.from_table(table, columns=Columns(future=("sun",)))
    model = Pretrained(horizon=6, season=1, tune=2).fit_panel(panel, calibrate=False).model
    whole = model.predict(panel, 6, (30, 12)).values
    for place, cutoff in enumerate((30, 12)):
        known = panel.drop_last(cutoff).with_future(
            table[len(table) - cutoff : len(table) - cutoff + 6].select("ds", "sun")
        )
        np.testing.assert_array_equal(model.predict(known, 6).values[:, 0], whole[:, place])
