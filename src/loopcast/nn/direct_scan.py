"""Recurrent layers over whole sequences by the kernels, without XLA: nothing is compiled, and a forecast is soon."""

import ctypes
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from loopcast.kernels import most_threads
from loopcast.nn.ctypes_step import (
    Forward,
    StepCall,
    checked_library,
    pad_units,
    pointer,
    stack_of,
    step_error,
    workspace_floats,
)
from loopcast.nn.shapes import SHAPES, CellWeights

DirectState = tuple[tuple[np.ndarray, ...], ...]  # of each layer its arrays, float32 `[batch, unit]`, units padded

ROWS = 2**16  # rows of series that are taken at once: memory does not grow with their number


class DirectScan:
    """A stack of layers without a head, ready to run on any batch, in as many threads as there are processors.

    It holds copies of the weights; the kernels must be built.
    """

    def __init__(self, cell: str, layers: tuple[CellWeights, ...]) -> None:
        self.cell, self.kind = cell, SHAPES[cell]
        self.layers = [pad_units(self.kind, layer, first=index == 0) for index, layer in enumerate(layers)]
        self.units = int(layers[-1].recurrent_kernel.shape[0])
        self.library = checked_library()

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """`[batch, time, input]` float32 from a state of zeros to the last layer's output, `[batch, time, unit]`."""
        return self.scan(self.zero_state(len(inputs)), inputs)[1]

    def zero_state(self, batch: int) -> DirectState:
        """Of a batch before its first row."""
        zero = [
            tuple(np.zeros((batch, layer.units), np.float32) for _ in range(self.kind.states)) for layer in self.layers
        ]
        return tuple(zero)

    def scan(self, state: DirectState, inputs: np.ndarray) -> tuple[DirectState, np.ndarray]:
        """The same from any state; beside it the state after the last row."""
        batch, time, _ = inputs.shape
        after = self.zero_state(batch)
        outputs = np.empty((batch, time, self.layers[-1].units), np.float32)
        count = max(-(-batch * time // ROWS), min(most_threads(), batch))
        parts = [slice(a, b) for a, b in pairwise(np.linspace(0, batch, count + 1).astype(int)) if b > a]
        in_threads(lambda part: self._run(state, after, inputs, outputs, part), parts)
        return after, outputs[..., : self.units]

    def _run(
        self, state: DirectState, after: DirectState, inputs: np.ndarray, outputs: np.ndarray, part: slice
    ) -> None:
        """Some of a batch; what lies together in the whole does so in a part of it."""
        inputs, outputs = np.ascontiguousarray(inputs[part]), outputs[part]
        batch, time, width = inputs.shape
        before, then = (
            [[np.ascontiguousarray(each[part]) for each in layer] for layer in ends] for ends in (state, after)
        )
        stack = stack_of(self.cell, self.layers, before, then, None, batch=batch, time=time, last_only=False)
        workspace = np.zeros(workspace_floats(stack, width, self.layers), np.float32)
        forward = Forward(stack, pointer(inputs), None, pointer(outputs), False, pointer(workspace))
        call = StepCall(forward, workspace.size)
        status = self.library.loopcast_step(ctypes.byref(call))
        if status:
            raise step_error(self.library, status, call)


def in_threads(do: Callable[[slice], None], parts: Sequence[slice]) -> None:
    """Do each part, in as many threads as there are processors; one alone without: to start one takes longer."""
    if len(parts) == 1:
        do(parts[0])
        return
    with ThreadPoolExecutor(most_threads()) as pool:  # the kernels let go of Python's lock
        list(pool.map(do, parts))
