"""What a network's numbers for a step ahead mean: a value, quantiles, or a distribution's parameters.

The numbers of one forecast lie one step after the other, `[..., horizon * parameters]`; everything here is in the
network's own (scaled) units. Quantiles never cross, whatever the numbers are.
"""

from collections.abc import Sequence
from math import log, pi
from typing import Literal, Protocol, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array
Numbers = TypeVar("Numbers", jax.Array, np.ndarray)
LossName = Literal["mse", "mae", "huber"]
DistributionName = Literal["point", "quantile", "normal", "student"]

# The quantiles that a "quantile" head gives; those between and beyond follow from a normal distribution's.
QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
MIDDLE = QUANTILES.index(0.5)
LEAST_SCALE = 1e-4  # of a distribution, so that a density stays finite
LEAST_FREEDOM = 2.0  # below it a Student distribution has no variance


class Distribution(Protocol):
    """One kind of output."""

    parameters: int  # numbers for each step ahead

    def loss(self, numbers: Array, targets: Array, name: LossName) -> Array:
        """Of each target `[..., horizon]`; NaN where the target is."""

    def median(self, numbers: Array) -> Array:
        """The forecast, `[..., horizon]`."""

    def quantiles(self, numbers: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
        """`[..., horizon, probability]`, on the host."""


class Point:
    """The number is the forecast, and says nothing of how sure it is."""

    parameters = 1

    def loss(self, numbers: Array, targets: Array, name: LossName) -> Array:
        return elementwise_loss(name, numbers - targets)

    def median(self, numbers: Array) -> Array:
        return numbers

    def quantiles(self, numbers: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
        return np.repeat(numbers[..., None], len(probabilities), axis=-1)


class Quantile:
    """The median, and positive distances from knot to knot on either side of it.

    Loss: twice the pinball loss, 2 max(p (y - q), (p - 1) (y - q)), meaned over the knots: at the median |y - q|.
    Koenker & Bassett, "Regression quantiles", *Econometrica* 46 (1978), equation 3.1.
    """

    parameters = len(QUANTILES)

    def knots(self, numbers: Array) -> Array:
        """`[..., horizon, knot]`, ascending."""
        each = split(numbers, self.parameters)
        middle, below, above = jnp.split(each, [1, 1 + MIDDLE], axis=-1)
        down = jnp.cumsum(jax.nn.softplus(below), axis=-1)[..., ::-1]
        return jnp.concatenate([middle - down, middle, middle + jnp.cumsum(jax.nn.softplus(above), axis=-1)], axis=-1)

    def loss(self, numbers: Array, targets: Array, name: LossName) -> Array:
        over = targets[..., None] - self.knots(numbers)
        p = jnp.asarray(QUANTILES, jnp.float32)
        return 2 * jnp.maximum(p * over, (p - 1) * over).mean(axis=-1)

    def median(self, numbers: Array) -> Array:
        return split(numbers, self.parameters)[..., 0]

    def quantiles(self, numbers: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
        return interpolate_quantiles(np.asarray(self.knots(jnp.asarray(numbers))), probabilities)


class Normal:
    """Mean and scale of a normal distribution.

    Loss: the negative logarithm of its density, log s + z^2 / 2 + log(2 pi) / 2 with z = (y - m) / s.
    """

    parameters = 2

    def loss(self, numbers: Array, targets: Array, name: LossName) -> Array:
        each = split(numbers, 2)
        scale = scale_of(each[..., 1])
        return jnp.log(scale) + jnp.square((targets - each[..., 0]) / scale) / 2 + log(2 * pi) / 2

    def median(self, numbers: Array) -> Array:
        return split(numbers, 2)[..., 0]

    def quantiles(self, numbers: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
        from scipy.stats import norm

        each = split(numbers, 2)
        return each[..., :1] + np.asarray(scale_of(each[..., 1:])) * norm.ppf(probabilities)


class Student:
    """Location, scale and degrees of freedom v (above 2) of a Student distribution.

    Loss: the negative logarithm of its density, with z = (y - m) / s and G the logarithm of the gamma function,
    log s + log(v pi) / 2 + G(v / 2) - G((v + 1) / 2) + (v + 1) / 2 log(1 + z^2 / v).
    """

    parameters = 3

    def loss(self, numbers: Array, targets: Array, name: LossName) -> Array:
        each = split(numbers, 3)
        v, scale = LEAST_FREEDOM + jax.nn.softplus(each[..., 2]), scale_of(each[..., 1])
        z = (targets - each[..., 0]) / scale
        constant = jnp.log(v * pi) / 2 + jax.lax.lgamma(v / 2) - jax.lax.lgamma((v + 1) / 2)
        return jnp.log(scale) + constant + (v + 1) / 2 * jnp.log1p(z**2 / v)

    def median(self, numbers: Array) -> Array:
        return split(numbers, 3)[..., 0]

    def quantiles(self, numbers: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
        from scipy.stats import t

        each = split(numbers, 3)
        freedom = LEAST_FREEDOM + np.asarray(jax.nn.softplus(each[..., 2:]))
        return each[..., :1] + np.asarray(scale_of(each[..., 1:2])) * t.ppf(probabilities, freedom)


DISTRIBUTIONS: dict[DistributionName, Distribution] = {
    "point": Point(),
    "quantile": Quantile(),
    "normal": Normal(),
    "student": Student(),
}


def split(numbers: Numbers, parameters: int) -> Numbers:
    """`[..., horizon * parameters]` to `[..., horizon, parameters]`."""
    return numbers.reshape(*numbers.shape[:-1], -1, parameters)


def elementwise_loss(name: LossName, errors: Array) -> Array:
    """Loss of each error, of the same shape: e^2; |e|; or Huber's, e^2 / 2 up to 1 and |e| - 1/2 beyond."""
    if name == "mse":
        return jnp.square(errors)
    if name == "mae":
        return jnp.abs(errors)
    size = jnp.abs(errors)
    return jnp.where(size <= 1.0, 0.5 * jnp.square(errors), size - 0.5)


def scale_of(number: Array | np.ndarray) -> Array:
    """Any number as a positive scale."""
    return jax.nn.softplus(number) + LEAST_SCALE


def interpolate_quantiles(knots: np.ndarray, probabilities: Sequence[float] | np.ndarray) -> np.ndarray:
    """Quantiles at any probabilities from those at KNOTS, `[..., knot]` to `[..., probability]`.

    Straight lines from knot to knot, and on beyond the outer ones, over the quantiles of a normal distribution.
    """
    from scipy.stats import norm

    at, wanted = norm.ppf(QUANTILES), norm.ppf(probabilities)
    left = np.clip(np.searchsorted(at, wanted) - 1, 0, len(QUANTILES) - 2)
    share = (wanted - at[left]) / (at[left + 1] - at[left])
    low, high = knots[..., left].astype(np.float64), knots[..., left + 1]
    return (low + share * (high - low)).astype(np.float32)  # whose rounding is coarser than any two that would cross
