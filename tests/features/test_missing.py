"""The encoding of a past with missing values, against loops that spell it out."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopcast.features.gather import to_device
from loopcast.features.scaling import NEAR_ZERO, SMALLEST, Scaling
from loopcast.features.windows import WindowPlan
from reference.compiled import denormalize, encode, gather_windows

SCALINGS = {
    "raw": Scaling(lags=3, gaps=True),
    "log": Scaling(transform="log", lags=5, center_window=1, season=4, constant_as_last=True, gaps=True),
    "linear": Scaling(lags=5, center_window=3, scale_window=8, season=4, seasons=2, constant_as_last=True, gaps=True),
}
HORIZON = 6
scalings = pytest.mark.parametrize("name", list(SCALINGS))


def with_gaps(seed, share, rows=4, reach=9):
    rng = np.random.default_rng(seed)
    values = rng.uniform(1, 9, (rows, reach)).astype(np.float32)
    return np.where(rng.random(values.shape) < share, np.float32(np.nan), values)


def mean(values):
    there = [value for value in values if not math.isnan(value)]
    return sum(there) / len(there) if there else math.nan


def or_else(value, other):
    return other if math.isnan(value) else value


def encoded(scaling, past):
    """Features and anchor of one past, in plain Python."""
    past = [float(value) for value in past]
    unit = max(or_else(mean(map(abs, past)), 0.0), SMALLEST)
    bend = (lambda v: math.asinh(v / (2 * NEAR_ZERO * unit))) if scaling.transform == "log" else (lambda v: v)
    bent = [v if math.isnan(v) else bend(v) for v in past]
    there = [i for i, v in enumerate(past) if not math.isnan(v)]
    last = bent[there[-1]] if there else 0.0
    level = or_else(mean(bent[-scaling.center_window :]), last) if scaling.center_window else 0.0
    spread = 1.0
    if scaling.scale_window:
        seen = bent[-scaling.scale_window - 1 :]
        changes = [abs(b - a) for a, b in pairwise(seen)]
        spread = or_else(mean(changes), or_else(mean([abs(v - mean(seen)) for v in seen]), 0.0))
    if scaling.constant_as_last and len({past[i] for i in there}) < 2:
        spread = 0.0
    lags = [or_else((v - level) / (spread or 1.0), 0.0) for v in bent[-scaling.lags :]]
    since = len(past) - 1 - there[-1] if there else len(past)
    anchor = [0.0] * HORIZON
    if scaling.season:
        table = np.array(bent[-scaling.season * scaling.seasons :]).reshape(scaling.seasons, scaling.season)
        usual = [mean(column) for column in table.T]
        moved = or_else(mean([a - b for a, b in zip(table[-1], usual, strict=True)]), 0.0) if scaling.seasons > 1 else 0
        anchor = [or_else(usual[h % scaling.season] + moved, last) for h in range(HORIZON)]
    return [*lags, float(since == 0), math.log1p(since)], anchor, spread


@scalings
@given(seed=st.integers(0, 10_000), share=st.sampled_from([0.0, 0.2, 0.5, 0.8, 1.0]))
@settings(deadline=None, max_examples=40)
def test_a_past_with_gaps_is_encoded_as_a_plain_loop_has_it(name, seed, share):
    scaling = SCALINGS[name]
    past = with_gaps(seed, share, reach=scaling.lookback)
    view = encode(scaling, past, HORIZON)
    assert view.features.shape == (4, scaling.features)
    for row, (features, anchor, spread) in enumerate(encoded(scaling, each) for each in past):
        np.testing.assert_allclose(view.features[row], features, rtol=2e-4, atol=2e-4)
        np.testing.assert_allclose(view.baseline[row], anchor, rtol=2e-4, atol=2e-4)
        np.testing.assert_allclose(view.spread[row], spread, rtol=2e-4)


@scalings
def test_where_nothing_is_missing_only_the_two_new_features_tell_the_difference(name):
    scaling = SCALINGS[name]
    plain = Scaling(**(vars(scaling) | {"gaps": False}))
    past = with_gaps(0, 0.0, reach=scaling.lookback)
    with_them, without = (encode(each, past, HORIZON) for each in (scaling, plain))
    np.testing.assert_array_equal(with_them.features[:, :-2], without.features)
    np.testing.assert_array_equal(with_them.features[:, -2:], [[1, 0]] * 4)
    np.testing.assert_allclose(with_them.baseline, without.baseline, atol=1e-6)
    assert (scaling.features, plain.features) == (scaling.lags + 2, scaling.lags)


@pytest.mark.parametrize("name", ["log", "linear"])
def test_where_all_that_is_there_is_equal_that_is_the_forecast(name):
    scaling = SCALINGS[name]
    past = np.full((2, scaling.lookback), np.nan, np.float32)
    past[:, 1] = past[:, 3] = 7.0
    view = encode(scaling, past, HORIZON)
    np.testing.assert_array_equal(
        denormalize(scaling, view, np.full((2, HORIZON), 3.0, np.float32)), np.full((2, HORIZON), 7.0)
    )


@scalings
@given(seed=st.integers(0, 1000), share=st.sampled_from([0.3, 0.9]))
@settings(deadline=None, max_examples=10)
def test_what_is_missing_is_no_target_and_no_feature_is_nan(name, seed, share):
    scaling, plan = SCALINGS[name], WindowPlan(context=10, horizon=3)
    values = with_gaps(seed, share, rows=1, reach=30)[0]
    index = plan.training(np.array([0, 17, 30]), 0).stacked()
    examples = gather_windows(scaling, plan, 0, to_device(values[:, None]), index)
    assert np.isfinite(examples.features).all()
    targets = np.asarray(examples.targets)[:, :, 0]
    for window, (start, *_) in enumerate(index):
        for step in range(10):
            ahead = values[start + step + 1 : start + step + 4]
            assert np.isnan(targets[window, step, : len(ahead)][np.isnan(ahead)]).all()
