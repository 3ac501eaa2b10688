"""Missing values, from one end to the other: what each forecaster makes of them, against loops."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopcast import Panel, backtest, leaderboard
from loopcast.errors import LengthError, ModelFileError, OptionError, ValuesError
from loopcast.intervals.calibration import Calibration, calibration_of
from loopcast.intervals.scale import changes_of, naive_scale
from loopcast.models.baselines import Drift, Naive, SeasonalNaive, WindowAverage
from loopcast.models.linear import Linear
from loopcast.models.load import load
from loopcast.models.recurrent.forecaster import Recurrent
from loopcast.storage.codec import Encoded, decode

USUAL = np.zeros((2, 1))  # nothing known of how much series change as a rule
SMALL = {"units": (6,), "updates": 3, "cell": "gru", "show_progress": False}
EVERY = [
    Naive(),
    SeasonalNaive(season=4),
    Drift(),
    WindowAverage(window=3),
    Linear(horizon=3, context=4),
    Recurrent(horizon=3, season=4, **SMALL),
]
every_model = pytest.mark.parametrize("model", EVERY, ids=lambda each: each.name)


def walks(series=4, length=60, share=0.3, seed=0):
    """Walks of which a share is missing; series 0 begins late, series 1 ends early, the last is whole."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(series, length, 1)).cumsum(axis=1)
    values[rng.random(values.shape) < share] = np.nan
    values[0, : length // 4] = np.nan
    values[1, -length // 6 :] = np.nan
    values[:, length // 2] = 1.0
    values[-1] = rng.normal(size=(length, 1)).cumsum(axis=0)
    return values


def loop(model, y, h):
    """The forecast of a baseline `h` steps ahead, from values with NaN."""
    there = [i for i, value in enumerate(y) if not np.isnan(value)]
    if isinstance(model, SeasonalNaive):
        at = len(y) - 1 + h
        while at >= len(y) or (at >= 0 and np.isnan(y[at])):
            at -= 4
        return y[at] if at >= 0 else y[there[-1]]
    if isinstance(model, Drift):
        apart = max(there[-1] - there[0], 1)
        return y[there[-1]] + (len(y) - 1 - there[-1] + h) * (y[there[-1]] - y[there[0]]) / apart
    if isinstance(model, WindowAverage):
        window = [y[i] for i in there if i >= len(y) - 3]
        return np.mean(window) if window else y[there[-1]]
    return y[there[-1]]


@pytest.mark.parametrize("model", EVERY[:4], ids=lambda each: each.name)
@given(seed=st.integers(0, 1000), share=st.sampled_from([0.1, 0.5, 0.9]))
@settings(deadline=None, max_examples=15)
def test_baselines_go_by_what_is_there_as_a_loop_does(model, seed, share):
    panel = Panel.from_array(walks(length=24, share=share, seed=seed))
    got = model.with_options(lower=None).fit(panel).predict_panel(panel, 7).values[:, 0][:, :, 0]
    wanted = [[loop(model, panel.series(i)[:, 0].astype(float), h) for h in range(1, 8)] for i in range(4)]
    np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("horizon", [1, 3])
def test_linear_learns_each_step_from_the_windows_in_which_it_is_there(horizon):
    panel = Panel.from_array(walks())
    expected = np.zeros((5, horizon))
    for step in range(horizon):
        xs, ys = [], []
        for i in range(4):
            y = panel.series(i)[:, 0].astype(float)
            filled = pl.Series(y).fill_nan(None).fill_null(strategy="forward").fill_null(strategy="backward").to_numpy()
            first = np.flatnonzero(~np.isnan(y))[0]
            for start in range(len(y) - 4 - horizon + 1):
                if start >= first and not np.isnan(y[start + 4 + step]):
                    xs.append([*filled[start : start + 4], 1.0])
                    ys.append(y[start + 4 + step])
        expected[:, step] = np.linalg.lstsq(np.array(xs), np.array(ys))[0]
    fitted = Linear(horizon=horizon, context=4, ridge=0, scaling="none").fit(panel)
    np.testing.assert_allclose(fitted.model.matrix[0], expected, rtol=1e-7, atol=1e-9)


def test_linear_says_which_step_has_no_value_to_learn_from():
    values = np.tile([1.0, 2.0, np.nan], 10)[None, :, None]
    values[0, ::6] = 4.0
    values[0, 4:] = np.nan
    with pytest.raises(ValuesError, match="none of the values 2 steps after 3 others is"):
        Linear(horizon=2, context=3).fit(Panel.from_array(values))


@every_model
def test_rows_that_are_absent_and_rows_without_a_value_are_the_same(model):
    rows = pl.DataFrame({"unique_id": np.repeat(range(4), 60), "ds": [*range(60)] * 4, "y": walks().ravel()})
    # the last rows stay: a table that ends early ends there
    absent = rows.filter(pl.col("y").is_not_nan() | (pl.col("ds") == 59) | (pl.col("ds") == 0))
    whole, inserted = Panel.from_table(rows), Panel.from_table(absent, gaps="insert")
    forecast = model.with_options().fit(whole).predict(3)
    assert model.with_options().fit(inserted).predict(3).equals(forecast)
    assert forecast[model.name].is_finite().all()


@every_model
def test_what_is_missing_before_the_first_value_changes_nothing(model):
    late = Panel.from_array(walks(share=0.0)[2:])
    padded = np.concatenate([np.full((2, 30, 1), np.nan), late.last(60)], axis=1)
    fits = [
        model.with_options().fit(panel).predict_panel(panel, 3).values[:, 0]
        for panel in (late, Panel.from_array(padded))
    ]
    np.testing.assert_allclose(fits[1], fits[0], rtol=1e-6)


@every_model
def test_a_series_without_a_value_is_named_in_fit_and_in_predict(model):
    empty = walks()
    empty[2] = np.nan
    with pytest.raises(
        ValuesError, match=r"series 2 has none in its 60 rows \(1 of 4 series have none\): leave it out"
    ):
        model.with_options().fit(Panel.from_array(empty))
    fitted = model.with_options().fit(Panel.from_array(walks()))
    with pytest.raises(ValuesError, match="series 2 has none"):
        fitted.predict(3, data=Panel.from_array(empty))
    late = walks()
    late[2, :57] = np.nan
    with pytest.raises(ValuesError, match="series 2 has none in its 60 rows before its last 5"):
        fitted.predict_panel(Panel.from_array(late), 2, (5, 2))


@every_model
def test_nothing_after_the_cutoff_changes_a_hindcast_with_gaps(model):
    values = walks()
    fitted = model.with_options().fit(Panel.from_array(values).drop_last(8))
    changed = values.copy()
    changed[:, -8:] = np.where(np.arange(8)[:, None] % 2, np.nan, 99.0)
    got = [fitted.predict_panel(Panel.from_array(each), 3, (8,)).values for each in (values, changed)]
    np.testing.assert_array_equal(got[0], got[1])
    alone = fitted.predict_panel(Panel.from_array(values).drop_last(8), 3).values[:, 0]
    np.testing.assert_allclose(got[0][:, 0], alone, rtol=1e-5, atol=1e-5)


def sines(share=0.3, series=12, length=160, seed=0):
    rng = np.random.default_rng(seed)
    whole = np.sin(np.arange(length) / 3 + rng.uniform(0, 6, (series, 1)))[:, :, None]
    return whole, np.where(rng.random(whole.shape) < share, np.nan, whole)


def test_a_network_learns_a_sine_of_which_a_third_is_missing():
    whole, seen = sines()
    panel = Panel.from_array(seen).drop_last(8)
    error, naive = (
        np.abs(model.fit(panel).predict_panel(panel, 8).values[:, 0] - whole[:, -8:]).mean()
        for model in (Recurrent(horizon=8, units=(16,), updates=200, show_progress=False), Naive())
    )
    assert error < 0.6 * naive


def test_a_tail_without_a_value_leaves_a_network_that_forecasts():
    values = walks(share=0.1)
    values[:, -6:] = np.nan
    model = Recurrent(horizon=3, **SMALL).fit(Panel.from_array(values))
    assert model.predict()["Recurrent"].is_finite().all()


@pytest.mark.parametrize("season", [1, 4])
def test_the_usual_change_is_over_the_pairs_that_are_there(season):
    panel = Panel.from_array(walks())
    got = naive_scale(changes_of(panel, season, (10, 0)), np.zeros((2, 1)))
    for i in range(4):
        for j, rows in enumerate((10, 0)):
            y = panel.series(i)[: 60 - rows, 0].astype(float)
            there = np.flatnonzero(~np.isnan(y))
            steps = {b: abs(y[b] - y[a]) for a, b in pairwise(there)}
            seasonal = {
                t: abs(y[t] - y[t - season]) for t in range(season, len(y)) if t in there and t - season in there
            }
            each = steps if season == 1 else seasonal
            recent = [change for t, change in each.items() if t >= len(y) - max(8 * season, 12)]
            assert got[i, j, 0, 0] == pytest.approx(np.mean(recent or list(each.values())))


def test_errors_that_are_missing_leave_each_step_with_its_own():
    errors = np.random.default_rng(0).normal(size=(900, 3, 1))
    errors[:450, 1] = np.nan
    shares = np.array([0.1, 0.6, 0.9])
    got = Calibration(errors=errors, usual=USUAL).quantiles(shares, 3)
    for step, rows in enumerate((slice(None), slice(450, None), slice(None))):
        side, own = np.sign(2 * shares - 1), errors[rows, step, 0]
        even = side * np.quantile(np.abs(own), abs(2 * shares - 1), method="weibull")
        each = side * np.maximum(side * np.quantile(own, shares, method="weibull"), 0)
        np.testing.assert_allclose(got[step, 0], (even + each) / 2)
    drawn = Calibration(errors=errors, usual=USUAL).draw((4000,), 3, np.random.default_rng(1))
    assert (np.abs(drawn.mean(axis=0) - 0.5) < 0.03).all()


def test_a_step_of_which_no_error_is_known_is_between_its_neighbours():
    errors = np.array([[1, np.nan, 3], [2, np.nan, 6], [3, np.nan, 9]])[:, :, None]
    got = Calibration(errors=errors, usual=USUAL).quantiles(np.array([0.8]), 3)[:, 0, 0]
    assert got[1] == pytest.approx((got[0] + got[2]) / 2)


def test_a_path_of_which_nothing_is_known_is_left_out_and_an_unmeasurable_one_too():
    errors = np.array([[1.0, np.nan], [np.nan, np.nan], [0.0, 5.0]])[:, None, :, None]
    spread = np.array([2.0, 2.0, 0.0])[:, None, None, None]
    np.testing.assert_array_equal(
        calibration_of(errors, spread, USUAL, "Naive", "y").errors[:, :, 0], np.float32([[0.5, np.nan]])
    )
    with pytest.raises(LengthError, match="no value of the tail that is held back is there"):
        calibration_of(errors[1:2], spread[1:2], USUAL, "Naive", "y")


@pytest.mark.parametrize("known", [np.full((1, 2, 1), 0.5), np.ones((2, 2, 1))])
def test_a_file_that_says_wrongly_what_is_known_is_refused(known):
    arrays = {
        "errors": np.zeros((1, 2, 1)),
        "errors.missing": known.astype(np.float32),
        "usual": np.zeros((2, 1)),
        "widening.rows": np.ones(1, np.int64),
        "widening.factors": np.ones(1),
    }
    facts = {"errors": "float64 1 2 1", "usual": "float64 2 1", "independent": 1}
    with pytest.raises(ModelFileError, match="0 or 1"):
        decode(Calibration, Encoded(facts | {"widening": {"rows": "int64 1", "factors": "float64 1"}}, arrays))


def test_a_file_that_knows_no_error_of_a_path_is_refused():
    with pytest.raises(OptionError, match="an error of every path"):
        Calibration(errors=np.full((1, 2, 1), np.nan), usual=USUAL)


@every_model
def test_intervals_simulations_and_files_of_a_panel_with_gaps(model, tmp_path):
    panel = Panel.from_array(np.concatenate([walks(seed=seed) for seed in range(4)]))
    fitted = model.with_options().fit(panel).calibrate(3)
    assert np.isnan(fitted.model.calibration.errors).any()
    table = fitted.predict(3, level=[80])
    assert (table[f"{model.name}-lo-80"] < table[f"{model.name}-hi-80"]).all()
    assert fitted.simulate(5, 3)[model.name].is_finite().all()
    fitted.save(tmp_path / "model")
    assert load(tmp_path / "model").predict(3, data=panel, level=[80]).equals(table)


def test_a_backtest_and_its_leaderboard_leave_out_what_is_missing_for_all_models_alike():
    values = walks()
    panel = Panel.from_array(values)
    models = [Naive(), SeasonalNaive(season=4), Linear(horizon=3, context=4), Recurrent(horizon=3, season=4, **SMALL)]
    done = backtest(models, panel, 3, n_windows=3, level=[80], season=4)
    board = leaderboard(done)
    missing = int(np.isnan(values[:, -9:]).sum())
    assert missing
    assert f"{missing} of 36 values to forecast are missing in the data and count for no model." in board.notes
    assert board.table["mase"].is_not_null().all()
    assert board.table["coverage-80"].is_not_null().all()
    naive = done.table.filter(pl.col("y").is_not_null())
    wanted = (naive["y"].cast(pl.Float64) - naive["Naive"].cast(pl.Float64)).abs().mean()
    assert board.table.row(by_predicate=pl.col("model") == "Naive", named=True)["mae"] == pytest.approx(wanted, rel=0.2)


def test_a_series_that_begins_in_the_windows_is_too_short_for_a_backtest():
    values = walks()
    values[2, :55] = np.nan
    panel = Panel.from_array(values)
    with pytest.raises(LengthError, match="series 2 has 5 from its first value on"):
        backtest(Naive(), panel, 3, n_windows=2)
    done = backtest(Naive(), panel, 3, n_windows=2, skip_short=True)
    assert done.notes == ("Compared on 3 of 4 series: the others have fewer than 11 steps.",)
