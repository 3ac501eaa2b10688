"""The fused kernels against a NumPy loop and against `scan_layer`."""

import os
import subprocess
import sys
from dataclasses import replace
from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loopcast import kernels
from loopcast.errors import OptionError
from loopcast.kernels import LIBRARY, instructions
from loopcast.nn import fused
from loopcast.nn.cells import CELLS
from loopcast.nn.fused import fused_scan, why_not_fused
from loopcast.nn.scan import scan_layer
from loopcast.nn.shapes import CellWeights, DenseWeights

NAMES = tuple(CELLS)
needs_kernels = pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")


def stack(rng, cell_name, widths, batch):
    """Random distinct weights and states for layers of these widths, the input's first."""
    cell = CELLS[cell_name]

    def normal(*shape):
        return jnp.asarray(rng.normal(size=shape) / np.sqrt(max(1, shape[0])), jnp.float32)

    def layer(width, units):
        columns = cell.gates * units
        bias = (columns,) if cell.bias_rows == 1 else (cell.bias_rows, columns)
        return CellWeights(normal(width, columns), normal(units, columns), normal(*bias))

    weights = tuple(layer(*pair) for pair in pairwise(widths))
    states = tuple(tuple(normal(batch, units) for _ in range(cell.states)) for units in widths[1:])
    return weights, states


def dense(rng, units, outputs):
    kernel = rng.normal(size=(units, outputs)) / np.sqrt(units)
    return DenseWeights(jnp.asarray(kernel, jnp.float32), jnp.asarray(rng.normal(size=outputs), jnp.float32))


def spec_scan(cell_name, weights, states, inputs, observed=None, *, head=None, last_only=False):
    hidden, final = inputs.swapaxes(0, 1), []
    keep = None if observed is None else observed.T
    for layer, state in zip(weights, states, strict=True):
        after, hidden = scan_layer(CELLS[cell_name], layer, state, hidden, keep)
        final.append(after)
    outputs = (hidden[-1:] if last_only else hidden).swapaxes(0, 1)
    return tuple(final), outputs if head is None else outputs @ head.kernel + head.bias


def numpy_scan(cell_name, weights, states, inputs, observed):
    """One series, one step, one layer at a time, in float64 and without JAX."""

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    def step(W, U, b, state, x):
        units, h = U.shape[0], state[0]
        if cell_name == "simple":
            return (np.tanh(x @ W + b + h @ U),)
        if cell_name == "lstm":
            i, f, g, o = ((x @ W + b + h @ U)[k * units : (k + 1) * units] for k in range(4))
            c = sigmoid(f) * state[1] + sigmoid(i) * np.tanh(g)
            return sigmoid(o) * np.tanh(c), c
        if cell_name == "gru_reset_before":
            z, r = (sigmoid(x @ W + b + h @ U)[k * units : (k + 1) * units] for k in range(2))
            return (z * h + (1 - z) * np.tanh((x @ W + b)[2 * units :] + (r * h) @ U[:, 2 * units :]),)
        xz, xr, xg = ((x @ W + b[0])[k * units : (k + 1) * units] for k in range(3))
        hz, hr, hg = ((h @ U + b[1])[k * units : (k + 1) * units] for k in range(3))
        z, g = sigmoid(xz + hz), np.tanh(xg + sigmoid(xr + hr) * hg)
        return (z * h + (1 - z) * g,)

    doubles = partial(jax.tree.map, lambda leaf: np.asarray(leaf, np.float64))
    weights, states, inputs = doubles(weights), doubles(states), doubles(inputs)
    outputs = np.zeros((*inputs.shape[:2], weights[-1].recurrent_kernel.shape[0]))
    for series in range(inputs.shape[0]):
        current = [tuple(part[series] for part in state) for state in states]
        for t in range(inputs.shape[1]):
            x = inputs[series, t]
            for depth, layer in enumerate(weights):
                if observed[series, t]:
                    current[depth] = step(*layer, current[depth], x)
                x = current[depth][0]
            outputs[series, t] = x
    return outputs


def close(actual, expected, share=1e-5):
    for a, b in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=share, atol=share * max(1.0, np.abs(b).max(initial=0.0)))


def random_case(seed):
    rng = np.random.default_rng(seed)
    name = NAMES[seed % len(NAMES)]
    widths = [int(rng.choice([0, 1, 3, 7, 17]))]
    widths += [int(u) for u in rng.choice([1, 2, 3, 5, 8, 17, 20, 24, 33, 50], size=rng.integers(1, 4))]
    batch, time = int(rng.choice([0, 1, 2, 4, 5, 8, 15, 16, 17, 33, 50])), int(rng.choice([0, 1, 2, 3, 16, 17, 40]))
    weights, states = stack(rng, name, widths, batch)
    inputs = jnp.asarray(rng.normal(size=(batch, time, widths[0])), jnp.float32)
    observed = jnp.asarray(rng.random((batch, time)) < 0.7) if rng.random() < 0.5 else None
    last_only = bool(rng.random() < 0.4)
    head = dense(rng, widths[-1], int(rng.choice([0, 1, 3, 10, 17, 45]))) if rng.random() < 0.6 else None
    return rng, name, weights, states, inputs, observed, {"last_only": last_only, "head": head}


def value_and_gradients(scan, rng_seed, name, arguments, observed=None, *, last_only=False, head=None):
    """Final states, outputs, and the gradients of a random weighting of them by weights, states, inputs and head."""

    def weighted(*arguments):
        *arguments, head = arguments
        results = scan(name, *arguments, observed, last_only=last_only, head=head)
        rng = np.random.default_rng(rng_seed)
        parts = [(leaf * rng.normal(size=leaf.shape).astype(np.float32)).sum() for leaf in jax.tree.leaves(results)]
        return sum(parts), results

    (_, results), gradients = jax.jit(jax.value_and_grad(weighted, argnums=(0, 1, 2, 3), has_aux=True))(
        *arguments, head
    )
    return results, gradients


@needs_kernels
@pytest.mark.parametrize(
    "seed", [*range(12), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(12, 1000))]
)
def test_random_stacks_equal_the_scan_forward_and_gradient(seed):
    _, name, *arguments, observed, options = random_case(seed)
    results, gradients = value_and_gradients(fused_scan, seed, name, arguments, observed, **options)
    expected, expected_gradients = value_and_gradients(spec_scan, seed, name, arguments, observed, **options)
    close(results, expected)
    close(fused_scan(name, *arguments, observed, **options), expected)
    close(gradients, expected_gradients)


@needs_kernels
@pytest.mark.parametrize("seed", [*range(8), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(8, 16))])
def test_random_stacks_equal_a_numpy_loop(seed):
    _, name, weights, states, inputs, observed, _ = random_case(seed)
    seen = np.ones(inputs.shape[:2], bool) if observed is None else np.asarray(observed)
    close(fused_scan(name, weights, states, inputs, observed)[1], numpy_scan(name, weights, states, inputs, seen))


@needs_kernels
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("units", "batch"), [(70, 17), (130, 33), (300, 3), (96, 1), (530, 1)])
def test_large_cells_equal_the_scan(name, units, batch):
    rng = np.random.default_rng(units)
    weights, states = stack(rng, name, (3, units), batch)
    arguments = (weights, states, jnp.asarray(rng.normal(size=(batch, 9, 3)), jnp.float32))
    head = dense(rng, units, 70)
    actual = value_and_gradients(fused_scan, 1, name, arguments, head=head)
    close(actual, value_and_gradients(spec_scan, 1, name, arguments, head=head))


@needs_kernels
@pytest.mark.parametrize("batch", [1, 16])
def test_tanh_and_sigmoid_are_within_4_ulp_or_1e_7(batch):
    x = np.concatenate([np.linspace(-20, 20, 100_001), np.geomspace(1e-30, 1e-3, 999), [0, -0.0, 1e30, -1e30]])
    inputs = jnp.broadcast_to(jnp.asarray(x, jnp.float32)[None, :, None], (batch, x.size, 1))
    one, zero = jnp.ones((1, 1)), jnp.zeros((batch, 1))
    simple = CellWeights(one, 0 * one, jnp.zeros(1))
    tanh = fused_scan("simple", (simple,), ((zero,),), inputs)[1][0, :, 0]
    # With h held at 1 by z = sigmoid(x) of one step: h' = z h + (1 - z) tanh(0)
    gru = CellWeights(jnp.asarray([[1.0, 0, 0]]), jnp.zeros((1, 3)), jnp.zeros((2, 3)))
    steps = inputs[0, :, :, None].reshape(-1, 1, 1)
    sigmoid = fused_scan("gru", (gru,), ((jnp.ones((x.size, 1)),),), steps)[1][:, 0, 0]
    exact = np.asarray(inputs[0, :, 0], np.float64)
    for actual, expected in ((tanh, np.tanh(exact)), (sigmoid, (1 + np.tanh(exact / 2)) / 2)):
        allowed = np.maximum(1e-7, 4 * np.spacing(np.abs(expected).astype(np.float32)))
        assert (np.abs(np.asarray(actual, np.float64) - expected) <= allowed).all()


def mutations(name, layer):
    """Mistakes a kernel could make: each gives other weights, which must give other results."""
    gates, units = CELLS[name].gates, layer.recurrent_kernel.shape[0]
    kernel, recurrent, bias = layer
    blocks = recurrent.reshape(units, gates, units)
    yield layer._replace(recurrent_kernel=blocks.transpose(2, 1, 0).reshape(recurrent.shape))
    for row in range(CELLS[name].bias_rows):
        dropped = bias.at[row].set(0) if bias.ndim == 2 else jnp.zeros_like(bias)
        yield layer._replace(bias=dropped)
    for first in range(gates - 1):
        order = np.arange(gates)
        order[[first, first + 1]] = order[[first + 1, first]]
        yield layer._replace(kernel=kernel.reshape(-1, gates, units)[:, order].reshape(kernel.shape))
        yield layer._replace(recurrent_kernel=blocks[:, order].reshape(recurrent.shape))


@needs_kernels
@pytest.mark.parametrize("name", NAMES)
def test_the_comparison_notices_swapped_gates_transposed_kernels_and_dropped_biases(name):
    rng = np.random.default_rng(3)
    weights, states = stack(rng, name, (3, 5), 3)
    inputs = jnp.asarray(rng.normal(size=(3, 4, 3)), jnp.float32)
    expected = spec_scan(name, weights, states, inputs)
    mutated = list(mutations(name, weights[0]))
    assert len(mutated) >= 2
    for layer in mutated:
        with pytest.raises(AssertionError):
            close(fused_scan(name, (layer,), states, inputs), expected)


@needs_kernels
@pytest.mark.parametrize("batch", [3, 17])
def test_the_comparison_notices_a_reset_after_the_product(batch):
    rng = np.random.default_rng(3)
    (layer,), states = stack(rng, "gru_reset_before", (3, 5), batch)
    arguments = ((layer,), states, jnp.asarray(rng.normal(size=(batch, 4, 3)), jnp.float32))
    results, gradients = value_and_gradients(fused_scan, 0, "gru_reset_before", arguments)
    after = layer._replace(bias=jnp.stack([layer.bias, 0 * layer.bias]))
    other, others = value_and_gradients(fused_scan, 0, "gru", ((after,), *arguments[1:]))
    for mine, its in ((results, other), *((gradients[0][0][i], others[0][0][i]) for i in range(2))):
        with pytest.raises(AssertionError):
            close(mine, its)


@needs_kernels
@pytest.mark.parametrize("name", NAMES)
def test_what_stands_at_masked_steps_is_not_used_even_if_it_is_nan(name):
    rng = np.random.default_rng(4)
    weights, states = stack(rng, name, (2, 5, 3), 17)
    inputs, observed = jnp.asarray(rng.normal(size=(17, 6, 2)), jnp.float32), rng.random((17, 6)) < 0.6
    expected = value_and_gradients(fused_scan, 0, name, (weights, states, inputs), jnp.asarray(observed))
    holed = jnp.where(observed[..., None], inputs, jnp.nan)
    actual = value_and_gradients(fused_scan, 0, name, (weights, states, holed), jnp.asarray(observed))
    for a, b in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        np.testing.assert_array_equal(a, b)


@needs_kernels
@pytest.mark.parametrize("name", NAMES)
def test_nan_stays_in_its_own_series(name):
    rng = np.random.default_rng(5)
    weights, states = stack(rng, name, (1, 4), 18)
    inputs = jnp.asarray(rng.normal(size=(18, 5, 1)), jnp.float32)
    clean = fused_scan(name, weights, states, inputs)[1]
    holed = np.array(fused_scan(name, weights, states, inputs.at[7, 2].set(jnp.nan))[1])
    assert np.isnan(holed[7, 2:]).all()
    holed[7, 2:] = clean[7, 2:]
    np.testing.assert_array_equal(holed, clean)


@needs_kernels
@pytest.mark.parametrize("name", NAMES)
def test_a_sequence_may_be_continued_from_its_final_state(name):
    rng = np.random.default_rng(6)
    weights, states = stack(rng, name, (2, 7, 3), 5)
    inputs = jnp.asarray(rng.normal(size=(5, 40, 2)), jnp.float32)
    whole = fused_scan(name, weights, states, inputs)
    middle, first = fused_scan(name, weights, states, inputs[:, :13])
    final, second = fused_scan(name, weights, middle, inputs[:, 13:])
    close((final, jnp.concatenate([first, second], axis=1)), whole, 1e-6)


@needs_kernels
@pytest.mark.parametrize("name", NAMES)
def test_it_works_under_vmap_and_scan(name):
    rng = np.random.default_rng(7)
    weights, states = stack(rng, name, (2, 3), 4)
    inputs = jnp.asarray(rng.normal(size=(3, 4, 6, 2)), jnp.float32)

    def loss(weights, inputs, scan):
        return jnp.square(scan(name, weights, states, inputs)[1]).sum()

    for scan in (fused_scan, spec_scan):
        mapped = jax.vmap(jax.grad(partial(loss, scan=scan)), in_axes=(None, 0))(weights, inputs)
        total = jax.lax.scan(lambda sum_, x, s=scan: (sum_ + loss(weights, x, s), None), 0.0, inputs)[0]
        if scan is fused_scan:
            actual = mapped, total
    close(actual, (mapped, total))


@needs_kernels
def test_gradients_of_the_inputs_are_computed_only_when_asked_for():
    weights, states = stack(np.random.default_rng(8), "gru", (2, 3), 4)
    inputs = jnp.ones((4, 6, 2))

    def loss(weights, inputs):
        return fused_scan("gru", weights, states, inputs)[1].sum()

    without = str(jax.make_jaxpr(jax.grad(loss))(weights, inputs))
    both = str(jax.make_jaxpr(jax.grad(loss, argnums=(0, 1)))(weights, inputs))
    assert "with_inputs', False" in without.replace('"', "'")
    assert "with_inputs', True" in both.replace('"', "'")


@needs_kernels
@pytest.mark.parametrize("target", ["loopcast_infer", "loopcast_train", "loopcast_backward"])
@pytest.mark.parametrize("head", [False, True])
@pytest.mark.parametrize("change", range(7))
def test_bad_arguments_give_an_error_and_not_a_crash(target, head, change):
    weights, states = stack(np.random.default_rng(9), "lstm", (2, 3), 4)
    layer, state = weights[0], states[0]
    flags = {"cell": np.int32(2), "masked": False, "last_only": False, "head": head}
    head_weights = dense(np.random.default_rng(9), 3, 3) if head else ()
    arguments = [jnp.ones((4, 5, 2)), *layer, *head_weights, *state]
    results = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in ((4, 5, 3), (4, 3), (4, 3), (10_000,))]
    if target == "loopcast_backward":
        arguments = [jnp.ones(10_000), jnp.ones((4, 5, 3)), *layer, *head_weights, *state]
        flags |= {"time": np.int64(5), "inputs": np.int64(2), "with_inputs": False}
    changed = [
        arguments.pop,
        lambda: arguments.__setitem__(1, arguments[1][:, :-1]),
        lambda: arguments.__setitem__(0, arguments[0].astype(jnp.int32)),
        lambda: arguments.__setitem__(-1, jnp.ones((4, 3, 1))),
        lambda: flags.__setitem__("cell", np.int32(7)),
        arguments.clear,
        lambda: flags.__setitem__("head", not head),
    ]
    changed[change]()
    kernels.library()
    with pytest.raises(Exception, match=r"loopcast: .*(should|expected)"):
        jax.block_until_ready(jax.ffi.ffi_call(target, results)(*arguments, **flags))


@needs_kernels
def test_sizes_whose_product_overflows_are_refused():
    plan = fused._Plan(
        cell_name="lstm", batch=2**31 - 1, time=2**31 - 1, widths=(1, 2**20), head=None, masked=False, last_only=False
    )
    with pytest.raises(OptionError, match="too large"):
        plan.workspace("train")
    with pytest.raises(OptionError, match="too large"):
        replace(plan, widths=(1, 1), head=2**31 - 1).workspace("train")


def test_it_says_why_the_kernels_are_not_used(monkeypatch, tmp_path):
    weights, states = stack(np.random.default_rng(0), "lstm", (1, 2), 1)
    inputs = jnp.ones((1, 1, 1))
    monkeypatch.setattr(kernels, "LIBRARY", tmp_path / "absent.so")
    assert "not built" in why_not_fused("lstm", weights, states, inputs)
    with pytest.raises(OptionError, match="not built"):
        fused_scan("lstm", weights, states, inputs)
    (tmp_path / "absent.so").touch()
    assert "GPU" in why_not_fused("lstm", weights, states, inputs, platform="gpu")
    assert "bfloat16" in why_not_fused("lstm", weights, states, inputs.astype(jnp.bfloat16))
    assert "not for 'peephole'" in why_not_fused("peephole", weights, states, inputs)
    assert "17" in why_not_fused("lstm", weights * 17, states * 17, inputs)


PRINT_ALL = """
import sys; sys.path.insert(0, {here!r})
import hashlib, jax, numpy as np
from test_fused import *
print(instructions())
every = []
for name in NAMES:
    rng = np.random.default_rng(1)
    weights, states = stack(rng, name, (1, 20, 33), 70)
    arguments = (weights, states, jnp.asarray(rng.normal(size=(70, 30, 1)), jnp.float32))
    head = dense(rng, 33, 10)
    every += jax.tree.leaves(value_and_gradients(fused_scan, 2, name, arguments, head=head))
    close(every[-1], jax.tree.leaves(value_and_gradients(spec_scan, 2, name, arguments, head=head))[-1])
print(hashlib.sha256(b"".join(np.asarray(leaf).tobytes() for leaf in every)).hexdigest())
"""


def run_elsewhere(cores=None, **environment):
    """The instruction set in use and a digest of many results, from a process of its own on so many cores."""
    code = PRINT_ALL.format(here=os.path.dirname(__file__))  # noqa: PTH120
    if cores is not None:
        code = f"import os; os.sched_setaffinity(0, {cores!r})\n" + code
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.slow
@needs_kernels
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be chosen here")
def test_results_are_the_same_bits_for_one_thread_and_for_all():
    cores = sorted(os.sched_getaffinity(0))
    assert run_elsewhere(cores={cores[0]}) == run_elsewhere()


@needs_kernels
@pytest.mark.parametrize(
    "name", ["plain", *(pytest.param(each, marks=pytest.mark.slow) for each in ("avx2", "avx512"))]
)
def test_every_instruction_set_gives_the_scan_s_results(name):
    used, _ = run_elsewhere(LOOPCAST_INSTRUCTIONS=name)
    if used != name:
        pytest.skip(f"this processor cannot run {name}")


@needs_kernels
def test_the_instruction_set_is_named():
    assert instructions() in {"plain", "avx2", "avx512"}
