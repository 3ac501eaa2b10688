"""Hiding, simple ways of filling, widths: each against something independent."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcast.models.imputer.baselines import last_value, linear, mean, seasonal
from loopcast.models.imputer.blend import NETWORK, Blend, blend_of, cross_fitted_errors
from loopcast.models.imputer.distances import gap_distances
from loopcast.models.imputer.holdout import fold_ids, held_back
from loopcast.models.imputer.mask_sampler import LEAST_SHARE, MaskSampler
from loopcast.models.imputer.widths import EDGES, widths_of


def holes(seed, share=0.3, shape=(40, 3)):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=shape)
    values[rng.uniform(size=shape) < share] = np.nan
    return values


@given(seed=st.integers(0, 200), share=st.floats(0, 1))
def test_simple_ways_are_those_of_pandas(seed, share):
    values = holes(seed, share)
    frame = pd.DataFrame(values)
    np.testing.assert_allclose(linear(values, 1), frame.interpolate(limit_direction="both"))
    np.testing.assert_allclose(last_value(values, 1), frame.ffill().bfill())
    np.testing.assert_allclose(mean(values, 1), frame.fillna(frame.mean()))


def test_a_season_is_filled_by_its_own_phase():
    whole = np.tile([[1.0], [5.0], [-2.0]], (10, 1))
    given = whole.copy()
    given[[4, 9, 20]] = np.nan
    np.testing.assert_allclose(seasonal(given, 3), whole)


def test_hidden_stretches_are_as_long_as_the_gaps_of_the_data():
    missing = np.zeros((400, 1), bool)
    missing[np.arange(20, 400, 40)[:, None] + np.arange(7)] = True
    drawn = MaskSampler(missing=missing, offsets=np.array([0, 400])).sample(np.random.default_rng(0), 300, 30)
    assert drawn.mean() == pytest.approx(0.175, abs=0.03)
    runs = [len(run) for row in drawn[:, :, 0] for run in "".join("x" if cell else " " for cell in row).split()]
    assert max(runs) == 7


def test_rare_gaps_are_laid_over_one_another():
    missing = np.zeros((2000, 2), bool)
    missing[::50] = True
    drawn = MaskSampler(missing=missing, offsets=np.array([0, 2000])).sample(np.random.default_rng(0), 400, 40)
    assert drawn.mean() > 0.8 * LEAST_SHARE
    assert (drawn[..., 0] == drawn[..., 1]).all()  # channels that go missing together are hidden together


@pytest.mark.parametrize(("there", "wanted"), [(0.0, 0.5), (0.5, 0.15)])
def test_over_gaps_that_are_there_already_fewer_are_laid(there, wanted):
    missing = np.random.default_rng(0).uniform(size=(2000, 2)) < 0.5
    hiding = MaskSampler(missing=missing, offsets=np.array([0, 2000]), missing_share=there)
    assert hiding.sample(np.random.default_rng(0), 400, 40).mean() == pytest.approx(wanted, abs=0.04)
    assert hiding.sample_rows(np.random.default_rng(0), 777, 40).shape == (777, 2)


def test_where_the_data_has_no_gaps_points_and_stretches_are_made_up():
    hiding = MaskSampler(missing=np.zeros((100, 3), bool), offsets=np.array([0, 100]))
    drawn = hiding.sample(np.random.default_rng(0), 200, 40)
    assert 0.2 < drawn.mean() < 0.5
    changes = np.abs(np.diff(drawn.astype(int), axis=1)).sum(axis=1)
    assert (changes[1::2] <= 2).all()
    assert changes[::2].mean() > 5


@given(seed=st.integers(0, 100))
def test_rows_held_back_are_whole_stretches_within_series_and_others_for_each_member(seed):
    offsets = np.array([0, 50, 1000, 2600])
    held = held_back(offsets, 20, 3, np.random.default_rng(seed))
    assert held.sum(axis=0).max() == 1
    starts = {a + k for a, b in itertools.pairwise(offsets) for k in range(0, b - a + 20, 20)}
    for rows in held:
        assert 0.15 < rows.mean() < 0.25  # a tenth, but a fifth where there are several members
        assert set(np.flatnonzero(np.diff(rows.astype(int))) + 1) <= starts | set(offsets)


def test_of_a_short_series_four_stretches_are_held_back():
    held = held_back(np.array([0, 400]), 100, 1, np.random.default_rng(0))[0]
    assert held.mean() == 0.1
    assert (np.diff(held.astype(int)) == 1).sum() + held[0] >= 3  # two may lie side by side


@given(seed=st.integers(0, 100), causal=st.booleans())
def test_distances_are_those_of_a_loop(seed, causal):
    missing = np.isnan(holes(seed, 0.6, (25, 2)))
    offsets = np.array([0, 1, 9, 25])
    got = gap_distances(missing, offsets, causal=causal)
    for a, b in itertools.pairwise(offsets):
        for t in range(a, b):
            for c in range(2):
                places = [p for p in range(a, b) if not missing[p, c] and (p <= t or not causal)]
                wanted = min((abs(p - t) for p in places), default=b - a)
                assert got[t, c] == min(wanted, b - a)


def test_widths_are_quantiles_of_errors_by_distance():
    rng = np.random.default_rng(0)
    away = rng.integers(1, 6, size=(6000, 2))
    errors = rng.normal(size=(6000, 2)) * away
    widths = widths_of(errors.astype(np.float32), away)
    half = widths.of(90, np.array([[1, 1], [2, 3]]))
    assert half[0, 0] == pytest.approx(1.645, rel=0.1)
    assert half[1, 0] == pytest.approx(2 * 1.645, rel=0.1)
    assert widths.sizes.shape == (2, len(EDGES) + 1, 99)


def test_a_distance_of_which_nothing_is_known_takes_all_errors():
    errors = np.random.default_rng(0).normal(size=(500, 1)).astype(np.float32)
    widths = widths_of(errors, np.ones((500, 1), int))
    assert widths.of(80, np.array([[60]])) == pytest.approx(widths.of(80, np.array([[1]])))


def errors_of_two_ways(rng, rows=4000):
    """Near, the line is right and the network is off; far, the other way round."""
    away = rng.integers(1, 30, size=(rows, 1))
    near = away < 17
    network, line = (rng.normal(size=(rows, 1)) * np.where(near == wrong, 1, 0.01) for wrong in (True, False))
    return {NETWORK: network.astype(np.float32), "linear": line.astype(np.float32)}, away


def test_a_blend_takes_at_each_distance_the_way_that_is_right_there():
    errors, away = errors_of_two_ways(np.random.default_rng(0))
    blend = blend_of(errors, away)
    np.testing.assert_array_equal(blend.shares[:, 0, :3], [[0, 0, 0], [1, 1, 1]])
    np.testing.assert_array_equal(blend.shares[:, 0, 3], [1, 0])
    assert np.abs(blend.combine(errors, away)).mean() < 0.02
    assert blend.baselines_used == ("linear",)


def test_a_blend_is_the_best_of_all_quarters_by_a_search():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=(900, 1))
    errors = {NETWORK: truth + 0.8 * rng.normal(size=(900, 1)), "linear": 0.9 * rng.normal(size=(900, 1)) - truth}
    shares = blend_of(errors, np.ones((900, 1), int)).shares[0, 0, 0]
    sizes = {k / 4: np.abs(k / 4 * errors[NETWORK] + (1 - k / 4) * errors["linear"]).mean() for k in range(5)}
    assert shares == min(sizes, key=sizes.get)


def test_where_a_simple_way_has_nothing_to_say_the_network_says_it():
    blend = Blend(methods=(NETWORK, "linear"), shares=np.full((2, 1, 4), 0.5, np.float32))
    got = blend.combine(
        {NETWORK: np.array([[2.0], [4.0]]), "linear": np.array([[np.nan], [0.0]])}, np.array([[1], [1]])
    )
    assert got.ravel().tolist() == [2, 2]


def test_crossed_errors_of_one_half_do_not_depend_on_the_errors_of_the_same_half():
    rng = np.random.default_rng(2)
    errors, away = errors_of_two_ways(rng, 400)
    half = np.arange(400) < 200
    got = cross_fitted_errors(errors, away, half)
    wanted = blend_of({way: each[~half] for way, each in errors.items()}, away[~half])
    np.testing.assert_array_equal(
        got[half], wanted.combine({way: each[half] for way, each in errors.items()}, away[half])
    )


def test_halves_are_whole_stretches():
    assert fold_ids(np.array([True, True, False, True, False, True])).tolist() == [False, False, True, False]


def test_far_from_known_values_intervals_go_by_the_farthest_errors():
    """Many errors near a known value, fewer than a bin needs far from one."""
    errors, away = np.r_[np.full(500, 0.1), np.full(60, 3.0)][:, None], np.r_[np.full(500, 1), np.full(60, 20)][:, None]
    widths = widths_of(errors, away)
    near, far, beyond = (widths.of(90, np.array([[steps]]))[0, 0] for steps in (1, 20, 500))
    assert near == pytest.approx(0.1)
    assert far == beyond == pytest.approx(3.0)
