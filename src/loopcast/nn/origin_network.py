"""A recurrent network that reads encoded rows, and a decoder that tells of any step after any of them, with JAX."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from scipy.special import ndtri

from loopcast.nn.cells import Array
from loopcast.nn.init import glorot_uniform, initial_weights
from loopcast.nn.network import Network, States, Weights
from loopcast.nn.origin_shape import OriginShape
from loopcast.nn.step_decoder import PROBABILITIES, SIDE, StepDecoder, StepWeights
from loopcast.nn.weights import to_vector

LAST, BEFORE_LAST = 2, 3  # candidates of which the median is made at first: the last season, and the one before
START = {LAST: 0.2, BEFORE_LAST: 0.1}


class OriginWeights(NamedTuple):
    """Of both parts."""

    recurrent: Weights
    decoder: StepWeights


@dataclass(frozen=True, kw_only=True)
class OriginNetwork:
    """What a network of this shape computes, and how it starts."""

    shape: OriginShape

    @cached_property
    def recurrent(self) -> Network:
        """Without a head: its last layer's output is the state that the decoder reads."""
        units = self.shape.units
        return Network(cell=self.shape.cell, units=units, inputs=self.shape.inputs, outputs=units[-1], head="none")

    @property
    def decoder(self) -> StepDecoder:
        return self.shape.decoder

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Name and shape of every weight."""
        return self.shape.shapes

    @property
    def parameters(self) -> int:
        """How many numbers training sets."""
        return self.shape.parameters

    def initial(self, seed: int) -> np.ndarray:
        """Every weight to start from, one vector."""
        return self.to_vector(
            OriginWeights(initial_weights(self.recurrent, seed), initial_decoder(self.decoder, seed + 100))
        )

    def from_vector(self, vector: Array | np.ndarray) -> OriginWeights:
        """The weights, from one vector."""
        parts = self.shape.parts(vector)
        return OriginWeights(Weights(parts.layers, None), parts.decoder)

    def to_vector(self, weights: Any) -> np.ndarray:
        """The weights as one vector, float32."""
        parts = [to_vector(weights.recurrent), *(np.ravel(part) for part in weights.decoder)]
        return np.concatenate([np.asarray(part, np.float32) for part in parts])

    def scan(self, weights: OriginWeights, state: States, inputs: Any) -> tuple[States, Array]:
        """`[batch, time, input]` to the state after the last row and what the decoder reads, `[batch, time, unit]`."""
        return self.recurrent.scan_layers(weights.recurrent, state, inputs)

    def quantiles(
        self, weights: OriginWeights, hidden: Any, inputs: Any, candidates: Any, codes: Any, *, xp: Any = jnp
    ) -> Any:
        """At some rows `[..., unit]`, of some steps ahead; see `StepDecoder.apply`."""
        return self.decoder.apply(weights.decoder, hidden, inputs, candidates, codes, xp=xp)


def initial_decoder(decoder: StepDecoder, seed: int) -> StepWeights:
    """Glorot's weights; the median starts near the last seasons, and gaps as those of a normal distribution."""
    gaps = np.diff(ndtri(PROBABILITIES))
    bias = np.zeros(decoder.outputs, np.float32)
    for candidate, weight in START.items():
        bias[1 + candidate] = weight
    outward = np.concatenate([gaps[SIDE - 1 :: -1], gaps[SIDE:]])
    bias[1 + decoder.candidates :] = np.log(np.expm1(outward))
    shapes = list(decoder.shapes.values())
    kernels = {
        place: glorot_uniform(seed + place, (shape[0], shape[1]))
        for place, shape in enumerate(shapes)
        if len(shape) == 2
    }
    parts = [kernels[place] if place in kernels else jnp.zeros(shape) for place, shape in enumerate(shapes)]
    return StepWeights(*parts)._replace(readout=0.1 * parts[5], readout_bias=jnp.asarray(bias))


def take_rows(rows: Array, origins: Array) -> Array:
    """`[batch, time, number]` at `origins` `[batch, origin]`."""
    return jnp.take_along_axis(rows, origins[..., None], axis=1)
