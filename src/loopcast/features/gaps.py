"""What a network sees of a sequence with gaps: the values that are known, carried or drawn across them, and how far."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

Array = jax.Array


class GapFeatures(NamedTuple):
    """A batch of sequences with gaps, encoded."""

    features: Array  # [batch, time, 3 * channel]: base, whether known, log(1 + steps to the nearest known value)
    base: Array  # [batch, time, channel]: the value, or what stands in for it; 0 where nothing is known


def encode_gaps(values: Array, known: Array, *, causal: bool) -> GapFeatures:
    """`values` `[batch, time, channel]`, which count where `known`, as the network is to see them.

    causal: gaps show the last known value; else the straight line between their ends.
    """
    steps, index = values.shape[1], jnp.arange(values.shape[1])[None, :, None]
    before = jax.lax.cummax(jnp.where(known, index, -1), axis=1)
    last, since = jnp.take_along_axis(values, jnp.maximum(before, 0), axis=1), index - before
    if causal:
        base, away = jnp.where(before >= 0, last, 0.0), jnp.where(before >= 0, since, steps)
    else:
        base, away = _line(values, known, index, before, last)
    features = jnp.concatenate([base, known.astype(base.dtype), jnp.log1p(away.astype(base.dtype))], axis=-1)
    return GapFeatures(features, base)


def _line(values: Array, known: Array, index: Array, before: Array, last: Array) -> tuple[Array, Array]:
    steps = values.shape[1]
    after = jax.lax.cummin(jnp.where(known, index, steps), axis=1, reverse=True)
    following = jnp.take_along_axis(values, jnp.minimum(after, steps - 1), axis=1)
    begun, ends = before >= 0, after < steps
    share = (index - before) / jnp.maximum(after - before, 1)
    between = last + share * (following - last)
    base = jnp.where(begun & ends, between, jnp.where(begun, last, jnp.where(ends, following, 0.0)))
    away = jnp.minimum(jnp.where(begun, index - before, steps), jnp.where(ends, after - index, steps))
    return base, away
