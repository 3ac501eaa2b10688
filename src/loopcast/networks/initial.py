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
    layers: list[CellWeights | DenseWeights] = []
    for depth, shapes in enumerate(network.shapes):
        kernel = keras.initializers.GlorotUniform(seed + 2 * depth)(shapes[0])
        if len(shapes) == 2:
            layers.append(DenseWeights(kernel, jnp.zeros(shapes[1])))
            continue
        recurrent = keras.initializers.Orthogonal(seed=seed + 2 * depth + 1)(shapes[1])
        layers.append(CellWeights(kernel, recurrent, _initial_bias(network, shapes[2])))
    return tuple(layers)


def _initial_bias(network: Network, shape: tuple[int, ...]) -> Array:
    bias = jnp.zeros(shape)
    if network.cell != "lstm":
        return bias
    units = shape[0] // 4
    return bias.at[units : 2 * units].set(1.0)
