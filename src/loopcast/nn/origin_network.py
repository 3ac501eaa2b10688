"""A recurrent network that reads encoded rows, and a decoder that tells of any step after any of them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from loopcast.nn.cells import Array
from loopcast.nn.init import initial_weights
from loopcast.nn.network import Network, States, Weights
from loopcast.nn.step_decoder import StepDecoder, StepWeights
from loopcast.nn.weights import from_vector, to_vector


class OriginWeights(NamedTuple):
    """Of both parts."""

    recurrent: Weights
    decoder: StepWeights


@dataclass(frozen=True, kw_only=True)
class OriginNetwork:
    """recurrent: without a head, its last layer's output is the state that `decoder` reads."""

    recurrent: Network
    decoder: StepDecoder

    @classmethod
    def of(cls, *, inputs: int, units: tuple[int, ...], candidates: int, codes: int) -> "OriginNetwork":
        """An LSTM of these layers, and a decoder as wide as the last one."""
        recurrent = Network(cell="lstm", units=units, inputs=inputs, outputs=units[-1], head="none")
        decoder = StepDecoder(state=units[-1], inputs=inputs, candidates=candidates, codes=codes, units=units[-1])
        return cls(recurrent=recurrent, decoder=decoder)

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Name and shape of every weight."""
        return {**self.recurrent.shapes, **self.decoder.shapes}

    @property
    def parameters(self) -> int:
        """How many numbers training sets."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    def initial(self, seed: int) -> np.ndarray:
        """Every weight to start from, one vector."""
        return self.to_vector(OriginWeights(initial_weights(self.recurrent, seed), self.decoder.initial(seed + 100)))

    def from_vector(self, vector: Array | np.ndarray) -> OriginWeights:
        """The weights, from one vector."""
        split = self.recurrent.parameters
        shapes = list(self.decoder.shapes.values())
        ends = split + np.cumsum([0, *(math.prod(shape) for shape in shapes)])
        parts: list[Any] = [vector[a:b].reshape(shape) for (a, b), shape in zip(pairwise(ends), shapes, strict=True)]
        return OriginWeights(from_vector(self.recurrent, vector[:split]), StepWeights(*parts))

    def to_vector(self, weights: Any) -> np.ndarray:
        """The weights as one vector, float32."""
        parts = [to_vector(weights.recurrent), *(np.ravel(part) for part in weights.decoder)]
        return np.concatenate([np.asarray(part, np.float32) for part in parts])

    def widened(self, weights: np.ndarray, inputs: int, codes: int) -> tuple["OriginNetwork", np.ndarray]:
        """A network with so many more inputs and codes, and weights that make nothing of them yet."""
        decoder = replace(self.decoder, inputs=self.decoder.inputs + inputs, codes=self.decoder.codes + codes)
        wide = OriginNetwork(recurrent=replace(self.recurrent, inputs=self.recurrent.inputs + inputs), decoder=decoder)
        old = self.from_vector(weights)
        first, *rest = old.recurrent.layers
        layers = (first._replace(kernel=_with_rows(first.kernel, inputs)), *rest)
        step = old.decoder._replace(
            state=_with_rows(old.decoder.state, inputs), step=_with_rows(old.decoder.step, codes)
        )
        return wide, wide.to_vector(OriginWeights(old.recurrent._replace(layers=layers), step))

    def scan(self, weights: OriginWeights, state: States, inputs: Any) -> tuple[States, Array]:
        """`[batch, time, input]` to the state after the last row and what the decoder reads, `[batch, time, unit]`."""
        return self.recurrent.scan_layers(weights.recurrent, state, inputs)

    def quantiles(
        self, weights: OriginWeights, hidden: Any, inputs: Any, candidates: Any, codes: Any, *, xp: Any = jnp
    ) -> Any:
        """At some rows `[..., unit]`, of some steps ahead; see `StepDecoder.apply`."""
        return self.decoder.apply(weights.decoder, hidden, inputs, candidates, codes, xp=xp)


def _with_rows(matrix: Any, count: int) -> Any:
    """A matrix with so many rows of zeros below."""
    return np.concatenate([np.asarray(matrix), np.zeros((count, matrix.shape[1]), np.float32)])


def take_rows(rows: Array, origins: Array) -> Array:
    """`[batch, time, number]` at `origins` `[batch, origin]`."""
    return jnp.take_along_axis(rows, origins[..., None], axis=1)
