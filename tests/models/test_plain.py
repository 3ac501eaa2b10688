"""A plain recurrent network on raw values: its options, its forecasts, what it refuses and what becomes of it."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pandas as pd
import polars as pl
import pytest

from loopcast import (
    Columns,
    LengthError,
    NotFittedError,
    OptionError,
    Panel,
    PlainRecurrent,
    ValuesError,
    generate_time_series,
    load,
)
from loopcast.kernels import LIBRARY

QUICK = {"units": (6,), "epochs": 3, "members": 2, "show_progress": False}
LENGTHS = (40, 30, 55, 23, 47)
NAME = "PlainRecurrent"


def table(lengths=LENGTHS, seed=0):
    """Waves of unequal lengths, near one in size, one after the other."""
    random = np.random.default_rng(seed)
    parts = []
    for i, n in enumerate(lengths):
        t = np.arange(n)
        y = np.sin(t * np.pi / 2) + random.normal(0, 0.1, n)
        parts.append(pl.DataFrame({"unique_id": [f"s{i}"] * n, "ds": t, "y": y}))
    return pl.concat(parts)


@pytest.fixture(scope="module")
def model():
    return PlainRecurrent(horizon=5, **QUICK).fit(table())


def test_a_shorter_horizon_gives_the_first_steps_and_a_longer_one_goes_on(model):
    trained = model.predict()
    short, long = model.predict(2), model.predict(12)
    assert trained.columns == ["unique_id", "ds", NAME]
    for name, rows in trained.group_by("unique_id"):
        series = pl.col("unique_id") == name[0]
        np.testing.assert_allclose(short.filter(series)[NAME], rows[NAME][:2], rtol=1e-6)
        np.testing.assert_allclose(long.filter(series)[NAME][:5], rows[NAME], rtol=1e-6)
        assert long.filter(series)[NAME].is_finite().all()


def test_other_histories_are_forecast_without_fitting_again(model):
    new = table(lengths=(33, 8), seed=9).with_columns(pl.col("unique_id").str.replace("s", "new"))
    before = model.predict()
    forecast = model.predict(3, data=new)
    assert forecast["unique_id"].unique(maintain_order=True).to_list() == ["new0", "new1"]
    assert forecast["ds"].to_list() == [33, 34, 35, 8, 9, 10]
    assert model.predict().equals(before)


def test_a_pandas_table_comes_back_as_one():
    frame = pd.DataFrame({"y": np.arange(40.0) % 4, "ds": pd.date_range("2020-01-31", periods=40, freq="ME")})
    forecast = PlainRecurrent(horizon=3, **QUICK).fit(frame).predict()
    assert isinstance(forecast, pd.DataFrame)
    assert forecast["ds"].tolist() == pd.date_range("2023-05-31", periods=3, freq="ME").tolist()


def pairs(quick):
    """Strategies and contexts; those that are not `quick` wait for `make test-all`."""
    every = product(("sequence", "direct", "iterated"), (None, 12))
    return [pytest.param(*pair, marks=[] if pair in quick else [pytest.mark.slow]) for pair in every]


@pytest.mark.parametrize(("strategy", "context"), pairs([("direct", 12), ("iterated", None)]))
def test_every_strategy_and_context_fits_and_forecasts_any_horizon(strategy, context):
    fitted = PlainRecurrent(horizon=3, strategy=strategy, context=context, **QUICK).fit(table())
    for horizon in (1, 3, 7):
        forecast = fitted.predict(horizon)
        assert forecast.height == horizon * len(LENGTHS)
        assert forecast[NAME].is_finite().all()


@pytest.mark.parametrize(
    "options",
    [
        {"head": "recurrent", "lags": 3},
        {"units": ()},
        *(
            pytest.param(each, marks=pytest.mark.slow)
            for each in ({"dropout": 0.4}, {"loss": "huber"}, {"patience": None}, {"refit": False})
        ),
    ],
)
def test_other_options_train_too(options):
    fitted = PlainRecurrent(horizon=2, **QUICK | options).fit(table())
    assert fitted.predict()[NAME].is_finite().all()


def test_several_targets_are_seen_and_given_by_one_state():
    both = table().with_columns(z=-pl.col("y"))
    fitted = PlainRecurrent(horizon=3, **QUICK).fit(both, columns=Columns(target=["y", "z"]))
    assert fitted.model.ensemble.network.inputs == 2
    forecast = fitted.predict(level=80)
    assert forecast["target"].to_list()[:2] == ["y", "z"]
    assert (forecast[f"{NAME}-lo-80"] < forecast[f"{NAME}-hi-80"]).all()


def test_what_is_known_besides_is_left_out_and_that_is_said():
    known = table().with_columns(price=pl.col("y") * 2)
    fitted = PlainRecurrent(horizon=2, **QUICK).fit(known, columns=Columns(future=["price"]))
    assert "It does without price." in fitted.describe()
    assert fitted.predict().equals(PlainRecurrent(horizon=2, **QUICK).fit(table()).predict())


def test_a_series_forecast_alone_is_as_among_others(model):
    forecast = model.predict()
    for i in range(len(LENGTHS)):
        series = pl.col("unique_id") == f"s{i}"
        alone = model.predict(data=table().filter(series))
        np.testing.assert_allclose(alone[NAME], forecast.filter(series)[NAME], rtol=1e-5, atol=1e-6)


def test_sixteen_threads_predict_the_bits_that_one_does(model):
    alone = model.predict(7)
    with ThreadPoolExecutor(16) as pool:
        assert all(got.equals(alone) for got in pool.map(lambda _: model.predict(7), range(32)))


def test_the_same_seed_gives_the_same_forecast():
    first, second = (PlainRecurrent(horizon=3, seed=5, dropout=0.2, **QUICK).fit(table()).predict() for _ in range(2))
    assert first.equals(second)


@pytest.mark.parametrize("strategy", ["sequence", pytest.param("direct", marks=pytest.mark.slow)])
def test_the_stock_keras_model_says_what_the_network_says(strategy):
    series = generate_time_series(20, 40, seed=3)
    fitted = PlainRecurrent(horizon=4, strategy=strategy, **QUICK).fit(series)
    said = np.asarray(fitted.to_keras()(np.stack(fitted.features())))
    last = said[:, -1] if strategy == "sequence" else said
    wanted = fitted.predict_panel(Panel.from_array(series), 4).values[:, 0][:, :, 0]
    np.testing.assert_allclose(last, wanted, atol=1e-6)


def test_describe_says_in_words_what_was_chosen(model):
    text = model.describe()
    path = "The fused kernels trained it." if LIBRARY.exists() else "A compiled scan trained it: the kernels are not"
    assert path in text
    for words in ("LSTM 6", "raw values", "all the history", "held back", "seed 0"):
        assert words in text


def test_the_history_has_a_row_for_every_epoch(model):
    history = model.history
    assert history.columns == ["epoch", "member", "final", "loss", "last_step_mse", "valid_loss"]
    assert history.filter(~pl.col("final"))["epoch"].to_list() == [1, 2, 3]
    assert history.filter(~pl.col("final"))["valid_loss"].is_not_null().all()
    assert history.filter("final")["valid_loss"].is_null().all()
    assert history["loss"].is_finite().all()


def test_missing_values_are_named_and_refused_and_the_cure_works(model):
    holes = table().with_columns(pl.when(pl.col("ds") == 7).then(None).otherwise(pl.col("y")).alias("y"))
    for ask in (lambda: model.predict(data=holes), lambda: PlainRecurrent(horizon=2, **QUICK).fit(holes)):
        with pytest.raises(ValuesError, match=r"'s0'.*7.*fill them"):
            ask()
    filled = holes.with_columns(pl.col("y").interpolate())
    assert model.predict(data=filled)[NAME].is_finite().all()


def test_where_nothing_varies_the_description_says_that_nothing_was_learned():
    fitted = PlainRecurrent(horizon=3, **QUICK).fit(Panel.from_array(np.zeros((1, 30, 1))))
    assert np.isfinite(fitted.predict_panel(fitted.model.panel, 3).values).all()


def test_a_row_more_than_it_sees_is_what_it_learns_from():
    with pytest.raises(LengthError, match="2 rows or more; the longest series has 1"):
        PlainRecurrent(horizon=3, **QUICK).fit(Panel.from_array(np.ones((2, 1, 1))))
    with pytest.raises(LengthError, match="11 rows or more; the longest series has 5"):
        PlainRecurrent(horizon=3, lags=10, **QUICK).fit(table(lengths=(5,)))


def test_a_horizon_longer_than_any_series_is_reached_by_feeding_back():
    fitted = PlainRecurrent(horizon=90, **QUICK).fit(table(lengths=(30, 25)))
    assert fitted.model.ensemble.network.outputs == 29
    assert fitted.predict().height == 180


def test_far_beyond_its_horizon_a_forecast_stays_near_what_was_seen(model):
    ahead = model.predict(1000)[NAME]
    assert ahead.abs().max() < 50


X64 = """
import loopcast, numpy as np
model = loopcast.PlainRecurrent(horizon=2, epochs=2, units=(4,), dropout=0.1, show_progress=False)
data = np.sin(np.arange(80.0)).reshape(2, 40, 1).astype("float32")
print(model.fit(data).predict(5)["PlainRecurrent"].is_finite().all())
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


def test_a_model_file_does_not_say_how_to_run_it(tmp_path):
    asked = PlainRecurrent(horizon=5, fused="never", **QUICK).fit(table())
    assert 'A compiled scan trained it: fused="never" asks for the scan.' in asked.describe()
    asked.save(tmp_path / "model.loopcast")
    again = load(tmp_path / "model.loopcast")
    assert (again.fused, again.show_progress) == ("auto", None)
    np.testing.assert_allclose(again.predict(data=table())[NAME], asked.predict()[NAME], atol=1e-6)


def test_a_series_shorter_than_a_fixed_context_is_named():
    with pytest.raises(LengthError, match=r"'s3' has 23 rows .*context=25"):
        PlainRecurrent(horizon=2, context=25, **QUICK).fit(table())
    fitted = PlainRecurrent(horizon=2, context=12, **QUICK).fit(table())
    with pytest.raises(LengthError, match=r"'s1' has 5 rows .*context=12"):
        fitted.predict(data=table(lengths=(20, 5)))


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
        ("show_progress", 1),
        ("fused", "sometimes"),
        ("horizon", 0),
    ],
)
def test_an_option_that_means_nothing_is_refused_by_name(option, value):
    with pytest.raises(OptionError, match=option):
        PlainRecurrent(**{"horizon": 2, option: value})


@pytest.mark.parametrize("ask", ["predict", "describe", "to_keras", "features"])
def test_an_unfitted_model_says_so(ask):
    with pytest.raises(NotFittedError, match="fit"):
        getattr(PlainRecurrent(horizon=2), ask)()
