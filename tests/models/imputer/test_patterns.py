"""Gaps of every shape: known values stay, every gap is filled or refused by name, and company changes nothing."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given as example
from hypothesis import settings
from hypothesis import strategies as st

from loopcast.data.panel import Panel
from loopcast.errors import LoopcastError, ValuesError
from loopcast.models.imputer.imputer import Imputer
from models.imputer.made import QUICK, ends, filled, waves


@pytest.fixture(scope="module")
def imputer():
    return Imputer(**QUICK).fit(waves()[1])


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@example(seed=st.integers(0, 10_000), share=st.floats(0, 0.97), length=st.integers(1, 60))
def test_whatever_the_gaps_known_values_stay_and_intervals_hold_what_fills_them(imputer, seed, share, length):
    rng = np.random.default_rng(seed)
    given = waves(share=0, seed=seed)[0]
    missing = np.zeros(given.shape, bool)
    for start in np.flatnonzero(rng.uniform(size=300) < share / length):
        missing[rng.integers(3), start : start + length, rng.integers(2)] = True
    missing[:, rng.integers(300)] = False  # something is known of each
    given[missing] = np.nan
    panel = Panel.from_array(given)
    got = filled(imputer, panel)
    np.testing.assert_array_equal(got[~missing.reshape(-1, 2)], panel.values[~missing.reshape(-1, 2)])
    assert np.isfinite(got).all()
    low, high = ends(imputer, panel, 90)
    inside = (low <= got) & (got <= high)
    np.testing.assert_array_equal(inside, missing.reshape(-1, 2))


STRETCHES = {"first": slice(0, 40), "last": slice(260, 300), "inner": slice(100, 101), "longest": slice(20, 280)}


@pytest.mark.parametrize("mode", ["two-sided", "causal"])
@pytest.mark.parametrize("stretch", STRETCHES)
def test_gaps_at_the_ends_and_longer_than_any_seen_are_filled(stretch, mode):
    imputer = Imputer(mode=mode, **QUICK).fit(waves()[1])
    given = waves(share=0, seed=4)[0]
    given[1, STRETCHES[stretch]] = np.nan
    got = filled(imputer, Panel.from_array(given)).reshape(given.shape)
    assert np.isfinite(got).all()
    assert np.abs(got).max() < 10  # of waves between -1 and 1


def test_a_target_of_which_nothing_is_known_is_refused_by_name(imputer):
    given = waves()[1]
    given[2, :, 1] = np.nan
    with pytest.raises(ValuesError, match="series 2 has no value in 'y1'"):
        filled(imputer, Panel.from_array(given))
    whole = np.full((1, 50, 1), np.nan)
    with pytest.raises(LoopcastError):
        Imputer(**QUICK).fit(whole)


def test_infinity_is_refused_where_it_came_in():
    given = waves()[1]
    given[0, 7, 1] = np.inf
    with pytest.raises(ValuesError, match="inf"):
        Imputer(**QUICK).fit(given)


def test_one_series_fitted_alone_fills_windows_in_which_nothing_is_known():
    imputer = Imputer(**QUICK).fit(waves(series=1)[1])
    given = waves(series=2, steps=40)[0]
    given[0, :, 0] = np.nan
    assert np.isfinite(filled(imputer, Panel.from_array(given))).all()


def test_a_series_is_filled_alone_as_it_is_among_longer_ones(imputer):
    short, long = waves(series=1, steps=60, seed=2)[1], waves(series=1, steps=300, seed=3)[1]
    rows = [
        (f"{name}", t, *map(float, row)) for name, each in (("b", long), ("a", short)) for t, row in enumerate(each[0])
    ]
    table = pl.DataFrame(rows, schema=["unique_id", "ds", "y0", "y1"], orient="row")
    columns = imputer.model.schema.columns
    both = Panel.from_table(table, columns=columns)
    alone = filled(imputer, Panel.from_array(short))
    together = filled(imputer, both)[both.offsets[both.ids.to_list().index("a")] :][:60]
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)


def test_times_without_a_row_are_filled_as_rows_without_a_value(imputer):
    given = waves(series=1)[1][0].astype(np.float64)
    given[100:110] = np.nan
    rows = pl.DataFrame({"ds": range(300), "y0": given[:, 0], "y1": given[:, 1]}).with_columns(
        pl.col("y0", "y1").fill_nan(None)
    )
    columns = imputer.model.schema.columns
    there = Panel.from_table(rows, columns=columns)
    absent = Panel.from_table(rows.filter(~pl.col("ds").is_between(100, 109)), columns=columns, gaps="insert")
    np.testing.assert_array_equal(filled(imputer, absent), filled(imputer, there))
