"""The kernels called with ctypes, without XLA: one step of one series, over buffers that are allocated once.

The structures mirror those of `native/include/loopcast/kernels.hpp`, field by field; before the first call they are
compared with what the library says of its own.
"""

import ctypes
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from loopcast import kernels
from loopcast.errors import LoopcastError, OptionError
from loopcast.kernels import layout, library
from loopcast.nn.shapes import SHAPES, CellShape, CellWeights, DenseWeights

Floats = ctypes.POINTER(ctypes.c_float)


class _Layer(ctypes.Structure):
    _fields_ = (
        ("inputs", ctypes.c_size_t),
        ("units", ctypes.c_size_t),
        ("kernel", Floats),
        ("recurrent_kernel", Floats),
        ("bias", Floats),
        ("state", Floats * 2),
        ("final_state", Floats * 2),
    )


class _Head(ctypes.Structure):
    _fields_ = (("outputs", ctypes.c_size_t), ("kernel", Floats), ("bias", Floats))


class Stack(ctypes.Structure):
    _fields_ = (
        ("cell", ctypes.c_int32),
        ("batch", ctypes.c_size_t),
        ("time", ctypes.c_size_t),
        ("depth", ctypes.c_size_t),
        ("layers", ctypes.POINTER(_Layer)),
        ("head", ctypes.POINTER(_Head)),
        ("masked", ctypes.c_bool),
        ("last_only", ctypes.c_bool),
    )


class Forward(ctypes.Structure):
    _fields_ = (
        ("stack", Stack),
        ("inputs", Floats),
        ("observed", ctypes.c_void_p),
        ("outputs", Floats),
        ("training", ctypes.c_bool),
        ("workspace", Floats),
    )


class StepCall(ctypes.Structure):
    _fields_ = (("forward", Forward), ("workspace_floats", ctypes.c_size_t))


STRUCTURES = {"Layer": _Layer, "Head": _Head, "Stack": Stack, "Forward": Forward, "StepCall": StepCall}


def checked_library() -> ctypes.CDLL:
    """The kernels, whose structures are those of this file. Raises LoopcastError where one differs."""
    return kernels.checked_library(*STRUCTURES.items())


class _Weights(NamedTuple):
    """One layer's weights, which the kernels read in place: every gate's units are padded to whole vectors."""

    kernel: np.ndarray
    recurrent_kernel: np.ndarray
    bias: np.ndarray

    @property
    def units(self) -> int:
        return len(self.recurrent_kernel)


class DirectStep:
    """One step of a stack of layers, and perhaps a head, on one series.

    `run()` reads `inputs` and `before`, and writes `after` and `outputs`.

    inputs: float32 `[input]`.
    before, after: the state, float32 `[number]`: each layer's arrays end to end, padded with zeros to whole vectors.
    outputs: float32, the head's `[output]`, or `[units]` of the last layer.

    It holds copies of the weights. It is not for two threads at once. The kernels must be built.
    Raises LoopcastError where the library's structures are not those of this file, OptionError for too many layers or
    units.
    """

    def __init__(self, cell: str, layers: Sequence[CellWeights], head: DenseWeights | None) -> None:
        self._library = checked_library()
        kind = SHAPES[cell]
        padded = [pad_units(kind, layer, first=index == 0) for index, layer in enumerate(layers)]
        units, width = layers[-1].recurrent_kernel.shape[0], len(padded[0].kernel)
        outputs = np.zeros(padded[-1].units if head is None else head.bias.size, np.float32)
        self.inputs, self.outputs = np.zeros(width, np.float32), outputs[:units] if head is None else outputs
        numbers = kind.states * sum(layer.units for layer in padded)
        self.before, self.after = np.zeros(numbers, np.float32), np.zeros(numbers, np.float32)

        dense = None if head is None else (_pad_rows(head.kernel, padded[-1].units), _floats(head.bias))
        states = _split_state(self.before, kind, padded), _split_state(self.after, kind, padded)
        stack = stack_of(cell, padded, *states, dense)
        workspace = np.zeros(workspace_floats(stack, width, padded), np.float32)
        forward = Forward(stack, pointer(self.inputs), None, pointer(outputs), False, pointer(workspace))
        self._call = StepCall(forward, workspace.size)
        self._reference = ctypes.byref(self._call)
        self._pointed_to = padded, dense, outputs, workspace  # ctypes keeps no array alive
        self._step = self._library.loopcast_step

    def run(self) -> None:
        """Take the step. Raises LoopcastError, with nothing computed, where the call would leave its buffers."""
        status = self._step(self._reference)
        if status:
            raise step_error(self._library, status, self._call)


def step_error(loaded: ctypes.CDLL, status: int, call: StepCall) -> LoopcastError:
    stack, reason = call.forward.stack, loaded.loopcast_step_message(status).decode()
    return LoopcastError(
        f"the kernels cannot take this step: {reason} (cell {stack.cell}, {stack.depth} layers, batch {stack.batch}, "
        f"time {stack.time}, workspace of {call.workspace_floats} floats)"
    )


def stack_of(
    cell: str,
    layers: Sequence[_Weights],
    before: list[list[np.ndarray]],
    after: list[list[np.ndarray]],
    head: tuple[np.ndarray, np.ndarray] | None,
    *,
    batch: int = 1,
    time: int = 1,
    last_only: bool = True,
) -> Stack:
    """A stack that points to these arrays, which have to outlive it."""
    structures = [
        _Layer(len(layer.kernel), layer.units, *map(pointer, layer), *((Floats * 2)(*map(pointer, s)) for s in states))
        for layer, *states in zip(layers, before, after, strict=True)
    ]
    dense = None if head is None else ctypes.pointer(_Head(head[1].size, *map(pointer, head)))
    array = (_Layer * len(structures))(*structures)
    return Stack(SHAPES[cell].number, batch, time, len(structures), array, dense, False, last_only)


def workspace_floats(stack: Stack, width: int, layers: Sequence[_Weights]) -> int:
    sizes = (ctypes.c_int64 * (3 + len(layers)))(stack.batch, stack.time, width, *(layer.units for layer in layers))
    outputs = stack.head.contents.outputs if stack.head else -1
    floats = library().loopcast_workspace(0, stack.cell, False, stack.last_only, outputs, sizes, len(layers))
    if floats < 0:
        raise OptionError(
            f"{len(layers)} layers of {[layer.units for layer in layers]} units are too many for a kernel"
        )
    return int(floats)


def _split_state(state: np.ndarray, kind: CellShape, layers: Sequence[_Weights]) -> list[list[np.ndarray]]:
    """Each layer's arrays of the state, as views."""
    ends = np.cumsum([0, *(layer.units for layer in layers for _ in range(kind.states))])
    arrays = [state[a:b] for a, b in pairwise(ends)]
    return [arrays[k : k + kind.states] for k in range(0, len(arrays), kind.states)]


def pad_units(kind: CellShape, layer: CellWeights, *, first: bool) -> _Weights:
    """Pad every gate's units to whole vectors; the inputs too, which are the layer's below, unless it is the first.

    The added units stay at zero, as those of every cell do that have no weights.
    """
    inputs, units = layer.kernel.shape[0], layer.recurrent_kernel.shape[0]
    return _Weights(
        _pad_gates(_pad_rows(layer.kernel, inputs if first else round_up(inputs)), kind.gates),
        _pad_gates(_pad_rows(layer.recurrent_kernel, round_up(units)), kind.gates),
        _pad_gates(_floats(layer.bias).reshape(kind.bias_rows, -1), kind.gates),
    )


def _pad_gates(matrix: np.ndarray, gates: int) -> np.ndarray:
    """`[row, gates * units]` with every gate's units padded."""
    blocks = matrix.reshape(len(matrix), gates, matrix.shape[1] // gates)
    units = round_up(blocks.shape[2])
    padded = np.pad(blocks, ((0, 0), (0, 0), (0, units - blocks.shape[2])))
    return np.ascontiguousarray(padded.reshape(len(matrix), gates * units))


def _pad_rows(matrix: Any, count: int) -> np.ndarray:
    """`[row, column]` padded to `count` rows."""
    floats = _floats(matrix)
    return np.pad(floats, ((0, count - len(floats)), (0, 0)))


def _floats(array: Any) -> np.ndarray:
    return np.array(array, np.float32)


def round_up(units: int) -> int:
    """The next multiple of the kernels' lanes: units that fill whole vectors are read in place, not copied."""
    (lanes,) = layout()["lanes"]
    return -(-units // lanes) * lanes


def pointer(array: np.ndarray) -> "ctypes._Pointer[ctypes.c_float]":
    return array.ctypes.data_as(Floats)
