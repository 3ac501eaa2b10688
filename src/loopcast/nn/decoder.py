"""What is known of each step ahead, joined to what the state gives: one hidden layer that all steps ahead share.

    out[t, h] = relu(mixed[t] + known[t + h]) W

The temporal decoder of Das et al., "Long-term forecasting with TiDE", *TMLR* (2023), with one hidden layer. `decode`
is a kernel (`native/include/loopcast/decode.hpp`), `decode_plain` the same in JAX, which specifies it.
"""

from typing import Any

import jax
import jax.numpy as jnp

from loopcast.nn.cells import Array
from loopcast.xla_kernels import array_spec, library

DECODER_UNITS = 16  # hidden numbers; the kernel's loops are written for as many


def decode_plain(mixed: Array, known: Array, readout: Array) -> Array:
    """What is added to the outputs of each step, `[batch, time, horizon * output]`.

    mixed: `[batch, time, DECODER_UNITS]`; known: `[batch, time + horizon - 1, DECODER_UNITS]`, of the step after the
    first one on; readout: `[DECODER_UNITS, output]`.
    """
    steps = mixed.shape[1]

    def add(carry: None, ahead: Array) -> tuple[None, Array]:
        there = jax.lax.dynamic_slice_in_dim(known, ahead, steps, axis=1)
        return carry, jax.nn.relu(mixed + there) @ readout

    horizon = known.shape[1] - steps + 1
    _, each = jax.lax.scan(add, None, jnp.arange(horizon))  # all at once would fill the memory
    return jnp.moveaxis(each, 0, 2).reshape(*mixed.shape[:2], horizon * readout.shape[1])


@jax.custom_vjp
def decode(mixed: Array, known: Array, readout: Array) -> Array:
    """`decode_plain`, by a kernel."""
    batch, steps, horizon, outputs = _sizes(mixed, known, readout)
    results = [array_spec(batch, steps, horizon * outputs), _workspace(batch, steps, horizon, outputs, backward=False)]
    return _call("loopcast_decode", results, mixed, known, readout.T)[0]


def _forward(mixed: Array, known: Array, readout: Array) -> tuple[Array, tuple[Array, Array, Array]]:
    return decode(mixed, known, readout), (mixed, known, readout)


def _backward(kept: tuple[Array, Array, Array], by_outputs: Array) -> tuple[Array, Array, Array]:
    mixed, known, readout = kept
    batch, steps, horizon, outputs = _sizes(*kept)
    results = [
        array_spec(*mixed.shape),
        array_spec(*known.shape),
        array_spec(batch, outputs, DECODER_UNITS),
        _workspace(batch, steps, horizon, outputs, backward=True),
    ]
    by_mixed, by_known, by_readout, _ = _call("loopcast_decode_backward", results, mixed, known, readout.T, by_outputs)
    return by_mixed, by_known, by_readout.sum(axis=0).T


decode.defvjp(_forward, _backward)


def _sizes(mixed: Array, known: Array, readout: Array) -> tuple[int, int, int, int]:
    batch, steps, _ = mixed.shape
    return batch, steps, known.shape[1] - steps + 1, readout.shape[1]


def _workspace(batch: int, steps: int, horizon: int, outputs: int, *, backward: bool) -> Any:
    return array_spec(library().loopcast_decoder_workspace(batch, steps, horizon, outputs, backward))


def _call(target: str, results: list[Any], *arguments: Array) -> list[Array]:
    library()
    return list(jax.ffi.ffi_call(target, results, vmap_method="sequential")(*arguments))
