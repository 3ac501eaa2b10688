"""Weights as flat names and arrays, the way a file keeps them, and as one vector, the way training does."""

import math
from collections.abc import Iterable
from itertools import islice, pairwise
from typing import Any

import numpy as np

from loopcast.nn.cells import Array
from loopcast.nn.network import Network, Weights
from loopcast.nn.shapes import CellWeights, DenseWeights

PER_LAYER = len(CellWeights._fields)


def to_dict(network: Network, weights: Weights) -> dict[str, np.ndarray]:
    """The weights as float32 arrays by name, such as `layer0.kernel`."""
    return {name: np.asarray(part) for name, part in zip(network.shapes, _parts(weights), strict=True)}


def to_vector(weights: Weights) -> np.ndarray:
    """Every weight in one vector, in the order of `Network.shapes`."""
    return np.concatenate([np.ravel(part) for part in _parts(weights)])


def from_vector(network: Network, vector: Array | np.ndarray) -> Weights:
    """The weights again, from one vector: parts of it, as an array of the same kind."""
    shapes = list(network.shapes.values())
    ends = np.cumsum([0] + [math.prod(shape) for shape in shapes])
    pieces = (vector[begin:end] for begin, end in pairwise(ends))
    return _weights(network, (piece.reshape(shape) for piece, shape in zip(pieces, shapes, strict=True)))


def shapes_of(weights: Weights) -> list[tuple[int, ...]]:
    """The shape of every part, in the order of `Network.shapes`."""
    return [part.shape for part in _parts(weights)]


def _parts(weights: Weights) -> list[Any]:
    layers = [part for layer in weights.layers for part in layer]
    return layers + ([] if weights.dense is None else list(weights.dense))


def _weights(network: Network, parts: Iterable[Any]) -> Weights:
    ordered = iter(parts)
    layers = tuple(CellWeights(*islice(ordered, PER_LAYER)) for _ in network.halves)
    return Weights(layers, DenseWeights(*ordered) if network.head == "dense" else None)
