import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import polars as pl
import pytest

from loopcast import (
    Drift,
    LengthError,
    Linear,
    Naive,
    NotFittedError,
    OptionError,
    Panel,
    Recurrent,
    SeasonalNaive,
    ValuesError,
    WindowAverage,
    generate_time_series,
    load,
)
from loopcast.kernels import LIBRARY
from loopcast.nn.init import initial_weights

QUICK = {"season": 4, "units": (6,), "epochs": 3, "members": 2, "show_progress": False}
LENGTHS = (40, 30, 55, 23, 47)


def table(lengths=LENGTHS, seed=0, factor=1.0, shift=0.0):
    """Positive seasonal series of unequal lengths, one after the other."""
    random = np.random.default_rng(seed)
    parts = []
    for i, n in enumerate(lengths):
        t = np.arange(n)
        y = 50 + t + 9 * np.sin(t * np.pi / 2) + random.normal(0, 2, n)
        parts.append(pl.DataFrame({"unique_id": [f"s{i}"] * n, "ds": t, "y": factor * y + shift}))
    return pl.concat(parts)


@pytest.fixture(scope="module")
def log_model():
    return Recurrent(horizon=5, **QUICK).fit(table())


@pytest.fixture(scope="module")
def linear_model():
    return Recurrent(horizon=5, log=False, cell="gru", **QUICK).fit(table())


@pytest.fixture(scope="module")
def models(log_model, linear_model):
    return {"log": log_model, "linear": linear_model}


@pytest.mark.parametrize("kind", ["log", "linear"])
def test_a_shorter_horizon_gives_the_first_steps_and_a_longer_one_goes_on(models, kind):
    trained = models[kind].predict()
    short, long = models[kind].predict(2), models[kind].predict(12)
    assert trained.columns == ["unique_id", "ds", "Recurrent"]
    for name, rows in trained.group_by("unique_id"):
        series = pl.col("unique_id") == name[0]
        np.testing.assert_allclose(short.filter(series)["Recurrent"], rows["Recurrent"][:2], rtol=1e-6)
        np.testing.assert_allclose(long.filter(series)["Recurrent"][:5], rows["Recurrent"], rtol=1e-6)
        assert long.filter(series)["Recurrent"].is_finite().all()


def test_other_histories_are_forecast_without_fitting_again(log_model):
    new = table(lengths=(33, 8), seed=9).with_columns(pl.col("unique_id").str.replace("s", "new"))
    before = log_model.predict()
    forecast = log_model.predict(3, data=new)
    assert forecast["unique_id"].unique(maintain_order=True).to_list() == ["new0", "new1"]
    assert forecast["ds"].to_list() == [33, 34, 35, 8, 9, 10]
    assert log_model.predict().equals(before)


def test_the_fitted_series_given_again_as_data_give_the_same_forecast(log_model):
    assert log_model.predict(data=table()).equals(log_model.predict())


def test_a_pandas_table_comes_back_as_one():
    frame = pd.DataFrame({"y": np.arange(40.0) % 4 + 1, "ds": pd.date_range("2020-01-31", periods=40, freq="ME")})
    forecast = Recurrent(horizon=3, **QUICK | {"season": None}).fit(frame).predict()
    assert isinstance(forecast, pd.DataFrame)
    assert forecast["ds"].tolist() == pd.date_range("2023-05-31", periods=3, freq="ME").tolist()


def pairs(quick):
    """Strategies and contexts; those that are not `quick` wait for `make test-all`."""
    every = product(("sequence", "direct", "iterated"), (None, 12, "all"))
    return [pytest.param(*pair, marks=[] if pair in quick else [pytest.mark.slow]) for pair in every]


@pytest.mark.parametrize(("strategy", "context"), pairs([("sequence", None), ("direct", 12), ("iterated", "all")]))
def test_every_strategy_and_context_fits_and_forecasts_any_horizon(strategy, context):
    model = Recurrent(horizon=3, strategy=strategy, context=context, **QUICK).fit(table())
    for horizon in (1, 3, 7):
        forecast = model.predict(horizon)
        assert forecast.height == horizon * len(LENGTHS)
        assert forecast["Recurrent"].is_finite().all()


@pytest.mark.parametrize(
    "options",
    [
        {"head": "recurrent"},
        {"units": ()},
        *(
            pytest.param(each, marks=pytest.mark.slow)
            for each in ({"dropout": 0.4}, {"loss": "huber"}, {"patience": None})
        ),
    ],
)
def test_other_options_train_too(options):
    model = Recurrent(horizon=2, **QUICK | options).fit(table())
    assert model.predict()["Recurrent"].is_finite().all()


def every_model():
    return [
        Naive(),
        SeasonalNaive(season=4),
        Drift(),
        WindowAverage(window=5),
        Linear(horizon=3, season=4),
        Recurrent(horizon=3, **QUICK),
        Recurrent(horizon=3, log=False, strategy="direct", context=12, **QUICK),
    ]


@pytest.mark.parametrize("model", every_model(), ids=lambda m: f"{m.name}-{getattr(m, 'strategy', '')}")
def test_nothing_after_the_cutoff_changes_a_forecast_or_a_setting(model):
    panel = Panel.from_table(table())
    fits = []
    for tail in (None, np.nan, 1e9, -1e9, "noise"):
        values = panel.values.copy()
        for stop in panel.offsets[1:]:
            if tail is not None:
                values[stop - 6 : stop] = np.random.default_rng(1).normal(size=(6, 1)) if tail == "noise" else tail
        seen = replace(panel, values=values).drop_last(6)
        fitted = replace(model).fit(seen)
        fits.append((fitted.predict_panel(seen, 6).values[:, 0], fitted.model.description))
    for forecast, chosen in fits[1:]:
        np.testing.assert_array_equal(forecast, fits[0][0])
        assert chosen == fits[0][1]


@pytest.mark.parametrize("kind", ["log", "linear"])
def test_the_order_of_series_does_not_matter(models, kind):
    forecast = models[kind].predict()
    turned = models[kind].predict(
        data=table()
        .reverse()
        .sort("unique_id", descending=True, maintain_order=True)
        .sort("unique_id", "ds", descending=[True, False])
    )
    joined = forecast.join(turned, on=["unique_id", "ds"], suffix="_turned")
    assert joined.height == forecast.height
    np.testing.assert_allclose(joined["Recurrent_turned"], joined["Recurrent"], rtol=1e-6)


@pytest.mark.parametrize("kind", ["log", "linear"])
def test_a_series_forecast_alone_is_as_among_others(models, kind):
    forecast = models[kind].predict()
    for i in range(len(LENGTHS)):
        series = pl.col("unique_id") == f"s{i}"
        alone = models[kind].predict(data=table().filter(series))
        np.testing.assert_allclose(alone["Recurrent"], forecast.filter(series)["Recurrent"], rtol=2e-6)


@pytest.mark.parametrize("factor", [1e-4, 3.0, 1e5])
@pytest.mark.parametrize("kind", ["log", "linear"])
def test_a_series_in_other_units_is_forecast_in_those_units(models, kind, factor):
    scaled = models[kind].predict(data=table(factor=factor))["Recurrent"]
    np.testing.assert_allclose(scaled, models[kind].predict()["Recurrent"] * factor, rtol=1e-4)


def test_without_logs_a_shifted_series_is_forecast_as_far_shifted(linear_model):
    shifted = linear_model.predict(data=table(shift=100.0))["Recurrent"]
    np.testing.assert_allclose(shifted, linear_model.predict()["Recurrent"] + 100, rtol=1e-4)


@pytest.mark.parametrize("level", [0.0, 7.25])
@pytest.mark.parametrize("kind", ["log", "linear"])
def test_a_constant_series_stays_constant(models, kind, level):
    constant = pl.DataFrame({"unique_id": ["c"] * 30, "ds": range(30), "y": [level] * 30})
    forecast = models[kind].predict(9, data=constant)["Recurrent"]
    np.testing.assert_allclose(forecast, level, rtol=1e-6)


def test_a_panel_of_constant_series_can_be_fitted():
    constant = pl.DataFrame(
        {"unique_id": ["a"] * 30 + ["b"] * 30, "ds": [*range(30)] * 2, "y": [3.0] * 30 + [8.0] * 30}
    )
    forecast = Recurrent(horizon=2, **QUICK).fit(constant).predict()["Recurrent"]
    np.testing.assert_allclose(forecast, [3, 3, 8, 8], rtol=1e-6)


def test_zeros_and_negative_values_do_not_stop_a_model_fitted_on_positive_ones(log_model):
    values = [0.0, 5.0, -2.0, 7.0] * 8
    forecast = log_model.predict(data=pl.DataFrame({"unique_id": ["z"] * 32, "ds": range(32), "y": values}))
    assert forecast["Recurrent"].is_finite().all()


def test_sixteen_threads_predict_the_bits_that_one_does(log_model):
    alone = log_model.predict(7)
    with ThreadPoolExecutor(16) as pool:
        assert all(got.equals(alone) for got in pool.map(lambda _: log_model.predict(7), range(32)))


def test_the_same_seed_gives_the_same_forecast():
    first, second = (Recurrent(horizon=3, seed=5, dropout=0.2, **QUICK).fit(table()).predict() for _ in range(2))
    assert first.equals(second)


@pytest.mark.parametrize("strategy", ["sequence", pytest.param("direct", marks=pytest.mark.slow)])
def test_the_stock_keras_model_says_what_the_network_says(strategy):
    series = generate_time_series(20, 40, seed=3)
    options = {**QUICK, "season": None, "scaling": "none"}
    model = Recurrent(horizon=4, strategy=strategy, **options).fit(series)
    shown = np.stack(model.features())
    said = np.asarray(model.to_keras()(shown))
    last = said[:, -1] if strategy == "sequence" else said
    np.testing.assert_allclose(last, model.predict_panel(Panel.from_array(series), 4).values[:, 0][:, :, 0], atol=1e-6)


def test_describe_says_in_words_what_was_chosen_and_why(log_model, linear_model):
    text = log_model.describe()
    path = "The fused kernels trained it." if LIBRARY.exists() else "A compiled scan trained it: the kernels are not"
    assert path in text
    for words in ("LSTM 6", "as asked", "logarithmic curve", "one season (4 steps) before", "held back", "seed 0"):
        assert words in text
    assert "units of its usual change" in linear_model.describe()


def test_the_history_has_a_row_for_every_epoch(log_model):
    history = log_model.history
    assert history.columns == ["epoch", "member", "final", "loss", "last_step_mse", "valid_loss"]
    assert history.filter(~pl.col("final"))["epoch"].to_list() == [1, 2, 3]
    assert history.filter(~pl.col("final"))["valid_loss"].is_not_null().all()
    assert history.filter("final")["valid_loss"].is_null().all()
    assert history["loss"].is_finite().all()


def test_missing_values_are_named_and_refused_by_a_network_that_has_seen_none(log_model):
    holes = table().with_columns(pl.when(pl.col("ds") == 7).then(None).otherwise(pl.col("y")).alias("y"))
    with pytest.raises(ValuesError, match=r"'s0'.*7"):
        log_model.predict(data=holes)
    assert Recurrent(horizon=2, **QUICK).fit(holes).predict()["Recurrent"].is_finite().all()


@pytest.mark.parametrize("rows", [3, pytest.param(5, marks=pytest.mark.slow), 9])
def test_a_season_or_less_of_rows_is_still_learned_from(rows):
    model = Recurrent(horizon=3, **QUICK).fit(table(lengths=(rows,)))
    start = initial_weights(model.model.ensemble.network, 0)
    trained = model.model.ensemble.members[0]
    assert not np.array_equal(trained.layers[0].kernel, start.layers[0].kernel)
    assert model.predict()["Recurrent"].is_finite().all()


def test_where_nothing_varies_the_description_says_that_nothing_was_learned():
    model = Recurrent(horizon=3, **QUICK).fit(table(lengths=(2,)))
    assert "nothing to learn" in model.describe()
    np.testing.assert_allclose(model.predict()["Recurrent"].is_finite(), True)


def test_one_row_is_nothing_to_learn_from():
    with pytest.raises(LengthError, match="2 rows or more; the longest series has 1"):
        Recurrent(horizon=3, **QUICK | {"season": 1}).fit(Panel.from_array(np.ones((2, 1, 1), np.float32)))


def test_a_horizon_longer_than_any_series_is_reached_by_feeding_back():
    model = Recurrent(horizon=90, **QUICK).fit(table(lengths=(30, 25)))
    assert model.model.ensemble.network.outputs == 29
    assert model.predict().height == 180


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["log", "linear"])
@pytest.mark.parametrize("rows", [5, 20, 40])
def test_what_the_network_sees_of_a_step_does_not_depend_on_later_ones(models, kind, rows):
    whole = models[kind].features()[0]
    prefix = models[kind].features(table(lengths=(rows,)).with_columns(y=table()["y"][:rows]))[0]
    np.testing.assert_array_equal(prefix, whole[:rows])


@pytest.mark.parametrize("size", [1e-20, 1e30])
def test_very_small_and_very_large_series_are_forecast_in_their_size(log_model, size):
    scaled = log_model.predict(data=table(factor=size / 100))["Recurrent"].to_numpy().astype(np.float64)
    np.testing.assert_allclose(scaled, log_model.predict()["Recurrent"].to_numpy() * (size / 100), rtol=1e-3)


X64 = """
import loopcast, numpy as np
model = loopcast.Recurrent(horizon=2, epochs=2, units=(4,), dropout=0.1, season=4, show_progress=False)
data = np.sin(np.arange(80.0)).reshape(2, 40, 1).astype("float32")
print(model.fit(data).predict(5)["Recurrent"].is_finite().all())
"""


def test_a_user_of_jax_in_64_bits_is_served_too():
    done = subprocess.run(
        [sys.executable, "-c", X64],
        env=os.environ | {"JAX_ENABLE_X64": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "True"


def test_a_model_file_does_not_say_how_to_run_it(log_model, tmp_path):
    asked = Recurrent(horizon=5, fused="never", **QUICK).fit(table())
    assert 'A compiled scan trained it: fused="never" asks for the scan.' in asked.describe()
    asked.save(tmp_path / "model.loopcast")
    again = load(tmp_path / "model.loopcast")
    assert (again.fused, again.show_progress) == ("auto", None)
    np.testing.assert_allclose(again.predict(data=table())["Recurrent"], asked.predict()["Recurrent"], rtol=1e-5)


def test_a_series_shorter_than_a_fixed_context_is_named():
    with pytest.raises(LengthError, match=r"'s3' has 23 rows .*context=25"):
        Recurrent(horizon=2, context=25, **QUICK).fit(table())
    model = Recurrent(horizon=2, context=12, **QUICK).fit(table())
    with pytest.raises(LengthError, match=r"'s1' has 5 rows .*context=12"):
        model.predict(data=table(lengths=(20, 5)))


def test_series_of_a_few_rows_are_enough():
    model = Recurrent(horizon=6, **QUICK | {"season": 1}).fit(table(lengths=(3, 1, 2)))
    assert model.predict()["Recurrent"].is_finite().all()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("cell", "rnn"),
        ("units", [20]),
        ("units", (0,)),
        ("head", "none"),
        ("dropout", 1.0),
        ("dropout", float("nan")),
        ("strategy", "recursive"),
        ("context", 0),
        ("context", "some"),
        ("scaling", "standard"),
        ("lags", 0),
        ("epochs", 0),
        ("epochs", 2.5),
        ("batch_size", -1),
        ("learning_rate", 0.0),
        ("learning_rate", float("inf")),
        ("clip", -1.0),
        ("loss", "rmse"),
        ("schedule", "step"),
        ("patience", 0),
        ("seed", -1),
        ("seed", True),
        ("members", 0),
        ("refit", None),
        ("log", "maybe"),
        ("show_progress", 1),
        ("fused", "sometimes"),
        ("horizon", 0),
        ("season", 0),
    ],
)
def test_an_option_that_means_nothing_is_refused_by_name(option, value):
    with pytest.raises(OptionError, match=option):
        Recurrent(**{"horizon": 2, option: value})


def test_logs_need_the_automatic_scaling():
    with pytest.raises(OptionError, match="log"):
        Recurrent(horizon=2, scaling="none", log=True)


@pytest.mark.parametrize("ask", ["predict", "describe", "to_keras", "features"])
def test_an_unfitted_model_says_so(ask):
    with pytest.raises(NotFittedError, match="fit"):
        getattr(Recurrent(horizon=2), ask)()
