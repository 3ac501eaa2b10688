"""Networks that read from both ends, against stock Keras and against themselves."""

import numpy as np
import pytest

from loopcast.backend import keras
from loopcast.errors import OptionError
from loopcast.nn.init import initial_weights
from loopcast.nn.network import Network
from loopcast.nn.weights import from_vector, to_vector


def scan(network, weights, given, inside):
    return network.scan(weights, network.zero_state(len(given)), given, observed=inside)[1]


LAYERS = {"simple": "SimpleRNN", "gru": "GRU", "lstm": "LSTM"}
INSIDE = np.ones((4, 9), bool)


def inputs(width=5, seed=0):
    return np.random.default_rng(seed).normal(size=(4, 9, width)).astype(np.float32)


@pytest.mark.parametrize("cell", sorted(LAYERS))
@pytest.mark.parametrize("sides", [1, 2])
def test_outputs_are_those_of_stock_keras_with_the_same_weights(cell, sides):
    network = Network(cell=cell, units=(3, 4), inputs=5, outputs=2, directions=sides)
    rng = np.random.default_rng(1)
    vector = rng.normal(size=network.parameters).astype(np.float32) / 2
    weights = from_vector(network, vector)
    hidden = given = keras.Input((9, 5))
    layers = []
    for units in network.units:
        plain = getattr(keras.layers, LAYERS[cell])(units, return_sequences=True)
        layers.append(plain if sides == 1 else keras.layers.Bidirectional(plain))
        hidden = layers[-1](hidden)
    dense = keras.layers.Dense(2)
    stock = keras.Model(given, dense(hidden))
    for number, layer in enumerate(layers):
        halves = weights.layers[sides * number : sides * (number + 1)]
        layer.set_weights([np.asarray(part) for half in halves for part in half])
    dense.set_weights([np.asarray(part) for part in weights.dense])
    got = scan(network, weights, inputs(), INSIDE)
    np.testing.assert_allclose(got, stock(inputs()), rtol=1e-4, atol=1e-5)


def test_names_and_shapes_come_to_the_number_of_parameters():
    network = Network(cell="lstm", units=(3,), inputs=2, outputs=1, directions=2)
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
    assert network.parameters == 2 * (2 * 12 + 3 * 12 + 12) + 6 + 1 == len(to_vector(initial_weights(network, 0)))


def test_the_halves_start_from_different_weights():
    network = Network(cell="gru", units=(3,), inputs=2, outputs=1, directions=2)
    forward, backward = initial_weights(network, 0).layers
    assert not np.array_equal(forward.kernel, backward.kernel)
    assert not np.array_equal(forward.recurrent_kernel, backward.recurrent_kernel)


def test_the_last_output_alone_is_the_last_of_all_and_states_are_those_of_both_halves():
    network = Network(cell="lstm", units=(3, 2), inputs=5, outputs=2, directions=2)
    weights = initial_weights(network, 0)
    state, every = network.scan(weights, network.zero_state(4), inputs())
    _, last = network.scan(weights, network.zero_state(4), inputs(), last_only=True)
    np.testing.assert_array_equal(last, every[:, -1:])
    assert [part[0].shape for part in state] == [(4, 3), (4, 3), (4, 2), (4, 2)]


def test_what_reads_from_both_ends_cannot_be_stepped_nor_have_what_only_one_end_has():
    network = Network(cell="lstm", units=(3,), inputs=5, outputs=2, directions=2)
    with pytest.raises(OptionError, match="whole sequences"):
        network.step(initial_weights(network, 0), network.zero_state(4), inputs()[:, 0])
    for options in ({"head": "recurrent"}, {"dropout": 0.1}, {"directions": 3}):
        with pytest.raises(OptionError, match="direction"):
            Network(**({"cell": "gru", "units": (3,), "inputs": 1, "outputs": 1, "directions": 2} | options))


@pytest.mark.parametrize("sides", [1, 2])
def test_steps_outside_a_series_change_nothing_inside(sides):
    network = Network(cell="lstm", units=(3, 3), inputs=5, outputs=2, directions=sides)
    weights = initial_weights(network, 3)
    inside = np.tile(np.arange(9) < 6, (4, 1))
    short = scan(network, weights, inputs()[:, :6], INSIDE[:, :6])
    padded = scan(network, weights, np.where(inside[..., None], inputs(), np.float32(7)), inside)
    np.testing.assert_allclose(padded[:, :6], short, rtol=1e-5, atol=1e-6)


def test_with_one_side_nothing_later_is_seen():
    network = Network(cell="gru", units=(4,), inputs=5, outputs=1, directions=1)
    weights = initial_weights(network, 0)
    changed = inputs()
    changed[:, 5:] = 3.0
    got, other = (scan(network, weights, each, INSIDE) for each in (inputs(), changed))
    np.testing.assert_array_equal(got[:, :5], other[:, :5])
    assert not np.array_equal(got[:, 5:], other[:, 5:])
