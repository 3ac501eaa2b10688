"""The causal encoder against plain loops, and against itself: nothing later, and no unit, changes what it says."""

import numpy as np
import pytest

from loopcast.features.causal.ahead import look_ahead
from loopcast.features.causal.encoder import Encoder, left_align
from loopcast.features.causal.inputs import INPUTS, inputs_of
from loopcast.features.causal.track import Periods
from reference.causal_loop import candidates, some_inputs


def series(seed=0, length=60, holes=0.15):
    rng = np.random.default_rng(seed)
    t = np.arange(length)
    y = np.exp(0.01 * t + 0.3 * np.sin(t * np.pi / 2) + rng.normal(0, 0.1, length)) * 50
    y[rng.random(length) < holes] = np.nan
    y[0] = 40.0
    return y


def encode(values, season=4, second=0):
    values = np.atleast_2d(values)
    encoder = Encoder(values, np.full(len(values), values.shape[1]), Periods(season=season, second=second))
    for t in range(values.shape[1]):
        encoder.update(t)
    return encoder


@pytest.mark.parametrize("season", [1, 4, 7])
@pytest.mark.parametrize("linear", [False, True])
def test_inputs_are_those_of_plain_loops(season, linear):
    y = series()
    if linear:
        y[3] = -y[3] if not np.isnan(y[3]) else -1.0  # from here on the values are taken as they are
    got = inputs_of(encode(y, season).state, linear=linear)[0, :, :18]
    for t in (4, 9, 30, 59):
        np.testing.assert_allclose(got[t], some_inputs(y, season, not linear, t), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("season", [1, 4, 7])
def test_candidates_are_those_of_plain_loops(season):
    y = series(seed=1)
    ahead = look_ahead(encode(y, season).state, np.array([0]), 59, np.arange(1, 12)[None])
    for h in range(1, 12):
        base, wanted = candidates(y, season, 59, h)
        np.testing.assert_allclose(ahead.base[0, h - 1], base, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(ahead.candidates[0, h - 1, :7], wanted, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(("season", "second"), [(1, 0), (4, 0), (4, 20)])
def test_what_comes_later_changes_no_bit(season, second):
    y = np.stack([series(seed) for seed in range(3)])
    whole, part = encode(y, season, second).state, encode(y[:, :41], season, second).state
    for linear in (False, True):
        if linear and not (y < 0).any():
            continue
        np.testing.assert_array_equal(inputs_of(whole, linear)[:, :41], inputs_of(part, linear))


def test_a_thousandfold_series_is_shown_as_it_was():
    one, other = (inputs_of(encode(series() * factor).state, linear=False) for factor in (1, 1000))
    np.testing.assert_allclose(other, one, atol=1e-5)


@pytest.mark.parametrize("level", [1e6, 1e9])
def test_small_changes_are_seen_at_any_level(level):
    wave = np.sin(np.arange(60) * np.pi / 2) + np.random.default_rng(0).normal(0, 0.1, 60)
    usual, high = (inputs_of(encode(wave + each).state, linear=False) for each in (1e4, level))
    assert np.isfinite(high).all()
    shown = [*range(18), *range(19, INPUTS)]  # but for the size of changes beside the level
    np.testing.assert_allclose(high[0, 8:, shown], usual[0, 8:, shown], atol=0.02)


def test_every_input_is_a_number_whatever_comes():
    cases = [
        np.zeros(30),
        np.full(30, 5.0),
        np.r_[5.0, np.full(29, np.nan)],
        np.r_[1e-9, np.full(29, 1e9)],
        -series()[:30],
    ]
    values = np.stack(cases)
    values[:, 0] = np.nan_to_num(values[:, 0])
    state = encode(values, 4, 12).state
    for linear in (False, True):
        assert np.isfinite(inputs_of(state, linear)).all()


def test_series_begin_with_their_first_value_that_is_neither_missing_nor_zero():
    aligned, lengths, skipped, order = left_align(
        [np.array(each) for each in [[np.nan, 0.0, 3.0, np.nan], [1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, np.nan]]]
    )
    assert lengths.tolist() == [4, 2, 1]
    assert (order.tolist(), skipped.tolist()) == ([1, 0, 2], [0, 2, 3])
    np.testing.assert_array_equal(aligned[1, :2], [3.0, np.nan])
    assert aligned[2, 0] == 0
