"""Weights as flat names and arrays, the way a file keeps them, and as one vector, the way training does."""

from collections.abc import Iterable, Mapping

import jax.numpy as jnp
import numpy as np

from loopcast.layers.cells import Array, CellWeights, DenseWeights
from loopcast.networks.network import Network, Weights

PER_LAYER = len(CellWeights._fields)


def named(network: Network, weights: Weights) -> dict[str, np.ndarray]:
    """The weights as float32 arrays by name, such as `layer0.kernel`."""
    return {name: np.asarray(part) for name, part in zip(network.shapes, _parts(weights), strict=True)}


def nested(network: Network, arrays: Mapping[str, np.ndarray]) -> Weights:
    """The weights again, from arrays by name."""
    return _weights(network, (jnp.asarray(arrays[name], jnp.float32) for name in network.shapes))


def flat(weights: Weights) -> Array:
    """Every weight in one vector, in the order of `Network.shapes`."""
    return jnp.concatenate([part.ravel() for part in _parts(weights)])


def unflat(network: Network, vector: Array) -> Weights:
    """The weights again, from one vector."""
    shapes = list(network.shapes.values())
    ends = np.cumsum([np.prod(shape, dtype=int) for shape in shapes])
    pieces = jnp.split(vector, ends[:-1])
    return _weights(network, (piece.reshape(shape) for piece, shape in zip(pieces, shapes, strict=True)))


def _parts(weights: Weights) -> list[Array]:
    layers = [part for layer in weights.layers for part in layer]
    return layers + ([] if weights.dense is None else list(weights.dense))


def _weights(network: Network, parts: Iterable[Array]) -> Weights:
    ordered = list(parts)
    layers = tuple(CellWeights(*ordered[k * PER_LAYER : (k + 1) * PER_LAYER]) for k in range(len(network.recurrent)))
    rest = ordered[PER_LAYER * len(layers) :]
    return Weights(layers, DenseWeights(*rest) if rest else None)
