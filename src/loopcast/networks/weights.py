"""Weights as flat names and arrays, the way a file keeps them, and back."""

from collections.abc import Mapping

import numpy as np

from loopcast.layers.cells import CellWeights
from loopcast.networks.network import DenseWeights, Network, Weights


def names(network: Network) -> dict[str, tuple[int, ...]]:
    """Name and shape of every weight, layer by layer, such as `layer0.kernel`."""
    return {
        f"layer{depth}.{part}": shape
        for depth, shapes in enumerate(network.shapes)
        for part, shape in zip(_kind(shapes)._fields, shapes, strict=True)
    }


def named(network: Network, weights: Weights) -> dict[str, np.ndarray]:
    """The weights as float32 arrays by name."""
    flat = [np.asarray(part, np.float32) for layer in weights for part in layer]
    return dict(zip(names(network), flat, strict=True))


def nested(network: Network, arrays: Mapping[str, np.ndarray]) -> Weights:
    """The weights again, from arrays by name."""
    flat = iter(arrays[name] for name in names(network))
    return tuple(_kind(shapes)(*(next(flat) for _ in shapes)) for shapes in network.shapes)


def _kind(shapes: tuple[tuple[int, ...], ...]) -> type[CellWeights] | type[DenseWeights]:
    return DenseWeights if len(shapes) == len(DenseWeights._fields) else CellWeights
