"""The same network in stock Keras layers."""

from loopcast.backend import keras
from loopcast.networks.network import Network, Weights
from loopcast.networks.weights import named

LAYERS = {"simple": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}


def stock_model(network: Network, weights: Weights, *, every_step: bool) -> keras.Model:
    """A Keras model with these weights: features `[batch, time, feature]` to `[batch, time, output]`.

    every_step: False gives the last step's output alone, `[batch, output]`.
    """
    hidden = inputs = keras.Input((None, network.inputs))
    for depth, units in enumerate(network.recurrent):
        sequences = every_step or depth < len(network.recurrent) - 1
        hidden = LAYERS[network.cell](units, return_sequences=sequences)(hidden)
        if network.dropout and depth < len(network.units):
            hidden = keras.layers.Dropout(network.dropout, noise_shape=(None, 1, None)[-hidden.ndim :])(hidden)
    outputs = keras.layers.Dense(network.outputs)(hidden) if network.head == "dense" else hidden
    model = keras.Model(inputs, outputs)
    model.set_weights(list(named(network, weights).values()))
    return model
