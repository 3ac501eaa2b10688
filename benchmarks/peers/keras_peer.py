"""Keras, on the backend that KERAS_BACKEND names: `fit`, `predict` and calls as its documentation has them."""

from typing import Any

import keras
import numpy as np
from worker import Run, data, script, serve

KINDS = {"simple": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}
BATCH, UNITS, OUTPUTS = 32, 20, 10


def network(cell: str, *, every_step: bool) -> keras.Model:
    kind = KINDS[cell]
    return keras.Sequential(
        [
            keras.Input((50, 1)),
            kind(UNITS, return_sequences=True),
            kind(UNITS, return_sequences=every_step),
            keras.layers.Dense(OUTPUTS),
        ]
    )


def prepare_epoch(job: dict[str, Any]) -> Run:
    every_step = job["strategy"] == "sequence"
    model = network(job["cell"], every_step=every_step)
    model.compile(loss="mse", optimizer="adam")
    x, y = data("x"), data("every" if every_step else "last")
    return lambda: model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0)


def prepare_predict(job: dict[str, Any]) -> Run:
    model, x = network("lstm", every_step=False), data("x")
    return lambda: model.predict(x, batch_size=job["batch"], verbose=0)


def prepare_step(job: dict[str, Any]) -> Run:
    x = keras.Input((1, 1))
    states = [[keras.Input((UNITS,)) for _ in range(2)] for _ in range(2)]
    hidden, after = x, []
    for state in states:
        hidden, *new = keras.layers.LSTM(UNITS, return_sequences=True, return_state=True)(hidden, initial_state=state)
        after.append(new)
    model = keras.Model([x, states], [keras.layers.Dense(OUTPUTS)(hidden), after])
    call = compiled(model) if job["way"] == "compiled" else lambda inputs: model(inputs, training=False)
    now: Any = [[keras.ops.zeros((1, UNITS)) for _ in range(2)] for _ in range(2)]
    value = data("x")[0, :1][None]

    def step() -> None:
        nonlocal now
        output, now = call([keras.ops.convert_to_tensor(value), now])
        np.asarray(output)

    return step


def compiled(model: keras.Model) -> Any:
    """The model as its backend's documentation makes a function of it."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(lambda inputs: model(inputs, training=False))
    import jax

    weights = [v.value for v in model.trainable_variables], [v.value for v in model.non_trainable_variables]
    program = jax.jit(lambda weights, inputs: model.stateless_call(*weights, inputs, training=False)[0])
    return lambda inputs: program(weights, inputs)


def prepare_layer(job: dict[str, Any]) -> Run:
    layer = KINDS[job["cell"]](job["units"], return_sequences=True)
    x = np.random.default_rng(0).normal(size=(job["batch"], job["steps"], 1)).astype(np.float32)
    layer.build(x.shape)
    of_backend = layer_on_tensorflow if keras.backend.backend() == "tensorflow" else layer_on_jax
    return of_backend(layer, x, train=job["train"])


def layer_on_tensorflow(layer: Any, x: np.ndarray, *, train: bool) -> Run:
    import tensorflow as tf

    inputs = tf.constant(x)

    @tf.function
    def forward() -> Any:
        return layer(inputs)

    @tf.function
    def backward() -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(layer(inputs)))
        return tape.gradient(loss, [variable.value for variable in layer.trainable_variables])

    call = backward if train else forward
    return lambda: tf.nest.map_structure(lambda part: part.numpy(), call())


def layer_on_jax(layer: Any, x: np.ndarray, *, train: bool) -> Run:
    import jax
    import jax.numpy as jnp

    weights, inputs = [variable.value for variable in layer.trainable_variables], jnp.asarray(x)
    rest = [variable.value for variable in layer.non_trainable_variables]

    def forward(weights: Any) -> Any:
        return layer.stateless_call(weights, rest, inputs)[0]

    call = jax.jit(jax.grad(lambda weights: jnp.square(forward(weights)).mean()) if train else forward)
    return lambda: jax.block_until_ready(call(weights))


PREPARE = {
    "epoch": prepare_epoch,
    "predict": prepare_predict,
    "step": prepare_step,
    "grid": prepare_layer,
    "script": lambda job: script("script_keras.py"),
}

if __name__ == "__main__":
    serve(PREPARE)
