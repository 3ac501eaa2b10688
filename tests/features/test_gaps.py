"""What a network sees of gaps, against plain loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.compiled import encode_gaps


def looped(column, known, causal):
    """Base and distance of one channel, value by value."""
    steps, places = len(column), np.flatnonzero(known)
    base, away = np.zeros(steps), np.full(steps, steps)
    for t in range(steps):
        before, after = places[places <= t], places[places >= t]
        if causal:
            after = after[:0]
        if len(before):
            base[t], away[t] = column[before[-1]], t - before[-1]
        if len(after):
            away[t] = min(away[t], after[0] - t)
            base[t] = column[after[0]]
        if len(before) and len(after):
            base[t] = np.interp(t, [before[-1], after[0]], [column[before[-1]], column[after[0]]])
    return base, away


@pytest.mark.parametrize("causal", [True, False])
@settings(deadline=None)  # the first call compiles
@given(steps=st.sampled_from([1, 2, 7, 12]), share=st.floats(0, 1), seed=st.integers(0, 999))
def test_gaps_show_what_stands_beside_them_and_how_far_it_is(causal, steps, share, seed):
    rng = np.random.default_rng(seed)
    values, known = rng.normal(size=(2, steps, 3)).astype(np.float32), rng.uniform(size=(2, steps, 3)) < share
    got = encode_gaps(np.where(known, values, np.float32(99)), known, causal=causal)
    for i in range(2):
        for c in range(3):
            base, away = looped(values[i, :, c], known[i, :, c], causal)
            np.testing.assert_allclose(got.base[i, :, c], base, rtol=1e-4, atol=1e-5)
            np.testing.assert_array_equal(got.features[i, :, 3 + c], known[i, :, c])
            np.testing.assert_allclose(got.features[i, :, 6 + c], np.log1p(away), rtol=1e-5)
    np.testing.assert_array_equal(got.features[..., :3], got.base)
