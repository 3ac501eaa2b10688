"""The same network in stock Keras layers."""

from collections.abc import Sequence
from typing import Any

from loopcast.backend import keras
from loopcast.nn.network import Network, Weights
from loopcast.nn.weights import to_dict

LAYERS = {"simple": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}


def stock_model(network: Network, members: Sequence[Weights], *, every_step: bool) -> keras.Model:
    """A Keras model with these weights: features `[batch, time, feature]` to `[batch, time, output]`.

    members: the mean of their outputs is the model's.
    every_step: False gives the last step's output alone, `[batch, output]`.
    """
    inputs = keras.Input((None, network.inputs))
    outputs = [_stock_layers(network, inputs, every_step=every_step) for _ in members]
    models = [keras.Model(inputs, output) for output in outputs]
    for model, weights in zip(models, members, strict=True):
        model.set_weights(list(to_dict(network, weights).values()))
    return models[0] if len(models) == 1 else keras.Model(inputs, keras.layers.Average()(outputs))


def _stock_layers(network: Network, inputs: Any, *, every_step: bool) -> Any:
    hidden = inputs
    for depth, units in enumerate(network.layer_units):
        sequences = every_step or depth < len(network.layer_units) - 1
        hidden = LAYERS[network.cell](units, return_sequences=sequences)(hidden)
        if network.dropout and depth < len(network.units):
            hidden = keras.layers.Dropout(network.dropout, noise_shape=(None, 1, None)[-hidden.ndim :])(hidden)
    return keras.layers.Dense(network.outputs)(hidden) if network.head == "dense" else hidden
