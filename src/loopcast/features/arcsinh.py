"""The inverse hyperbolic sine in plain arithmetic.

`jnp.arcsinh` calls a logarithm that XLA vectorises on a CPU for some shapes only; on others it was five times slower
than everything else that encodes a window. Sums and products are vectorised always.
"""

import jax
import jax.numpy as jnp
from jax import lax

Array = jax.Array

SMALL = 0.25  # below it a series is exact, and a logarithm would lose digits
LARGE = 1e9  # above it the square could overflow, and asinh(x) is log(2 x)
SERIES = (-1 / 6, 3 / 40, -15 / 336, 105 / 3456, -945 / 42240)
# of log(1 + f) / f beyond 1 - f / 2, for f from 1/sqrt(2) - 1 to sqrt(2) - 1
LOGARITHM = (
    0.33333331174,
    -0.24999993993,
    0.20000714765,
    -0.16668057665,
    0.14249322787,
    -0.12420140846,
    0.11676998740,
    -0.11514610310,
    0.070376836292,
)
ROOT_HALF = 0x3F3504F3  # the bits of 1/sqrt(2)
LOG_2 = 0.6931471805599453


def arcsinh(x: Array) -> Array:
    """asinh(x) = log(x + sqrt(x^2 + 1)) of float32, within 8 ulp; NaN stays NaN.

    >>> arcsinh(jnp.float32([0.0, -1.5]))
    Array([ 0.       , -1.1947632], dtype=float32)
    """
    size = jnp.abs(x)
    series = size * (1 + size**2 * _polynomial(SERIES, size**2))
    grown = jnp.where(size > LARGE, size, size + jnp.sqrt(size**2 + 1))
    logarithm = _log(grown) + jnp.where(size > LARGE, jnp.float32(LOG_2), 0.0)
    return jnp.copysign(jnp.where(size >= SMALL, logarithm, series), x)


def _log(x: Array) -> Array:
    """log(x) for x above 1: that of a power of two, and of 1 + f with 1 + f near 1."""
    bits = lax.bitcast_convert_type(x, jnp.int32)
    power = (bits - ROOT_HALF) >> 23
    f = lax.bitcast_convert_type(bits - (power << 23), jnp.float32) - 1
    return power * jnp.float32(LOG_2) + (f + f**2 * (f * _polynomial(LOGARITHM, f) - 0.5))


def _polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    total = jnp.float32(coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = total * x + coefficient
    return total
