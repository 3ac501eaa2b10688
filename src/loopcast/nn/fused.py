"""A whole stack of recurrent layers in one compiled kernel: the fast path, equal to looping `scan_layer`.

Whether it can be used is known before anything runs: `why_not_fused` gives a sentence, or None.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import CustomVJPPrimal, SymbolicZero

from loopcast.errors import OptionError
from loopcast.nn.cells import CELLS, Array, State
from loopcast.nn.shapes import SHAPES, CellWeights, DenseWeights
from loopcast.xla_kernels import array_spec, library, why_no_kernels

MOST_LAYERS = 16
Workspace = Literal["infer", "train", "backward"]
States = tuple[State, ...]


def why_not_fused(
    cell_name: str, weights: Sequence[CellWeights], states: Sequence[State], inputs: Array, *, platform: str = ""
) -> str | None:
    """Why the kernels cannot run this stack, as a sentence; None if they can.

    platform: "cpu", "gpu", ...; empty, and it is the one JAX uses by default.
    """
    dtypes = {str(leaf.dtype) for leaf in jax.tree.leaves((tuple(weights), tuple(states), inputs))} - {"float32"}
    why_none = why_no_kernels(platform)
    if why_none is not None:
        return why_none
    if cell_name not in SHAPES:
        return f"there are kernels for {', '.join(SHAPES)}, not for {cell_name!r}"
    if dtypes:
        return f"the kernels compute in float32, and some arrays are {', '.join(sorted(dtypes))}"
    if not 1 <= len(weights) <= MOST_LAYERS:
        return f"the kernels take 1 to {MOST_LAYERS} layers, and there are {len(weights)}"
    return None


def fused_scan(
    cell_name: str,
    weights: tuple[CellWeights, ...],
    states: States,
    inputs: Array,
    observed: Array | None = None,
    *,
    head: DenseWeights | None = None,
    last_only: bool = False,
) -> tuple[States, Array]:
    """Run a stack of layers over `inputs` `[batch, time, input]`: the final states and the outputs.

    Outputs are the last layer's, `[batch, time, units]`, or the head's on them, `[batch, time, output]`.

    weights, states: one entry a layer, the lowest first; each state `[batch, units]`.
    observed: bool `[batch, time]`; where False the state is held and what stands in `inputs` is not used, NaN or not.
    last_only: give the outputs of the last step alone, `[batch, 1, ...]` (`[batch, 0, ...]` of no steps).

    NaN at an observed step stays in its own series' states and outputs. Derivatives are by reverse mode, once.
    Raises OptionError where `why_not_fused` gives a sentence.
    """
    reason = why_not_fused(cell_name, weights, states, inputs)
    if reason is not None:
        raise OptionError(f"{reason}; use scan_layer instead")
    library()
    return _stack(cell_name, last_only, weights, head, states, inputs, observed)


@jax.tree_util.register_static
@dataclass(frozen=True, kw_only=True)
class _Plan:
    """The sizes of one call, known when it is traced."""

    cell_name: str
    batch: int
    time: int
    widths: tuple[int, ...]  # of the input, then each layer's units
    head: int | None  # outputs of the head, if there is one
    masked: bool
    last_only: bool

    @property
    def output(self) -> tuple[int, int, int]:
        width = self.widths[-1] if self.head is None else self.head
        return self.batch, min(self.time, 1) if self.last_only else self.time, width

    @property
    def flags(self) -> dict[str, Any]:
        return {
            "cell": np.int32(SHAPES[self.cell_name].number),
            "masked": self.masked,
            "last_only": self.last_only,
            "head": self.head is not None,
        }

    def workspace(self, kind: Workspace) -> jax.ShapeDtypeStruct:
        """The kernels' memory for one call, an opaque row of floats."""
        number = ("infer", "train", "backward").index(kind)
        sizes = (ctypes.c_int64 * (2 + len(self.widths)))(self.batch, self.time, *self.widths)
        depth, outputs = len(self.widths) - 1, -1 if self.head is None else self.head
        floats = library().loopcast_workspace(
            number, SHAPES[self.cell_name].number, self.masked, self.last_only, outputs, sizes, depth
        )
        if floats < 0:
            raise OptionError(f"batch {self.batch}, time {self.time}, widths {self.widths} are too large for a kernel")
        return array_spec(floats)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _stack(
    cell_name: str,
    last_only: bool,
    weights: tuple[CellWeights, ...],
    head: DenseWeights | None,
    states: States,
    inputs: Array,
    observed: Array | None,
) -> tuple[States, Array]:
    plan = _plan(cell_name, last_only, weights, head, inputs, observed)
    final, outputs, _ = _forward("infer", plan, (inputs, observed, weights, head, states))
    return final, outputs


def _stack_forward(
    cell_name: str,
    last_only: bool,
    weights: tuple[CellWeights, ...],
    head: DenseWeights | None,
    states: States,
    inputs: CustomVJPPrimal,
    observed: Array | None,
) -> tuple[tuple[States, Array], Any]:
    """The outputs, and what `_stack_backward` needs. Each array comes with whether anything is derived by it."""
    given = (inputs, observed, weights, head, states)
    x, observed, weights, head, _ = values = jax.tree.map(lambda leaf: leaf.value, given)
    plan = _plan(cell_name, last_only, weights, head, x, observed)
    final, outputs, residuals = _forward("train", plan, values)
    return (final, outputs), (plan, weights, head, residuals, () if inputs.perturbed else None)


def _stack_backward(cell_name: str, last_only: bool, saved: Any, gradients: Any) -> tuple[Any, ...]:
    plan, weights, head, residuals, derive_inputs = saved
    final, outputs = jax.tree.map(_dense, gradients, is_leaf=lambda leaf: isinstance(leaf, SymbolicZero))
    with_inputs = derive_inputs is not None
    by_inputs = (array_spec(plan.batch, plan.time, plan.widths[0]),) if with_inputs else ()
    results = (
        jax.tree.map(lambda leaf: array_spec(*leaf.shape), (weights, head)),
        _state_shapes(plan),
        by_inputs,
        array_spec(*residuals.shape),
        plan.workspace("backward"),
    )
    leaves, tree = jax.tree.flatten(results)
    # The residuals are overwritten: their memory, still in the cache, takes the gradients by the products.
    call = jax.ffi.ffi_call(
        "loopcast_backward", leaves, vmap_method="sequential", input_output_aliases={0: len(leaves) - 2}
    )
    arguments = jax.tree.leaves((residuals, outputs, weights, head, final))
    sizes = {"time": np.int64(plan.time), "inputs": np.int64(plan.widths[0]), "with_inputs": with_inputs}
    (weights, head), states, by_inputs, *_ = jax.tree.unflatten(tree, call(*arguments, **sizes, **plan.flags))
    return weights, head, states, by_inputs[0] if with_inputs else None, None


_stack.defvjp(_stack_forward, _stack_backward, symbolic_zeros=True)


def _forward(kind: Workspace, plan: _Plan, arguments: Any) -> tuple[States, Array, Array]:
    results = (array_spec(*plan.output), _state_shapes(plan), plan.workspace(kind))
    leaves, tree = jax.tree.flatten(results)
    call = jax.ffi.ffi_call(f"loopcast_{kind}", leaves, vmap_method="sequential")
    outputs, final, workspace = jax.tree.unflatten(tree, call(*jax.tree.leaves(arguments), **plan.flags))
    return final, outputs, workspace


def _plan(
    cell_name: str,
    last_only: bool,
    weights: tuple[CellWeights, ...],
    head: DenseWeights | None,
    inputs: Array,
    observed: Array | None,
) -> _Plan:
    batch, time, width = inputs.shape
    return _Plan(
        cell_name=cell_name,
        batch=batch,
        time=time,
        widths=(width, *(layer.recurrent_kernel.shape[0] for layer in weights)),
        head=None if head is None else head.kernel.shape[1],
        masked=observed is not None,
        last_only=last_only,
    )


def _state_shapes(plan: _Plan) -> Any:
    return tuple((array_spec(plan.batch, units),) * CELLS[plan.cell_name].states for units in plan.widths[1:])


def _dense(gradient: Any) -> Any:
    return jnp.zeros(gradient.shape, gradient.dtype) if isinstance(gradient, SymbolicZero) else gradient
