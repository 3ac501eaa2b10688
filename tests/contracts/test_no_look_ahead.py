"""What comes after a cutoff changes nothing that is said at it."""

from dataclasses import replace

import numpy as np
import pytest

from contracts.kinds import (
    BACK,
    FORECASTERS,
    HORIZON,
    PROBABILITIES,
    assert_same_bits,
    filled,
    fitted,
    fitted_imputer,
    gappy_panel,
    kinds_for,
    whole_panel,
    with_ends,
)
from loopcast import backtest

LATER = BACK - HORIZON  # rows after the second of two cutoffs

ENDS = {
    "missing": lambda rows: np.full_like(rows, np.nan),
    "huge": lambda rows: np.full_like(rows, 1e9),
    "noise": lambda rows: np.random.default_rng(5).normal(60, 30, rows.shape).astype(rows.dtype),
}


def with_gap_before(panel, back):
    """The panel without the last value of each series before a cutoff: a gap that ends with it."""
    values = panel.values.copy()
    values[panel.offsets[1:] - back - 1] = np.nan
    return replace(panel, values=values)


@pytest.mark.parametrize("ends", ENDS)
def test_a_forecast_has_the_same_bits_whatever_comes_after_its_cutoff(forecaster, ends):
    panel = whole_panel()
    changed = with_ends(panel, BACK, ENDS[ends])
    got, wanted = (forecaster.predict_panel(each, HORIZON, (BACK,), PROBABILITIES) for each in (changed, panel))
    assert_same_bits(got, wanted)


def test_the_first_of_two_cutoffs_sees_nothing_of_what_the_second_does(forecaster):
    panel = whole_panel()
    changed = with_ends(panel, BACK, ENDS["noise"])
    got, wanted = (forecaster.predict_panel(each, HORIZON, (BACK, LATER), PROBABILITIES) for each in (changed, panel))
    np.testing.assert_array_equal(got.values[:, 0], wanted.values[:, 0])
    np.testing.assert_array_equal(got.quantiles[:, 0], wanted.quantiles[:, 0])
    assert not np.array_equal(got.values[:, 1], wanted.values[:, 1])  # and the second one does see it


def test_a_cutoff_is_the_end_of_a_shorter_panel(forecaster):
    panel = whole_panel()
    at_cutoff = forecaster.predict_panel(panel, HORIZON, (BACK,), PROBABILITIES)
    assert_same_bits(at_cutoff, forecaster.predict_panel(panel.drop_last(BACK), HORIZON, (0,), PROBABILITIES))


@pytest.mark.parametrize("name", kinds_for("gaps"))
@pytest.mark.parametrize("ends", ["missing", "noise"])
def test_a_gap_that_ends_with_the_cutoff_is_not_bridged_by_what_comes_after_it(name, ends):
    panel = with_gap_before(whole_panel(), BACK)
    changed = with_ends(panel, BACK, ENDS[ends])
    got, wanted = (fitted(name).predict_panel(each, HORIZON, (BACK,), PROBABILITIES) for each in (changed, panel))
    assert_same_bits(got, wanted)
    assert_same_bits(got, fitted(name).predict_panel(panel.drop_last(BACK), HORIZON, (0,), PROBABILITIES))


def first_windows(name, back):
    """The backtest of the whole panel, and of one with gaps before or after a cutoff; two windows each."""
    panel = whole_panel()
    return [
        backtest(FORECASTERS[name](), each, HORIZON, n_windows=2, show_progress=False).predictions[0]
        for each in (panel, with_gap_before(panel, back))
    ]


def test_gaps_after_the_last_cutoff_change_no_bit_of_a_backtest(kind):
    wanted, got = first_windows(kind, 0)
    assert got.cutoffs == wanted.cutoffs == (BACK, LATER)
    assert np.isfinite(wanted.values).all()
    np.testing.assert_array_equal(got.values, wanted.values)


@pytest.mark.parametrize("name", kinds_for("gaps"))
def test_gaps_that_begin_after_the_first_cutoff_change_no_bit_of_its_window(name):
    wanted, got = first_windows(name, LATER)
    np.testing.assert_array_equal(got.values[:, 0], wanted.values[:, 0])
    assert np.isfinite(got.values).all()


@pytest.mark.parametrize("name", kinds_for("gaps"))
def test_a_forecaster_fills_a_gap_from_the_rows_before_it_alone(name):
    panel, cut = gappy_panel(), 20
    model = fitted(name)
    got, wanted = (model.impute(data) for data in (with_ends(panel, cut, ENDS["noise"]), panel))
    early = np.concatenate([np.arange(n) < n - cut for n in panel.lengths])
    assert got.filter(early).equals(wanted.filter(early))


def test_a_causal_imputer_fills_a_gap_from_the_rows_before_it_alone():
    panel, cut = gappy_panel(), 20
    imputer = fitted_imputer("causal")
    got, wanted = (filled(imputer, each) for each in (with_ends(panel, cut, ENDS["noise"]), panel))
    early = np.concatenate([np.arange(n) < n - cut for n in panel.lengths])
    np.testing.assert_array_equal(got[early], wanted[early])
