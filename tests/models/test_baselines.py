"""The naive forecasts, against loops that spell out their formulas."""

import numpy as np
import polars as pl
import pytest

from loopcast.data.panel import Panel
from loopcast.errors import LengthError, NotFittedError, OptionError
from loopcast.models.baselines import Drift, Naive, SeasonalNaive, WindowAverage
from loopcast.models.linear import Linear

LENGTHS = (3, 17, 5)
EVERY = [Naive(), SeasonalNaive(season=3), Drift(), WindowAverage(window=2), Linear(horizon=2, context=2)]


def table(lengths=LENGTHS, seed=0, scale=1.0, shift=0.0):
    rng = np.random.default_rng(seed)
    ids = np.repeat([f"s{i}" for i in range(len(lengths))], lengths)
    times = np.concatenate([np.arange(n) for n in lengths])
    return pl.DataFrame({"unique_id": ids, "ds": times, "y": shift + scale * rng.normal(size=len(times)).cumsum()})


def panel(**made):
    return Panel.from_table(table(**made))


def by_loop(panel, horizon, step):
    """`step(values, h)` for each series and each step ahead h = 1, 2, …"""
    return np.array([[[step(panel.series(i)[:, 0], h)] for h in range(1, horizon + 1)] for i in range(panel.n_series)])


def test_naive_repeats_the_last_value():
    data = panel()
    np.testing.assert_array_equal(
        Naive().fit(data).predict_panel(data, 4).values[:, 0], by_loop(data, 4, lambda y, h: y[-1])
    )


@pytest.mark.parametrize("season", [1, 2, 3])
@pytest.mark.parametrize("horizon", [1, 3, 8])
def test_seasonal_naive_takes_the_value_of_the_latest_known_season(season, horizon):
    data = panel()

    def step(y, h):
        at = len(y) + h - 1
        while at >= len(y):
            at -= season
        return y[at]

    forecast = SeasonalNaive(season=season).fit(data).predict_panel(data, horizon).values[:, 0]
    np.testing.assert_array_equal(forecast, by_loop(data, horizon, step))


def test_drift_goes_on_along_the_line_from_first_to_last():
    data = panel()
    expected = by_loop(data, 5, lambda y, h: float(y[-1]) + h * (float(y[-1]) - float(y[0])) / (len(y) - 1))
    np.testing.assert_allclose(Drift().fit(data).predict_panel(data, 5).values[:, 0], expected, rtol=1e-6)


def test_drift_of_a_single_value_is_flat():
    data = Panel.from_array(np.full((1, 1, 1), 7.0))
    np.testing.assert_array_equal(Drift().fit(data).predict_panel(data, 2).values[:, 0].ravel(), [7, 7])


def test_window_average_repeats_the_mean_of_the_window():
    data = panel()
    expected = by_loop(data, 3, lambda y, h: y[-2:].astype(float).mean())
    np.testing.assert_allclose(
        WindowAverage(window=2).fit(data).predict_panel(data, 3).values[:, 0], expected, rtol=1e-6
    )


def test_the_season_is_the_usual_one_of_the_calendar_unless_chosen():
    dates = pl.date_range(pl.date(2020, 1, 1), pl.date(2022, 12, 1), "1mo", eager=True)
    monthly = pl.DataFrame({"ds": dates, "y": np.arange(36.0)})
    assert SeasonalNaive().fit(monthly).predict(2)["SeasonalNaive"].to_list() == [24, 25]
    assert SeasonalNaive(season=6).fit(monthly).predict(2)["SeasonalNaive"].to_list() == [30, 31]


@pytest.mark.parametrize("forecaster", EVERY, ids=lambda each: each.name)
class TestEveryBaseline:
    def test_keeps_the_order_of_the_series(self, forecaster):
        data = table(lengths=(9, 17, 12))
        forecast = forecaster.fit(data).predict(3)
        turned = forecaster.fit(pl.concat(data.partition_by("unique_id")[::-1])).predict(3)
        assert forecast.sort("unique_id", "ds")["unique_id"].equals(turned.sort("unique_id", "ds")["unique_id"])
        np.testing.assert_allclose(
            forecast.sort("unique_id", "ds")[forecaster.name],
            turned.sort("unique_id", "ds")[forecaster.name],
            rtol=1e-5,
        )

    @pytest.mark.parametrize("scale", [1e-4, 1e4])
    def test_scales_with_the_series(self, forecaster, scale):
        plain, scaled = panel(lengths=(9, 17, 12)), panel(lengths=(9, 17, 12), scale=scale)
        forecast = forecaster.fit(plain).predict_panel(plain, 3).values[:, 0]
        np.testing.assert_allclose(
            forecaster.fit(scaled).predict_panel(scaled, 3).values[:, 0] / scale, forecast, rtol=1e-4, atol=1e-5
        )

    def test_shifts_with_the_series(self, forecaster):
        plain, shifted = panel(lengths=(9, 17, 12)), panel(lengths=(9, 17, 12), shift=100.0)
        forecast = forecaster.fit(plain).predict_panel(plain, 3).values[:, 0]
        np.testing.assert_allclose(
            forecaster.fit(shifted).predict_panel(shifted, 3).values[:, 0] - 100, forecast, atol=1e-3
        )

    def test_a_constant_series_stays_constant_beside_others(self, forecaster):
        data = Panel.from_array(np.stack([np.full((9, 1), 5.0), np.random.default_rng(1).normal(size=(9, 1))]))
        np.testing.assert_array_equal(forecaster.fit(data).predict_panel(data, 4).values[:, 0][0], np.full((4, 1), 5.0))

    def test_forecasts_series_it_has_not_seen_without_another_fit(self, forecaster):
        other = table(lengths=(8, 6), seed=5).with_columns(pl.col("unique_id") + " of others")
        forecast = forecaster.fit(table()).predict(2, data=other)
        assert forecast["unique_id"].unique(maintain_order=True).to_list() == ["s0 of others", "s1 of others"]

    def test_forecasts_the_first_steps_alike_whatever_the_horizon(self, forecaster):
        data = panel()
        forecaster.fit(data)
        np.testing.assert_array_equal(
            forecaster.predict_panel(data, 7).values[:, 0][:, :1], forecaster.predict_panel(data, 1).values[:, 0]
        )

    def test_forecasts_where_a_value_is_missing(self, forecaster):
        gappy = table().with_columns(y=pl.when(pl.int_range(pl.len()) == 5).then(None).otherwise("y"))
        assert forecaster.fit(gappy).predict(2)[forecaster.name].is_finite().all()

    def test_describes_what_it_chose(self, forecaster):
        assert forecaster.fit(table()).describe().startswith(f"{forecaster.name}: ")

    def test_makes_a_column_of_its_alias(self, forecaster):
        fitted = type(forecaster)(**{**forecaster.get_params(), "alias": "mine"}).fit(table())
        assert fitted.predict(2).schema["mine"] == pl.Float64


def test_before_fit_there_is_no_forecast():
    with pytest.raises(NotFittedError, match="call fit"):
        Naive().predict(3)


def test_a_series_shorter_than_a_season_is_named():
    with pytest.raises(LengthError, match="'s0' has 3 rows and 5"):
        SeasonalNaive(season=5).fit(table()).predict(1)


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "12", 10**7])
def test_a_horizon_is_a_whole_number_of_at_least_one(value):
    with pytest.raises(OptionError, match="horizon is a whole number"):
        Naive(horizon=value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Naive(season=0),
        lambda: Naive(alias=""),
        lambda: WindowAverage(window=0),
        lambda: Linear(horizon=1, context=0),
        lambda: Linear(horizon=1, ridge=-1.0),
        lambda: Linear(horizon=1, ridge=float("nan")),
        lambda: Linear(horizon=1, scaling="mean"),
    ],
)
def test_an_option_that_means_nothing_is_refused(make):
    with pytest.raises(OptionError, match=r'is a |is "[a-z]+" or '):
        make()


def test_a_forecast_of_no_number_of_steps_is_an_error_that_asks_for_it():
    with pytest.raises(OptionError, match=r"say how many, horizon=\.\.\."):
        Naive().fit(table()).predict()


def test_a_table_in_the_place_of_the_horizon_is_an_error_that_names_data():
    with pytest.raises(OptionError, match=r"give the history as data=\.\.\."):
        Naive().fit(table()).predict(table())


def test_options_are_frozen_and_known_by_name():
    model = SeasonalNaive(season=7)
    assert model.get_params() == {
        "horizon": None, "season": 7, "alias": None, "lower": "auto", "upper": None, "integer": False
    }  # fmt: skip
    with pytest.raises(OptionError, match=r"with_options\(season=\.\.\.\)"):
        model.set_params(season=4)


def test_scikit_learn_clones_a_forecaster():
    sklearn = pytest.importorskip("sklearn.base")
    model = SeasonalNaive(season=4).fit(table())
    copy = sklearn.clone(model)
    assert copy.get_params() == model.get_params()
    assert not copy.is_fitted
