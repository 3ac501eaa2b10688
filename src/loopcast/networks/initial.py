"""Initial weights: Keras's default initialisers, drawn in one compiled program."""

from functools import partial

import jax
import jax.numpy as jnp

from loopcast.backend import keras
from loopcast.layers.cells import Array, CellWeights
from loopcast.networks.network import DenseWeights, Network, Weights


@partial(jax.jit, static_argnums=(0, 1))
def initial_weights(network: Network, seed: int) -> Weights:
    """Glorot-uniform kernels, orthogonal recurrent kernels, zero biases (LSTM's forget gate: one).

    Layer k of a network seeded s draws with seeds s + 2k (kernel) and s + 2k + 1 (recurrent kernel), so a stock
    Keras layer whose initialisers have those seeds starts from the same values.
    """
    layers, width = [], network.inputs
    for depth, units in enumerate(network.recurrent):
        gates = network.kind.gates * units
        kernel = keras.initializers.GlorotUniform(seed + 2 * depth)((width, gates))
        recurrent = keras.initializers.Orthogonal(seed=seed + 2 * depth + 1)((units, gates))
        layers.append(CellWeights(kernel, recurrent, _initial_bias(network, units)))
        width = units
    if network.head == "recurrent":
        return Weights(tuple(layers), None)
    kernel = keras.initializers.GlorotUniform(seed + 2 * len(layers))((width, network.outputs))
    return Weights(tuple(layers), DenseWeights(kernel, jnp.zeros(network.outputs, jnp.float32)))


def _initial_bias(network: Network, units: int) -> Array:
    gates = network.kind.gates * units
    bias = jnp.zeros((gates,) if network.kind.bias_rows == 1 else (network.kind.bias_rows, gates), jnp.float32)
    return bias.at[units : 2 * units].set(1.0) if network.cell == "lstm" else bias
