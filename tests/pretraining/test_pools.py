"""What an update learns from: rows to forecast from, and what came after them, on the scale of that row."""

import numpy as np
import pytest

from loopcast.features.causal.ahead import look_ahead
from loopcast.features.causal.encoder import Encoder, left_align
from loopcast.pretraining.plan import BATCH, KINDS, Kind, kinds_of_updates
from loopcast.pretraining.pools import draw_pool, encode_examples
from loopcast.pretraining.series import draw_series
from loopcast.training.origin_pool import ORIGINS

SMALL = Kind(season=4, second=0, length=40, horizon=6, weight=1.0)


def test_targets_are_what_came_as_written_at_the_origin():
    values = draw_series(np.random.default_rng(0), 20, 40, 4, 0)
    examples = encode_examples(np.random.default_rng(1), values, SMALL)
    aligned, lengths, _, _ = left_align(list(values), values.shape[1])
    encoder = Encoder(aligned, lengths, SMALL.periods)
    for t in range(40):
        encoder.update(t)
        for series, place in zip(*np.nonzero(examples.origins == t), strict=True):
            ahead = look_ahead(encoder.state, np.array([series]), t, np.arange(1, 7)[None])
            came = np.full(6, np.nan)
            rest = aligned[series, t + 1 : t + 7]
            came[: len(rest)] = rest
            wanted = (ahead.written.write(came[None]) - ahead.base) / ahead.scale
            np.testing.assert_allclose(examples.targets[series, place], np.clip(wanted[0], -200, 200), rtol=1e-5)


def test_no_target_lies_beyond_the_end_and_inputs_are_numbers():
    pool = draw_pool(SMALL, 0, 0, 0)
    assert np.isfinite(pool.examples.inputs).all()
    assert np.isfinite(pool.examples.candidates).all()
    assert (pool.examples.weights > 0).all()
    assert (pool.examples.origins >= 0).all()
    assert pool.examples.origins.max() < 40


def test_a_pool_gives_each_series_twice_with_other_origins():
    pool = draw_pool(SMALL, 0, 0, 0)
    draws = [pool.draw(number, BATCH) for number in range(SMALL.updates_per_pool)]
    assert {draw.windows.shape for draw in draws} == {(BATCH,)}
    assert sorted({int(draw.use) for draw in draws}) == [0, 1]
    assert pool.examples.origins.shape == (SMALL.pool, 2 * ORIGINS)
    assert sorted(np.concatenate(pool.order).tolist()) == sorted([*range(SMALL.pool)] * 2)
    assert not np.array_equal(pool.examples.origins[:, :ORIGINS], pool.examples.origins[:, ORIGINS:])


@pytest.mark.parametrize("place", [0, 3, 9])
def test_the_same_seed_gives_the_same_pool(place):
    kind = Kind(**{**vars(KINDS[place]), "length": min(KINDS[place].length, 120)})
    one, same = draw_pool(kind, 5, place, 1), draw_pool(kind, 5, place, 1)
    for first, second in zip(one.examples, same.examples, strict=True):
        np.testing.assert_array_equal(first, second)


def test_kinds_are_mixed_in_their_shares():
    counts = np.bincount(kinds_of_updates(20000, 0), minlength=len(KINDS))
    weights = np.array([kind.weight for kind in KINDS])
    np.testing.assert_allclose(counts / 20000, weights / weights.sum(), atol=0.01)
