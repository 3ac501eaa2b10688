"""Intervals hold as much as they say, from errors that were not learned from."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcast.columns import Bands, parse_band_column
from loopcast.data.panel import Panel
from loopcast.errors import LengthError, NotFittedError, OptionError
from loopcast.intervals.calibration import Calibration
from loopcast.intervals.holdout import calibration_cutoffs
from loopcast.intervals.scale import changes_of, naive_scale
from loopcast.models.baselines import Drift, Naive, SeasonalNaive
from loopcast.models.linear import Linear
from loopcast.models.load import load
from loopcast.models.recurrent.forecaster import Recurrent

NOTHING_USUAL = np.zeros((2, 1))


def walks(series=60, length=80, seed=0, scale=1.0):
    return scale * np.random.default_rng(seed).normal(size=(series, length, 1)).cumsum(axis=1)


def inside(forecaster, panel, actual, level):
    prediction = forecaster.model.predict_bands(panel, actual.shape[1], Bands.of(level))
    low, high = (end[:, 0] for end in prediction.interval(level))
    return ((actual >= low) & (actual <= high)).mean()


@pytest.mark.parametrize("level", [50, 80, 95])
def test_on_random_walks_an_interval_holds_its_share_of_what_comes(level):
    whole = Panel.from_array(walks(series=800))
    seen = whole.drop_last(6)
    shares = inside(Naive(horizon=6).fit(seen), seen, whole.last(6), level)
    assert abs(shares - level / 100) < 0.03


def test_quantiles_of_few_errors_are_order_statistics_that_keep_the_promise():
    errors = np.array([3.0, -1.0, 2.0, -4.0]).reshape(4, 1, 1)  # sizes 1, 2, 3, 4 of four errors: shares k / 5
    calibration = Calibration(errors=np.repeat(errors, 200, axis=0), usual=np.zeros((2, 1)))
    few = Calibration(errors=errors, usual=np.zeros((2, 1)))
    shares = np.array([0.1, 0.2, 0.5, 0.8, 0.9])  # intervals of 80, 60, 0, 60 and 80 %
    np.testing.assert_allclose(few.quantiles(shares, 1)[0, 0], [-4, -3, 0, 3, 4], atol=1e-6)
    # many errors: half way between the largest size and the largest of that tail
    np.testing.assert_allclose(calibration.quantiles(np.array([0.01, 0.5, 0.99]), 1)[0, 0], [-4, 0, 3.5])


def test_a_calibration_never_looks_at_what_the_copy_learned_from():
    values = walks(series=3, length=90)
    forecaster = Linear(horizon=4).fit(Panel.from_array(values))
    cutoffs = calibration_cutoffs(Panel.from_array(values), 4, forecaster.min_rows(Panel.from_array(values), 4), None)
    errors = forecaster.calibrate().model.calibration.errors
    panel = Panel.from_array(values)
    copy = Linear(horizon=4).fit(panel.drop_last(cutoffs[0]))
    wanted = []
    for i in range(3):
        for rows in cutoffs:
            past = panel.drop_last(rows)
            ahead = panel.series(i)[90 - rows : 90 - rows + 4, 0]
            change = np.abs(np.diff(past.series(i)[-13:, 0])).mean()
            wanted.append((ahead - copy.predict_panel(past, 4).values[:, 0][i, :, 0]) / change)
    np.testing.assert_allclose(errors[:, :, 0], wanted, rtol=1e-4, atol=1e-5)


@given(factor=st.floats(1e-3, 1e3), shift=st.floats(-100, 100))
def test_intervals_scale_and_move_with_the_series(factor, shift):
    values = walks(series=4, length=40)
    plain, moved = Panel.from_array(values), Panel.from_array(factor * (values + shift))
    columns = Naive(lower=None).fit(plain).model.predict_bands(plain, 3, Bands.of(80)).columns()
    other = Naive(lower=None).fit(moved).model.predict_bands(moved, 3, Bands.of(80)).columns()
    for name, values in columns.items():
        np.testing.assert_allclose(other[name], factor * (values + shift), rtol=2e-3, atol=factor * 2e-3)


def test_levels_nest_and_the_forecast_is_inside():
    panel = Panel.from_array(walks(series=5))
    table = Drift().fit(panel).predict(4, level=[95, 50, 80])
    names = ["Drift-lo-95", "Drift-lo-80", "Drift-lo-50", "Drift", "Drift-hi-50", "Drift-hi-80", "Drift-hi-95"]
    assert set(names) < set(table.columns)
    assert (np.diff(table.select(names).to_numpy(), axis=1) >= 0).all()


def test_pandas_in_gives_pandas_out_with_intervals():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"ds": pandas.date_range("2020-01-01", periods=60), "y": walks(1, 60).ravel()})
    table = Naive().fit(frame).predict(2, level=[90])
    assert list(table.columns) == ["ds", "Naive", "Naive-lo-90", "Naive-hi-90"]


@pytest.mark.parametrize("level", [0, [100], [80, 80], [80.0, 80], [80.00000001, 80], [-5], ["80"], [True], 0.8])
def test_levels_that_mean_nothing_are_refused(level):
    with pytest.raises(OptionError, match="percentages from 1 to below 100"):
        Bands.of(level)


@pytest.mark.parametrize("quantiles", [0, [1], [0.1, 0.1], ["0.1"], [80]])
def test_quantiles_that_mean_nothing_are_refused(quantiles):
    with pytest.raises(OptionError, match="probabilities between 0 and 1"):
        Bands.of((), quantiles)


def test_names_of_bands_are_read_as_they_are_written():
    bands = Bands.of(np.array([80, 99.5]), [0.025, 0.5])
    for name, probability in zip(bands.columns("A-lo-80"), bands.probabilities, strict=True):
        band = parse_band_column(name)
        assert (band.model, band.probability) == ("A-lo-80", probability)
    assert parse_band_column("A-lo") is None


def test_quantiles_stand_beside_levels_and_agree_with_them():
    table = Naive().fit(Panel.from_array(walks(series=5))).predict(3, level=80, quantiles=[0.1, 0.5, 0.9])
    assert table["Naive-q-10"].equals(table["Naive-lo-80"].alias("Naive-q-10"))
    assert table["Naive-q-90"].equals(table["Naive-hi-80"].alias("Naive-q-90"))
    assert table["Naive-q-50"].equals(table["Naive"].alias("Naive-q-50"))


def test_series_too_short_to_hold_a_tail_back_say_what_is_needed():
    panel = Panel.from_array(walks(series=2, length=9))
    with pytest.raises(NotFittedError, match="calibrating intervals takes 6 rows and 8 before them"):
        Naive(horizon=6).fit(panel).predict(level=[80])
    with pytest.raises(LengthError, match="calibrating intervals takes 6 rows and 8 before them"):
        Naive().fit(panel).calibrate(6)


def test_no_forecast_changes_what_a_model_says_later():
    panel = Panel.from_array(walks(series=3))
    model = Naive().fit(panel)
    before = model.predict(3, level=80)
    model.predict(12, level=80)
    model.impute(level=80)
    assert model.predict(3, level=80).equals(before)
    with pytest.raises(NotFittedError, match=r"calibrated for 12 steps ahead, and not for 13; calibrate\(horizon=13\)"):
        model.predict(13, level=80)


def test_a_constant_series_has_intervals_of_no_width():
    values = np.concatenate([walks(series=5), np.full((1, 80, 1), 7.0)])
    table = Naive().fit(Panel.from_array(values)).predict(2, level=[80])
    assert (
        table.filter(pl.col("unique_id") == 5).select("Naive-lo-80", "Naive", "Naive-hi-80").rows()
        == [(7.0, 7.0, 7.0)] * 2
    )


def test_series_that_never_change_have_intervals_of_no_width():
    table = Naive().fit(Panel.from_array(np.ones((3, 40, 1)))).predict(2, level=[80])
    assert (table.select("Naive-lo-80", "Naive", "Naive-hi-80").to_numpy() == 1).all()


def test_a_change_that_nothing_before_it_hints_at_cannot_be_measured():
    values = np.ones((1, 40, 1))
    values[0, 38:, 0] = (5.0, 9.0)
    with pytest.raises(LengthError, match="no series varies before the tail"):
        Naive(horizon=2).fit(Panel.from_array(values)).calibrate(n_windows=1)


def test_the_spread_is_the_mean_change_of_the_latest_seasons():
    values = walks(series=2, length=60)
    panel = Panel.from_array(values)
    got = naive_scale(changes_of(panel, 4, (10, 0)), NOTHING_USUAL)
    for i in range(2):
        for j, rows in enumerate((10, 0)):
            seen = panel.series(i)[: 60 - rows, 0].astype(float)
            assert got[i, j, 0, 0] == pytest.approx(np.abs(seen[4:] - seen[:-4])[-32:].mean())


@pytest.mark.parametrize("windows", [None, 3])
def test_a_saved_calibration_gives_the_same_intervals(tmp_path, windows):
    panel = Panel.from_array(walks())
    forecaster = SeasonalNaive(season=4, horizon=3).fit(panel).calibrate(n_windows=windows)
    forecaster.save(tmp_path / "model")
    again = load(tmp_path / "model").predict(data=panel, level=[80])
    assert again.equals(forecaster.predict(level=[80]))


def test_a_loaded_model_is_calibrated_on_data_of_its_own(tmp_path):
    panel = Panel.from_array(walks())
    Naive(horizon=3).fit(panel).save(tmp_path / "model")
    loaded = load(tmp_path / "model")
    with pytest.raises(NotFittedError, match="no series"):
        loaded.calibrate(5)
    calibrated = loaded.calibrate(5, data=panel).predict(5, data=panel, level=80)
    assert calibrated.equals(Naive().fit(panel).calibrate(5).predict(5, level=80))


def test_simulated_paths_are_spread_as_the_quantiles_say():
    panel = Panel.from_array(walks(series=20))
    forecaster = Naive().fit(panel)
    paths = forecaster.simulate(4000, 5)["Naive"].to_numpy().reshape(20, 4000, 5)
    shares = np.array([0.1, 0.25, 0.5, 0.75, 0.9])
    wanted = forecaster.predict_panel(panel, 5, (0,), shares).quantiles[:, 0, :, 0]
    got = np.quantile(paths, shares, axis=1).transpose(1, 2, 0)
    width = wanted[..., -1:] - wanted[..., :1]
    assert np.abs((got - wanted) / width).max() < 0.05


def test_simulated_paths_of_a_walk_keep_its_dependence_from_step_to_step():
    panel = Panel.from_array(walks(series=400))
    paths = Naive().fit(panel).simulate(3000, 8)["Naive"].to_numpy().reshape(400, 3000, 8)[0]
    got = np.corrcoef(paths[:, 1], paths[:, 7])[0, 1]
    assert got == pytest.approx(np.sqrt(2 / 8), abs=0.1)


def test_the_same_seed_simulates_the_same_paths_and_another_does_not():
    forecaster = Naive().fit(Panel.from_array(walks(series=3)))
    assert forecaster.simulate(5, 2, seed=1).equals(forecaster.simulate(5, 2, seed=1))
    assert not forecaster.simulate(5, 2, seed=1).equals(forecaster.simulate(5, 2, seed=2))


def test_a_network_has_quantiles_of_its_own_and_a_calibration_of_the_rows_it_held_back(tmp_path):
    panel = Panel.from_array(walks(series=40))
    model = Recurrent(horizon=3, units=(6,), updates=4, show_progress=False).fit(panel)
    assert model.model.calibration.horizon == 3
    table = model.predict(level=[80])
    low, middle, high = (table[name].to_numpy() for name in ("Recurrent-lo-80", "Recurrent", "Recurrent-hi-80"))
    assert ((low < middle) & (middle < high)).all()
    own = model.with_options().set_model(replace(model.model, calibration=None)).predict(level=[80])
    assert own["Recurrent"].equals(table["Recurrent"])
    assert not own["Recurrent-lo-80"].equals(table["Recurrent-lo-80"])
    assert model.predict(9, level=[80])["Recurrent-lo-80"].is_finite().all()
    model.save(tmp_path / "model")
    assert load(tmp_path / "model").predict(data=panel, level=[80]).equals(table)
