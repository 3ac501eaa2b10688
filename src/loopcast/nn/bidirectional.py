"""Recurrent layers that read a sequence from both ends, joined after each layer, and a dense head.

Schuster & Paliwal, "Bidirectional recurrent neural networks", *IEEE Transactions on Signal Processing* 45 (1997). With
one side it is a plain stack, which sees no later than it is asked.
"""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from loopcast.nn.cells import CELLS, Array, Cell, CellWeights, DenseWeights
from loopcast.nn.init import glorot_uniform, initial_bias, orthogonal
from loopcast.nn.network import CellName, check_layers, check_parameters
from loopcast.nn.stack import Fused, scan_stack

DIRECTIONS = ("forward", "backward")


class BidirectionalWeights(NamedTuple):
    """Of every layer the forward half, then the backward one if there is one; and of the head."""

    layers: tuple[tuple[CellWeights, ...], ...]
    dense: DenseWeights


@dataclass(frozen=True, kw_only=True)
class BidirectionalNetwork:
    """`units` of each layer's halves; sides: 2 reads from both ends, 1 forwards only."""

    cell: CellName
    units: tuple[int, ...]
    inputs: int
    outputs: int
    directions: int = 2
    fused: Fused = field(default="auto", metadata={"transient": True})  # of a machine: no model file holds it

    def __post_init__(self) -> None:
        check_layers(self.units)
        check_parameters(self.units, self.parameters)

    @property
    def kind(self) -> Cell:
        return CELLS[self.cell]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every weight, in the order in which one vector holds them."""
        shapes: dict[str, tuple[int, ...]] = {}
        width = self.inputs
        for depth, units in enumerate(self.units):
            for side in DIRECTIONS[: self.directions]:
                gates = self.kind.gates * units
                shapes[f"layer{depth}.{side}.kernel"] = (width, gates)
                shapes[f"layer{depth}.{side}.recurrent_kernel"] = (units, gates)
                shapes[f"layer{depth}.{side}.bias"] = self.kind.bias_shape(units)
            width = self.directions * units
        return shapes | {"dense.kernel": (width, self.outputs), "dense.bias": (self.outputs,)}

    @property
    def parameters(self) -> int:
        """How many numbers training sets."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    def initial(self, seed: int) -> np.ndarray:
        """Weights to start from, one vector, as Keras's default initialisers draw them; each part has its own seed."""
        return np.concatenate([np.ravel(self._drawn(*each, seed + k)) for k, each in enumerate(self.shapes.items())])

    def _drawn(self, name: str, shape: tuple[int, ...], seed: int) -> Array | np.ndarray:
        kind = name.rpartition(".")[2]
        if kind == "recurrent_kernel":
            return orthogonal(seed, (shape[0], shape[1]))
        if kind == "kernel":
            return glorot_uniform(seed, (shape[0], shape[1]))
        return (
            np.zeros(shape, np.float32)
            if name == "dense.bias"
            else initial_bias(self.cell, shape[-1] // self.kind.gates)
        )

    def from_vector(self, vector: Array) -> BidirectionalWeights:
        """The weights in one vector, as `scan` takes them."""
        ends = np.cumsum([0, *(math.prod(shape) for shape in self.shapes.values())])
        parts = [vector[a:b].reshape(shape) for (a, b), shape in zip(pairwise(ends), self.shapes.values(), strict=True)]
        halves = [CellWeights(*parts[k : k + 3]) for k in range(0, len(parts) - 2, 3)]
        layers = tuple(tuple(halves[k : k + self.directions]) for k in range(0, len(halves), self.directions))
        return BidirectionalWeights(layers, DenseWeights(*parts[-2:]))

    def scan(self, weights: BidirectionalWeights, inputs: Array, inside: Array) -> Array:
        """`[batch, time, input]` to what the head reads, `[batch, time, units]`, of both sides end to end.

        Steps where `inside` is False count for nothing.
        """
        hidden = inputs
        for units, halves in zip(self.units, weights.layers, strict=True):
            forward = self.scan_direction(units, halves[0], hidden, inside)
            if self.directions == 1:
                hidden = forward
                continue
            backward = self.scan_direction(units, halves[1], hidden[:, ::-1], inside[:, ::-1])[:, ::-1]
            hidden = jnp.concatenate([forward, backward], axis=-1)
        return hidden

    def scan_direction(self, units: int, weights: CellWeights, inputs: Array, inside: Array) -> Array:
        state = self.kind.zero_state(len(inputs), units)
        return scan_stack(self.cell, [weights], [state], inputs, inside, fused=self.fused)[1]
