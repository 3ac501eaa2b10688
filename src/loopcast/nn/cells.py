"""The recurrent cells: one step of each, as a pure function of its weights, state and input.

Names, gate order and weight shapes are Keras's, so weights go to stock Keras layers and back unchanged:
`kernel` W `[input, gates * units]`, `recurrent_kernel` U `[units, gates * units]`, `bias` b `[gates * units]`
(GRU: `[2, 3 * units]`, one row for the input and one for the recurrent product, where it resets after that).

The input's share `x W + b` of every gate does not depend on the state, so `project` computes it for all
steps at once and `advance` adds the state's share.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

Array = jax.Array
State = tuple[Array, ...]  # each [batch, units]; the first is the cell's output h

LSTM_GATES = ("input", "forget", "candidate", "output")
GRU_GATES = ("update", "reset", "candidate")


class CellWeights(NamedTuple):
    """Weights of one recurrent layer, shaped and ordered as `keras.Layer.get_weights()` gives them."""

    kernel: Array
    recurrent_kernel: Array
    bias: Array


class DenseWeights(NamedTuple):
    """A linear head, `y = h W + b`: kernel `[units, output]`, bias `[output]`."""

    kernel: Array
    bias: Array

    def read(self, hidden: Array) -> Array:
        """`[..., units] -> [..., output]`"""
        return hidden @ self.kernel + self.bias


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What tells one kind of cell from another."""

    gates: int
    states: int  # how many arrays its state has
    bias_rows: int  # 2 where input and recurrent product have a bias each
    advance: Callable[[CellWeights, State, Array], State]

    def project(self, weights: CellWeights, inputs: Array) -> Array:
        """`x W + b`, `[..., input] -> [..., gates * units]`."""
        return inputs @ weights.kernel + weights.bias.reshape(self.bias_rows, -1)[0]

    def bias_shape(self, units: int) -> tuple[int, ...]:
        columns = self.gates * units
        return (columns,) if self.bias_rows == 1 else (self.bias_rows, columns)

    def zero_state(self, batch: int, units: int) -> State:
        return (jnp.zeros((batch, units), jnp.float32),) * self.states


def advance_simple(weights: CellWeights, state: State, projected: Array) -> State:
    """h' = tanh(x W + b + h U)   (Elman, 1990)"""
    (h,) = state
    return (jnp.tanh(projected + h @ weights.recurrent_kernel),)


def advance_lstm(weights: CellWeights, state: State, projected: Array) -> State:
    """i, f, o = sigmoid(...), g = tanh(...);  c' = f c + i g;  h' = o tanh(c')   (Gers et al., 2000)"""
    h, c = state
    i, f, g, o = jnp.split(projected + h @ weights.recurrent_kernel, len(LSTM_GATES), axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def advance_gru(weights: CellWeights, state: State, projected: Array) -> State:
    """z, r = sigmoid(...);  g = tanh(x W + r (h U + b));  h' = z h + (1 - z) g   (Cho et al., 2014; `reset_after`)"""
    (h,) = state
    recurrent = h @ weights.recurrent_kernel + weights.bias[1]
    xz, xr, xg = jnp.split(projected, len(GRU_GATES), axis=-1)
    hz, hr, hg = jnp.split(recurrent, len(GRU_GATES), axis=-1)
    z = jax.nn.sigmoid(xz + hz)
    g = jnp.tanh(xg + jax.nn.sigmoid(xr + hr) * hg)
    return (z * h + (1 - z) * g,)


def advance_gru_reset_before(weights: CellWeights, state: State, projected: Array) -> State:
    """z, r = sigmoid(...);  g = tanh(x W + b + (r h) U);  h' = z h + (1 - z) g   (Cho et al., 2014, version 3)"""
    (h,) = state
    gates = 2 * h.shape[-1]
    z, r = jnp.split(jax.nn.sigmoid(projected[..., :gates] + h @ weights.recurrent_kernel[:, :gates]), 2, axis=-1)
    g = jnp.tanh(projected[..., gates:] + (r * h) @ weights.recurrent_kernel[:, gates:])
    return (z * h + (1 - z) * g,)


CELLS = {
    "simple": Cell(gates=1, states=1, bias_rows=1, advance=advance_simple),
    "gru": Cell(gates=len(GRU_GATES), states=1, bias_rows=2, advance=advance_gru),
    "lstm": Cell(gates=len(LSTM_GATES), states=2, bias_rows=1, advance=advance_lstm),
    "gru_reset_before": Cell(gates=len(GRU_GATES), states=1, bias_rows=1, advance=advance_gru_reset_before),
}
