"""What tests ask many times, compiled as a whole, as training and forecasts do it.

Op by op, JAX compiles each operation by itself and Python runs each: a hundred times slower.
"""

from functools import partial

import jax

from loopcast.features import gaps, gather
from loopcast.features.scaling import EncodedWindow, Scaling


@partial(jax.jit, static_argnums=(0, 2))
def encode(scaling: Scaling, past, horizon, bridged=None) -> EncodedWindow:
    """`Scaling.encode`."""
    return scaling.encode(past, horizon, bridged)


@partial(jax.jit, static_argnums=0)
def normalize_target(scaling: Scaling, view, values):
    """`Scaling.normalize_target`."""
    return scaling.normalize_target(view, values)


@partial(jax.jit, static_argnums=0)
def denormalize(scaling: Scaling, view, output):
    """`Scaling.denormalize`."""
    return scaling.denormalize(view, output)


@partial(jax.jit, static_argnums=0)
def step(network, weights, state, inputs):
    """`Network.step`."""
    return network.step(weights, state, inputs)


gather_windows = partial(jax.jit, static_argnums=(0, 1, 2))(gather.gather)
encode_gaps = partial(jax.jit, static_argnames="causal")(gaps.encode_gaps)
