"""Short gaps bridged by a line, against a loop; and never before its later end is known."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopcast.features.interpolate import interpolate_gaps
from loopcast.features.scaling import Scaling
from reference.compiled import encode


def with_gaps(seed, share, rows=40, channels=2):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, channels))
    return np.where(rng.random(values.shape) < share, np.nan, values)


def by_loop(values, longest):
    done = values.astype(np.float64)
    known = np.flatnonzero(~np.isnan(values))
    for low, high in itertools.pairwise(known):
        if 1 < high - low <= longest + 1:
            done[low:high] = np.interp(np.arange(low, high), [low, high], [values[low], values[high]])
    return done


@given(seed=st.integers(0, 10_000), share=st.sampled_from([0.0, 0.2, 0.6, 1.0]), longest=st.integers(1, 6))
@settings(deadline=None, max_examples=60)
def test_gaps_of_some_length_are_bridged_and_nothing_else(seed, share, longest):
    values, offsets = with_gaps(seed, share), np.array([0, 13, 40])
    got = interpolate_gaps(values, offsets, longest)
    for begin, stop in ((0, 13), (13, 40)):
        for channel in range(2):
            wanted = by_loop(values[begin:stop, channel], longest)
            np.testing.assert_allclose(got[begin:stop, channel], wanted, rtol=1e-6)
    np.testing.assert_array_equal(got[~np.isnan(values)], values[~np.isnan(values)])


@given(seed=st.integers(0, 10_000), share=st.sampled_from([0.2, 0.5, 0.8]))
@settings(deadline=None, max_examples=30)
def test_what_comes_later_changes_nothing_that_is_seen_now(seed, share):
    scaling = Scaling(
        transform="none",
        lags=6,
        center_window=1,
        scale_window=8,
        season=4,
        constant_as_last=True,
        gaps=True,
        max_interpolated_gap=3,
    )
    values, now = with_gaps(seed, share, channels=1), 25
    changed = values.copy()
    changed[now + 1 :] = with_gaps(seed + 1, share, channels=1)[now + 1 :] + 50
    views = []
    for each in (values, changed):
        whole, rows = interpolate_gaps(each, np.array([0, 40]), 3), slice(now + 1 - scaling.lookback, now + 1)
        views.append(encode(scaling, np.float32(each[None, rows, 0]), 5, np.float32(whole[None, rows, 0])))
    for one, other in zip(*views, strict=True):
        np.testing.assert_array_equal(one, other)


def test_lags_and_seasons_are_taken_from_the_line():
    scaling = Scaling(lags=4, season=4, gaps=True, max_interpolated_gap=2)
    values = np.float32([1, np.nan, 3, 4, np.nan, 6])[:, None]
    whole = interpolate_gaps(values, np.array([0, 6]), 2)
    past, line = values[None, 2:, 0], whole[None, 2:, 0]
    view = encode(scaling, past, 4, line)
    assert view.features[0, :4].tolist() == [3, 4, 5, 6]
    assert view.baseline[0].tolist() == [3, 4, 5, 6]
    without = encode(scaling, past, 4)
    assert without.features[0, :4].tolist() == [3, 4, 0, 6]


@pytest.mark.parametrize("length", [1, 3])
def test_an_open_gap_is_none_to_bridge(length):
    scaling = Scaling(lags=3, gaps=True, max_interpolated_gap=5)
    values = np.float32([1, 2, 3, 4, *[np.nan] * length, 9])
    whole = interpolate_gaps(values[:, None], np.array([0, len(values)]), 5)[:, 0]
    now = slice(4 + length - 3, 4 + length)  # the last row before the 9
    shown = encode(scaling, values[None, now], 1, whole[None, now]).features[0, :3]
    assert shown.tolist() == [0.0 if np.isnan(value) else value for value in values[now]]
