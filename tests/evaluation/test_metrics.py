"""The measures, against cases written out by hand and against loops."""

import math

import numpy as np
import polars as pl
import pytest

from loopcast.errors import LengthError, OptionError, ValuesError
from loopcast.evaluation.metrics import mae, mase, rmse, seasonal_step, smape
from loopcast.frames.panel import Panel

ACTUAL = np.array([[1.0, 2.0], [10.0, -4.0]])
FORECAST = np.array([[2.0, 2.0], [7.0, 4.0]])


def panel(*series):
    return Panel.from_array(np.array(series, float)[:, :, None])


def test_mae_is_the_mean_of_the_distances():
    assert mae(ACTUAL, FORECAST) == (1 + 0 + 3 + 8) / 4


def test_rmse_is_the_root_of_the_mean_square():
    assert rmse(ACTUAL, FORECAST) == math.sqrt((1 + 0 + 9 + 64) / 4)


def test_smape_counts_each_step_by_the_size_of_value_and_forecast():
    assert smape(ACTUAL, FORECAST) == pytest.approx((200 * 1 / 3 + 0 + 200 * 3 / 17 + 200) / 4)


def test_smape_of_zero_forecast_as_zero_is_zero():
    assert smape(np.zeros((1, 3)), np.zeros((1, 3))) == 0


def test_mase_scales_each_series_by_its_own_seasonal_changes():
    training = panel([1, 2, 4, 7], [5, 0, 5, 10])
    one = (1 + 2 + 3) / 3
    other = (5 + 5 + 5) / 3
    expected = (1 / one + 0 + 3 / other + 8 / other) / 4
    assert mase(ACTUAL, FORECAST, training, season=1) == pytest.approx(expected)
    two_apart = ((1 / 4) + 0 + (3 / 5) + (8 / 5)) / 4
    assert mase(ACTUAL, FORECAST, training, season=2) == pytest.approx(two_apart)


def test_mase_of_channels_scales_each_by_its_own():
    training = Panel.from_array(np.array([[[0.0, 0.0], [1.0, 10.0], [2.0, 20.0]]]))
    actual, forecast = np.zeros((1, 2, 2)), np.array([[[1.0, 10.0], [1.0, 10.0]]])
    assert mase(actual, forecast, training, season=1) == 1


def test_the_seasonal_step_of_unequal_series_is_each_ones_own():
    table = pl.DataFrame(
        {"unique_id": ["a"] * 3 + ["b"] * 5, "ds": [0, 1, 2, 0, 1, 2, 3, 4], "y": [1, 3, 2, *range(5)]}
    )
    np.testing.assert_array_equal(seasonal_step(Panel.from_table(table), 2).ravel(), [1, 2])


@pytest.mark.parametrize("measure", [mae, rmse, smape])
def test_a_perfect_forecast_has_no_error_and_a_worse_one_has_more(measure):
    assert measure(ACTUAL, ACTUAL) == 0
    assert measure(ACTUAL, ACTUAL + 1) < measure(ACTUAL, ACTUAL + 2)


@pytest.mark.parametrize("measure", [mae, rmse, smape])
def test_the_sign_of_the_error_does_not_matter(measure):
    assert measure(ACTUAL, FORECAST) == measure(FORECAST, ACTUAL)


@pytest.mark.parametrize("measure", [mae, rmse, smape, lambda y, f: mase(y, f, panel([1, 2], [3, 5]), 1)])
class TestEveryMeasure:
    def test_refuses_a_nan_on_either_side(self, measure):
        gappy = ACTUAL.copy()
        gappy[1, 0] = np.nan
        with pytest.raises(ValuesError, match=r"actual is missing .* series 1, step 0"):
            measure(gappy, FORECAST)
        with pytest.raises(ValuesError, match="forecast is missing"):
            measure(ACTUAL, gappy)

    @pytest.mark.parametrize("shape", [(2, 1), (2,), (2, 2, 1), (0, 2)])
    def test_refuses_shapes_that_do_not_match(self, measure, shape):
        with pytest.raises(OptionError, match="actual and forecast are both"):
            measure(ACTUAL, np.zeros(shape))


def test_mase_of_a_constant_series_is_refused_by_name():
    with pytest.raises(ValuesError, match="series 1 never changes"):
        mase(ACTUAL, FORECAST, panel([1, 2, 3], [5, 5, 5]), season=1)


def test_mase_needs_more_than_a_season():
    with pytest.raises(LengthError, match="more than one season of 3 steps"):
        mase(ACTUAL, FORECAST, panel([1, 2, 3], [5, 6, 5]), season=3)
