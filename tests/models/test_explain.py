"""What forecasts are made of: planted effects are found, unused ones are zero, and sums are right."""

import datetime as dt
from dataclasses import replace

import holidays
import numpy as np
import polars as pl
import pytest

import loopcast
from loopcast import Columns, DataError, Linear, Mean, Naive, OptionError, Panel, Pretrained, Recurrent, Theta, kernels
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.known import width_of_rows, width_of_steps
from loopcast.models.network.path import contributions, way
from loopcast.models.theta import fitted_parameters


def air() -> Panel:
    """Monthly airline passengers, 1949 to 1960."""
    return loopcast.read("examples/air_passengers.csv")


def with_price(rows=120, ahead=4, effect=3.0, seed=0) -> Panel:
    """A flat series with an effect of a future covariate and none of another, and a static category."""
    random = np.random.default_rng(seed)
    price, noise = random.normal(5, 2, rows + ahead), random.normal(0, 1, rows + ahead)
    table = pl.DataFrame(
        {
            "ds": np.arange(rows + ahead),
            "y": 50 + effect * price + random.normal(0, 1, rows + ahead),
            "price": price,
            "noise": noise,
            "kind": ["a"] * (rows + ahead),
        }
    )
    columns = Columns(future=["price", "noise"], static=["kind"])
    return Panel.from_table(table.head(rows), columns=columns).with_future(table.tail(ahead))


def parts(forecaster, panel, horizon):
    """Of the first series and target, `[step]` by feature."""
    found = forecaster.model.explain(panel, horizon).contributions()
    return {name: values[0, :, 0] for name, values in found.items()}


def test_linear_gives_a_covariate_its_coefficient_times_how_far_it_is_from_its_mean():
    panel = with_price(rows=400)
    linear = Linear(horizon=4, context=1, ridge=0.0, scaling="none").fit_panel(panel)
    found, matrix, price = parts(linear, panel, 4), linear.model.matrix[0], panel.covariates.future[:, 0]
    now, then = (
        2,
        8,
    )  # after the lag and the category: at the cutoff; after three numbers of either covariate: of the step
    spread, mean = price[:-4].std(), price[:-4].mean()
    for step, value in enumerate(price[-4:]):
        at_cutoff, ahead = (price[-5] - mean) / spread, (value - mean) / spread
        assert found["price"][step] == pytest.approx(
            matrix[now, step] * at_cutoff + matrix[then, step] * ahead, rel=1e-5
        )
    np.testing.assert_allclose(np.diff(found["price"]), 3.0 * np.diff(price[-4:]), atol=0.7)
    assert np.abs(found["noise"]).max() < 1


def test_linear_gives_a_lag_its_coefficient_times_how_far_it_is_from_its_mean():
    values = [10.0, 3.0]
    random = np.random.default_rng(1)
    for shock in random.normal(0, 1, 300):
        values.append(4 + 0.8 * values[-1] + shock)
    panel = Panel.from_series(values)
    linear = Linear(horizon=1, context=1, ridge=0.0, scaling="none").fit(panel)
    weight = linear.model.matrix[0, 0, 0]
    found = parts(linear, panel, 1)
    assert weight == pytest.approx(0.8, abs=0.05)
    assert found["lag 1"][0] == pytest.approx(weight * (values[-1] - np.mean(values)))
    assert found["level"][0] == pytest.approx(weight * np.mean(values) + linear.model.matrix[0, 1, 0])


def test_linear_gives_the_same_numbers_as_a_loop_over_its_weights():
    panel = air()
    linear = Linear(horizon=6).fit(panel)
    found, values = parts(linear, panel, 6), panel.values[:, 0]
    matrix, unit = linear.model.matrix[0], np.abs(np.diff(values)).mean()
    windows = np.stack([values[t : t + 24] - values[t + 23] for t in range(len(values) - 23)])
    for step in range(6):
        for name, lags in (("lags 1 to 12", range(12, 24)), ("lags 13 to 24", range(12))):
            each = [matrix[lag, step] * (windows[-1, lag] - windows[:, lag].mean()) for lag in lags]
            assert found[name][step] == pytest.approx(sum(each))
        usual = sum(matrix[lag, step] * windows[:, lag].mean() for lag in range(24)) + unit * matrix[24, step]
        assert found["trend"][step] == pytest.approx(usual)
    np.testing.assert_allclose(found["level"], values[-1])


def test_linear_further_ahead_than_its_fit_says_how_far_it_is_explained():
    with pytest.raises(OptionError, match="as far as the horizon of its fit, 2, and 3 steps"):
        Linear(horizon=2).fit(air()).explain(horizon=3)


def test_a_trained_network_finds_the_covariate_that_matters_and_how_much():
    panel = with_price(rows=300)
    network = Recurrent(horizon=4, cell="lstm", units=(16,), updates=250, season=1, show_progress=False).fit_panel(
        panel
    )
    found, price = parts(network, panel, 4), panel.covariates.future[:, 0]
    np.testing.assert_allclose(np.diff(found["price"]), 3.0 * np.diff(price[-4:]), atol=3.0)
    assert np.abs(found["noise"]).max() < 0.2 * np.abs(found["price"]).max()


def test_a_covariate_that_a_network_does_not_use_has_exactly_nothing():
    panel = with_price()
    plain = Pretrained(tune=0).fit_panel(panel).model
    encoding = ExogenousEncoder.of(panel, unknown=True)
    widths = width_of_rows(encoding), width_of_steps(encoding, plain.periods.season)
    shape, weights = plain.network.widened(plain.weights, *widths)
    wide = replace(plain, network=shape, weights=weights, encoding=encoding)
    found = wide.explain(panel, 4).contributions()
    for name in ("price", "noise", "kind"):
        assert not found[name].any()
    np.testing.assert_allclose(
        found["recent values"], plain.explain(panel, 4).contributions()["recent values"], atol=0.05
    )


def test_the_level_of_a_network_is_its_trailing_mean_and_a_flat_series_has_nothing_else():
    panel = Panel.from_series([-1.0, -3.0, 2.0, 4.0] * 12 + [-1.0, -3.5, 2.0, 4.0])
    found = parts(Pretrained(season=4, tune=0).fit_panel(panel), panel, 4)
    np.testing.assert_allclose(found["level"], np.mean([-1.0, -3.5, 2.0, 4.0]))
    constant = Panel.from_series([7.0] * 30)
    still = parts(Pretrained(tune=0).fit_panel(constant), constant, 3)
    np.testing.assert_allclose(still["level"], 7.0)
    assert all(np.abs(part).max() < 1e-9 for name, part in still.items() if name != "level")


def test_a_series_that_repeats_itself_is_level_and_season_alone():
    panel = Panel.from_series([1.0, 5.0, 9.0, 3.0] * 10)
    found = parts(Pretrained(season=4, tune=0).fit_panel(panel), panel, 4)
    np.testing.assert_allclose(found["level"] + found["season"], [1.0, 5.0, 9.0, 3.0])
    assert all(np.abs(part).max() < 1e-12 for name, part in found.items() if name not in ("level", "season"))


def test_forecasts_that_bounds_clip_or_round_have_a_part_that_says_by_how_much():
    panel = Panel.from_series([9.0, 7.5, 6.0, 4.5, 3.0, 1.5])
    linear = Linear(horizon=3, context=1, ridge=0.0, integer=True)
    free = linear.with_options(integer=False, lower=None).fit_panel(panel)
    found, before = parts(linear.fit_panel(panel), panel, 3), free.predict_panel(panel, 3).values.ravel()
    np.testing.assert_allclose(found["bounds"], np.clip(np.rint(before), 0, None) - before, atol=1e-9)
    assert "bounds" not in parts(free, panel, 3)


def test_a_mean_has_its_members_parts_by_their_weights():
    panel = air()
    linear, naive = Linear(horizon=3), Naive()
    found = parts(Mean(models=[linear, naive]).fit_panel(panel), panel, 3)
    alone = parts(linear.fit_panel(panel), panel, 3)
    np.testing.assert_allclose(found["trend"], alone["trend"] / 2)
    np.testing.assert_allclose(found["level"], alone["level"] / 2 + panel.values[-1] / 2)


def test_theta_has_its_smoothed_level_by_a_loop():
    values = (np.arange(40) * 0.5 + np.random.default_rng(6).normal(0, 1, 40)).tolist()
    panel = Panel.from_series(values)
    _, first, unit, _, level, alpha, _, _ = fitted_parameters(np.array(values), 1)[0]
    for value in values:
        level += alpha * ((value - first) / unit - level)
    found = parts(Theta(season=1).fit_panel(panel), panel, 3)
    np.testing.assert_allclose(found["level"], first + unit * level)
    assert list(found) == ["level", "trend"]


def test_of_several_targets_each_has_rows_and_others_are_one_feature():
    random = np.random.default_rng(3)
    panel = Panel.from_array(random.normal(0, 1, (2, 40, 2)).cumsum(axis=1), targets=["a", "b"], ids=["x", "y"])
    joint = Recurrent(horizon=2, units=(4,), updates=3, season=1, channels="joint", show_progress=False).fit_panel(
        panel
    )
    table = joint.explain()
    assert table.columns == ["unique_id", "ds", "target", "feature", "contribution"]
    sums = table.group_by("unique_id", "ds", "target", maintain_order=True).agg(pl.col("contribution").sum())
    predicted = joint.predict()
    np.testing.assert_allclose(sums["contribution"], predicted["Recurrent"], rtol=1e-6)
    assert sums.drop("contribution").equals(predicted.drop("Recurrent"))
    assert "other targets" in table["feature"].to_list()


@pytest.mark.parametrize("make", [lambda: Linear(horizon=7, context=1), lambda: Recurrent(horizon=7, updates=150)])
def test_a_day_of_the_week_has_what_it_adds_and_no_holiday_adds_nothing(make):
    days = pl.date_range(pl.date(2023, 1, 2), pl.date(2024, 1, 28), "1d", eager=True)  # from a Monday to a Sunday
    random = np.random.default_rng(4)
    values = 100 + 30 * (days.dt.weekday() == 7).to_numpy() + random.normal(0, 1, len(days))
    columns = Columns(calendar=["weekday"], holidays="DE")
    table = pl.DataFrame({"ds": days, "y": values})
    forecaster = make().with_options(season=1).fit(table, columns=columns)
    found = parts(forecaster, forecaster.model.panel, 7)
    assert found["weekday"][-1] - found["weekday"][:-1].mean() == pytest.approx(30, abs=9)
    assert np.abs(found["holiday"]).max() < 0.01


def test_days_before_holidays_have_what_they_add_and_it_is_called_holiday():
    days = pl.date_range(pl.date(2019, 1, 1), pl.date(2023, 12, 21), "1d", eager=True)
    eves = [day + dt.timedelta(1) in holidays.country_holidays("DE") for day in days]
    values = 100 - 40 * np.array(eves) + np.random.default_rng(2).normal(0, 1, len(days))
    columns = Columns(holidays=["DE"], holiday_window=1)
    forecaster = Linear(horizon=4, context=1).fit(pl.DataFrame({"ds": days, "y": values}), columns=columns)
    assert forecaster.predict()["Linear"].to_list() == pytest.approx([100, 100, 60, 60], abs=3)  # 24, 25 December
    found = parts(forecaster, forecaster.model.panel, 4)
    assert found["holiday"] == pytest.approx([0, 0, -40, -40], abs=3)


def test_a_covariate_called_as_a_part_of_ours_says_what_it_is():
    panel = with_price()
    columns = replace(panel.schema.columns, future=("season", "lag 7"))
    renamed = replace(panel, schema=replace(panel.schema, columns=columns))
    features = Linear(horizon=4, context=2).fit_panel(renamed).model.explain(renamed, 4).features
    assert {"season (covariate)", "lag 7 (covariate)"} <= set(features)


def test_an_id_called_feature_is_refused_with_what_to_do():
    table = pl.DataFrame({"feature": ["a"] * 9, "ds": range(9), "y": np.arange(9.0)})
    with pytest.raises(DataError, match="'feature' of its own, and the table's id is called so: rename"):
        Naive().fit(table, columns=Columns(id="feature")).explain(1)


def test_rows_long_before_the_end_do_not_change_whether_sums_are_right():
    panel = Panel.from_series(np.random.default_rng(0).normal(size=1500).cumsum().tolist())
    model = Pretrained(tune=0).fit_panel(panel).model
    np.testing.assert_allclose(model.explain(panel, 3).forecast, model.predict(panel, 3).values[:, 0], rtol=1e-6)


def test_parts_of_a_product_along_the_way_are_those_of_the_integral():
    points = way(2)
    said = 6.0 * points[:, 0] * points[:, 1] ** 2  # the gradient along the line: 6 t^2 and 12 t^2
    np.testing.assert_allclose(contributions(said[:, None], 2).ravel(), [2.0, 4.0], atol=0.01)
    assert contributions(said[:, None], 2).sum() == pytest.approx(6.0, abs=1e-12)


def test_explaining_changes_nothing_and_gives_the_same_bits_again():
    panel = air()
    pretrained = Pretrained(horizon=3, tune=0).fit_panel(panel)
    before = pretrained.predict()
    first, second = pretrained.explain(), pretrained.explain()
    assert first.equals(second)
    assert pretrained.predict().equals(before)


@pytest.mark.slow
def test_without_kernels_the_contributions_are_the_same(monkeypatch, tmp_path):
    panel = Panel.from_series((np.random.default_rng(5).normal(size=1100).cumsum() + 300).tolist())
    model = Pretrained(season=7, tune=0).fit_panel(panel, calibrate=False).model
    with_kernels = model.explain(panel, 3)
    monkeypatch.setattr(kernels, "LIBRARY", tmp_path / "absent.so")
    without = model.explain(panel, 3)
    np.testing.assert_allclose(
        without.values, with_kernels.values, atol=1e-3 * np.abs(with_kernels.values[..., 1:]).max()
    )
