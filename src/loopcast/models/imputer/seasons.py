"""What the values a season away did where there is a gap here: what a straight line across it cannot know."""

import jax.numpy as jnp

from loopcast.features.gaps import encode_gaps
from loopcast.nn.cells import Array

GUESSED = 0.05  # how much a value a season away counts where it is missing itself, beside one that is known


def seasonal_offset(base: Array, known: Array, inside: Array, *, season: int, causal: bool) -> Array:
    """By how much the stretch a season before, or after, rose above the base between the same two ends.

    base, known: `[batch, time, channel]`, values with their gaps filled plainly, and which were known; inside:
    `[batch, time]`. causal: only the season before, and above what it was at the last known value. 0 where a season
    away there is nothing. Where both sides have something, their mean.
    """
    total = count = jnp.zeros_like(base)
    for lag in (season,) if causal else (season, -season):
        if not 1 < abs(lag) < base.shape[1]:
            continue
        there = shifted(jnp.broadcast_to(inside[..., None], base.shape), lag) & inside[..., None]
        away = shifted(base, lag)
        ends = encode_gaps(jnp.where(known & there, away, 0.0), known & there, causal=causal).base
        weight = there * (GUESSED + (1 - GUESSED) * shifted(known, lag))
        total = total + weight * jnp.where(there, away - ends, 0.0)
        count = count + weight
    return total / jnp.maximum(count, GUESSED)


def shifted(values: Array, lag: int) -> Array:
    """`[batch, time, ...]` with each value as many steps later as `lag` says, or earlier; zeros come in."""
    empty = jnp.zeros_like(values[:, : abs(lag)])
    parts = [empty, values[:, :-lag]] if lag > 0 else [values[:, -lag:], empty]
    return jnp.concatenate(parts, axis=1)
