"""A stack of recurrent layers over a whole sequence, on the fastest path there is for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import jax

from loopcast.errors import OptionError
from loopcast.nn.cells import CELLS, Array, State
from loopcast.nn.cudnn import cudnn_scan, why_not_cudnn
from loopcast.nn.fused import fused_scan, why_not_fused
from loopcast.nn.scan import scan_layer
from loopcast.nn.shapes import CellWeights, DenseWeights

Fused = Literal["auto", "always", "never"]
PATHS = {"kernels": "The fused kernels", "cudnn": "cuDNN", "scan": "A compiled scan"}


@dataclass(frozen=True, kw_only=True)
class Backend:
    """Which way layers run, and why no faster way does.

    name: "kernels", on a CPU; "cudnn", an LSTM on a GPU; "scan", which specifies both and runs anywhere.
    reason: a sentence without its dot; empty for the kernels.
    """

    name: Literal["kernels", "cudnn", "scan"]
    reason: str = ""

    def describe(self, what: str) -> str:
        """A sentence: the path, `what` it did, why."""
        return f"{PATHS[self.name]} {what}{': ' if self.reason else ''}{self.reason}."


def scan_stack(
    cell: str,
    weights: Sequence[CellWeights],
    states: Sequence[State],
    inputs: Array,
    observed: Array | None = None,
    *,
    head: DenseWeights | None = None,
    last_only: bool = False,
    fused: Fused = "auto",
) -> tuple[tuple[State, ...], Array]:
    """Run layers, the lowest first, over `inputs` `[batch, time, input]`: final states and outputs.

    Outputs are the last layer's, `[batch, time, units]`, or the head's on them, `[batch, time, output]`.

    observed: bool `[batch, time]`; where False the state is held, as Keras does for a masked step.
    last_only: give the outputs of the last step alone, `[batch, 1, ...]`.
    fused: "auto" takes the kernels where they can run, and cuDNN for an LSTM on a GPU; "always" is an OptionError
        where the kernels cannot run; "never" is the scan.
    """
    path = select_backend(cell, weights, states, inputs, fused, masked=observed is not None)
    if path.name == "kernels":
        return fused_scan(cell, tuple(weights), tuple(states), inputs, observed, head=head, last_only=last_only)
    if path.name == "cudnn":
        final, hidden = cudnn_scan(weights, states, inputs)
    else:
        final, hidden = _scan_layers(cell, weights, states, inputs, observed)
    outputs = hidden[:, -1:] if last_only else hidden
    return final, outputs if head is None else head.read(outputs)


def select_backend(
    cell: str,
    weights: Sequence[CellWeights],
    states: Sequence[State],
    inputs: Array,
    fused: Fused,
    *,
    masked: bool,
    platform: str = "",
) -> Backend:
    """The way these layers run, known from shapes and dtypes alone. OptionError for fused="always" without kernels.

    masked: whether some steps may be unobserved.
    platform: "cpu", "gpu", ...; empty, and it is the one JAX uses by default.
    """
    platform = platform or jax.default_backend()
    if fused == "never":
        return Backend(name="scan", reason='fused="never" asks for the scan')
    reason = why_not_fused(cell, weights, states, inputs, platform=platform)
    if reason is None:
        return Backend(name="kernels")
    if fused == "always":
        raise OptionError(f'fused="always", but {reason}')
    if platform != "gpu":
        return Backend(name="scan", reason=reason)
    obstacle = why_not_cudnn(cell, weights, states, inputs, masked=masked)
    return (
        Backend(name="scan", reason=f"{reason}, and {obstacle}") if obstacle else Backend(name="cudnn", reason=reason)
    )


def _scan_layers(
    cell: str, weights: Sequence[CellWeights], states: Sequence[State], inputs: Array, observed: Array | None
) -> tuple[tuple[State, ...], Array]:
    hidden, final = inputs.swapaxes(0, 1), []
    keep = None if observed is None else observed.T
    for layer, state in zip(weights, states, strict=True):
        after, hidden = scan_layer(CELLS[cell], layer, state, hidden, keep)
        final.append(after)
    return tuple(final), hidden.swapaxes(0, 1)
