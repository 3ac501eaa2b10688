"""A forecast does not depend on which other series are there, in which order, what they are called, or on units."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from contracts.kinds import (
    FORECASTERS,
    HORIZON,
    PROBABILITIES,
    assert_same_bits,
    filled,
    fit_imputer,
    fitted,
    gappy_panel,
    kinds_for,
    ordered,
    panel_of,
    predicted,
    training_panel,
)
from loopcast import Naive, Panel

ORDER = [2, 0, 1]
ROUNDING = 1e-5  # relative: float32 sums in another order, as of a batch of another size
UNITS = 1e-5  # relative: a thousandfold is no power of two, and rounding in each of the few updates adds up


def test_the_order_of_series_changes_no_bit(forecaster):
    wanted, got = predicted(forecaster), predicted(forecaster, ordered(training_panel(), ORDER))
    np.testing.assert_array_equal(got.values, wanted.values[ORDER])
    np.testing.assert_array_equal(got.quantiles, wanted.quantiles[ORDER])


def test_a_series_alone_is_forecast_as_among_others(forecaster):
    together, alone = predicted(forecaster), predicted(forecaster, ordered(training_panel(), [1]))
    np.testing.assert_allclose(alone.values, together.values[[1]], rtol=ROUNDING)
    np.testing.assert_allclose(alone.quantiles, together.quantiles[[1]], rtol=ROUNDING)


def test_names_and_times_change_no_bit(forecaster):
    panel = training_panel()
    moved = replace(panel, ids=pl.Series(panel.ids.name, ["x", "y", "z"]), starts=panel.starts + 1000)
    assert_same_bits(predicted(forecaster, moved), predicted(forecaster))


@pytest.mark.parametrize("name", kinds_for("units"))
def test_a_thousandfold_series_has_a_thousandfold_forecast(name):
    large = training_panel()
    large = replace(large, values=large.values * np.float32(1000))
    got = predicted(FORECASTERS[name]().fit(large), large)
    wanted = predicted(fitted(name))
    np.testing.assert_allclose(got.values / 1000, wanted.values, rtol=UNITS)
    np.testing.assert_allclose(got.quantiles / 1000, wanted.quantiles, rtol=UNITS)


@pytest.mark.parametrize("name", kinds_for("another level"))
def test_a_series_on_another_level_has_its_forecast_there(name):
    moved = training_panel()
    moved = replace(moved, values=moved.values + np.float32(64))
    got = predicted(FORECASTERS[name]().fit(moved), moved).values - 64
    np.testing.assert_allclose(got, predicted(fitted(name)).values, rtol=UNITS)


@pytest.mark.parametrize("name", kinds_for("units"))
def test_small_changes_at_a_high_level_are_forecast_as_at_any_other(name):
    found = []
    for level in (1e4, 1e9):
        panel = training_panel()
        panel = replace(panel, values=panel.values + level)
        found.append(predicted(FORECASTERS[name]().fit(panel), panel))
    low, high = found
    # A network is shown how small changes of 9 are beside the level; where numbers are rounded, trees split otherwise.
    near = {"Pretrained": 0.5, "Recurrent": 0.5, "Trees": 2.0}.get(name.split(",")[0], 1e-4)
    np.testing.assert_allclose(high.values - 1e9, low.values - 1e4, atol=near)
    np.testing.assert_allclose(high.quantiles - 1e9, low.quantiles - 1e4, atol=near)


def test_whole_numbers_and_decimals_are_kept_to_the_bit():
    exact = np.array([2.0**53, 123456789.0, 100100037.0, 0.1, 1e8 + 1])
    assert Naive().fit(panel_of([exact])).predict_panel(panel_of([exact]), 1).values.item() == 1e8 + 1
    np.testing.assert_array_equal(panel_of([exact]).values[:, 0], exact)


def test_a_constant_series_is_filled_with_its_value(imputer_kind):
    gap = np.full((2, 60, 1), 5.0)
    gap[1, :, 0] = np.arange(60)
    gap[:, 20:24] = np.nan
    panel = Panel.from_array(gap)
    got = filled(fit_imputer(imputer_kind, panel), panel)[20:24]
    if imputer_kind == "causal":  # what has been constant for twenty rows need not stay so, as far as it can know
        np.testing.assert_allclose(got[:, 0], 5.0, atol=0.2)
        assert ((got[:, 1] < 5) & (got[:, 2] > 5)).all()
    else:
        np.testing.assert_array_equal(got, 5.0)


@pytest.mark.parametrize("name", kinds_for("units"))
def test_a_constant_series_goes_on_constant(name):
    flat = panel_of([np.full(35, 5.0), *(training_panel().series(i)[:, 0] for i in (0, 1))])
    got = predicted(fitted(name), flat).values[0]
    np.testing.assert_allclose(got, 5.0, rtol=ROUNDING)


@pytest.mark.parametrize("name", kinds_for("units"))
def test_what_was_fitted_on_constant_series_forecasts_them_so(name):
    flat = panel_of([np.full(n, 5.0) for n in training_panel().lengths])
    got = FORECASTERS[name]().fit(flat).predict_panel(flat, HORIZON).values
    np.testing.assert_allclose(got, 5.0, rtol=ROUNDING)


def test_quantiles_are_in_order_and_about_the_forecast(forecaster):
    got = predicted(forecaster)
    assert (np.diff(got.quantiles, axis=-1) >= 0).all()
    np.testing.assert_allclose(got.values, got.quantile(0.5), rtol=1e-6)  # the median, to rounding to float32
    assert PROBABILITIES[1] == 0.5


def test_the_order_of_series_does_not_change_how_gaps_are_filled(imputer):
    panel = gappy_panel()
    got, wanted = filled_by_series(imputer, ordered(panel, ORDER)), filled_by_series(imputer, panel)
    for one, other in zip(got, [wanted[place] for place in ORDER], strict=True):
        np.testing.assert_allclose(one, other, rtol=ROUNDING)


def test_a_series_alone_is_filled_as_among_others(imputer):
    panel = gappy_panel()
    alone, together = filled_by_series(imputer, ordered(panel, [1]))[0], filled_by_series(imputer, panel)[1]
    np.testing.assert_allclose(alone, together, rtol=ROUNDING)


def test_gaps_of_a_thousandfold_series_are_filled_with_the_thousandfold(imputer_kind, imputer):
    panel = gappy_panel()
    large = replace(panel, values=panel.values * np.float32(1000))
    got = filled(fit_imputer(imputer_kind, large), large)
    np.testing.assert_allclose(got / 1000, filled(imputer), rtol=UNITS)


def filled_by_series(imputer, panel):
    """What fills the gaps of each series, NaN elsewhere; without intervals, which look at all series together."""
    values = imputer.fill_panel(panel).values
    return [values[begin:end, 0] for begin, end in zip(panel.offsets[:-1], panel.offsets[1:], strict=True)]
