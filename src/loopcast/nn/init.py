"""Initial weights as Keras's default initialisers draw them."""

import math

import jax
import numpy as np

from loopcast.nn.cells import CELLS, Array
from loopcast.nn.network import Network, Weights
from loopcast.nn.shapes import CellWeights, DenseWeights
from loopcast.nn.threefry import normal, uniform


def initial_weights(network: Network, seed: int) -> Weights:
    """Glorot-uniform kernels, orthogonal recurrent kernels, zero biases (LSTM's forget gate: one).

    Layer k (half k, of one that reads both ways) of a network seeded s draws with seeds s + 2k (kernel) and s + 2k + 1
    (recurrent kernel), and stock Keras layers whose initialisers have those seeds start from the same values.
    """
    layers = []
    for number, half in enumerate(network.halves):
        gates = network.kind.gates * half.units
        kernel = glorot_uniform(seed + 2 * number, (half.inputs, gates))
        recurrent = orthogonal(seed + 2 * number + 1, (half.units, gates))
        layers.append(CellWeights(kernel, recurrent, initial_bias(network.cell, half.units)))
    if network.head != "dense":
        return Weights(tuple(layers), None)
    kernel = glorot_uniform(seed + 2 * len(layers), (network.hidden_width, network.outputs))
    return Weights(tuple(layers), DenseWeights(kernel, _zeros(network.outputs)))


def _zeros(*shape: int) -> Array:
    return jax.device_put(np.zeros(shape, np.float32))


def glorot_uniform(seed: int, shape: tuple[int, int]) -> Array:
    """Uniform up to sqrt(6 / (inputs + outputs))   (Glorot & Bengio, 2010, equation 16)"""
    limit = math.sqrt(6 / sum(shape))
    return jax.device_put(uniform(seed, shape, -limit, limit))


def orthogonal(seed: int, shape: tuple[int, int]) -> Array:
    """Orthonormal rows or columns, from the QR factors of normal numbers   (Saxe et al., 2014)"""
    q, r = np.linalg.qr(normal(seed, (max(shape), min(shape))))
    q = q * np.sign(np.diag(r))
    return jax.device_put(q.T if shape[0] < shape[1] else q)


def initial_bias(cell: str, units: int) -> Array:
    """Zero, but one for an LSTM's forget gate   (Jozefowicz et al., 2015)"""
    bias = np.zeros(CELLS[cell].bias_shape(units), np.float32)
    if cell == "lstm":
        bias[units : 2 * units] = 1.0
    return jax.device_put(bias)
