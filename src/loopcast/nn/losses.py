"""How much each error counts."""

from typing import Literal

import jax
import jax.numpy as jnp

LossName = Literal["mse", "mae", "huber"]


def elementwise_loss(name: LossName, errors: jax.Array) -> jax.Array:
    """Loss of each error, of the same shape: e^2; |e|; or Huber's, e^2 / 2 up to 1 and |e| - 1/2 beyond."""
    if name == "mse":
        return jnp.square(errors)
    if name == "mae":
        return jnp.abs(errors)
    size = jnp.abs(errors)
    return jnp.where(size <= 1.0, 0.5 * jnp.square(errors), size - 0.5)
