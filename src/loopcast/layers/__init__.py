"""Recurrent layers: pure functions for the networks, and `SimpleRNN`, `GRU` and `LSTM` to put in Keras models."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

import loopcast.backend  # noqa: F401 - Keras, imported after this, is on JAX

if TYPE_CHECKING:  # loaded at first use: the functions beside them need JAX alone
    from loopcast.layers.keras_layers import GRU, LSTM, SimpleRNN

__all__ = ["GRU", "LSTM", "SimpleRNN"]


def __getattr__(name: str) -> Any:
    """Load a Keras layer when it is first used (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'loopcast.layers' has no attribute {name!r}")
    return getattr(import_module("loopcast.layers.keras_layers"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
