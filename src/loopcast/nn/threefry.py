"""Random numbers as `jax.random` draws them from Keras's keys, by NumPy: for a few thousand, compiling took longer.

They equal those of `jax.random.uniform` and `jax.random.normal` to rounding.
"""

import math

import numpy as np

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA

# erfinv(x) / x as a polynomial in w = -log(1 - x^2): in w - 2.5 where w < 5, and in sqrt(w) - 3 beyond
CENTRE = (2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 2.1858087e-4, -1.25372503e-3, -4.17768164e-3)
TAIL = (-2.00214257e-4, 1.00950558e-4, 1.34934322e-3, -3.67342844e-3, 5.73950773e-3, -7.6224613e-3, 9.43887047e-3)


def uniform(seed: int, shape: tuple[int, ...], low: float, high: float) -> np.ndarray:
    """Float32 numbers from `low` up to `high`."""
    least, width = np.float32(low), np.float32(high) - np.float32(low)
    mantissa = random_bits(seed, math.prod(shape)) >> np.uint32(9)
    unit = (mantissa | np.float32(1).view(np.uint32)).view(np.float32) - np.float32(1)
    return np.maximum(least, unit * width + least).reshape(shape)


def normal(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """Float32 numbers with mean 0 and variance 1: uniform ones through the inverse of their distribution."""
    lowest = np.nextafter(np.float32(-1), np.float32(0))
    return np.float32(math.sqrt(2)) * inverse_erf(uniform(seed, shape, lowest, 1.0))


def inverse_erf(x: np.ndarray) -> np.ndarray:
    """Of float32 numbers between -1 and 1   (Giles, 2012, table 5)"""
    w = -np.log1p(-x * x)
    inner, outer = np.minimum(w, 5) - np.float32(2.5), np.sqrt(np.maximum(w, 5)) - np.float32(3)
    return x * np.where(
        w < 5,
        _polynomial((*CENTRE, 0.246640727, 1.50140941), inner),
        _polynomial((*TAIL, 1.00167406, 2.83297682), outer),
    )


def random_bits(seed: int, count: int) -> np.ndarray:
    """uint32 `[count]`: each number's place, enciphered by Threefry-2x32 with 20 rounds   (Salmon et al., 2011)"""
    keys = [np.uint32(seed), np.uint32(0), np.uint32(seed ^ PARITY)]
    place = np.arange(count, dtype=np.uint64)
    left, right = (place >> np.uint64(32)).astype(np.uint32) + keys[0], place.astype(np.uint32) + keys[1]
    for group in range(1, 6):
        for bits in ROTATIONS[(group + 1) % 2]:
            left = left + right
            right = left ^ (right << np.uint32(bits) | right >> np.uint32(32 - bits))
        left = left + keys[group % 3]
        right = right + keys[(group + 1) % 3] + np.uint32(group)
    return left ^ right


def _polynomial(coefficients: tuple[float, ...], x: np.ndarray) -> np.ndarray:
    value = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value = value * x + np.float32(coefficient)
    return value
