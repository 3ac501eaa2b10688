"""Several targets and covariates: intervals, simulations, cross-validation, what is kept, and files."""

import json
import zipfile
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from loopcast.columns import Columns
from loopcast.data.panel import Panel
from loopcast.errors import DataError, LengthError, OptionError, ValuesError
from loopcast.evaluation import result_cache as finished
from loopcast.evaluation.backtest import backtest, cross_validation
from loopcast.intervals.calibration import Calibration, calibration_of
from loopcast.models.baselines import Drift, Naive, SeasonalNaive, WindowAverage
from loopcast.models.linear import Linear
from loopcast.models.load import load
from loopcast.models.recurrent.forecaster import Recurrent
from loopcast.storage.codec import decode, encode

SMALL = {"units": (4,), "updates": 3, "cell": "gru", "season": 4, "show_progress": False}
PLAIN = [
    pytest.param(lambda h: Naive(horizon=h), id="Naive"),
    pytest.param(lambda h: SeasonalNaive(horizon=h, season=4), id="SeasonalNaive"),
    pytest.param(lambda h: Drift(horizon=h), id="Drift"),
    pytest.param(lambda h: WindowAverage(horizon=h, window=3), id="WindowAverage"),
    pytest.param(lambda h: Linear(horizon=h, context=4), id="Linear"),
]


def walks(series=3, length=60, seed=0, order=(0, 1)):
    """Two targets of which the second is a hundred times the size of the first."""
    values = np.random.default_rng(seed).normal(size=(series, length, 2)).cumsum(axis=1) * [1.0, 100.0]
    return Panel.from_array(values[:, :, order], targets=[("small", "large")[i] for i in order])


def table(rows=60, seed=0):
    """Two targets that follow a covariate."""
    rng = np.random.default_rng(seed)
    wind = rng.normal(size=rows)
    columns = {"ds": np.arange(rows), "a": wind + rng.normal(size=rows) / 10, "b": 50 - 10 * wind, "wind": wind}
    return pl.DataFrame(columns)


COLUMNS = Columns(target=("a", "b"), future=["wind"])


@pytest.mark.parametrize("make", PLAIN)
def test_each_target_has_the_forecasts_and_intervals_that_it_has_alone(make):
    panel = walks()
    got = make(3).fit(panel).predict(3, level=[80])
    for name in panel.targets:
        alone = make(3).fit(panel.channel(name)).predict(3, level=[80])
        of_it = got.filter(pl.col("target") == name).drop("target")
        np.testing.assert_allclose(
            of_it.drop("unique_id", "ds").to_numpy(), alone.drop("unique_id", "ds").to_numpy(), rtol=1e-5
        )


@pytest.mark.parametrize("make", PLAIN)
def test_the_order_of_targets_is_irrelevant(make):
    one, other = (
        cross_validation(make(3), walks(order=order), 3, n_windows=2, level=[80]) for order in ((0, 1), (1, 0))
    )
    keys = ["unique_id", "cutoff", "ds", "target"]
    numbers = one.sort(keys).drop(keys).to_numpy(), other.sort(keys).drop(keys).to_numpy()
    np.testing.assert_allclose(*numbers, rtol=1e-5)


@pytest.mark.parametrize("channels", ["joint", "independent"])
def test_networks_give_intervals_and_paths_of_every_target(channels, tmp_path):
    panel = walks()
    model = Recurrent(horizon=2, channels=channels, **SMALL).fit(panel)
    model.save(tmp_path / "model")
    for each in (model, load(tmp_path / "model")):
        forecast = each.predict(2, data=panel, level=[80])
        assert forecast.columns == ["unique_id", "ds", "target", "Recurrent", "Recurrent-lo-80", "Recurrent-hi-80"]
        low, middle, high = forecast.select("Recurrent-lo-80", "Recurrent", "Recurrent-hi-80").to_numpy().T
        assert ((low < middle) & (middle < high)).all()
        paths = each.simulate(5, 2, data=panel)
        assert paths.columns == ["unique_id", "ds", "target", "sample_id", "Recurrent"]
        assert paths.height == 3 * 5 * 2 * 2
    assert load(tmp_path / "model").predict(2, data=panel, level=[80]).equals(model.predict(2, level=[80]))
    assert model.predict_panel(panel, 2, (4, 2)).values.shape == (3, 2, 2, 2)


def test_a_wide_forecast_has_a_column_for_each_model_target_and_end():
    wide = Naive(horizon=2).fit(walks()).predict(level=[80], wide=True)
    ends = ["", "-lo-80", "-hi-80"]
    assert wide.columns == ["unique_id", "ds", *(f"Naive-{name}{end}" for name in ("small", "large") for end in ends)]
    long = Naive(horizon=2).fit(walks()).predict(level=[80])
    large = long.filter(pl.col("target") == "large")
    assert wide["Naive-large-hi-80"].to_list() == large["Naive-hi-80"].to_list()


def calibration(errors):
    return Calibration(errors=errors, usual=np.zeros((2, errors.shape[-1])))


def test_a_target_is_calibrated_by_its_own_errors():
    rng = np.random.default_rng(0)
    errors = rng.normal(size=(500, 3, 2)) * [1.0, 5.0]
    shares = np.array([0.1, 0.5, 0.9])
    both = calibration(errors).quantiles(shares, 3)
    for channel in range(2):
        alone = calibration(errors[:, :, [channel]]).quantiles(shares, 3)
        np.testing.assert_array_equal(both[:, channel], alone[:, 0])


def test_simulated_targets_go_together_as_errors_did():
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(900, 2, 1))
    together = calibration(np.concatenate([shared, -shared], axis=2))
    apart = calibration(rng.normal(size=(900, 2, 2)))
    drawn, free = (each.draw((4000,), 2, np.random.default_rng(1)) for each in (together, apart))
    assert np.corrcoef(drawn[:, 0, 0], drawn[:, 0, 1])[0, 1] < -0.99
    assert abs(np.corrcoef(free[:, 0, 0], free[:, 0, 1])[0, 1]) < 0.1


def test_a_calibration_of_several_targets_is_kept():
    errors = np.random.default_rng(0).normal(size=(4, 3, 2))
    errors[0, 1, 1] = np.nan
    for kept in (calibration(errors), calibration(errors[:, :, :1])):
        encoded = encode(kept)
        assert all(np.isfinite(array).all() for array in encoded.arrays.values())
        np.testing.assert_array_equal(decode(Calibration, encoded).errors, kept.errors)


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 2, 1), (0, 3, 1), (4, 3, 0)])
def test_arrays_that_are_no_calibration_are_refused(shape):
    with pytest.raises(OptionError, match=r"\[path, step, channel\]"):
        calibration(np.zeros(shape))


def test_a_file_whose_calibration_is_of_other_targets_is_refused():
    model = Naive(horizon=2).fit(walks()).calibrate()
    with pytest.raises(OptionError, match="the model's 1 targets, got 2"):
        replace(model.model, schema=walks().channel("small").schema)


def test_a_target_that_cannot_be_calibrated_is_named():
    errors = np.ones((1, 2, 3, 2))
    spread = np.array([1.0, 0.0]).reshape(1, 1, 1, 2)
    with pytest.raises(LengthError, match="'b' varies in no series before the tail"):
        calibration_of(errors, spread, np.zeros((2, 2)), "Naive", ("a", "b"))
    errors[..., 1] = np.nan
    with pytest.raises(LengthError, match="no value of 'b' in the tail that is held back"):
        calibration_of(errors, spread, np.zeros((2, 2)), "Naive", ("a", "b"))


def test_a_target_that_is_constant_in_one_series_is_measured_in_the_others():
    values = walks(series=3).values.reshape(3, 60, 2).copy()
    values[0, :50, 1] = 7.0
    model = Naive(horizon=2).fit(Panel.from_array(values)).calibrate(n_windows=1)
    known = ~np.isnan(model.model.calibration.errors)
    assert known[:, :, 0].all()
    assert known[:, :, 1].all(axis=1).tolist() in ([False, True, True], [True, True, True])


def test_a_backtest_has_a_row_for_each_target_and_what_came_beside_it():
    panel = walks()
    done = backtest([Naive(), Linear(horizon=2, context=4)], panel, 2, n_windows=3, step_size=1, level=[80])
    assert done.table.columns[:5] == ["unique_id", "ds", "cutoff", "target", "y"]
    assert done.table.height == 3 * 3 * 2 * 2
    for (i, name), rows in done.table.group_by("unique_id", "target"):
        series = panel.series(i)[:, panel.targets.index(name)]
        assert rows["y"].to_list() == series[rows["ds"]].tolist()
        assert rows["Naive"].to_list() == series[rows["cutoff"]].tolist()


class Failing(Naive):
    """Fails where it has seen more than so many rows."""

    def _fit(self, panel):
        if panel.n_rows > 3 * 57:
            raise ValuesError("too much")
        return super()._fit(panel)


def test_a_model_that_fails_at_a_cutoff_is_missing_there_and_said(tmp_path):
    done = backtest(
        [Naive(), Failing()], walks(), 2, n_windows=3, step_size=1, refit=True, level=[80], cache_dir=tmp_path
    )
    missing = done.table.filter(pl.col("Failing").is_null())
    assert missing["cutoff"].unique().to_list() == [57]
    assert missing.height == 3 * 2 * 2
    assert done.models[1].failures == ("cutoff 2 steps before the end: too much",)


def test_a_name_that_the_table_needs_is_refused_before_anything_is_fitted(monkeypatch):
    monkeypatch.setattr(Naive, "_fit", None)
    with pytest.raises(DataError, match="cannot be called 'target'"):
        backtest(Naive(alias="target"), walks(), 2)
    frame = table().rename({"ds": "y"})
    with pytest.raises(DataError, match="a column 'y' of its own"):
        backtest(Naive(), Panel.from_table(frame, columns=Columns(time="y", target=("a", "b"))), 2)


def test_what_is_kept_depends_on_targets_covariates_and_calendar():
    frame, again = table(), table().with_columns(wind=pl.col("wind") + 1)
    panels = [
        Panel.from_table(frame, columns=COLUMNS),
        Panel.from_table(again, columns=COLUMNS),
        Panel.from_table(frame, columns=Columns(target=("a", "b"), past=["wind"])),
        Panel.from_table(frame, columns=Columns(target=("a", "b"))),
        Panel.from_table(frame.rename({"a": "c"}), columns=Columns(target=("c", "b"))),
        Panel.from_array(np.zeros((1, 9, 1)), start="2020-01-01", freq="D"),
        dated("2020-01-01", "weekday"),
        dated("2020-01-02", "weekday"),
        dated("2020-01-01", "month"),
    ]
    keys = [finished.cache_key(Naive(), panel, 2, (2,), ()) for panel in panels]
    assert len(set(keys)) == len(keys)
    assert finished.cache_key(Naive(), Panel.from_table(frame, columns=COLUMNS), 2, (2,), ()) == keys[0]


def dated(start, part):
    times = pl.date_range(pl.lit(start).str.to_date(), pl.lit(start).str.to_date() + pl.duration(days=8), eager=True)
    return Panel.from_table(pl.DataFrame({"ds": times, "y": range(9)}), columns=Columns(calendar=[part]))


def test_a_kept_part_is_found_again_with_its_targets(tmp_path):
    panel = Panel.from_table(table(), columns=COLUMNS)
    first, second = (backtest(Linear(horizon=2, context=4, season=1), panel, 2, cache_dir=tmp_path) for _ in range(2))
    assert first.table.equals(second.table)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_backtest_knows_the_future_covariates_of_its_windows():
    errors = []
    for columns in (COLUMNS, Columns(target=("a", "b"))):
        panel = Panel.from_table(table(200), columns=columns)
        done = backtest(Linear(horizon=2, context=2), panel, 2, n_windows=20, step_size=1).table.filter(
            pl.col("target") == "b"
        )
        errors.append((done["y"] - done["Linear"]).abs().mean())
    assert errors[0] < errors[1] / 10  # the target is the covariate, which is known


def test_a_backtest_refuses_a_covariate_that_teaches_nothing():
    panel = Panel.from_table(table().with_columns(wind=pl.lit(1.0)), columns=COLUMNS)
    with pytest.raises(ValuesError, match="'wind' is"):
        backtest(Naive(), panel, 2)


def test_intervals_with_future_covariates_need_none_beyond_those_of_the_forecast():
    panel = Panel.from_table(table(), columns=COLUMNS)
    model = Recurrent(horizon=2, **SMALL).fit(panel)
    with pytest.raises(ValuesError, match="future covariates"):
        model.predict(2, level=[80])
    ahead = pl.DataFrame({"ds": [60, 61], "wind": [0.0, 1.0]})
    assert model.predict(2, future=ahead, level=[80]).height == 4
    assert model.simulate(3, 2, future=ahead).height == 12


def test_the_file_of_a_model_of_several_targets_says_which(tmp_path):
    Naive(horizon=2).fit(Panel.from_table(table(), columns=COLUMNS)).save(tmp_path / "model")
    with zipfile.ZipFile(tmp_path / "model") as file:
        columns = json.loads(file.read("manifest.json"))["schema"]["columns"]
    assert columns["target"] == ["a", "b"]
    assert load(tmp_path / "model").model.schema.columns == COLUMNS
