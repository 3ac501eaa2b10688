"""A search with Optuna: what it finds, and that it goes on where it was."""

import numpy as np
import polars as pl
import pytest

from loopcast.columns import Columns
from loopcast.data.panel import Panel
from loopcast.errors import OptionError, TrainingError
from loopcast.models.recurrent.forecaster import Recurrent
from loopcast.selection import search as module
from loopcast.selection.search import search


@pytest.fixture
def quick(monkeypatch):
    """Networks that train for a moment."""

    def small(plain, panel, trial, suggested=module.suggest_options):
        return suggested(plain, panel, trial).with_options(updates=1, units=(4,))

    monkeypatch.setattr(module, "suggest_options", small)


@pytest.fixture
def panel():
    return Panel.from_array(np.random.default_rng(0).normal(size=(6, 30, 1)).cumsum(axis=1))


def test_the_best_trial_is_the_forecaster_and_every_trial_has_a_row(quick, panel):
    found = search(panel, 2, trials=2, seed=1)
    assert found.trials.height == 2
    assert found.error == found.trials["error"].min()
    assert found.trials["error"].is_sorted()
    assert found.forecaster.to_code() == found.trials["code"][0]
    assert found.measure == "mase"


def test_a_search_with_the_same_file_goes_on_and_repeats_nothing(quick, panel, tmp_path):
    first = search(panel, 2, trials=1, storage=tmp_path / "study")
    again = search(panel, 2, trials=3, storage=tmp_path / "study")
    assert again.trials.height == 3
    assert set(first.trials["error"]) < set(again.trials["error"])
    assert again.trials["code"].n_unique() == 3
    done = search(panel, 2, trials=3, storage=tmp_path / "study")
    assert done.trials.equals(again.trials)


def test_a_file_of_another_search_is_refused(quick, panel, tmp_path):
    search(panel, 2, trials=1, storage=tmp_path / "study")
    with pytest.raises(OptionError, match="holds a search of other data"):
        search(panel, 3, trials=1, storage=tmp_path / "study")


def test_trials_that_fail_are_kept_as_failed(quick, panel, monkeypatch):
    def fails(self, panel):
        raise TrainingError("broke down")

    monkeypatch.setattr(Recurrent, "_fit", fails)
    with pytest.raises(OptionError, match="none of 2 trials succeeded"):
        search(panel, 2, trials=2)


def test_of_several_targets_it_also_looks_for_how_they_are_seen_together(quick):
    values = np.random.default_rng(0).normal(size=(4, 30, 2)).cumsum(axis=1)
    found = search(Panel.from_array(values), 2, trials=2, seed=1)
    assert found.forecaster.channels in ("joint", "independent")
    assert found.trials["code"].str.contains("channels=").all()


def test_a_file_of_a_search_with_other_covariates_is_another_search(quick, tmp_path):
    frame = pl.DataFrame({"ds": range(30), "y": np.arange(30.0) % 7, "wind": np.arange(30.0) % 5})
    search(Panel.from_table(frame), 2, trials=1, storage=tmp_path / "study")
    with pytest.raises(OptionError, match="holds a search of other data"):
        search(Panel.from_table(frame, columns=Columns(past=["wind"])), 2, trials=1, storage=tmp_path / "study")
