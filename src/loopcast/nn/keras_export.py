"""The same network in stock Keras layers."""

from collections.abc import Sequence
from typing import Any

from loopcast.backend import keras
from loopcast.nn.network import Network, Weights
from loopcast.nn.origin_shape import OriginParts, OriginShape
from loopcast.nn.step_decoder import MEDIAN_GAIN, SIDE, StepWeights
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


def stock_origin_model(shape: OriginShape, parts: OriginParts) -> keras.Model:
    """A Keras model with these weights, from `features` `[batch, time, feature]`, `candidates` and `codes` `[batch,
    step, number]` to the quantiles of the steps after the last row, `[batch, step, probability]`.
    """
    sizes = {"features": shape.inputs, "candidates": shape.candidates, "codes": shape.codes}
    given = {name: keras.Input((None, size), name=name) for name, size in sizes.items()}
    hidden = given["features"]
    for depth, (units, weights) in enumerate(zip(shape.units, parts.layers, strict=True)):
        layer = LAYERS[shape.cell](units, return_sequences=depth < len(shape.units) - 1)
        hidden = _weighted(layer, hidden, *weights)
    row = keras.layers.Concatenate()([hidden, given["features"][:, -1]])
    return keras.Model(given, _stock_decoder(parts.decoder, row, given["candidates"], given["codes"]))


def _stock_decoder(weights: StepWeights, row: Any, candidates: Any, codes: Any) -> Any:
    """`StepDecoder.apply` of what is known of a row, its state and its features."""
    ops, units = keras.ops, int(weights.bias.shape[0])
    known = _weighted(keras.layers.Dense(units), row, weights.state, weights.bias)
    step = keras.layers.Concatenate()([ops.arcsinh(candidates), codes])
    ahead = _weighted(keras.layers.Dense(units, use_bias=False), step, weights.step)
    first = ops.tanh(ops.expand_dims(known, 1) + ahead)
    second = _weighted(keras.layers.Dense(units, activation="tanh"), first, weights.second, weights.second_bias)
    outputs = keras.layers.Dense(int(weights.readout_bias.shape[0]))
    out = _weighted(outputs, first + second, weights.readout, weights.readout_bias)
    gaps = out.shape[-1] - 2 * SIDE  # where they begin
    median = MEDIAN_GAIN * out[..., :1] + ops.sum(out[..., 1:gaps] * candidates, axis=-1, keepdims=True)
    outward = ops.softplus(out[..., gaps:])
    below = ops.flip(ops.cumsum(outward[..., :SIDE], axis=-1), axis=-1)
    return ops.concatenate([median - below, median, median + ops.cumsum(outward[..., SIDE:], axis=-1)], axis=-1)


def _weighted(layer: Any, inputs: Any, *weights: Any) -> Any:
    """What a layer with these weights makes."""
    made = layer(inputs)
    layer.set_weights(list(weights))
    return made
