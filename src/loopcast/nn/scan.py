"""One recurrent layer over a whole sequence: the specification that any faster path must equal."""

import jax
import jax.numpy as jnp

from loopcast.nn.cells import Array, Cell, State
from loopcast.nn.shapes import CellWeights


def scan_layer(
    cell: Cell, weights: CellWeights, state: State, inputs: Array, observed: Array | None = None
) -> tuple[State, Array]:
    """Run `cell` over `inputs` `[time, batch, input]`: the final state and `[time, batch, units]`.

    observed: bool `[time, batch]`; where False the state is held, as Keras does for a masked step.
    """

    def held(state: State, new: State, keep: Array) -> State:
        return tuple(jnp.where(keep[:, None], b, a) for a, b in zip(state, new, strict=True))

    def one(state: State, step: tuple[Array, Array | None]) -> tuple[State, Array]:
        projected, keep = step
        new = cell.advance(weights, state, projected)
        new = new if keep is None else held(state, new, keep)
        return new, new[0]

    return jax.lax.scan(one, state, (cell.project(weights, inputs), observed))
