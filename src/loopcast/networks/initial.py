"""Initial weights as Keras's default initialisers draw them, in one compiled program for all seeds."""

import math
from functools import partial

import jax
import jax.numpy as jnp

from loopcast.layers.cells import Array, CellWeights, DenseWeights
from loopcast.networks.network import Network, Weights


@partial(jax.jit, static_argnums=0)
def initial_weights(network: Network, seed: int | Array) -> Weights:
    """Glorot-uniform kernels, orthogonal recurrent kernels, zero biases (LSTM's forget gate: one).

    Layer k of a network seeded s draws with seeds s + 2k (kernel) and s + 2k + 1 (recurrent kernel), and stock Keras
    layers whose initialisers have those seeds start from the same values.
    """
    layers, width = [], network.inputs
    for depth, units in enumerate(network.recurrent):
        gates = network.kind.gates * units
        kernel = _glorot_uniform(seed + 2 * depth, (width, gates))
        recurrent = _orthogonal(seed + 2 * depth + 1, (units, gates))
        layers.append(CellWeights(kernel, recurrent, _initial_bias(network, units)))
        width = units
    if network.head == "recurrent":
        return Weights(tuple(layers), None)
    kernel = _glorot_uniform(seed + 2 * len(layers), (width, network.outputs))
    return Weights(tuple(layers), DenseWeights(kernel, jnp.zeros(network.outputs, jnp.float32)))


def _glorot_uniform(seed: int | Array, shape: tuple[int, int]) -> Array:
    """Uniform up to sqrt(6 / (inputs + outputs))   (Glorot & Bengio, 2010, equation 16)"""
    limit = math.sqrt(6 / sum(shape))
    return jax.random.uniform(_key(seed), shape, jnp.float32, -limit, limit)


def _orthogonal(seed: int | Array, shape: tuple[int, int]) -> Array:
    """Orthonormal rows or columns, from the QR factors of normal numbers   (Saxe et al., 2014)"""
    normal = jax.random.normal(_key(seed), (max(shape), min(shape)), jnp.float32)
    q, r = jnp.linalg.qr(normal)
    q = q * jnp.sign(jnp.diag(r))
    return q.T if shape[0] < shape[1] else q


def _key(seed: int | Array) -> Array:
    """The key that Keras makes of a whole-number seed."""
    return jnp.stack([jnp.asarray(seed, jnp.uint32), jnp.uint32(0)])


def _initial_bias(network: Network, units: int) -> Array:
    bias = jnp.zeros(network.kind.bias_shape(units), jnp.float32)
    return bias.at[units : 2 * units].set(1.0) if network.cell == "lstm" else bias
