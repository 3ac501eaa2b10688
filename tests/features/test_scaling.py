import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopcast.features.scaling import NEAR_ZERO, Scaling
from reference.compiled import denormalize, encode, normalize_target

LOG = Scaling(transform="log", lags=5, center_window=1, season=4, constant_as_last=True)
LINEAR = Scaling(lags=5, center_window=1, scale_window=6, season=4, constant_as_last=True)


def past(rows=3, reach=9, seed=0):
    return np.random.default_rng(seed).uniform(1, 9, (rows, reach)).astype(np.float32)


def test_with_nothing_chosen_the_raw_value_goes_in_and_the_output_is_the_forecast():
    view = encode(Scaling(), past(), 2)
    np.testing.assert_array_equal(view.features, past()[:, -1:])
    output = np.float32([[1, 2], [3, 4], [5, 6]])
    np.testing.assert_array_equal(denormalize(Scaling(), view, output), output)


def test_the_log_scale_is_what_its_formula_says():
    values = past()
    unit = values.mean(axis=1, keepdims=True)
    curve = np.arcsinh(values.astype(np.float64) / (2 * NEAR_ZERO * unit))
    view = encode(LOG, values, 6)
    np.testing.assert_allclose(view.features, curve[:, -5:] - curve[:, -1:], atol=1e-5)
    np.testing.assert_allclose(view.baseline, curve[:, [-4, -3, -2, -1, -4, -3]], rtol=1e-6)


def test_the_linear_scale_is_what_its_formula_says():
    values = past().astype(np.float64)
    spread = np.abs(np.diff(values[:, -7:], axis=1)).mean(axis=1)
    view = encode(LINEAR, past(), 2)
    np.testing.assert_allclose(view.features, (values[:, -5:] - values[:, -1:]) / spread[:, None], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(view.spread, spread, rtol=1e-5)


@pytest.mark.parametrize("scaling", [LOG, LINEAR, Scaling()])
@given(seed=st.integers(0, 99), zeros=st.booleans())
@settings(deadline=None, max_examples=20)
def test_an_output_and_the_value_it_means_are_each_other_s_inverse(scaling, seed, zeros):
    values, ahead = past(seed=seed), past(reach=6, seed=seed + 1)
    if zeros:
        values[:, ::2], ahead[:, 1] = 0, 0
    view = encode(scaling, values, 6)
    np.testing.assert_allclose(
        denormalize(scaling, view, normalize_target(scaling, view, ahead)), ahead, rtol=1e-3, atol=2e-4
    )


@pytest.mark.parametrize("factor", [1e-3, 7.0, 1e6])
@pytest.mark.parametrize("scaling", [LOG, LINEAR])
def test_the_size_of_a_series_does_not_change_what_the_network_sees(scaling, factor):
    seen = encode(scaling, past(), 2).features
    np.testing.assert_allclose(encode(scaling, past() * np.float32(factor), 2).features, seen, atol=2e-4)


def test_without_logs_the_level_of_a_series_does_not_change_what_the_network_sees():
    np.testing.assert_allclose(encode(LINEAR, past() + 100, 2).features, encode(LINEAR, past(), 2).features, atol=1e-3)


@pytest.mark.parametrize("level", [0.0, 3.5, -2.0])
@pytest.mark.parametrize("scaling", [LOG, LINEAR])
def test_where_the_past_is_flat_any_output_means_that_value(scaling, level):
    view = encode(scaling, np.full((1, 9), level, np.float32), 3)
    assert np.isfinite(view.features).all()
    np.testing.assert_allclose(denormalize(scaling, view, np.float32([[9, -9, 1]])), level, rtol=1e-6)


@pytest.mark.parametrize("scaling", [LOG, LINEAR])
def test_a_past_that_has_only_begun_is_seen_without_nan(scaling):
    values = past()
    values[:, :-2] = np.nan
    view = encode(scaling, values, 6)
    assert np.isfinite(view.features).all()
    np.testing.assert_array_equal(view.features[:, :3], 0)
    assert np.isfinite(denormalize(scaling, view, np.zeros((3, 6), np.float32))).all()
