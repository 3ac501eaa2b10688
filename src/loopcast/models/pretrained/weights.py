"""The weights that come with the library."""

from functools import cache
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

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
    weights: np.ndarray = load_file(SHIPPED)["weights"].astype(np.float32)
    weights.flags.writeable = False
    return weights
