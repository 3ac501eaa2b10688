"""What a forecaster was not made for is forecast, or refused in words; never with intervals of no width."""

from dataclasses import replace

import numpy as np
import pytest

from contracts.kinds import (
    FORECASTERS,
    HORIZON,
    IMPUTERS,
    fitted,
    gappy_panel,
    kinds_for,
    panel_of,
    series,
    training_panel,
)
from loopcast import DataError, LoopcastError, NotFittedError, OptionError, Panel, ValuesError
from loopcast.columns import Bands

FEW = [2, 3, 5]  # rows: fewer than a season, or than most kinds look at
FAR = 200  # times the horizon of the fit


def rows_of_noise(rows):
    """A series of a few values that differ, before two long ones."""
    few, long = np.random.default_rng(rows).normal(50, 9, rows), training_panel().series(0)[:, 0]
    return panel_of([few, long, long])


def require_honest(prediction):
    """Forecasts are numbers, and their intervals as wide as something."""
    assert np.isfinite(prediction.values).all()
    low, high = prediction.interval(80)
    assert (high > low).all()


def require_honest_or_refused(ask):
    """What is asked for is honest, or an error of Loopcast that says why not."""
    try:
        got = ask()
    except LoopcastError as error:
        got = str(error)
    if isinstance(got, str):
        assert len(got.split()) > 5
    else:
        require_honest(got)


def test_series_that_the_fit_did_not_have_are_forecast_with_intervals(forecaster):
    new = replace(series(lengths=(38, 50, 44), seed=9), ids=training_panel().ids.str.to_uppercase())
    got = forecaster.model.predict_bands(new, HORIZON, Bands.of(80))
    require_honest(got)
    assert got.panel.ids.to_list() == ["A", "B", "C"]


@pytest.mark.parametrize("rows", FEW)
def test_a_history_that_is_too_short_is_refused_or_has_intervals_of_some_width(forecaster, rows):
    panel = rows_of_noise(rows)
    require_honest_or_refused(lambda: forecaster.model.predict_bands(panel, HORIZON, Bands.of(80)))


def test_a_history_of_one_row_is_refused_or_has_intervals_of_some_width(forecaster):
    panel = rows_of_noise(1)
    require_honest_or_refused(lambda: forecaster.model.predict_bands(panel, HORIZON, Bands.of(80)))


def test_forecasts_far_beyond_the_horizon_stay_within_reach_of_the_history(forecaster):
    values, seen = forecaster.predict_panel(training_panel(), FAR * HORIZON).values, training_panel().values
    apart = seen.max() - seen.min()
    assert (values >= seen.min() - 20 * apart).all()
    assert (values <= seen.max() + 20 * apart).all()


def test_what_was_never_negative_is_not_forecast_to_be_and_that_is_said(kind):
    low = panel_of([np.maximum(training_panel().series(i)[:, 0] - 70, 0) for i in range(3)])
    model = FORECASTERS[kind]().fit(low)
    got = model.model.predict_bands(low, HORIZON, Bands.of(99))
    assert got.values.min() >= 0
    assert got.quantiles.min() >= 0
    assert "not below 0" in model.describe()
    if model.model.calibration is not None:
        assert model.simulate(50, HORIZON, data=low)[model.name].min() >= 0


@pytest.mark.parametrize("rows", [1, 3])
def test_a_fit_on_too_few_rows_is_refused_or_says_how_sure_it_is(kind, rows):
    panel = panel_of([np.random.default_rng(rows).normal(50, 9, rows)])
    make = FORECASTERS[kind]
    require_honest_or_refused(lambda: make().fit(panel).model.predict_bands(panel, HORIZON, Bands.of(80)))


def test_a_series_without_a_value_is_named(forecaster):
    panel = training_panel()
    values = panel.values.copy()
    values[panel.offsets[1] : panel.offsets[2]] = np.nan
    with pytest.raises(ValuesError, match="'b'"):
        forecaster.predict(HORIZON, data=replace(panel, values=values))


def test_a_fit_on_a_series_without_a_value_names_it(kind):
    values = np.full((2, 40, 1), 3.0)
    values[1] = np.nan
    with pytest.raises(ValuesError, match="'q'"):
        FORECASTERS[kind]().fit(Panel.from_array(values, ids=["p", "q"]))


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e300])
def test_infinity_and_what_float32_cannot_hold_are_refused(forecaster, value):
    with pytest.raises(ValuesError):
        forecaster.predict(HORIZON, data=np.array([1.0, 2.0, value] * 9))


@pytest.mark.parametrize("horizon", [0, -1, 2.5, True, "3", np.nan])
def test_a_horizon_is_a_number_of_steps(forecaster, horizon):
    with pytest.raises(OptionError):
        forecaster.predict(horizon)


@pytest.mark.parametrize(
    "asked", [{"level": 0}, {"level": 100}, {"level": np.nan}, {"quantiles": 1}, {"quantiles": -1}]
)
def test_a_level_or_quantile_that_means_nothing_is_refused(forecaster, asked):
    with pytest.raises(OptionError):
        forecaster.predict(HORIZON, **asked)


def test_several_targets_are_refused_where_one_was_fitted(forecaster):
    with pytest.raises(DataError):
        forecaster.predict(HORIZON, data=np.ones((2, 40, 2)))


@pytest.mark.parametrize("data", [None, 3, "table.csv", {"y": [1.0]}, [], np.ones((2, 2))])
def test_what_is_no_data_is_refused(kind, data):
    with pytest.raises(DataError):
        FORECASTERS[kind]().fit(data)


@pytest.mark.parametrize("cutoffs", [(-1,), (), (3, 3), (1, 2), (2.5,), (True,), (10**6,)])
def test_cutoffs_fall_and_leave_a_row(forecaster, cutoffs):
    with pytest.raises(LoopcastError):
        forecaster.predict_panel(training_panel(), HORIZON, cutoffs)


@pytest.mark.parametrize("name", kinds_for("gaps"))
def test_gaps_that_a_fit_had_none_of_are_forecast(name):
    assert np.isfinite(fitted(name).predict_panel(gappy_panel(), HORIZON).values).all()


def test_intervals_further_ahead_than_is_known_name_a_cure_that_works():
    forecaster = fitted("Linear")
    with pytest.raises(NotFittedError, match=r"calibrate\(horizon=5\)"):
        forecaster.predict(5, level=80)
    other = FORECASTERS["Linear"]().fit(training_panel()).calibrate(horizon=5)
    require_honest(other.model.predict_bands(training_panel(), 5, Bands.of(80)))


def test_an_imputer_refuses_what_it_cannot_read(imputer_kind, imputer):
    with pytest.raises(LoopcastError):
        imputer.impute(np.ones((2, 40, 2)))
    with pytest.raises(LoopcastError):
        IMPUTERS[imputer_kind]().fit(np.full((2, 40, 1), np.nan))
    with pytest.raises(LoopcastError):
        IMPUTERS[imputer_kind]().fit(np.arange(4.0))
    with pytest.raises(OptionError):
        imputer.impute(level=[100])


def test_gaps_of_series_that_the_fit_did_not_have_are_filled_with_intervals(imputer):
    new = replace(gappy_panel(), ids=training_panel().ids.str.to_uppercase())
    got = imputer.fill_panel(replace(new, values=new.values[::-1]), Bands.of(80))
    assert np.isfinite(got.values[got.marks]).all()
    assert (got.ends[got.marks][:, 1] > got.ends[got.marks][:, 0]).all()
