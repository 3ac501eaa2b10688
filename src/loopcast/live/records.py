"""Memory for the blocks of many series: of equal size, they begin at cache lines and never move."""

import ctypes

import numpy as np

from loopcast.live.engine import aligned

BLOCKS = 256  # allocated at once


class Records:
    """Blocks of `size` bytes, by their number; new ones are zeros. Memory is taken as it is first written."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._chunks: list[np.ndarray] = []
        self._free: list[int] = []

    def new(self) -> int:
        """The number of a block of zeros."""
        if not self._free:
            first = len(self._chunks) * BLOCKS
            self._chunks.append(aligned(BLOCKS * self.size))
            self._free = list(range(first + BLOCKS - 1, first - 1, -1))
        return self._free.pop()

    def free(self, number: int) -> None:
        """Give a block back."""
        ctypes.memset(self.address(number), 0, self.size)
        self._free.append(number)

    def block(self, number: int) -> np.ndarray:
        """A block's bytes, as a view."""
        chunk, place = divmod(number, BLOCKS)
        return self._chunks[chunk][place * self.size : (place + 1) * self.size]

    def address(self, number: int) -> int:
        """Where a block begins."""
        chunk, place = divmod(number, BLOCKS)
        return self._chunks[chunk].ctypes.data + place * self.size
