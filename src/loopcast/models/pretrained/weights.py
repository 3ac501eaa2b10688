"""The weights that come with the library, or those of a pretraining of one's own."""

import os
from functools import cache
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from loopcast.errors import ModelFileError, quote
from loopcast.features.causal.ahead import CANDIDATES, CODES
from loopcast.features.causal.inputs import INPUTS
from loopcast.nn.origin_shape import OriginShape

UNITS = (64, 64)
SHIPPED = Path(__file__).with_name("weights.safetensors")


def shipped_network() -> OriginShape:
    """The architecture of the shipped weights."""
    return OriginShape(inputs=INPUTS, units=UNITS, candidates=CANDIDATES, codes=CODES)


@cache
def shipped_weights() -> np.ndarray:
    """All numbers of the shipped network, float32, read-only."""
    return read_weights(SHIPPED)


def read_weights(path: str | os.PathLike[str]) -> np.ndarray:
    """All numbers of a network of this architecture, float32, read-only; `python -m loopcast.pretraining` writes them.

    ModelFileError for a file of anything else.
    """
    if not Path(path).is_file():
        raise ModelFileError(
            f"{quote(os.fspath(path))} is no file: start is one that python -m loopcast.pretraining wrote"
        )
    try:
        found = load_file(path)
    except SafetensorError as error:
        raise ModelFileError(f"{quote(os.fspath(path))} holds no weights: {error}") from error
    weights = found.get("weights", np.zeros(0)).astype(np.float32)
    if weights.shape != (shipped_network().parameters,) or not np.isfinite(weights).all():
        raise ModelFileError(
            f"{quote(os.fspath(path))} holds no weights of this network, which are {shipped_network().parameters:,} "
            "finite numbers"
        )
    weights.flags.writeable = False
    return weights
