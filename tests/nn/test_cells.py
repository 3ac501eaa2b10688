import itertools
from functools import partial

import jax.numpy as jnp
import numpy as np
import pytest

from loopcast.backend import keras
from loopcast.nn.cells import CELLS
from loopcast.nn.scan import scan_layer
from loopcast.nn.shapes import CellWeights
from reference import recurrence

STOCK = {
    "simple": keras.layers.SimpleRNN,
    "gru": keras.layers.GRU,
    "lstm": keras.layers.LSTM,
    "gru_reset_before": partial(keras.layers.GRU, reset_after=False),
}
SHAPES = [(1, 1, 1, 1), (3, 17, 3, 5), (17, 3, 1, 20), (2, 0, 3, 4)]


def draw(cell, width, units, seed):
    random = np.random.default_rng(seed)
    gates = CELLS[cell].gates * units
    bias = (gates,) if cell != "gru" else (2, gates)
    return CellWeights(*(random.normal(0, 0.7, s).astype(np.float32) for s in ((width, gates), (units, gates), bias)))


def case(cell, shape, seed=0):
    batch, time, width, units = shape
    random = np.random.default_rng(seed + 1)
    states = tuple(random.normal(0, 0.5, (batch, units)).astype(np.float32) for _ in range(CELLS[cell].states))
    inputs = random.normal(0, 1, (batch, time, width)).astype(np.float32)
    return draw(cell, width, units, seed), states, inputs


def scan(cell, weights, states, inputs, observed=None):
    seen = None if observed is None else jnp.asarray(observed).T
    final, outputs = scan_layer(CELLS[cell], weights, states, jnp.asarray(inputs).swapaxes(0, 1), seen)
    return final, np.asarray(outputs).swapaxes(0, 1)


@pytest.mark.parametrize(("cell", "shape"), list(itertools.product(CELLS, SHAPES)))
def test_a_scan_is_a_plain_loop_over_steps(cell, shape):
    weights, states, inputs = case(cell, shape)
    final, outputs = scan(cell, weights, states, inputs)
    wanted_final, wanted = recurrence.run(cell, weights, states, inputs)
    np.testing.assert_allclose(outputs, wanted, atol=2e-6)
    for got, want in zip(final, wanted_final, strict=True):
        np.testing.assert_allclose(got, want, atol=2e-6)


@pytest.mark.parametrize("cell", list(CELLS))
def test_a_step_that_is_not_observed_holds_the_state(cell):
    weights, states, inputs = case(cell, (5, 9, 2, 4))
    observed = np.random.default_rng(3).random((5, 9)) > 0.4
    inputs[~observed] = 1e6
    final, outputs = scan(cell, weights, states, inputs, observed)
    wanted_final, wanted = recurrence.run(cell, weights, states, inputs, observed)
    np.testing.assert_allclose(outputs, wanted, atol=2e-6)
    np.testing.assert_allclose(final[-1], wanted_final[-1], atol=2e-6)


@pytest.mark.parametrize("cell", list(CELLS))
def test_stock_keras_layers_with_the_same_weights_give_the_same(cell):
    weights, states, inputs = case(cell, (4, 11, 3, 6))
    layer = STOCK[cell](6, return_sequences=True, return_state=True)
    layer.build(inputs.shape)
    layer.set_weights(list(weights))
    stock, *stock_final = layer(inputs, initial_state=[jnp.asarray(s) for s in states])
    final, outputs = scan(cell, weights, states, inputs)
    np.testing.assert_allclose(outputs, stock, atol=1e-6)
    for got, want in zip(final, stock_final, strict=True):
        np.testing.assert_allclose(got, want, atol=1e-6)


def mutations(cell):
    weights, _, _ = case(cell, (4, 11, 3, 6))
    units = 6
    kernel, recurrent, bias = weights
    yield (
        "recurrent weights transposed",
        CellWeights(kernel, recurrent.reshape(units, -1, units).T.reshape(units, -1), bias),
    )
    yield "bias dropped", CellWeights(kernel, recurrent, np.zeros_like(bias))
    for first, second in itertools.combinations(range(CELLS[cell].gates), 2):
        order = list(range(CELLS[cell].gates))
        order[first], order[second] = second, first
        columns = np.concatenate([np.arange(units) + units * gate for gate in order])
        yield (
            f"gates {first} and {second} swapped",
            CellWeights(kernel[:, columns], recurrent[:, columns], bias[..., columns]),
        )


def test_the_comparison_would_notice_a_reset_after_the_product():
    weights, states, inputs = case("gru_reset_before", (4, 11, 3, 6))
    _, right = recurrence.run("gru_reset_before", weights, states, inputs)
    after = weights._replace(bias=np.stack([weights.bias, np.zeros_like(weights.bias)]))
    _, outputs = scan("gru", after, states, inputs)
    assert np.abs(outputs - right).max() > 1e-2


@pytest.mark.parametrize(("cell", "what", "wrong"), [(c, *m) for c in CELLS for m in mutations(c)])
def test_the_comparison_would_notice_a_wrong_cell(cell, what, wrong):
    weights, states, inputs = case(cell, (4, 11, 3, 6))
    _, right = recurrence.run(cell, weights, states, inputs)
    _, outputs = scan(cell, wrong, states, inputs)
    assert np.abs(outputs - right).max() > 1e-2, what
