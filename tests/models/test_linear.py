"""The linear model, against numpy's least squares on windows cut by a loop."""

import numpy as np
import pytest

from loopcast.data.panel import Panel
from loopcast.errors import LengthError, OptionError
from loopcast.models import lagged
from loopcast.models.linear import Linear


def walks(series=3, length=40, channels=1, seed=0):
    return Panel.from_array(np.random.default_rng(seed).normal(size=(series, length, channels)).cumsum(axis=1))


def windows(panel, context, horizon):
    """Inputs with a constant, and targets, of every window of channel 0, float64."""
    xs, ys = [], []
    for i in range(panel.n_series):
        values = panel.series(i)[:, 0].astype(float)
        for start in range(len(values) - context - horizon + 1):
            xs.append([*values[start : start + context], 1.0])
            ys.append(values[start + context : start + context + horizon])
    return np.array(xs), np.array(ys)


def mean_steps(panel):
    """The mean absolute step of each series."""
    return np.array([np.abs(np.diff(panel.series(i)[:, 0].astype(float))).mean() for i in range(panel.n_series)])


@pytest.mark.parametrize("horizon", [1, 3])
@pytest.mark.parametrize("chunk", [1, 100, 2**20])
def test_without_ridge_and_scaling_it_is_least_squares_with_a_constant(horizon, chunk, monkeypatch):
    monkeypatch.setattr(lagged, "CHUNK", chunk)
    panel = walks()
    x, y = windows(panel, 5, horizon)
    expected = np.linalg.lstsq(x, y)[0]
    fitted = Linear(horizon=horizon, context=5, ridge=0, scaling="none").fit(panel)
    np.testing.assert_allclose(fitted.model.matrix[0], expected, rtol=1e-9, atol=1e-11)
    last = np.c_[panel.last(5)[:, :, 0], np.ones(panel.n_series)] @ expected
    np.testing.assert_allclose(fitted.predict_panel(panel, horizon).values[:, 0][:, :, 0], last, rtol=1e-6)


def test_ridge_and_scaling_solve_the_normal_equations_of_the_scaled_windows():
    panel, context, horizon, ridge = walks(), 4, 2, 3.0
    units = mean_steps(panel)
    x, y = windows(panel, context, horizon)
    per_series = len(x) // panel.n_series
    unit, level = np.repeat(units, per_series)[:, None], x[:, context - 1 : context].copy()
    x[:, :context] = (x[:, :context] - level) / unit
    y = (y - level) / unit
    penalty = ridge * np.diag([1.0] * context + [0.0])
    expected = np.linalg.solve(x.T @ x + penalty, x.T @ y)
    fitted = Linear(horizon=horizon, context=context, ridge=ridge).fit(panel)
    np.testing.assert_allclose(fitted.model.matrix[0], expected, rtol=1e-8, atol=1e-10)


def test_a_longer_horizon_feeds_forecasts_back():
    panel = walks()
    fitted = Linear(horizon=2, context=4, scaling="none", ridge=0).fit(panel)
    grown = Panel.from_array(np.concatenate([panel.last(40), fitted.predict_panel(panel, 2).values[:, 0]], axis=1))
    np.testing.assert_allclose(
        fitted.predict_panel(panel, 5).values[:, 0][:, 2:4], fitted.predict_panel(grown, 2).values[:, 0], rtol=1e-4
    )
    assert fitted.predict_panel(panel, 5).values[:, 0].shape == (3, 5, 1)


def test_the_future_of_one_series_changes_no_weight_learned_from_the_past():
    panel = walks()
    changed = panel.last(40).copy()
    changed[:, -3:] = 1e3
    before = Linear(horizon=2, context=4).fit(panel.drop_last(3)).predict_panel(panel.drop_last(3), 3).values[:, 0]
    after = Linear(horizon=2, context=4).fit(Panel.from_array(changed).drop_last(3))
    np.testing.assert_array_equal(before, after.predict_panel(panel.drop_last(3), 3).values[:, 0])


def test_channels_are_separate_models():
    both = walks(channels=2)
    fitted = Linear(horizon=2, context=3).fit(both).predict_panel(both, 2).values[:, 0]
    for channel in range(2):
        alone = Panel.from_array(both.last(40)[:, :, channel : channel + 1])
        forecast = Linear(horizon=2, context=3).fit(alone).predict_panel(alone, 2).values[:, 0]
        np.testing.assert_allclose(fitted[:, :, channel], forecast[:, :, 0], rtol=1e-5)


def test_other_channels_than_fitted_are_refused():
    with pytest.raises(OptionError, match="1 channels, got 2"):
        Linear(horizon=1, context=2).fit(walks()).predict_panel(walks(channels=2), 1).values[:, 0]


def test_the_default_context_is_two_seasons_where_the_series_allow():
    assert Linear(horizon=1, season=6).fit(walks()).model.context == 12
    assert Linear(horizon=1, season=30).fit(walks()).model.context == 39
    assert Linear(horizon=39).fit(walks()).model.context == 1


def test_a_fit_without_a_single_window_says_what_is_needed():
    with pytest.raises(LengthError, match=r"context \+ horizon = 30 \+ 12 steps; the longest has 40"):
        Linear(context=30, horizon=12).fit(walks())


def test_a_sine_goes_on_as_a_sine():
    wave = np.sin(np.arange(200) / 7)
    panel = Panel.from_array(wave[None, :150, None])
    forecast = Linear(horizon=50, context=10, ridge=0).fit(panel).predict_panel(panel, 50).values[:, 0]
    np.testing.assert_allclose(forecast.ravel(), wave[150:], atol=1e-3)


def test_constant_series_alone_stay_constant():
    panel = Panel.from_array(np.full((2, 12, 1), 3.0))
    np.testing.assert_array_equal(
        Linear(horizon=2).fit(panel).predict_panel(panel, 4).values[:, 0], np.full((2, 4, 1), 3.0)
    )
