"""A network: recurrent layers and a head, as a frozen value with two primitives, `step` and `scan`.

A network holds no numbers. Weights and state are explicit values that go in and come out, so one network
serves any number of threads, and a state can be kept, copied or sent elsewhere.
"""

import math
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp

from loopcast.errors import OptionError
from loopcast.nn.cells import CELLS, Array, Cell, State
from loopcast.nn.shapes import MOST_LAYERS, MOST_PARAMETERS, CellName, CellWeights, DenseWeights
from loopcast.nn.stack import Backend, Fused, scan_stack, select_backend
from loopcast.validation import check_positive
from loopcast.xla_kernels import array_spec

Head = Literal["dense", "recurrent", "none"]
DIRECTIONS = ("forward", "backward")


class Weights(NamedTuple):
    """Of recurrent layers, a recurrent head's included, and of a dense head."""

    layers: tuple[CellWeights, ...]  # of one that reads both ways, each layer's forward half and then its backward one
    dense: DenseWeights | None


class LayerShape(NamedTuple):
    """A recurrent layer that reads one way."""

    name: str
    inputs: int
    units: int


States = tuple[State, ...]  # one entry per recurrent layer that reads one way


def check_layers(units: tuple[int, ...]) -> None:
    """OptionError for layers that are too many, or have no size that can be."""
    if len(units) > MOST_LAYERS:
        raise OptionError(f"a network has at most {MOST_LAYERS} layers, got {len(units):,}")
    for size in units:
        check_positive("units", size)


def check_parameters(units: tuple[int, ...], count: int) -> None:
    """OptionError for more numbers than a file holds, before room for any is made."""
    if count > MOST_PARAMETERS:
        raise OptionError(
            f"a network has at most {MOST_PARAMETERS:,} parameters, and one with layers of {units} units here would "
            f"have {count:,}: give fewer"
        )


@dataclass(frozen=True, kw_only=True)
class Network:
    """`units` recurrent layers one upon the other, then a head that gives `outputs` numbers a step.

    head: "dense", a linear layer on the last layer's output; "recurrent", a last recurrent layer of `outputs` units
    whose output is the network's; or "none", where the last layer's is.
    dropout: share of each layer's outputs (but not of a recurrent head's) that is dropped while training, the same
        ones at every step.
    fused: whether the fused kernels run the layers; see `loopcast.nn.stack.scan_stack`.
    directions: 1 reads forwards; 2 reads a whole sequence from both ends, `units` each, joined after every layer
        (Schuster & Paliwal, 1997), so that it can be scanned and not stepped.
    """

    cell: CellName
    units: tuple[int, ...]
    inputs: int
    outputs: int
    head: Head = "dense"
    dropout: float = 0.0
    fused: Fused = field(default="auto", metadata={"transient": True})  # of a machine: no model file holds it
    directions: int = 1

    def __post_init__(self) -> None:
        check_layers(self.units)
        for size in (self.inputs, self.outputs):
            check_positive("a size of the network", size)
        if not 0 <= self.dropout < 1:
            raise OptionError(f"a network cannot have dropout {self.dropout}")
        if self.head == "none" and self.outputs != self.hidden_width:
            raise OptionError(f"without a head a network gives its last layer's {self.hidden_width} numbers")
        if self.directions not in (1, 2) or (self.directions == 2 and (self.head == "recurrent" or self.dropout)):
            raise OptionError("a network reads in 1 direction, or in 2 with a dense head and no dropout")
        check_parameters(self.units, self.parameters)

    @property
    def kind(self) -> Cell:
        return CELLS[self.cell]

    @property
    def layer_units(self) -> tuple[int, ...]:
        """Units of every recurrent layer, a recurrent head's included."""
        return self.units + ((self.outputs,) if self.head == "recurrent" else ())

    @property
    def hidden_width(self) -> int:
        """How many numbers the last recurrent layer gives a step."""
        return self.directions * self.layer_units[-1] if self.layer_units else self.inputs

    @property
    def halves(self) -> tuple[LayerShape, ...]:
        """Every recurrent layer's name, inputs and units; of a network that reads both ways, of each half in turn."""
        halves, width = list[LayerShape](), self.inputs
        for depth, units in enumerate(self.layer_units):
            name = f"layer{depth}"
            names = (name,) if self.directions == 1 else tuple(f"{name}.{way}" for way in DIRECTIONS)
            halves += [LayerShape(each, width, units) for each in names]
            width = self.directions * units
        return tuple(halves)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every weight, layer by layer, in the order in which `Weights` holds them."""
        shapes: dict[str, tuple[int, ...]] = {}
        for name, inputs, units in self.halves:
            shapes[f"{name}.kernel"] = (inputs, self.kind.gates * units)
            shapes[f"{name}.recurrent_kernel"] = (units, self.kind.gates * units)
            shapes[f"{name}.bias"] = self.kind.bias_shape(units)
        if self.head == "dense":
            shapes |= {"dense.kernel": (self.hidden_width, self.outputs), "dense.bias": (self.outputs,)}
        return shapes

    @property
    def parameters(self) -> int:
        """How many numbers training sets."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    @property
    def runs_on_kernels(self) -> bool:
        """Whether the fused kernels run the layers; for them a mask makes no difference."""
        return self.path(masked=True).name == "kernels"

    def path(self, *, masked: bool) -> Backend:
        """The way the layers run, and why. masked: whether some steps may be unobserved."""
        parts = [array_spec(*shape) for name, shape in self.shapes.items() if name.startswith("layer")]
        layers = [CellWeights(*parts[first : first + 3]) for first in range(0, len(parts), 3)]
        states = [(array_spec(1, half.units),) * self.kind.states for half in self.halves]
        if self.directions == 2:  # each half is a stack of its own, and the first one as good as any
            layers, states = layers[:1], states[:1]
        return select_backend(self.cell, layers, states, array_spec(1, 1, self.inputs), self.fused, masked=masked)

    def zero_state(self, batch: int) -> States:
        return tuple(self.kind.zero_state(batch, half.units) for half in self.halves)

    def step(self, weights: Weights, state: States, inputs: Array) -> tuple[States, Array]:
        """One observation, `[batch, input]`: the new state and the output `[batch, output]`.

        OptionError for a network that reads both ways: it has to see the end first.
        """
        if self.directions == 2:
            raise OptionError("a network that reads from both ends takes whole sequences: scan them")
        if self.runs_on_kernels:  # one call of the kernels compiles, and runs, faster than the cell's operations
            state, outputs = self.scan(weights, state, inputs[:, None])
            return state, outputs[:, 0]
        cell, states = self.kind, []
        for layer, before in zip(weights.layers, state, strict=True):
            after = cell.advance(layer, before, cell.project(layer, inputs))
            states.append(after)
            inputs = after[0]
        return tuple(states), self.apply_head(weights, inputs)

    def scan(
        self,
        weights: Weights,
        state: States,
        inputs: Array,
        *,
        observed: Array | None = None,
        dropout_key: Array | None = None,
        last_only: bool = False,
    ) -> tuple[States, Array]:
        """Many steps, `[batch, time, input]`: the state after the last and the outputs `[batch, time, output]`.

        observed: bool `[batch, time]`; where False the state is held and the step counts for nothing.
        dropout_key: the key that draws dropout masks; None, and nothing is dropped.
        last_only: give the outputs of the last step alone, `[batch, 1, output]`.
        """
        if dropout_key is not None and self.dropout > 0.0:
            return self._scan_dropping(weights, state, inputs, observed, dropout_key, last_only)
        if self.directions == 2:
            final, hidden = self.scan_layers(weights, state, inputs, observed=observed)
            outputs = self.apply_head(weights, hidden)
            return final, outputs[:, -1:] if last_only else outputs
        return scan_stack(
            self.cell,
            weights.layers,
            state,
            inputs,
            observed,
            head=weights.dense,
            last_only=last_only,
            fused=self.fused,
        )

    def scan_layers(
        self, weights: Weights, state: States, inputs: Array, *, observed: Array | None = None
    ) -> tuple[States, Array]:
        """`scan` up to the head: what it would read, `[batch, time, hidden_width]`."""
        if self.directions == 1:
            return scan_stack(self.cell, weights.layers, state, inputs, observed, fused=self.fused)
        hidden, states = inputs, list[State]()
        for half in range(0, len(state), 2):
            forward, ahead = self._scan_half(weights, state, half, hidden, observed)
            reverse = None if observed is None else observed[:, ::-1]
            backward, behind = self._scan_half(weights, state, half + 1, hidden[:, ::-1], reverse)
            states += [forward, backward]
            hidden = jnp.concatenate([ahead, behind[:, ::-1]], axis=-1)
        return tuple(states), hidden

    def _scan_half(
        self, weights: Weights, state: States, half: int, inputs: Array, observed: Array | None
    ) -> tuple[State, Array]:
        (after,), hidden = scan_stack(
            self.cell, [weights.layers[half]], [state[half]], inputs, observed, fused=self.fused
        )
        return after, hidden

    def apply_head(self, weights: Weights, hidden: Array) -> Array:
        """The head: the last recurrent layer's output `[..., units]` to `[..., output]`."""
        return hidden if weights.dense is None else weights.dense.read(hidden)

    def _scan_dropping(
        self, weights: Weights, state: States, inputs: Array, observed: Array | None, key: Array, last_only: bool
    ) -> tuple[States, Array]:
        """`scan` layer by layer, since something is dropped between them."""
        hidden, states = inputs, list[State]()
        for depth, (layer, before) in enumerate(zip(weights.layers, state, strict=True)):
            last = last_only and depth == len(state) - 1
            after, hidden = scan_stack(self.cell, [layer], [before], hidden, observed, last_only=last, fused=self.fused)
            states.extend(after)
            hidden = self._drop(hidden, key, depth + 1) if depth < len(self.units) else hidden
        return tuple(states), self.apply_head(weights, hidden)

    def _drop(self, hidden: Array, key: Array, depth: int) -> Array:
        """Drop outputs of layer `depth - 1`, `[batch, time, units]`, the same ones at every step."""
        shape = (len(hidden), 1, hidden.shape[2])
        kept = jax.random.bernoulli(jax.random.fold_in(key, depth), 1 - self.dropout, shape)
        return hidden * jnp.where(kept, 1 / (1 - self.dropout), 0.0)
