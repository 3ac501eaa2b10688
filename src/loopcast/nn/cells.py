"""The recurrent cells: one step of each, as a pure function of its weights, state and input.

`loopcast.nn.shapes` has their weights.

The input's share `x W + b` of every gate does not depend on the state, so `project` computes it for all
steps at once and `advance` adds the state's share.
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp

from loopcast.nn.shapes import GRU_GATES, LSTM_GATES, SHAPES, CellShape, CellWeights

Array = jax.Array
State = tuple[Array, ...]  # each [batch, units]; the first is the cell's output h


@dataclass(frozen=True, kw_only=True)
class Cell(CellShape):
    """A kind of cell: its shapes, and one step of it."""

    advance: Callable[[CellWeights, State, Array], State]

    def project(self, weights: CellWeights, inputs: Array) -> Array:
        """`x W + b`, `[..., input] -> [..., gates * units]`."""
        return inputs @ weights.kernel + weights.bias.reshape(self.bias_rows, -1)[0]

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


ADVANCE = {
    "simple": advance_simple,
    "gru": advance_gru,
    "lstm": advance_lstm,
    "gru_reset_before": advance_gru_reset_before,
}
CELLS = {name: Cell(**vars(SHAPES[name]), advance=advance) for name, advance in ADVANCE.items()}
