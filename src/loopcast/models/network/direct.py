"""A network's weights as the kernels read them: made once for all models that share them, and not for each forecast."""

from functools import lru_cache

import numpy as np

from loopcast.nn.direct_decoder import DirectDecoder
from loopcast.nn.direct_scan import DirectScan
from loopcast.nn.origin_shape import OriginShape

KEPT = 8  # networks
MOST_NUMBERS = 2**17  # of inputs whose outputs are kept: some thousand rows


class SameArray:
    """An array as a key of a cache: it equals itself alone."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __hash__(self) -> int:
        return id(self.array)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameArray) and other.array is self.array


@lru_cache(KEPT)
def direct_parts(network: OriginShape, weights: SameArray) -> tuple[DirectScan, DirectDecoder]:
    """The layers and the decoder of a network, by its weights, which nobody changes; the kernels must be built."""
    parts = network.parts(weights.array)
    return DirectScan(network.cell, parts.layers), DirectDecoder(network.decoder, parts.decoder)


def outputs_of(network: OriginShape, weights: SameArray, inputs: np.ndarray) -> np.ndarray:
    """What the layers give at each row from before the first one on, `[series, time, unit]`; nobody changes it.

    Of a short panel it is kept for a while, since the calibration of a model and its forecast ask for the same.
    """
    if inputs.size > MOST_NUMBERS:
        return direct_parts(network, weights)[0](inputs)
    return _kept_outputs(network, weights, inputs.shape, inputs.tobytes())


@lru_cache(2)
def _kept_outputs(network: OriginShape, weights: SameArray, shape: tuple[int, ...], content: bytes) -> np.ndarray:
    inputs = np.frombuffer(content, np.float32).reshape(shape)
    outputs = direct_parts(network, weights)[0](inputs)
    outputs.flags.writeable = False
    return outputs
