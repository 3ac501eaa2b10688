"""The one place that loads Keras, on JAX: once this module is imported that is its default, unless Keras is loaded."""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from loopcast.errors import LoopcastError

if TYPE_CHECKING:
    import keras

os.environ.setdefault("KERAS_BACKEND", "jax")

__all__ = ["keras"]


def __getattr__(name: str) -> Any:
    """Load Keras when it is first used; LoopcastError where it runs on something else."""
    if name != "keras":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    loaded = import_module("keras")
    running = loaded.backend.backend()
    if running != "jax":
        raise LoopcastError(
            f"Keras is running on {running!r}, Loopcast's layers need it on JAX: import loopcast.layers before keras "
            "(loopcast alone does not choose for you), or set the environment variable KERAS_BACKEND=jax"
        )
    return loaded
