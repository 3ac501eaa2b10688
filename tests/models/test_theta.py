"""The theta forecast, against its paper's equations in a loop, a general optimiser and another library's figures."""

import numpy as np
import pytest
from scipy.optimize import minimize

import loopcast
from loopcast import Panel, Theta
from loopcast.models.seasonal_pattern import SeasonalPattern, has_season

# statsforecast 2.1.1: DynamicOptimizedTheta(season_length=12).forecast(y=y, h=12)["mean"], y the 144 values of
# examples/air_passengers.csv; and with season_length=1, h=4. Its optimiser stops near the minimum.
STATSFORECAST = [
    442.9272, 432.2984, 495.4825, 482.5753, 487.866, 556.1216, 616.223, 616.1097, 538.4027, 470.4105, 410.999, 463.4772
]  # fmt: skip
STATSFORECAST_WITHOUT_SEASON = [432.2609, 432.925, 433.5862, 434.2445]


def line(points):
    """Intercept and slope of the least-squares line through points (time, value)."""
    n = len(points)
    time, value = sum(t for t, _ in points) / n, sum(v for _, v in points) / n
    slope = sum((t - time) * (v - value) for t, v in points) / max(sum((t - time) ** 2 for t, _ in points), 1e-9)
    return value - slope * time, slope


def equations(y, parameters, horizon):
    """Squared errors from row 4 on, and forecasts, of l[0], alpha and theta: DOTM, equations of section 3.2.

    A missing value is its own forecast, and the line stays.
    """
    level, alpha, theta = parameters
    seen, errors, told = [], [], []
    a = b = 0.0
    for t in range(1, len(y) + horizon + 1):
        forecast = level + (1 - 1 / theta) * (
            (1 - alpha) ** (t - 1) * a + (1 - (1 - alpha) ** t) / alpha * b
        )  # fmt: skip
        value = y[t - 1] if t <= len(y) else np.nan
        if t > len(y):
            told.append(forecast)
        elif t > 3 and not np.isnan(value):
            errors.append((value - forecast) ** 2)
        level = alpha * (forecast if np.isnan(value) else value) + (1 - alpha) * level
        if not np.isnan(value) or t > len(y):
            seen.append((t, forecast if np.isnan(value) else value))
            a, b = line(seen)
    return sum(errors), told


def optimised(y, horizon):
    """The forecasts of the best parameters that a general optimiser finds from several starts."""
    bounds = [(None, None), (0.1, 0.99), (1.0, 1e6)]
    found = [
        minimize(
            lambda p: equations(y, p, 0)[0], [start, alpha, theta], method="Nelder-Mead", bounds=bounds,
            options={"xatol": 1e-8, "fatol": 1e-10, "maxiter": 4000, "maxfev": 4000, "adaptive": True},
        )
        for start in (y[0] / 2, y[0])
        for alpha in (0.2, 0.6)
        for theta in (2.0, 20.0)
    ]  # fmt: skip
    return np.array(equations(y, min(found, key=lambda each: each.fun).x, horizon)[1])


def forecast(values, horizon=4, season=1):
    """What Theta says of one series, unbounded."""
    panel = Panel.from_array(np.array(values, float).reshape(1, -1, 1))
    model = Theta(season=season, lower=None).fit_panel(panel, calibrate=False)
    return model.predict_panel(panel, horizon).values.ravel()


def waves(rows=80, seed=0, season=4):
    """A level, a trend, a season and noise, above 0."""
    t = np.arange(rows)
    return 80 + 0.4 * t + 15 * np.sin(2 * np.pi * t / season) + np.random.default_rng(seed).normal(0, 3, rows)


def test_a_year_of_airline_passengers_is_forecast_as_another_library_does():
    table = loopcast.read("examples/air_passengers.csv")
    np.testing.assert_allclose(Theta().fit(table).predict(12)["Theta"], STATSFORECAST, rtol=2e-3)
    without = Theta(season=1).fit(table).predict(4)["Theta"]
    np.testing.assert_allclose(without, STATSFORECAST_WITHOUT_SEASON, rtol=3e-3)


@pytest.mark.parametrize("missing", [(), (5, 6, 17)])
def test_the_parameters_are_the_best_that_a_general_optimiser_finds(missing):
    y = 20 + 0.5 * np.arange(24) + np.random.default_rng(4).normal(0, 2, 24).cumsum()
    y[list(missing)] = np.nan
    np.testing.assert_allclose(forecast(y), optimised(y, 4), rtol=1e-4)


@pytest.mark.parametrize("rows", [2, 3, 5, 6])
def test_few_rows_are_forecast_with_the_classical_parameters(rows):
    y = np.array([7.0, 9.0, 8.0, 12.0, 11.0, 15.0])[:rows]
    np.testing.assert_allclose(forecast(y), equations(y, (y[0] / 2, 0.5, 2.0), 4)[1], rtol=1e-12)


def test_a_single_value_and_a_constant_are_repeated_exactly():
    for values in ([5.1], [5.1] * 40, [np.nan, 0.1, np.nan], [0.0] * 30, [-7.3] * 9):
        known = np.array(values)[~np.isnan(values)][0]
        np.testing.assert_array_equal(forecast(values, 6, season=4), np.full(6, known))


def test_a_straight_line_goes_on():
    np.testing.assert_allclose(forecast(3 + 2.5 * np.arange(20)), 3 + 2.5 * np.arange(20, 24), rtol=1e-9)


def test_a_gap_at_the_end_is_forecast_over():
    y = waves()
    np.testing.assert_allclose(forecast([*y, np.nan, np.nan], 3, 4), forecast(y, 5, 4)[2:], rtol=1e-12)


def test_missing_values_before_the_first_one_are_no_part_of_a_series():
    y = waves()
    np.testing.assert_array_equal(forecast([np.nan, *y], 3, 4), forecast(y, 3, 4))


def test_a_gap_costs_little():
    y = waves(rows=120)
    gappy = y.copy()
    gappy[np.random.default_rng(1).choice(np.arange(1, 119), 12, replace=False)] = np.nan
    np.testing.assert_allclose(forecast(gappy, 4, 4), forecast(y, 4, 4), atol=3.0)  # the noise has a deviation of 3


@pytest.mark.parametrize(
    "values", [[0, 0, 3, 0, 0, 0, 7, 0] * 6, [-5, 4, -3, 9] * 5, [1e-30, 2e-30] * 9, [0, 1e30] * 9]
)
def test_zeros_negative_numbers_and_extreme_sizes_stay_near_what_was_seen(values):
    told, seen = forecast(values, 12, season=4), np.array(values, float)
    apart = seen.max() - seen.min()
    assert np.isfinite(told).all()
    assert (np.abs(told - seen.mean()) <= 2 * apart).all()


def test_a_forecast_is_the_same_at_a_cutoff_alone_and_among_others_and_with_several_targets():
    values = np.stack([np.stack([waves(seed=2 * i), -waves(seed=2 * i + 1)], axis=1) for i in range(3)])
    panel = Panel.from_array(values)
    model = Theta(season=4, lower=None).fit_panel(panel, calibrate=False)
    together = model.predict_panel(panel, 5, (30, 9, 0)).values
    for i, j, channel in np.ndindex(3, 3, 2):
        alone = forecast(values[i, : 80 - (30, 9, 0)[j], channel], 5, 4)
        np.testing.assert_array_equal(together[i, j, :, channel], alone)


def test_the_season_of_a_pattern_is_that_of_a_classical_decomposition():
    factors = [0.7, 1.1, 1.3, 0.9]
    y = [(50 + t) * factors[t % 4] for t in range(40)]
    pattern = SeasonalPattern.of(np.array(y), 4)
    by_hand = [[] for _ in factors]
    for t in range(2, 38):
        trend = (y[t - 2] / 2 + y[t - 1] + y[t] + y[t + 1] + y[t + 2] / 2) / 4
        by_hand[t % 4].append(y[t] / trend)
    means = np.array([np.mean(each) for each in by_hand])
    assert pattern.multiplies
    np.testing.assert_allclose(pattern.parts, means / means.mean(), rtol=1e-12)
    assert not SeasonalPattern.of(np.array(y) - 60, 4).multiplies


def test_a_season_is_taken_off_only_where_the_autocorrelation_shows_one():
    noise = np.random.default_rng(3).normal(50, 5, 60)
    assert has_season(waves(), 4)
    assert not has_season(noise, 4)
    np.testing.assert_array_equal(SeasonalPattern.of(noise, 4).parts, 0)
    np.testing.assert_array_equal(SeasonalPattern.of(waves(rows=7), 4).parts, 0)  # less than two seasons


def test_a_time_of_the_season_that_was_never_seen_has_no_part_in_it():
    week = np.tile([10.0, 20.0, 30.0, 20.0, 10.0, np.nan, np.nan], 12)
    told = forecast(week, 7, season=7)
    np.testing.assert_allclose(told[:5], week[:5], rtol=0.1)
    assert np.isfinite(told).all()


def test_what_it_says_names_the_season():
    assert "season of 4 steps (as chosen)" in Theta(season=4).fit(waves()).describe()
    assert "season" not in Theta(season=1).fit(waves()).describe()


def test_of_a_long_history_the_last_rows_count(monkeypatch):
    monkeypatch.setattr("loopcast.models.theta.LONGEST", 40)
    rng = np.random.default_rng(0)
    values = rng.normal(size=100).cumsum() + np.tile([5.0, 0.0, -5.0, 0.0], 25)
    whole, part = (Panel.from_series(each.tolist()) for each in (values, values[-40:]))
    said = [Theta(season=4).fit(each).predict_panel(each, 6).values for each in (whole, part)]
    np.testing.assert_array_equal(*said)
    values[60:] = np.nan
    gone = Panel.from_series(values.tolist())
    assert np.isfinite(Theta(season=4).fit(gone).predict_panel(gone, 6).values).all()
