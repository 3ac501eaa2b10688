"""The kernels' FFI targets, called directly: whatever is wrong with a call is an error with both numbers in it."""

import re
from dataclasses import dataclass, replace
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loopcast.kernels import LIBRARY
from loopcast.nn import fused
from loopcast.nn.cells import CELLS
from loopcast.xla_kernels import library

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")

TARGETS = ("infer", "train", "backward")
BATCH, TIME, WIDTHS, OUTPUTS = 3, 4, (2, 5, 3), 6
BOTH_NUMBERS = r"loopcast: .*(should|expected|too large).*(\d|\[\]).*(\d|\[\])"


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call of one target: arguments and results are (shape, dtype) each."""

    target: str
    arguments: tuple
    results: tuple
    flags: dict

    def run(self):
        library()
        results = [jax.ShapeDtypeStruct(*result) for result in self.results]
        arguments = [jax.device_put(np.zeros(*argument)) for argument in self.arguments]
        return jax.block_until_ready(jax.ffi.ffi_call(f"loopcast_{self.target}", results)(*arguments, **self.flags))

    def refused(self):
        with pytest.raises(Exception, match="loopcast: ") as caught:
            self.run()
        assert re.search(BOTH_NUMBERS, str(caught.value)), (self, str(caught.value))


def call(target, cell, *, masked=True, last_only=False, batch=BATCH, time=TIME, widths=WIDTHS):
    """A call that is right, with a head."""
    plan = fused._Plan(
        cell_name=cell, batch=batch, time=time, widths=widths, head=OUTPUTS, masked=masked, last_only=last_only
    )
    kind = CELLS[cell]

    def floats(*shape):
        return shape, jnp.float32

    weights = []
    for inputs, units in pairwise(widths):
        columns = kind.gates * units
        bias = (columns,) if kind.bias_rows == 1 else (2, columns)
        weights += [floats(inputs, columns), floats(units, columns), floats(*bias)]
    weights += [floats(widths[-1], OUTPUTS), floats(OUTPUTS)]
    states = [floats(batch, units) for units in widths[1:] for _ in range(kind.states)]
    inputs, outputs = floats(batch, time, widths[0]), floats(*plan.output)
    observed = [((batch, time), jnp.bool_)] if masked else []
    if target == "backward":
        residuals = floats(*plan.workspace("train").shape)
        return Call(
            target=target,
            arguments=(residuals, outputs, *weights, *states),
            results=(*weights, *states, inputs, residuals, floats(*plan.workspace("backward").shape)),
            flags=plan.flags | {"time": np.int64(time), "inputs": np.int64(widths[0]), "with_inputs": True},
        )
    return Call(
        target=target,
        arguments=(inputs, *observed, *weights, *states),
        results=(outputs, *states, floats(*plan.workspace(target).shape)),
        flags=plan.flags,
    )


def windows_call(*, last_only=False, count=BATCH):
    """A call of the target that copies windows that is right."""
    steps = 1 if last_only else TIME
    return Call(
        target="windows",
        arguments=(((20,), jnp.float32), ((count, 5), jnp.int32)),
        results=(((count, TIME, 3), jnp.float32), ((count, steps, 2), jnp.float32)),
        flags={"last_only": last_only},
    )


def spoiled(buffers, free=()):
    """Every list of buffers with one mistake: an axis too many or too few, a size or a type that is wrong, one missing,
    one too many, none. free: (buffer, axis) where any size is right."""
    for i, (shape, dtype) in enumerate(buffers):
        other = jnp.int32 if dtype == jnp.float32 else jnp.float32
        axes = [k for k in range(len(shape)) if (i, k) not in free]
        sizes = [(*shape[:k], shape[k] + more, *shape[k + 1 :]) for k in axes for more in (-1, 1)]
        for wrong in [((*shape, 1), dtype), (shape[1:], dtype), (shape, other), *((size, dtype) for size in sizes)]:
            yield (*buffers[:i], wrong, *buffers[i + 1 :])
        yield (*buffers[:i], *buffers[i + 1 :])
    yield (*buffers, buffers[-1])
    yield ()


@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("batch", [0, 1, BATCH, 17])
def test_a_call_that_is_right_runs(target, cell, batch):
    for masked in (False, True):
        for last_only in (False, True):
            right = call(target, cell, masked=masked, last_only=last_only, batch=batch)
            *results, _ = right.run()
            assert [(result.shape, result.dtype) for result in results] == list(right.results[:-1])


@pytest.mark.parametrize(
    ("cell", "widths"),
    [
        ("lstm", WIDTHS[:2]),
        *(pytest.param(c, WIDTHS, marks=pytest.mark.slow) for c in ("lstm", "gru", "gru_reset_before")),
    ],
)
@pytest.mark.parametrize(
    "target", [pytest.param(each, marks=[] if each == "backward" else [pytest.mark.slow]) for each in TARGETS]
)
def test_every_argument_and_every_result_is_checked(target, cell, widths):
    right = call(target, cell, widths=widths)
    for arguments in spoiled(right.arguments):
        replace(right, arguments=arguments).refused()
    for results in spoiled(right.results):
        if results:  # XLA makes one result where there is none
            replace(right, results=results).refused()


@pytest.mark.parametrize(
    ("target", "flags"),
    [
        *((target, {"cell": np.int32(cell)}) for target in TARGETS for cell in (-1, 4, 2**31 - 1)),
        *((target, {name: True}) for target in TARGETS for name in ("last_only",)),
        *((target, {"head": False}) for target in TARGETS),
        *((target, {"masked": False}) for target in TARGETS[:2]),
        *(("backward", {name: np.int64(size)}) for name in ("time", "inputs") for size in (-1, 0, 3, -(2**63))),
        *(("backward", {name: np.int64(2**63 - 1)}) for name in ("time", "inputs")),
        ("backward", {"with_inputs": False}),
    ],
)
def test_attributes_that_do_not_fit_the_buffers_are_refused(target, flags):
    right = call(target, "lstm")
    replace(right, flags=right.flags | flags).refused()


@pytest.mark.parametrize("time", [2**31, 2**58, 2**62, 2**63 - 1])
def test_a_number_of_steps_whose_memory_overflows_is_refused(time):
    """With the last step's output alone no buffer tells the number of steps."""
    right = call("backward", "lstm", last_only=True)
    replace(right, flags=right.flags | {"time": np.int64(time)}).refused()


@pytest.mark.parametrize("layers", [0, 17])
def test_a_stack_of_no_layer_or_too_many_is_refused(layers):
    right = call("infer", "simple", masked=False)
    inputs, *_ = right.arguments
    layer = [((2, 2), jnp.float32), ((2, 2), jnp.float32), ((2,), jnp.float32)]
    head, states = right.arguments[-4:-2], [((BATCH, 2), jnp.float32)] * layers
    replace(right, arguments=(inputs, *layer * layers, *head, *states)).refused()


@pytest.mark.parametrize("last_only", [False, True])
@pytest.mark.parametrize("count", [0, 1, BATCH, 17])
def test_a_call_for_windows_that_is_right_runs(last_only, count):
    right = windows_call(last_only=last_only, count=count)
    assert [(result.shape, result.dtype) for result in right.run()] == list(right.results)
    free = replace(right, arguments=(((0,), jnp.float32), right.arguments[1]))
    assert all(np.isnan(result).all() for result in free.run())  # there are no rows to show


@pytest.mark.parametrize("last_only", [False, True])
def test_every_argument_and_every_result_of_a_call_for_windows_is_checked(last_only):
    right = windows_call(last_only=last_only)
    for arguments in spoiled(right.arguments, free={(0, 0)}):
        replace(right, arguments=arguments).refused()
    # The context is read off the past, the horizon off what is ahead: with the last step alone nothing contradicts it
    free = {(0, 2), (1, 2), *({(0, 1)} if last_only else ())}
    for results in spoiled(right.results, free):
        if results:  # XLA makes one result where there is none
            replace(right, results=results).refused()


@pytest.mark.parametrize("last_only", [False, True])
def test_windows_of_the_last_step_and_of_all_are_not_confused(last_only):
    replace(windows_call(last_only=last_only), flags={"last_only": not last_only}).refused()
