"""Gaps filled from the past alone: the forecast from the row before each."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopcast import Columns, Linear, Naive, Panel, PlainRecurrent, Recurrent, SeasonalNaive
from loopcast.errors import NotFittedError, ValuesError
from loopcast.models.fill_gaps import Gaps

QUICK = {"units": (4,), "updates": 2, "season": 4, "show_progress": False}


def waves(series=3, length=40, channels=1, seed=0):
    rng = np.random.default_rng(seed)
    time = np.arange(length)[None, :, None] + rng.uniform(0, 4, (series, 1, channels))
    return Panel.from_array(np.sin(time * np.pi / 2) + rng.normal(0, 0.1, (series, length, channels)) + 3)


def longer(panel, steps):
    """The same series with a gap of so many steps after their ends."""
    values = np.stack([panel.series(i) for i in range(panel.n_series)])
    gap = np.full((panel.n_series, steps, panel.n_channels), np.nan, np.float32)
    return Panel.from_array(np.concatenate([values, gap], axis=1))


def imputed(model, panel):
    """`[row, channel]`, and which of them were filled."""
    table = model.impute(panel)
    targets = list(panel.targets)
    return table.select(targets).to_numpy(), table.select(f"{name}-imputed" for name in targets).to_numpy()


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("horizon", [pytest.param(1, marks=pytest.mark.slow), 5, 11])
def test_a_gap_at_the_end_is_filled_with_what_predict_gives(channels, horizon):
    panel = waves(channels=channels)
    for model in (
        Recurrent(horizon=5, channels="joint", **QUICK),
        Linear(horizon=5, season=4),
        SeasonalNaive(season=4),
    ):
        ahead = model.fit(panel).predict_panel(panel, horizon).values[:, 0]
        filled, marks = imputed(model, longer(panel, horizon))
        at = marks.any(axis=1)
        np.testing.assert_allclose(filled[at].reshape(ahead.shape), ahead, rtol=1e-6, atol=1e-6)
        np.testing.assert_array_equal(filled[~at], panel.values)


def test_an_inner_gap_is_filled_with_the_forecast_from_before_it():
    panel = waves(series=1)
    values = panel.values.copy()
    values[20:23] = np.nan
    model = Recurrent(horizon=4, **QUICK).fit(panel)
    filled, marks = imputed(model, replace(panel, values=values))
    ahead = model.predict_panel(panel.drop_last(20), 3).values[:, 0][0]
    np.testing.assert_allclose(filled[20:23], ahead, rtol=1e-6, atol=1e-6)
    assert np.flatnonzero(marks).tolist() == [20, 21, 22]


@given(seed=st.integers(0, 1000), share=st.sampled_from([0.05, 0.4, 0.8]))
@settings(deadline=None, max_examples=25)
def test_later_values_change_nothing_and_known_ones_come_back_bit_for_bit(seed, share):
    rng = np.random.default_rng(seed)
    panel = waves(series=2, length=30, channels=2, seed=seed)
    hidden = rng.uniform(size=panel.values.shape) < share
    hidden[[0, 30]] = False
    values = np.where(hidden, np.float32(np.nan), panel.values)
    cut = int(rng.integers(5, 28))
    changed = values.copy()
    changed[cut:30] += 100
    model = Naive().fit(panel)
    first, marks = imputed(model, replace(panel, values=values))
    second, _ = imputed(model, replace(panel, values=changed))
    np.testing.assert_array_equal(first[~hidden], panel.values[~hidden])
    np.testing.assert_array_equal(marks, hidden)
    np.testing.assert_array_equal(first[:cut], second[:cut])
    assert not np.isnan(first).any()


def test_what_is_before_a_forecast_is_possible_stays_missing():
    table = pl.DataFrame({"ds": range(8), "y": [None, 1.0, None, 3.0, 4.0, None, 6.0, None]})
    filled = Linear(horizon=1, context=3).fit(waves()).impute(table)
    assert filled["y-imputed"].to_list() == [False, False, False, False, False, True, False, True]
    assert filled["y"].is_null().to_list() == [True, False, True, False, False, False, False, False]


def test_the_table_that_came_is_given_back_with_intervals():
    table = pl.DataFrame({"ds": range(60), "y": [float(t % 4) for t in range(58)] + [None, None], "note": ["a"] * 60})
    filled = SeasonalNaive(season=4).fit(table).impute(table, level=[80])
    assert filled.columns == ["ds", "y", "note", "y-imputed", "y-lo-80", "y-hi-80"]
    assert filled["y"].to_list()[-2:] == [2.0, 3.0]
    assert filled["y-lo-80"].is_not_nan().to_list() == [False] * 58 + [True] * 2
    assert (filled["y-lo-80"] <= filled["y-hi-80"]).to_list()[-2:] == [True, True]


def test_with_future_covariates_a_gap_knows_those_within_it():
    price = np.random.default_rng(0).normal(size=80).astype(np.float32)
    y = [*(2 * price + 5).tolist()[:-3], None, None, None]
    panel = Panel.from_table(pl.DataFrame({"ds": range(80), "y": y, "price": price}), columns=Columns(future=["price"]))
    filled = Linear(horizon=4, context=2, ridge=1e-6).fit(panel.drop_last(3)).impute(panel)
    np.testing.assert_allclose(filled["y"].to_numpy()[-3:], (2 * price + 5)[-3:], atol=1e-3)


def test_a_network_that_sees_raw_values_says_that_it_takes_no_gaps():
    panel = waves(series=1)
    values = panel.values.copy()
    values[[10, 20]] = np.nan
    model = PlainRecurrent(horizon=2, units=(4,), epochs=1, show_progress=False).fit(panel)
    with pytest.raises(ValuesError, match="fill them, or take Recurrent"):
        model.impute(replace(panel, values=values))


def test_gaps_are_runs_within_a_channel_and_a_series():
    values = np.float32([[1, np.nan, np.nan, 4], [5, 6, 7, np.nan], [np.nan, np.nan, 3, 4]])[:, :, None]
    gaps = Gaps.of(Panel.from_array(values), 1)
    assert sorted(zip(gaps.series, gaps.before, gaps.length, strict=True)) == [(0, 1, 2), (1, 3, 1)]


def test_a_gap_within_the_horizon_asks_for_no_more_than_that():
    """Of past covariates nothing is known beyond the horizon of the fit."""
    rng = np.random.default_rng(0)
    y, visits = rng.normal(size=(2, 60))
    table = pl.DataFrame({"ds": range(60), "y": [*y[:40], None, None, None, *y[43:]], "visits": visits})
    filled = Linear(horizon=3, season=4).fit(Panel.from_table(table, columns=Columns(past=["visits"]))).impute()
    assert filled["y"].is_not_nan().all()


def test_intervals_of_a_gap_depend_on_no_other_and_reach_as_far_as_the_calibration():
    panel = waves(series=1, length=80)
    model = Naive(horizon=3).fit(panel)

    def without(*rows):
        values = panel.values.copy()
        values[list(rows)] = np.nan
        return replace(panel, values=values)

    few = model.impute(without(30, 40, 41), level=[80])
    many = model.impute(without(30, 40, 41, 50, 51, 52), level=[80])
    assert many["y-lo-80"][:50].equals(few["y-lo-80"][:50])
    with pytest.raises(NotFittedError, match=r"calibrate\(horizon=8\)"):
        model.impute(without(*range(60, 66)), level=[80])
