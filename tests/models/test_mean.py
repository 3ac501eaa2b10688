"""The mean of forecasters: its numbers against loops over its members, its weights, its intervals and its files."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import loopcast
from loopcast import (
    Auto,
    Columns,
    Drift,
    LengthError,
    Linear,
    Mean,
    ModelFileError,
    Naive,
    OptionError,
    Panel,
    Pretrained,
    Recurrent,
    SeasonalNaive,
    ValuesError,
    backtest,
    load,
)
from loopcast.models.member_errors import inverse
from loopcast.storage import model_file
from storage.made import rewritten

NETWORKS = [
    Pretrained(season=4, tune=0, lower=None),
    Recurrent(horizon=3, season=4, units=(4,), updates=3, show_progress=False, lower=None),
]
MEMBERS = [Naive(), SeasonalNaive(season=4), Drift()]
NETWORK = Recurrent(horizon=3, units=(4,), season=4, updates=3, show_progress=False)


def panel(series=3, rows=48, seed=0, channels=1):
    """Seasonal series with a trend and noise, above 0."""
    t = np.arange(rows)[None, :, None]
    noise = np.random.default_rng(seed).normal(0, 1, (series, rows, channels))
    return Panel.from_array(60 + 0.3 * t + 8 * np.sin(t * np.pi / 2) + noise)


def alone(members, data, horizon, cutoffs=(0,)):
    """What each member says when it is fitted by itself, `[member, series, cutoff, step, channel]`."""
    return np.stack([each.with_options().fit(data).predict_panel(data, horizon, cutoffs).values for each in members])


def test_equal_weights_give_the_mean_of_what_the_members_say_alone():
    data = panel(channels=2)
    got = Mean(models=MEMBERS).fit(data).predict_panel(data, 5, (4, 0)).values
    np.testing.assert_allclose(got, alone(MEMBERS, data, 5, (4, 0)).mean(axis=0), rtol=1e-12)


def test_weights_go_inversely_with_scaled_errors_at_held_back_cutoffs():
    data, horizon, season = panel(series=2, rows=36), 3, 4
    model = Mean(models=MEMBERS, weights="error", horizon=horizon, season=season).fit(data).model
    back = 12  # a third of the rows
    errors = []
    for member in MEMBERS:
        fitted, sizes = member.with_options().fit(data.drop_last(back)), []
        for cutoff in range(back, horizon - 1, -1):
            told = fitted.predict_panel(data, horizon, (cutoff,)).values[:, 0, :, 0]
            for i in range(2):
                y = data.series(i)[:, 0]
                seen, came = y[: 36 - cutoff], y[36 - cutoff : 36 - cutoff + horizon]
                scale = np.abs(seen[season:] - seen[:-season])[-8 * season :].mean()
                sizes += list(np.abs(came - told[i]) / scale)
        errors.append(np.mean(sizes))
    weights = (1 / np.array(errors)) / (1 / np.array(errors)).sum()
    np.testing.assert_allclose(model.weights, weights, rtol=1e-9)
    assert "at 10 cutoffs in the last 12 rows" in model.description
    np.testing.assert_allclose(
        model.predict(data, 2).values, np.tensordot(weights, alone(MEMBERS, data, 2), 1), rtol=1e-9
    )


def test_a_member_without_an_error_has_all_the_weight():
    np.testing.assert_array_equal(inverse(np.array([0.0, 2.0, 0.0])), [0.5, 0, 0.5])
    line = Panel.from_array(np.arange(40.0).reshape(1, 40, 1))
    assert Mean(models=[Naive(), Drift()], weights="error", horizon=2).fit(line).model.weights == (0.0, 1.0)


def test_with_too_few_rows_weights_are_equal_and_that_is_said():
    model = Mean(models=[Naive(), Drift()], weights="error", horizon=3).fit([4.0, 5.0, 9.0])
    assert model.model.weights == (0.5, 0.5)
    assert "with equal weights, for errors are unknown: calibrating intervals takes 3 rows" in model.describe()


def test_what_comes_after_a_cutoff_does_not_change_the_weights_found_before_it():
    data = panel()
    values = data.values.copy()
    for end in data.offsets[1:]:
        values[end - 6 : end] = 500.0
    mean = Mean(models=MEMBERS, weights="error", season=4)
    got, wanted = (backtest(mean, each, 6, show_progress=False) for each in (replace(data, values=values), data))
    np.testing.assert_array_equal(got.predictions[0].values, wanted.predictions[0].values)


def test_its_calibration_is_of_errors_of_the_mean_on_rows_that_no_member_had_seen():
    data = panel(series=1, rows=40)
    fitted = Mean(models=[Naive(), Drift()], horizon=2, season=1).fit(data)
    y, found = data.series(0)[:, 0], []
    for cutoff in range(13, 1, -1):  # within a third of the rows
        seen = y[: 40 - cutoff]
        slope = (seen[-1] - seen[0]) / (len(seen) - 1)
        scale = np.abs(np.diff(seen))[-12:].mean()
        found.append([(y[40 - cutoff + h] - seen[-1] - (h + 1) * slope / 2) / scale for h in range(2)])
    np.testing.assert_allclose(fitted.model.calibration.errors[:, :, 0], found, rtol=1e-9)
    low, high = fitted.predict(2, level=80).select("Mean-lo-80", "Mean-hi-80").to_numpy().T
    assert (low < high).all()


@pytest.fixture(scope="module")
def with_network():
    """A mean of a network and a baseline, by errors, and what it was fitted on."""
    data = panel(series=4, rows=80)
    return Mean(models=[NETWORK, SeasonalNaive(season=4)], weights="error", horizon=3, season=4).fit(data), data


def test_a_network_is_trained_once_and_its_held_back_rows_weigh_and_calibrate(with_network):
    mean, data = with_network
    assert mean.has_network
    assert not Mean(models=MEMBERS).has_network
    assert mean.model.calibration is not None
    assert mean.model.calibration.horizon == 3
    network = NETWORK.with_options().fit(data)
    np.testing.assert_array_equal(mean.model.models[0].predict(data, 3).values, network.model.predict(data, 3).values)
    assert "scaled errors at" in mean.describe()


def test_a_network_that_held_nothing_back_leaves_no_calibration_and_that_is_said():
    short = panel(series=2, rows=5)
    mean = Mean(models=[NETWORK, Naive()], horizon=3, season=4).fit(short)
    assert "no rows were held back from the training of Recurrent" in mean.model.why_no_quantiles(3)


def test_a_file_holds_the_members_and_gives_the_same_bits(with_network, tmp_path):
    mean, data = with_network
    mean.save(tmp_path / "mean.loopcast", tags={"owner": "ada"})
    loaded = load(tmp_path / "mean.loopcast")
    got, wanted = (each.predict_panel(data, 3, (2, 0), (0.1, 0.9)) for each in (loaded, mean))
    np.testing.assert_array_equal(got.values, wanted.values)
    np.testing.assert_array_equal(got.quantiles, wanted.quantiles)
    assert loaded.to_code() == mean.to_code()
    assert loaded.stored_options() == mean.stored_options()
    assert "owner: ada" in loaded.describe()
    assert loaded.fit(data).is_fitted


def test_a_mean_of_means_and_of_what_auto_chose_goes_through_a_file(tmp_path):
    data = panel()
    inner = Mean(models=[Naive(), Auto(horizon=3, budget=0.001, season=4, show_progress=False)], alias="inner")
    outer = Mean(models=[inner, Drift()]).fit(data)
    outer.save(tmp_path / "outer")
    np.testing.assert_array_equal(
        load(tmp_path / "outer").predict_panel(data, 3).values, outer.predict_panel(data, 3).values
    )
    assert load(tmp_path / "outer").models[0].models[1].budget == 0.001


def stored(tmp_path):
    """The bytes of a file of a small mean."""
    Mean(models=[Naive(), Drift()]).fit(panel()).save(tmp_path / "mean")
    return (tmp_path / "mean").read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest["model"]["models"][0].update(model_of="os.system"),
        lambda manifest: manifest["model"]["models"][0].update(model_of="Imputer"),
        lambda manifest: manifest["model"]["models"][0].update(model_of="Auto"),
        lambda manifest: manifest["model"]["models"][0].update(more=1),
        lambda manifest: manifest["model"].update(models=[]),
        lambda manifest: manifest["model"].update(models="Naive"),
        lambda manifest: manifest["model"].update(weights=[1.0]),
        lambda manifest: manifest["model"].update(weights=[2.0, -1.0]),
        lambda manifest: manifest["options"]["models"][0].update(kind="Panel"),
        lambda manifest: manifest["options"]["models"][0]["options"].update(shell="true"),
        lambda manifest: manifest["options"].update(models={"kind": "Naive"}),
        lambda manifest: manifest["options"].update(models=[]),
    ],
)
def test_a_file_of_members_that_are_no_registered_models_is_refused(change, tmp_path):
    with pytest.raises(ModelFileError):
        model_file.from_bytes(rewritten(stored(tmp_path), change))


def test_a_file_of_models_nested_without_end_is_refused(tmp_path):
    def nest(manifest):
        for _ in range(300):
            manifest["model"] = manifest["model"] | {
                "models": [{"model_of": "Mean", "model": manifest["model"]}],
                "weights": [1.0],
            }

    with pytest.raises(ModelFileError, match=r"models within models|no JSON"):
        model_file.from_bytes(rewritten(stored(tmp_path), nest))


def test_a_member_of_a_class_that_is_not_registered_is_not_saved(tmp_path):
    class Own(Naive):
        """Not registered."""

    with pytest.raises(OptionError, match="Own is not a kind of model that a file can hold"):
        Mean(models=[Own(), Drift()]).fit(panel()).save(tmp_path / "mean")
    assert not list(tmp_path.iterdir())


def test_the_code_makes_it_again_and_a_list_will_do():
    mean = Mean(models=MEMBERS, weights="error", horizon=4)
    assert mean.to_code() == (
        "loopcast.Mean(horizon=4, models=[loopcast.Naive(), loopcast.SeasonalNaive(season=4), loopcast.Drift()], "
        "weights='error')"
    )
    again = eval(mean.to_code(), {"loopcast": loopcast})
    assert again.stored_options() == mean.stored_options()
    assert json.loads(json.dumps(again.stored_options()))["models"][1]["kind"] == "SeasonalNaive"
    assert mean.models == tuple(MEMBERS)


def test_scikit_learn_clones_it_with_its_members():
    sklearn = pytest.importorskip("sklearn.base")
    mean = Mean(models=MEMBERS, weights="error")
    assert sklearn.clone(mean).to_code() == mean.to_code()


@pytest.mark.parametrize("models", [[], [Naive(), Naive()], [Naive(), "Drift"], Naive(), "Naive"])
def test_members_are_forecasters_of_different_names(models):
    with pytest.raises(OptionError, match="models"):
        Mean(models=models)


def test_an_error_of_a_member_s_fit_names_it():
    with pytest.raises(LengthError, match="Linear, a member of Mean: Linear learns from series of at least"):
        Mean(models=[Naive(), Linear(horizon=9)]).fit([1.0, 2.0, 4.0])
    with pytest.raises(ValuesError, match="Naive, a member of Mean"):
        Mean(models=[Naive(upper=3.0)]).fit([1.0, 2.0, 4.0])


def test_it_says_whose_mean_it_is_with_weights_and_what_each_member_did():
    said = Mean(models=[Naive(alias="flat"), Drift()]).fit(panel()).describe()
    assert said.startswith("Mean: the mean of flat 50.0%, Drift 50.0%, with equal weights")
    assert "flat: repeats the last value" in said
    assert "Drift: draws the line" in said


def test_bounds_of_members_and_its_own_hold():
    data = panel()
    got = Mean(models=[Naive(lower=None, upper=200.0), Drift()], integer=True, lower=10.0).fit(data)
    values = got.predict_panel(data, 4).values
    np.testing.assert_array_equal(values, np.rint(values))


def test_members_that_take_covariates_have_them():
    rng = np.random.default_rng(0)
    price = rng.normal(size=60)
    table = pl.DataFrame({"ds": range(60), "y": 5 + 3 * price + rng.normal(0, 0.01, 60), "price": price})
    data = Panel.from_table(table.head(56), Columns(future=["price"])).with_future(table.tail(4).drop("y"))
    members = [Linear(horizon=4, context=2), Naive()]
    got = Mean(models=members).fit(data).predict_panel(data, 4).values
    np.testing.assert_allclose(got, alone(members, data, 4).mean(axis=0), rtol=1e-9)


def test_a_category_of_short_series_alone_does_not_stop_the_fit():
    """The copies that calibrate it know only what longer series are of."""
    rng, parts = np.random.default_rng(0), []
    for id_, rows in (("north", 22), ("south", 60)):
        parts.append(pl.DataFrame({"unique_id": id_, "ds": range(rows), "y": rng.normal(5, 1, rows), "region": id_}))
    network = Recurrent(horizon=5, season=4, updates=5, units=(4,), show_progress=False)
    mean = Mean(models=[network, Linear(horizon=5, context=12)], horizon=5, season=4)
    fitted = mean.fit(pl.concat(parts), columns=Columns(static=["region"]))
    assert fitted.predict(5, level=80)["Mean"].is_finite().all()


def test_it_needs_as_many_rows_as_its_most_demanding_member():
    data = panel()
    mean = Mean(models=[Naive(), Linear(horizon=3, context=20)])
    assert mean.min_rows(data, 3) == Linear(horizon=3, context=20).min_rows(data, 3)
    assert mean.fit(data).model.min_history == 20


def test_a_mean_of_networks_has_the_means_of_their_quantiles_for_its_own():
    data, shares = panel(), (0.1, 0.5, 0.9)
    mean = Mean(models=NETWORKS, horizon=3, season=4, lower=None).fit_panel(data, calibrate=False).model
    each = [forecaster.with_options().fit_panel(data, calibrate=False).model for forecaster in NETWORKS]
    told = [model.predict(data, 3, (5, 0), shares).quantiles for model in each]
    got = mean.predict(data, 3, (5, 0), shares)
    np.testing.assert_allclose(got.quantiles, np.mean(told, axis=0), rtol=1e-12)
    assert (got.quantiles[..., 0] < got.values).all()


def test_intervals_of_a_mean_of_networks_are_wide_where_the_networks_are():
    data = panel(series=4)
    wild = Panel.from_array(np.stack([data.series(i) * (10 if i == 2 else 1) for i in range(4)]))
    fitted = Mean(models=NETWORKS, horizon=3, season=4, lower=None).fit(wild)
    low, high = fitted.predict(level=80).select("Mean-lo-80", "Mean-hi-80").to_numpy().T
    width = (high - low).reshape(4, 3).mean(axis=1)
    assert 5 < width[2] / np.median(width) < 20


def test_a_mean_of_a_network_and_a_baseline_has_no_distribution_of_its_own():
    fitted = Mean(models=[NETWORKS[0], Naive()], horizon=3, season=4).fit_panel(panel(), calibrate=False)
    assert fitted.model.own_horizon == 0
    assert fitted.model.predict(panel(), 3).quantiles is None
