"""Networks that read from both ends, against stock Keras and against themselves."""

import numpy as np
import pytest

from loopcast.backend import keras
from loopcast.nn.bidirectional import BidirectionalNetwork
from loopcast.nn.cells import CELLS

LAYERS = {"simple": "SimpleRNN", "gru": "GRU", "lstm": "LSTM"}
INSIDE = np.ones((4, 9), bool)


def inputs(width=5, seed=0):
    return np.random.default_rng(seed).normal(size=(4, 9, width)).astype(np.float32)


@pytest.mark.parametrize("cell", sorted(LAYERS))
@pytest.mark.parametrize("sides", [1, 2])
def test_outputs_are_those_of_stock_keras_with_the_same_weights(cell, sides):
    network = BidirectionalNetwork(cell=cell, units=(3, 4), inputs=5, outputs=2, directions=sides)
    rng = np.random.default_rng(1)
    vector = rng.normal(size=network.parameters).astype(np.float32) / 2
    weights = network.from_vector(vector)
    hidden = given = keras.Input((9, 5))
    layers = []
    for units in network.units:
        plain = getattr(keras.layers, LAYERS[cell])(units, return_sequences=True)
        layers.append(plain if sides == 1 else keras.layers.Bidirectional(plain))
        hidden = layers[-1](hidden)
    dense = keras.layers.Dense(2)
    stock = keras.Model(given, dense(hidden))
    for layer, halves in zip(layers, weights.layers, strict=True):
        layer.set_weights([np.asarray(part) for half in halves for part in half])
    dense.set_weights([np.asarray(part) for part in weights.dense])
    got = weights.dense.read(network.scan(weights, inputs(), INSIDE))
    np.testing.assert_allclose(got, stock(inputs()), rtol=1e-4, atol=1e-5)


def test_names_and_shapes_come_to_the_number_of_parameters():
    network = BidirectionalNetwork(cell="lstm", units=(3,), inputs=2, outputs=1)
    assert list(network.shapes) == [
        "layer0.forward.kernel",
        "layer0.forward.recurrent_kernel",
        "layer0.forward.bias",
        "layer0.backward.kernel",
        "layer0.backward.recurrent_kernel",
        "layer0.backward.bias",
        "dense.kernel",
        "dense.bias",
    ]
    assert network.parameters == 2 * (2 * 12 + 3 * 12 + 12) + 6 + 1 == len(network.initial(0))


def test_the_halves_start_from_different_weights_and_a_seed_gives_the_same():
    network = BidirectionalNetwork(cell="gru", units=(3,), inputs=2, outputs=1)
    halves = network.from_vector(network.initial(0)).layers[0]
    assert not np.array_equal(halves[0].kernel, halves[1].kernel)
    np.testing.assert_array_equal(network.initial(0), network.initial(0))
    assert not np.array_equal(network.initial(0), network.initial(50))
    assert halves[0].bias.shape == CELLS["gru"].bias_shape(3)


@pytest.mark.parametrize("sides", [1, 2])
def test_steps_outside_a_series_change_nothing_inside(sides):
    network = BidirectionalNetwork(cell="lstm", units=(3, 3), inputs=5, outputs=2, directions=sides)
    weights = network.from_vector(network.initial(3))
    inside = np.tile(np.arange(9) < 6, (4, 1))
    short = network.scan(weights, inputs()[:, :6], INSIDE[:, :6])
    padded = network.scan(weights, np.where(inside[..., None], inputs(), np.float32(7)), inside)
    np.testing.assert_allclose(padded[:, :6], short, rtol=1e-5, atol=1e-6)


def test_with_one_side_nothing_later_is_seen():
    network = BidirectionalNetwork(cell="gru", units=(4,), inputs=5, outputs=1, directions=1)
    weights = network.from_vector(network.initial(0))
    changed = inputs()
    changed[:, 5:] = 3.0
    got, other = network.scan(weights, inputs(), INSIDE), network.scan(weights, changed, INSIDE)
    np.testing.assert_array_equal(got[:, :5], other[:, :5])
    assert not np.array_equal(got[:, 5:], other[:, 5:])
