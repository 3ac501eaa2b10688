"""A stack of recurrent layers over a whole sequence, by the fused kernels or by the scan that specifies them."""

from collections.abc import Sequence
from typing import Literal

from loopcast.errors import OptionError
from loopcast.layers.cells import CELLS, Array, CellWeights, DenseWeights, State
from loopcast.layers.fused import fused_scan, why_not_fused
from loopcast.layers.recurrent import scan_layer

Fused = Literal["auto", "always", "never"]


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
    fused: "auto" takes the kernels where they can run; "always" is an OptionError where they cannot.
    """
    if takes_kernels(cell, weights, states, inputs, fused):
        return fused_scan(cell, tuple(weights), tuple(states), inputs, observed, head=head, last_only=last_only)
    hidden = inputs.swapaxes(0, 1)
    keep = None if observed is None else observed.T
    final = []
    for layer, state in zip(weights, states, strict=True):
        after, hidden = scan_layer(CELLS[cell], layer, state, hidden, keep)
        final.append(after)
    outputs = (hidden[-1:] if last_only else hidden).swapaxes(0, 1)
    return tuple(final), outputs if head is None else head.read(outputs)


def takes_kernels(
    cell: str, weights: Sequence[CellWeights], states: Sequence[State], inputs: Array, fused: Fused
) -> bool:
    """Which of the two paths runs: True for the kernels."""
    reason = why_scanned(cell, weights, states, inputs, fused)
    if fused == "always" and reason is not None:
        raise OptionError(f'fused="always", but {reason}')
    return reason is None


def why_scanned(
    cell: str, weights: Sequence[CellWeights], states: Sequence[State], inputs: Array, fused: Fused
) -> str | None:
    """Why a scan runs these layers, as a sentence; None where the kernels do. Shapes and dtypes are enough."""
    if fused == "never":
        return 'fused="never" asks for the scan'
    return why_not_fused(cell, weights, states, inputs)
