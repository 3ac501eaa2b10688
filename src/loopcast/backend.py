"""The one place that loads Keras, on JAX."""

import os

from loopcast.errors import LoopcastError

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras

if keras.backend.backend() != "jax":
    raise LoopcastError(
        f"Keras is running on {keras.backend.backend()!r}, Loopcast needs it on JAX: "
        "set the environment variable KERAS_BACKEND=jax, or import loopcast before keras"
    )

__all__ = ["keras"]
