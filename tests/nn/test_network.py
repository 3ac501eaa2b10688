import itertools

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopcast.backend import keras
from loopcast.nn.init import initial_weights
from loopcast.nn.keras_export import stock_model
from loopcast.nn.network import Network
from loopcast.nn.weights import from_vector, to_dict, to_vector
from reference import recurrence

CELLS, HEADS = ("simple", "gru", "lstm"), ("dense", "recurrent")


def series(batch, time, width, seed=0):
    return np.random.default_rng(seed).normal(size=(batch, time, width)).astype(np.float32)


@pytest.mark.parametrize(("cell", "head"), list(itertools.product(CELLS, HEADS)))
def test_steps_one_by_one_give_what_a_scan_gives(cell, head):
    network = Network(cell=cell, units=(7, 5), inputs=3, outputs=2, head=head)
    weights, inputs = initial_weights(network, 1), series(4, 13, 3)
    state, outputs = network.scan(weights, network.zero_state(4), inputs)
    walked = network.zero_state(4)
    for t in range(13):
        walked, output = network.step(weights, walked, inputs[:, t])
        np.testing.assert_allclose(output, outputs[:, t], atol=1e-6)
    for got, want in zip(jax.tree.leaves(walked), jax.tree.leaves(state), strict=True):
        np.testing.assert_allclose(got, want, atol=1e-6)


@pytest.mark.parametrize("cell", list(CELLS))
def test_a_network_is_its_layers_one_upon_the_other(cell):
    network = Network(cell=cell, units=(7, 5), inputs=3, outputs=2)
    weights, hidden = initial_weights(network, 1), series(4, 13, 3)
    for layer, units in zip(weights.layers, network.units, strict=True):
        _, hidden = recurrence.run(cell, layer, [np.zeros((4, units))] * (2 if cell == "lstm" else 1), hidden)
    wanted = hidden @ np.asarray(weights.dense.kernel) + np.asarray(weights.dense.bias)
    _, outputs = network.scan(weights, network.zero_state(4), series(4, 13, 3))
    np.testing.assert_allclose(outputs, wanted, atol=2e-6)


@pytest.mark.parametrize("cell", list(CELLS))
def test_initial_weights_are_those_of_stock_keras_layers_with_the_same_seeds(cell):
    network = Network(cell=cell, units=(8, 6), inputs=3, outputs=2)
    kinds = {"simple": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}
    stock = keras.Sequential([keras.Input((None, 3))])
    for depth, units in enumerate(network.units):
        stock.add(
            kinds[cell](
                units,
                return_sequences=True,
                kernel_initializer=keras.initializers.GlorotUniform(5 + 2 * depth),
                recurrent_initializer=keras.initializers.Orthogonal(seed=5 + 2 * depth + 1),
            )
        )
    stock.add(keras.layers.Dense(2, kernel_initializer=keras.initializers.GlorotUniform(5 + 4)))
    for ours, theirs in zip(jax.tree.leaves(initial_weights(network, 5)), stock.weights, strict=True):
        np.testing.assert_allclose(ours, theirs.value, atol=1e-6)


@pytest.mark.parametrize(
    ("cell", "head", "every_step", "dropout"),
    [
        ("simple", "dense", True, 0.0),
        ("simple", "recurrent", False, 0.3),
        ("gru", "dense", False, 0.3),
        ("gru", "recurrent", True, 0.0),
        ("lstm", "dense", True, 0.3),
        ("lstm", "dense", False, 0.0),
    ],
)
def test_the_stock_model_gives_the_same_outputs(cell, head, every_step, dropout):
    network = Network(cell=cell, units=(6, 4), inputs=2, outputs=3, head=head, dropout=dropout)
    weights, inputs = initial_weights(network, 2), series(3, 9, 2)
    _, outputs = network.scan(weights, network.zero_state(3), inputs)
    stock = stock_model(network, [weights], every_step=every_step)
    assert all(type(layer).__module__.startswith("keras.") for layer in stock.layers)
    np.testing.assert_allclose(stock(inputs), outputs if every_step else outputs[:, -1], atol=1e-6)


def test_the_stock_model_survives_a_keras_file(tmp_path):
    network = Network(cell="gru", units=(6,), inputs=2, outputs=3)
    stock = stock_model(network, [initial_weights(network, k) for k in (2, 3)], every_step=True)
    stock.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(series(3, 9, 2)), stock(series(3, 9, 2)))


@settings(deadline=None, max_examples=25)
@given(
    cell=st.sampled_from(CELLS),
    head=st.sampled_from(HEADS),
    units=st.lists(st.integers(1, 9), max_size=3).map(tuple),
    inputs=st.integers(1, 4),
    outputs=st.integers(1, 4),
)
def test_parameters_shapes_and_names_agree(cell, head, units, inputs, outputs):
    network = Network(cell=cell, units=units, inputs=inputs, outputs=outputs, head=head)
    shapes = network.shapes
    weights = from_vector(network, np.arange(network.parameters, dtype=np.float32))
    assert {name: array.shape for name, array in to_dict(network, weights).items()} == shapes
    assert sum(array.size for array in to_dict(network, weights).values()) == network.parameters
    again = from_vector(network, to_vector(weights))
    assert jax.tree.structure(again) == jax.tree.structure(weights)
    for one, other in zip(jax.tree.leaves(again), jax.tree.leaves(weights), strict=True):
        np.testing.assert_array_equal(one, other)


def test_dropout_drops_the_same_units_at_every_step_and_none_in_a_forecast():
    network = Network(cell="simple", units=(200,), inputs=1, outputs=200, dropout=0.5)
    weights = initial_weights(network, 0)
    identity = weights._replace(dense=weights.dense._replace(kernel=np.eye(200, dtype=np.float32)))
    _, kept = network.scan(identity, network.zero_state(2), series(2, 5, 1))
    _, dropped = network.scan(identity, network.zero_state(2), series(2, 5, 1), dropout_key=jax.random.key(0))
    zeros = np.asarray(dropped == 0)
    assert (zeros == zeros[:, :1]).all()
    assert 0.35 < zeros.mean() < 0.65
    np.testing.assert_allclose(dropped[~zeros], 2 * np.asarray(kept)[~zeros], rtol=1e-6)
