"""What tests ask many times, compiled as a whole, as training and forecasts do it.

Op by op, JAX compiles each operation by itself and Python runs each: a hundred times slower.
"""

from functools import partial

import jax

from loopcast.features import gaps, gather


@partial(jax.jit, static_argnums=0)
def step(network, weights, state, inputs):
    """`Network.step`."""
    return network.step(weights, state, inputs)


gather_windows = partial(jax.jit, static_argnums=(0, 1))(gather.gather)
encode_gaps = partial(jax.jit, static_argnames="causal")(gaps.encode_gaps)
