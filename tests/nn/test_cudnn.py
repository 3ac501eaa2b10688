"""The way to cuDNN, with JAX's reference of it in its place where there is no GPU."""

import inspect
from functools import partial
from itertools import pairwise, permutations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental import rnn

from loopcast.nn.cudnn import cudnn_scan
from loopcast.nn.shapes import CellWeights
from loopcast.nn.stack import scan_stack

SHAPES = [(1, 1, (1, 1)), (3, 17, (3, 5)), (17, 3, (1, 20, 3)), (2, 4, (7, 3, 3, 3))]


def reference(  # noqa: PLR0917
    x, h_0, c_0, weights, seq_lengths, input_size, hidden_size, num_layers, dropout, bidirectional, precision=None
):
    """`rnn.lstm` without cuDNN: unpacked by JAX, from the layout that cuDNN has."""
    unpacked = rnn.unpack_lstm_weights(weights, input_size, hidden_size, num_layers, bidirectional)
    sizes = (input_size, hidden_size, num_layers, dropout, bidirectional)
    return rnn.lstm_ref(x, h_0, c_0, *unpacked, seq_lengths, *sizes)


def case(batch, time, widths):
    rng = np.random.default_rng(0)

    def normal(*shape):
        return jnp.asarray(rng.normal(size=shape) / np.sqrt(shape[0]), jnp.float32)

    weights = tuple(CellWeights(normal(w, 4 * u), normal(u, 4 * u), normal(4 * u)) for w, u in pairwise(widths))
    states = tuple((normal(batch, units), normal(batch, units)) for units in widths[1:])
    return weights, states, normal(batch, time, widths[0])


def value_and_gradients(scan, arguments):
    def weighted(*arguments):
        results = scan(*arguments)
        rng = np.random.default_rng(1)
        parts = [(leaf * rng.normal(size=leaf.shape).astype(np.float32)).sum() for leaf in jax.tree.leaves(results)]
        return sum(parts), results

    (_, results), gradients = jax.jit(jax.value_and_grad(weighted, argnums=(0, 1, 2), has_aux=True))(*arguments)
    return results, gradients


def close(actual, expected):
    for a, b in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5 * max(1.0, np.abs(b).max(initial=0.0)))


by_reference = partial(cudnn_scan, kernel=reference)
by_scan = partial(scan_stack, "lstm", fused="never")


@pytest.mark.parametrize("shape", SHAPES)
def test_weights_go_to_cudnn_s_layout_and_the_results_are_the_scan_s(shape):
    arguments = case(*shape)
    close(value_and_gradients(by_reference, arguments), value_and_gradients(by_scan, arguments))


def test_the_comparison_would_notice_gates_in_another_order():
    (layer,), states, inputs = case(3, 5, (2, 4))
    expected = by_scan((layer,), states, inputs)
    for order in list(permutations(range(4)))[1:]:
        columns = (4 * np.array(order)[:, None] + np.arange(4)).ravel()
        swapped = CellWeights(*(part[..., columns] for part in layer))
        with pytest.raises(AssertionError):
            close(by_reference((swapped,), states, inputs), expected)


def test_jax_s_function_takes_the_arguments_that_the_reference_takes():
    assert list(inspect.signature(rnn.lstm).parameters) == list(inspect.signature(reference).parameters)


@pytest.mark.skipif(jax.default_backend() != "gpu", reason="cuDNN needs a GPU")
@pytest.mark.parametrize("shape", SHAPES)
def test_on_a_gpu_cudnn_gives_the_scan_s_results(shape):
    with jax.default_matmul_precision("highest"):
        arguments = case(*shape)
        close(value_and_gradients(cudnn_scan, arguments), value_and_gradients(by_scan, arguments))
