"""Nothing hidden is seen: not by training, not by scales, not by what is judged; and nothing later, where causal."""

import numpy as np
import pytest
from hypothesis import given as example
from hypothesis import settings
from hypothesis import strategies as st

from loopcast.data.panel import Panel
from loopcast.models.imputer.form import ImputerConfig
from loopcast.models.imputer.holdout import held_back
from loopcast.models.imputer.imputer import Imputer
from loopcast.models.imputer.mask_sampler import MaskSampler
from loopcast.models.imputer.masked_evaluation import MaskedEvaluation
from loopcast.models.imputer.plan import MEMBERS, network_of
from loopcast.models.imputer.scaler import Scale, Scaler
from loopcast.models.imputer.seasons import seasonal_offset
from models.imputer.made import QUICK, ends, filled, waves


def test_training_does_not_see_rows_that_every_member_holds_back_nor_does_their_scale():
    _, given = waves(series=1, steps=240)
    imputer = Imputer(**QUICK).fit(given)
    learned = imputer.model
    held = held_back(np.array([0, 240]), learned.config.window, MEMBERS, np.random.default_rng(0))
    for member, rows in enumerate(held):
        changed = given.copy()
        changed[0, rows] += 3
        other = Imputer(**QUICK).fit(changed).model
        np.testing.assert_array_equal(other.weights[member], learned.weights[member])
        np.testing.assert_array_equal(other.scaler.fixed.level, learned.scaler.fixed.level)


@pytest.mark.parametrize(
    "measure",
    [Scaler(fixed=Scale(level=np.zeros((1, 2)), spread=np.ones((1, 2)))), Scaler(), Scaler(prior=np.ones((3, 2)))],
)
def test_what_an_exam_hides_is_not_in_what_is_filled_nor_in_its_scale(measure):
    rng = np.random.default_rng(0)
    values, missing = rng.normal(size=(80, 2)).astype(np.float32), rng.uniform(size=(80, 2)) < 0.2
    form = ImputerConfig(network=network_of("gru", (3,), 2, causal=False), window=20, season=5, causal=False)
    shown = []

    def exam(values):
        def fill(left):
            shown.append(left)
            return np.zeros_like(left), np.ones_like(left)

        hiding, every = MaskSampler(missing=missing, offsets=np.array([0, 80])), np.ones(80, bool)
        return MaskedEvaluation(
            form=form, measure=measure, values=values, offsets=np.array([0, 40, 80]), scored=every,
            series=np.zeros(80, int), hiding=hiding,
            methods=("linear",),
        ).run(fill, np.random.default_rng(1))  # fmt: skip

    exam(values)
    hidden = np.isnan(shown[0])
    exam(np.where(hidden, values + 9, values))
    np.testing.assert_array_equal(shown[0], shown[len(shown) // 2])
    assert 0 < hidden.mean() < 0.5


def test_what_is_missing_before_a_series_begins_is_filled_as_series_are():
    """Three series around 1000, one of which begins late: what it may be, with how far apart series are."""
    _, given = waves(series=3)
    given = given + np.array([1000, 1010, 990])[:, None, None]
    given[0, :30] = np.nan
    panel = Panel.from_array(given)
    imputer = Imputer(mode="causal", **QUICK).fit(panel)
    low, high = ends(imputer, panel, 90)
    assert np.abs(filled(imputer, panel)[:30] - 1000).max() < 30
    assert (high - low)[:30].min() > 5


def test_nothing_before_a_first_value_is_filled_with_it_causally():
    _, given = waves(series=2)
    given[:, :6] = np.nan
    imputer = Imputer(mode="causal", best=True, **QUICK).fit(given)
    later = given.copy()
    later[:, 6:] += 100
    got, other = (filled(imputer, Panel.from_array(each)).reshape(given.shape)[:, :6] for each in (given, later))
    assert np.isfinite(got).all()
    np.testing.assert_array_equal(got, other)


@pytest.mark.parametrize("series", [1, 3])
@pytest.mark.parametrize("season", [1, 24])
def test_a_causal_imputer_fills_the_same_bits_whatever_comes_later(series, season):
    _, given = waves(series=series)
    imputer = Imputer(mode="causal", season=season, **QUICK).fit(given)
    assert imputer.model.config.network.directions == 1
    later = given.copy()
    later[:, 150:] = np.where(np.arange(150)[None, :, None] % 3 == 0, np.nan, 50.0)
    got, other = (Panel.from_array(each) for each in (given, later))
    early = np.tile(np.arange(300) < 150, series)
    np.testing.assert_array_equal(filled(imputer, got)[early], filled(imputer, other)[early])
    for one, changed in zip(ends(imputer, got, 80), ends(imputer, other, 80), strict=True):
        np.testing.assert_array_equal(one[early], changed[early])


def test_a_running_scale_is_that_of_a_loop_and_a_carried_value_keeps_its_place():
    rng = np.random.default_rng(3)
    values = np.where(rng.uniform(size=(30, 2)) < 0.4, np.nan, 1000 + rng.normal(size=(30, 2))).astype(np.float32)
    offsets, usual = np.array([0, 12, 30]), np.float32([[500, 600], [2, 3], [40, 50]])
    scale = Scale.running(values, offsets, usual)
    for begin, stop in ((0, 12), (12, 30)):
        for t in range(begin, stop):
            for c in range(2):
                seen = values[begin : t + 1, c].astype(np.float64)
                seen = seen[~np.isnan(seen)]
                wanted = seen.mean() if len(seen) else usual[0, c]
                spread = np.sqrt((((seen - wanted) ** 2).sum() + usual[1, c] ** 2) / (len(seen) + 1))
                spread = spread if len(seen) else usual[2, c]
                assert scale.level[t, c] == pytest.approx(wanted)
                assert scale.spread[t, c] == pytest.approx(spread, rel=1e-5)
    same = np.isnan(values[1:]) & (np.arange(1, 30) != 12)[:, None]
    np.testing.assert_array_equal(scale.level[1:][same], scale.level[:-1][same])


@pytest.mark.parametrize("causal", [False, True])
def test_scales_do_not_see_what_is_missing(causal):
    whole, given = (each.reshape(-1, 2) for each in waves())
    offsets = np.array([0, 300, 600, 900])
    for both_ends in (offsets, offsets[[0, 3]]):
        measure = Scaler.of(given, both_ends, causal=causal)
        scale = measure.scale(given, both_ends)
        dropped = np.where(np.isnan(given), whole + 100, given)
        dropped[np.isnan(given)] = np.nan
        np.testing.assert_array_equal(scale.level, measure.scale(dropped, both_ends).level)
    one = Scale.of(given, offsets)
    np.testing.assert_allclose(one.level[1], np.nanmean(given[300:600], axis=0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(one.spread[1], np.nanstd(given[300:600], axis=0), rtol=1e-4)


@settings(max_examples=20, deadline=None)
@example(seed=st.integers(0, 1000), causal=st.booleans())
def test_the_turn_of_a_season_is_that_of_a_loop(seed, causal):
    """Without gaps a season away: what it was there, less the base between the same ends there."""
    rng = np.random.default_rng(seed)
    season, steps, gap = 6, 18, slice(8, 11)
    values = rng.normal(size=(1, steps, 1)).astype(np.float32)
    known = np.ones((1, steps, 1), bool)
    known[:, gap] = False
    base = values.copy()
    base[0, gap, 0] = values[0, 7, 0] if causal else np.interp(np.arange(8, 11), [7, 11], values[0, [7, 11], 0])
    got = np.asarray(seasonal_offset(base, known, np.ones((1, steps), bool), season=season, causal=causal))[0, gap, 0]

    def risen(away):
        ends = values[0, 7 - away, 0] if causal else np.interp([8, 9, 10], [7, 11], values[0, [7 - away, 11 - away], 0])
        return values[0, 8 - away : 11 - away, 0] - ends

    wanted = risen(season) if causal else (risen(season) + risen(-season)) / 2
    np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)


def test_a_season_longer_than_what_is_seen_turns_nothing():
    values = np.random.default_rng(0).normal(size=(2, 9, 1)).astype(np.float32)
    got = seasonal_offset(values, np.ones((2, 9, 1), bool), np.ones((2, 9), bool), season=9, causal=False)
    assert not np.asarray(got).any()
