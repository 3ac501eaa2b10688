"""Trees say what scikit-learn's say, are kept without it, and learn what a covariate does."""

import math

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from loopcast import Columns, LoopcastError, OptionError, SeasonalNaive, Trees, load
from loopcast.kernels import LIBRARY
from loopcast.models.trees import grow as module
from loopcast.models.trees.ensemble import MOST_BENT, TreeEnsemble
from loopcast.models.trees.grow import grow
from loopcast.models.trees.native_trees import native_said


def test_an_ensemble_says_what_the_library_that_grew_it_says():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(3000, 6)).astype(np.float32)
    targets = rows[:, 0] * rows[:, 1] + np.sin(3 * rows[:, 2]) + rng.normal(0, 0.1, 3000)
    weights = rng.random(3000)
    ours = grow(rows, targets, weights, count=50, seed=3)
    theirs = HistGradientBoostingRegressor(
        max_iter=50, learning_rate=module.RATE, max_leaf_nodes=module.LEAVES, early_stopping=False,
        random_state=3,
    ).fit(rows, targets, sample_weight=weights)  # fmt: skip
    unseen = rng.normal(size=(5000, 6)).astype(np.float32)
    np.testing.assert_allclose(ours.predict(unseen), theirs.predict(unseen), rtol=1e-10, atol=1e-12)


@pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")
def test_the_kernels_say_the_same_to_the_bit():
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(3000, 6)).astype(np.float32)
    ensemble = grow(rows, 3 * rows[:, 0] * rows[:, 1], np.ones(3000), count=30, seed=0)
    unseen = 2 * rng.normal(size=(1000, 6)).astype(np.float32)
    wanted = [np.float32(math.sinh(each)) for each in np.clip(ensemble.predict(unseen), -MOST_BENT, MOST_BENT)]
    np.testing.assert_array_equal(native_said(ensemble, unseen), wanted)
    np.testing.assert_allclose(ensemble.said(unseen), wanted, rtol=3e-7)  # NumPy has a sinh of its own
    with pytest.raises(LoopcastError, match="ask for 6 numbers of a row, got 5"):
        native_said(ensemble, unseen[:, :5])


@pytest.mark.parametrize(
    "change", [{"left": np.array([0, 0, 0])}, {"right": np.array([9, 0, 0])}, {"feature": np.array([2, -1, -1])},
               {"roots": np.array([3])}, {"roots": np.array([], np.int64)}]
)  # fmt: skip
def test_trees_that_would_never_end_or_ask_beyond_a_row_are_refused(change):
    right = {
        "features": 2, "base": 0.0, "feature": np.array([1, -1, -1]), "threshold": np.zeros(3),
        "left": np.array([1, 0, 0]), "right": np.array([2, 0, 0]), "value": np.array([0.0, 1.0, 2.0]),
        "roots": np.array([0]),
    }  # fmt: skip
    assert TreeEnsemble(**right).predict(np.array([[5.0, -1.0], [5.0, 1.0]])).tolist() == [1.0, 2.0]
    with pytest.raises(OptionError):
        TreeEnsemble(**(right | change))


def test_without_the_library_the_error_names_what_installs_it(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(OptionError, match=r"loopcast\[trees\]"):
        Trees()


def test_what_a_covariate_does_is_learned_and_kept_in_a_file(tmp_path):
    rng, t = np.random.default_rng(0), np.arange(700)
    heat = rng.random(712)
    y = 50 + 10 * np.sin(t * np.pi / 6) + 40 * heat[:700] + rng.normal(0, 1, 700)
    table = pl.DataFrame({"ds": t, "y": y, "heat": heat[:700]})
    future = pl.DataFrame({"ds": np.arange(700, 712), "heat": heat[700:]})
    came = 50 + 10 * np.sin(np.arange(700, 712) * np.pi / 6) + 40 * heat[700:]
    columns = Columns(future=("heat",))
    fitted = Trees(horizon=12, season=12, trees=50).fit(table, columns=columns)
    told = fitted.predict(future=future, level=80)
    naive = SeasonalNaive(season=12).fit(table, columns=columns).predict(12, future=future)["SeasonalNaive"]
    assert np.abs(told["Trees"].to_numpy() - came).mean() < 0.5 * np.abs(naive.to_numpy() - came).mean()
    assert (told["Trees-lo-80"] < told["Trees-hi-80"]).all()
    fitted.save(tmp_path / "model.loopcast")
    loaded = load(tmp_path / "model.loopcast").predict(data=table, future=future, columns=columns)
    np.testing.assert_array_equal(loaded["Trees"].to_numpy(), told["Trees"].to_numpy())
