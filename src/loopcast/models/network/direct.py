"""A network's weights as the kernels read them: made once for all models that share them, and not for each forecast."""

from functools import lru_cache

import numpy as np

from loopcast.nn.direct_decoder import DirectDecoder
from loopcast.nn.direct_scan import DirectScan
from loopcast.nn.origin_shape import OriginShape

KEPT = 8  # networks


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
