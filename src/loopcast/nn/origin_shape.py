"""The architecture of a network that reads encoded rows, with a decoder that tells of any step after any of them.

Sizes alone, and where each weight lies: no JAX is needed to forecast with it where the kernels are built.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple, get_args

import numpy as np

from loopcast.errors import OptionError
from loopcast.nn.shapes import MOST_LAYERS, MOST_PARAMETERS, SHAPES, CellName, CellWeights
from loopcast.nn.step_decoder import StepDecoder, StepWeights
from loopcast.validation import check_positive


class OriginParts(NamedTuple):
    """Weights of both parts."""

    layers: tuple[CellWeights, ...]
    decoder: StepWeights


@dataclass(frozen=True, kw_only=True)
class OriginShape:
    """Recurrent layers, whose last one's output the decoder reads, which is as wide.

    inputs: numbers of a row; units: of each layer; candidates, codes: numbers of a step ahead.
    """

    inputs: int
    units: tuple[int, ...]
    candidates: int
    codes: int
    cell: CellName = "lstm"

    def __post_init__(self) -> None:
        for name, sizes in (("units", self.units), ("a size", (self.inputs, self.candidates, self.codes))):
            for size in sizes:
                check_positive(name, size)
        if self.cell not in get_args(CellName) or not self.units:
            raise OptionError(f"a network has layers of simple, gru or lstm cells, got {self.units} of {self.cell!r}")
        if len(self.units) > MOST_LAYERS:
            raise OptionError(f"a network has at most {MOST_LAYERS} layers, got {len(self.units):,}")
        if self.parameters > MOST_PARAMETERS:
            raise OptionError(
                f"a network has at most {MOST_PARAMETERS:,} parameters, and one with layers of {self.units} units here "
                f"would have {self.parameters:,}: give fewer"
            )

    @property
    def decoder(self) -> StepDecoder:
        last = self.units[-1]
        return StepDecoder(state=last, inputs=self.inputs, candidates=self.candidates, codes=self.codes, units=last)

    @property
    def layer_shapes(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """Shapes of each layer's weights, the lowest first."""
        widths = pairwise((self.inputs, *self.units))
        return tuple(SHAPES[self.cell].layer_shapes(inputs, units) for inputs, units in widths)

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Name and shape of every weight."""
        named = {
            f"layer{depth}.{name}": shape
            for depth, shapes in enumerate(self.layer_shapes)
            for name, shape in zip(CellWeights._fields, shapes, strict=True)
        }
        return named | dict(self.decoder.shapes)

    @property
    def parameters(self) -> int:
        """How many numbers training sets."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    def parts(self, vector: Any) -> OriginParts:
        """The weights, from one vector: parts of it, as an array of the same kind."""
        shapes = list(self.shapes.values())
        ends = np.cumsum([0, *(math.prod(shape) for shape in shapes)])
        each = [vector[a:b].reshape(shape) for (a, b), shape in zip(pairwise(ends), shapes, strict=True)]
        fields, split = len(CellWeights._fields), len(CellWeights._fields) * len(self.units)
        layers = tuple(CellWeights(*each[first : first + fields]) for first in range(0, split, fields))
        return OriginParts(layers, StepWeights(*each[split:]))

    def widened(self, vector: np.ndarray, inputs: int, codes: int) -> tuple["OriginShape", np.ndarray]:
        """With so many more inputs and codes, and weights that make nothing of them yet."""
        (first, *rest), decoder = self.parts(vector)
        first = first._replace(kernel=_with_rows(first.kernel, inputs))
        decoder = decoder._replace(state=_with_rows(decoder.state, inputs), step=_with_rows(decoder.step, codes))
        each = [np.ravel(part) for weights in (first, *rest, decoder) for part in weights]
        return replace(self, inputs=self.inputs + inputs, codes=self.codes + codes), np.concatenate(each)


def _with_rows(matrix: np.ndarray, count: int) -> np.ndarray:
    """A matrix with so many rows of zeros below."""
    return np.concatenate([matrix, np.zeros((count, matrix.shape[1]), np.float32)])
