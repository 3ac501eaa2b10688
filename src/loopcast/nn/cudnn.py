"""A stack of LSTM layers by NVIDIA's cuDNN, the path on a GPU, through JAX's experimental door to it.

Tests compare it with the scan by way of `jax.experimental.rnn.lstm_ref`, which takes the same packed weights and runs
anywhere. On a GPU itself it has been neither run nor timed.
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from jax.experimental import rnn

from loopcast.nn.cells import Array, State
from loopcast.nn.shapes import CellWeights

Kernel = Callable[..., tuple[Array, Array, Array]]


def why_not_cudnn(
    cell: str, weights: Sequence[CellWeights], states: Sequence[State], inputs: Array, *, masked: bool
) -> str | None:
    """Why cuDNN cannot run these layers on a GPU, as a sentence; None if it can. Shapes and dtypes are enough."""
    dtypes = {str(leaf.dtype) for leaf in jax.tree.leaves((tuple(weights), tuple(states), inputs))} - {"float32"}
    if cell != "lstm":
        return f"JAX offers cuDNN's LSTM, not its {cell!r}"
    if masked:
        return "cuDNN takes no mask"
    if dtypes:
        return f"cuDNN's LSTM is used for float32, and some arrays are {', '.join(sorted(dtypes))}"
    if not weights or 0 in inputs.shape:
        return f"cuDNN refuses empty work: {len(weights)} layers, inputs {tuple(inputs.shape)}"
    return None


def cudnn_scan(
    weights: Sequence[CellWeights], states: Sequence[State], inputs: Array, *, kernel: Kernel = rnn.lstm
) -> tuple[tuple[State, ...], Array]:
    """Run LSTM layers, the lowest first, over `inputs` `[batch, time, input]`: final states and the last's outputs.

    One call a layer, since cuDNN's own stacks have layers of equal size. It cannot be mapped by jax.vmap, and its
    derivatives are by reverse mode, once. kernel: what runs a layer; tests put the reference here.
    """
    lengths = jnp.full(inputs.shape[0], inputs.shape[1], jnp.int32)
    # Full float32: the state of a scan goes on in steps, and TF32 is off by 1e-3
    exact = jax.lax.Precision.HIGHEST
    final, hidden = [], inputs
    for layer, (h, c) in zip(weights, states, strict=True):
        width, units = layer.kernel.shape[0], layer.recurrent_kernel.shape[0]
        row = packed(layer)
        hidden, *after = kernel(hidden, h[None], c[None], row, lengths, width, units, 1, 0.0, False, exact)
        final.append(tuple(part[0] for part in after))
    return tuple(final), hidden


def packed(layer: CellWeights) -> Array:
    """A layer's weights in cuDNN's one row: W and U, a row for each unit of each gate, then a bias for either.

    The order of gates is Keras's; Keras has one bias, so that of the recurrent product is zero.
    """
    parts = (layer.kernel.T, layer.recurrent_kernel.T, layer.bias, jnp.zeros_like(layer.bias))
    return jnp.concatenate([jnp.ravel(part) for part in parts])
