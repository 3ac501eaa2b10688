"""The pretrained network forecasts what it never saw, at once, sanely, from any cutoff."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save, save_file

from loopcast import (
    ModelFileError,
    NotFittedError,
    OptionError,
    Panel,
    Pretrained,
    SeasonalNaive,
    kernels,
    load,
    synthetic_series,
)
from loopcast.kernels import LIBRARY
from loopcast.models.pretrained.weights import SHIPPED, shipped_network, shipped_weights

CARD = Path(__file__).parents[2] / "docs" / "reference" / "pretrained.md"
FAMILIES = {
    "level": lambda t, rng: 50 + rng.normal(0, 1, len(t)),
    "walk": lambda t, rng: 100 + rng.normal(0, 1, len(t)).cumsum(),
    "trend": lambda t, rng: 10 + 0.5 * t + rng.normal(0, 1, len(t)),
    "growth": lambda t, rng: 10 * 1.02**t * np.exp(rng.normal(0, 0.03, len(t))),
    "decline": lambda t, rng: 200 * 0.98**t * np.exp(rng.normal(0, 0.03, len(t))),
    "season": lambda t, rng: 50 + 20 * np.sin(t * np.pi / 6) + rng.normal(0, 2, len(t)),
    "growing season": lambda t, rng: (1 + 0.01 * t) * (50 + 20 * np.sin(t * np.pi / 6)) + rng.normal(0, 1, len(t)),
    "season and trend": lambda t, rng: 50 + 0.3 * t + 10 * np.sin(t * np.pi / 6) + rng.normal(0, 1, len(t)),
    "spiky season": lambda t, rng: 20 + 60 * (t % 12 == 3) + rng.normal(0, 1, len(t)),
    "no season": lambda t, rng: 50 + 10 * np.sin(t / 7.3) + rng.normal(0, 1, len(t)),
    "counts": lambda t, rng: rng.poisson(4 + 2 * np.sin(t * np.pi / 6)).astype(float),
    "intermittent": lambda t, rng: np.where(rng.random(len(t)) < 0.3, rng.poisson(5, len(t)) + 1.0, 0.0),
    "negative": lambda t, rng: 5 * np.sin(t * np.pi / 6) + rng.normal(0, 1, len(t)),
    "high level": lambda t, rng: 1e9 + 5 * np.sin(t * np.pi / 6) + rng.normal(0, 1, len(t)),
    "tiny": lambda t, rng: 1e-9 * (5 + np.sin(t * np.pi / 6) + rng.normal(0, 0.1, len(t))),
    "level shift": lambda t, rng: np.where(t < 70, 20.0, 60.0) + rng.normal(0, 1, len(t)),
    "rounded": lambda t, rng: np.round(10 + 3 * np.sin(t * np.pi / 6) + rng.normal(0, 1, len(t))),
    "outliers": lambda t, rng: 50 + rng.normal(0, 1, len(t)) + 40 * (rng.random(len(t)) < 0.03),
    "holes": lambda t, rng: np.where(
        rng.random(len(t)) < 0.3, np.nan, 50 + 9 * np.sin(t * np.pi / 6) + rng.normal(0, 1, len(t))
    ),
    "remembered": lambda t, rng: 50 + np.convolve(rng.normal(0, 1, len(t) + 50), 0.9 ** np.arange(50))[: len(t)],
}  # fmt: skip


def forecast(values, horizon=12, **options):
    return (
        Pretrained(**({"season": 12, "tune": False} | options))
        .fit(Panel.from_array(values))
        .model.predict(Panel.from_array(values), horizon, (0,), (0.1, 0.5, 0.9))
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_no_family_of_series_is_much_worse_than_last_year(family):
    rng = np.random.default_rng(list(FAMILIES).index(family))
    whole = np.stack([FAMILIES[family](np.arange(120), rng) for _ in range(40)])[:, :, None]
    whole[:, 0] = np.nan_to_num(whole[:, 0])
    seen, came = Panel.from_array(whole[:, :108]), whole[:, 108:]
    told = Pretrained(season=12).fit(seen).predict_panel(seen, 12).values[:, 0]
    last = SeasonalNaive(season=12).fit(seen).predict_panel(seen, 12).values[:, 0]
    assert np.isfinite(told).all()
    assert np.nanmean(np.abs(told - came)) <= 1.3 * np.nanmean(np.abs(last - came))


@pytest.mark.parametrize("season", [1, 5, 10, 12])
def test_what_repeats_itself_exactly_is_repeated(season):
    shape = np.random.default_rng(0).uniform(1, 9, season)
    whole = np.tile(shape, 80 // season)[None, : 80 // season * season, None]
    told = forecast(whole, 2 * season + 1, season=season)
    wanted = np.tile(shape, 4)[: 2 * season + 1]
    np.testing.assert_allclose(told.values.ravel(), wanted, rtol=1e-12)
    assert (told.quantile(0.9) >= told.quantile(0.1)).all()


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_few_rows_are_forecast_with_intervals_that_widen(rows):
    told = forecast(np.random.default_rng(rows).uniform(5, 9, (100, rows, 1)), 24, lower=None)
    width = (told.quantile(0.9) - told.quantile(0.1))[:, 0, :, 0]
    assert np.isfinite(told.values).all()
    assert (width > 0).all()
    first, second = width[:, :12].mean(axis=0), width[:, 12:].mean(axis=0)
    assert (second > first).all()  # phase by phase: of those that were seen more is known


def test_a_thousand_steps_ahead_are_finite_and_quantiles_do_not_cross():
    whole = np.nan_to_num(synthetic_series(50, 120, 12, seed=1))[:, :, None]
    told = forecast(whole, 1000)
    assert np.isfinite(told.quantiles).all()
    assert (np.diff(told.quantiles, axis=-1) >= 0).all()


def test_a_season_longer_than_the_history_is_no_error():
    assert np.isfinite(forecast(np.arange(20.0).reshape(1, 20, 1) + 5, 40, season=48).values).all()


def test_series_of_zeros_stay_so_and_leading_zeros_count_for_nothing():
    zeros = np.zeros((2, 40, 1))
    zeros[1, 20:, 0] = np.arange(20) % 4 + 1
    told = forecast(zeros, 8, season=4)
    assert (told.values[0] == 0).all()
    alone = forecast(zeros[1:, 20:], 8, season=4)
    np.testing.assert_allclose(told.values[1], alone.values[0], rtol=1e-6)


def test_past_cutoffs_are_forecast_as_from_series_that_end_there():
    panel = Panel.from_array(np.nan_to_num(synthetic_series(7, 90, 4, seed=2))[:, :, None])
    model = Pretrained(season=4).fit(panel).model
    told = model.predict(panel, 6, (30, 11, 0)).values
    for place, rows in enumerate((30, 11, 0)):
        alone = model.predict(panel.drop_last(rows) if rows else panel, 6).values
        np.testing.assert_allclose(told[:, place], alone[:, 0], rtol=1e-5, atol=1e-7)


def test_two_seasons_are_seen_and_one_alone_is_worse():
    t = np.arange(24 * 7 * 5)
    rng = np.random.default_rng(0)
    weekend = (t // 24 % 7 >= 5) * 30.0
    whole = (100 + 20 * np.sin(t * np.pi / 12) - weekend + rng.normal(0, 1, (4, len(t))))[:, :, None]
    seen, came = Panel.from_array(whole[:, :-120]), whole[:, -120:]
    errors = []
    for seasons in ((24,), (24, 168)):
        told = Pretrained(seasons=seasons).fit(seen).predict_panel(seen, 120).values[:, 0]
        errors.append(np.abs(told - came).mean())
    assert errors[1] < 0.5 * errors[0]


def test_it_is_kept_and_loaded_whole(tmp_path):
    panel = Panel.from_array(np.nan_to_num(synthetic_series(3, 60, 4, seed=3))[:, :, None])
    model = Pretrained(season=4, horizon=5).fit(panel)
    model.save(tmp_path / "model")
    assert load(tmp_path / "model").predict(data=panel, level=80).equals(model.predict(level=80))


@pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")
def test_without_the_kernels_the_same_is_forecast(monkeypatch, tmp_path):
    whole = synthetic_series(9, 80, 4, seed=5)[:, :, None]
    whole[:3, 40] = -1.0
    whole[3] = np.tile([1.0, 5.0, 2.0, 7.0], 20)[:, None]
    panel = Panel.from_array(np.nan_to_num(whole))
    model = replace(Pretrained(season=4).fit(panel).model, calibration=None)
    compiled = model.predict(panel, 6, (9, 0), (0.005, 0.1, 0.9))
    monkeypatch.setattr(kernels, "LIBRARY", tmp_path / "absent.so")
    plain = model.predict(panel, 6, (9, 0), (0.005, 0.1, 0.9))
    for one, other in ((compiled.values, plain.values), (compiled.quantiles, plain.quantiles)):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_paths_go_no_further_than_errors_were_measured():
    """Its own distribution reaches any step, and does not say how steps go together."""
    for rows, horizon, steps, said in (
        (60, 5, 9, "5 steps ahead"),
        (60, 1, 4, "1 steps ahead"),
        (5, 5, 5, "none were"),
    ):
        panel = Panel.from_array(np.random.default_rng(0).normal(size=(1, rows, 1)))
        model = Pretrained(season=1, horizon=horizon, tune=0).fit(panel)
        assert model.predict(steps, level=80).height == steps
        with pytest.raises(NotFittedError, match=f"{said}.*calibrate"):
            model.simulate(3, steps)
    far = Pretrained(season=1, horizon=1, tune=0).fit(Panel.from_array(np.arange(60.0).reshape(1, 60, 1) % 7))
    assert far.calibrate(4).simulate(3, 4).height == 12  # the cure


@pytest.mark.parametrize("seasons", [(24, 24), (168, 24), (), (1, 2, 3), [24], (0,), ("24",)])
def test_seasons_that_mean_nothing_are_refused(seasons):
    with pytest.raises(OptionError):
        Pretrained(seasons=seasons)


def test_the_card_is_of_the_weights_that_are_shipped():
    content = SHIPPED.read_bytes()
    assert hashlib.sha256(content).hexdigest() in CARD.read_text()
    assert len(content) < 2**20
    assert shipped_weights().shape == (shipped_network().parameters,)


def test_weights_of_a_pretraining_of_ones_own_are_taken_instead_and_kept_in_a_file(tmp_path):
    own, panel = tmp_path / "own.safetensors", Panel.from_series([float(i % 7) ** 1.5 for i in range(40)])
    save_file({"weights": shipped_weights() * np.float32(0.9)}, own)
    fitted = Pretrained(season=4, start=own, tune=0).fit(panel)
    shipped = Pretrained(season=4, tune=0).fit(panel)
    assert not fitted.predict(4).equals(shipped.predict(4))
    assert "start=" in fitted.to_code()
    fitted.save(tmp_path / "model")
    own.unlink()
    assert load(tmp_path / "model").predict(4, data=panel).equals(fitted.predict(4))
    assert Pretrained(season=4, start=SHIPPED, tune=0).fit(panel).predict(4).equals(shipped.predict(4))


@pytest.mark.parametrize("content", [b"", b"no weights", save({"weights": np.zeros(3, np.float32)}), save({})])
def test_a_file_without_weights_of_this_network_is_refused(content, tmp_path):
    (tmp_path / "weights").write_bytes(content)
    with pytest.raises(ModelFileError, match="holds no weights"):
        Pretrained(start=tmp_path / "weights").fit([1.0, 2.0, 3.0])
    with pytest.raises(ModelFileError, match="is no file"):
        Pretrained(start=tmp_path / "absent").fit([1.0, 2.0, 3.0])
