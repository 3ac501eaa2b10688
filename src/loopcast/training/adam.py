"""Adam for one flat vector of weights, with Keras's defaults and Keras's place for epsilon."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7


class Moments(NamedTuple):
    """Running means of the gradient and of its square, float32 `[parameter]` each."""

    first: Array
    second: Array

    @classmethod
    def zero(cls, parameters: int) -> "Moments":
        return cls(*jax.device_put((np.zeros(parameters, np.float32), np.zeros(parameters, np.float32))))


def clip_by_norm(gradient: Array, most: float | None) -> Array:
    """`gradient`, shortened to norm `most` where it is longer; None leaves it."""
    if most is None:
        return gradient
    squares = jnp.square(gradient).sum()
    return gradient * most / jnp.maximum(jnp.sqrt(squares), most)


def bias_corrected_rate(rates: np.ndarray, update: np.ndarray) -> np.ndarray:
    """The rates at each `update`, counted from 0, corrected for moments that began at 0, float64."""
    number = update + 1
    return rates * np.sqrt(1 - BETA_2**number) / (1 - BETA_1**number)


def adam_update(
    weights: Array, moments: Moments, gradient: Array, *, rate: Array, step: Array, weight_decay: float | None
) -> tuple[Array, Moments]:
    """Weights and moments after one more update (Kingma & Ba, 2015, section 2).

    step: the `rate`, `bias_corrected_rate`.
    weight_decay: share of the weights, times the rate, taken off first (Loshchilov & Hutter, 2019); None takes none.
    """
    first = moments.first + (gradient - moments.first) * (1 - BETA_1)
    second = moments.second + (jnp.square(gradient) - moments.second) * (1 - BETA_2)
    kept = weights if weight_decay is None else weights - weights * weight_decay * rate
    return kept - first * step / (jnp.sqrt(second) + EPSILON), Moments(first, second)
