"""The logger `loopcast`: what a fit says to who listens, and that nobody else hears of it."""

import logging
import subprocess
import sys

import numpy as np

from loopcast import Auto, Naive, Panel, Recurrent, SeasonalNaive, backtest


def panel(rows=48):
    t = np.arange(rows)
    return Panel.from_array((50 + 9 * np.sin(t * np.pi / 2)).reshape(1, -1, 1))


def said(caplog, level):
    return [record.getMessage() for record in caplog.records if record.levelno == level]


def test_a_fit_says_once_what_was_chosen_and_what_it_was_fitted_on(caplog):
    caplog.set_level(logging.INFO, "loopcast")
    fitted = Auto(horizon=2, budget=0.001, season=4).fit(panel())
    *_, last = said(caplog, logging.INFO)
    assert last.startswith(f"Auto: {fitted.model.description}")
    assert last.endswith(fitted.model.provenance.describe())
    assert sum("Fitted" in each for each in said(caplog, logging.INFO)) == 1
    assert "Auto: Theta" in said(caplog, logging.INFO)  # each candidate as its turn comes


def test_a_training_says_how_many_epochs_it_took_and_each_one_to_who_wants_all(caplog):
    caplog.set_level(logging.DEBUG, "loopcast")
    Recurrent(horizon=3, season=4, units=(4,), updates=60).fit(panel())
    assert len(said(caplog, logging.DEBUG)) == 3  # 50 and 10 updates, then 15 on all rows
    assert any(each.startswith("Recurrent: trained for 3 epochs, loss ") for each in said(caplog, logging.INFO))


def test_a_model_without_intervals_is_a_warning(caplog):
    Naive().fit([1.0, 2.0, 3.0])
    [warning] = said(caplog, logging.WARNING)
    assert warning.startswith("Naive cannot say how sure it is: calibrating intervals takes")


def test_fits_of_a_backtest_are_named_and_say_no_more(caplog):
    caplog.set_level(logging.INFO, "loopcast")
    backtest([SeasonalNaive(season=4)], panel(), 3, n_windows=2)
    assert said(caplog, logging.INFO) == ["backtest: SeasonalNaive"] * len(said(caplog, logging.INFO))


def test_who_does_not_listen_hears_nothing_and_who_does_hears_it_once():
    fit = "import logging; {}; import loopcast; loopcast.Naive().fit([1.0, 2.0, 3.0])"
    heard = [
        subprocess.run(
            [sys.executable, "-c", fit.format(setup)], capture_output=True, text=True, check=True
        ).stderr.count("cannot say how sure it is")
        for setup in ("0", "logging.basicConfig()")
    ]
    assert heard == [0, 1]
