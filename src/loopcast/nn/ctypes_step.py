"""The kernels called directly, without XLA: one step of one series, over buffers that are made once.

The structures are those of `native/include/loopcast/kernels.hpp`, field by field.
"""

import ctypes
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from loopcast.errors import OptionError
from loopcast.kernels import library
from loopcast.nn.cells import CELLS, Array, Cell, CellWeights, DenseWeights
from loopcast.nn.fused import CELL_NUMBERS

LANES = 16  # numbers in a row of the kernels, or a multiple: rows that are whole are used where they lie

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


class _Stack(ctypes.Structure):
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


class _Forward(ctypes.Structure):
    _fields_ = (
        ("stack", _Stack),
        ("inputs", Floats),
        ("observed", ctypes.c_void_p),
        ("outputs", Floats),
        ("training", ctypes.c_bool),
        ("workspace", Floats),
    )


class _Weights(NamedTuple):
    """Of one layer, as the kernels read them in place: all units filled up to whole rows."""

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
    before, after: the state, float32 `[number]`: each layer's arrays end to end, filled up to whole rows with zeros.
    outputs: float32, the head's `[output]`, or `[units]` of the last layer.

    It holds copies of the weights. It is not for two threads at once. The kernels must be built.
    """

    def __init__(self, cell: str, layers: Sequence[CellWeights], head: DenseWeights | None) -> None:
        kind, own = CELLS[cell], [pad_units(CELLS[cell], layer, first=layer is layers[0]) for layer in layers]
        units = layers[-1].recurrent_kernel.shape[0]
        width, written = len(own[0].kernel), own[-1].units if head is None else head.bias.size
        self.inputs, outputs = np.zeros(width, np.float32), np.zeros(written, np.float32)
        self.outputs = outputs[:units] if head is None else outputs
        numbers = kind.states * sum(layer.units for layer in own)
        self.before, self.after = np.zeros(numbers, np.float32), np.zeros(numbers, np.float32)

        top = None if head is None else (_rows(head.kernel, own[-1].units), _floats(head.bias))
        stack = _stack(cell, own, _parts(self.before, kind, own), _parts(self.after, kind, own), top)
        workspace = np.zeros(_workspace(stack, width, own), np.float32)
        call = _Forward(stack, pointer(self.inputs), None, pointer(outputs), False, pointer(workspace))
        self._kept = own, top, outputs, workspace, stack, call  # what the call points to
        self._step, self._call = library().loopcast_step, ctypes.byref(call)

    def run(self) -> None:
        self._step(self._call)


def _stack(
    cell: str,
    layers: Sequence[_Weights],
    before: list[list[np.ndarray]],
    after: list[list[np.ndarray]],
    head: tuple[np.ndarray, np.ndarray] | None,
) -> _Stack:
    """It points to what is given, which has to outlive it."""
    each = [
        _Layer(len(layer.kernel), layer.units, *map(pointer, layer), *((Floats * 2)(*map(pointer, s)) for s in states))
        for layer, *states in zip(layers, before, after, strict=True)
    ]
    top = None if head is None else ctypes.pointer(_Head(head[1].size, *map(pointer, head)))
    return _Stack(CELL_NUMBERS[cell], 1, 1, len(each), (_Layer * len(each))(*each), top, False, True)


def _workspace(stack: _Stack, width: int, layers: Sequence[_Weights]) -> int:
    sizes = (ctypes.c_int64 * (3 + len(layers)))(1, 1, width, *(layer.units for layer in layers))
    outputs = stack.head.contents.outputs if stack.head else -1
    floats = library().loopcast_workspace(0, stack.cell, False, True, outputs, sizes, len(layers))
    if floats < 0:
        raise OptionError(f"layers of {[layer.units for layer in layers]} units are too large for a kernel")
    return int(floats)


def _parts(state: np.ndarray, kind: Cell, layers: Sequence[_Weights]) -> list[list[np.ndarray]]:
    """Each layer's arrays of the state."""
    ends = np.cumsum([0, *(layer.units for layer in layers for _ in range(kind.states))])
    arrays = [state[a:b] for a, b in pairwise(ends)]
    return [arrays[k : k + kind.states] for k in range(0, len(arrays), kind.states)]


def pad_units(kind: Cell, layer: CellWeights, *, first: bool) -> _Weights:
    """The units that are added stay at zero, as those of every cell without weights."""
    inputs, units = layer.kernel.shape[0], layer.recurrent_kernel.shape[0]
    return _Weights(
        _columns(_rows(layer.kernel, inputs if first else round_up(inputs)), kind.gates),
        _columns(_rows(layer.recurrent_kernel, round_up(units)), kind.gates),
        _columns(_floats(layer.bias).reshape(kind.bias_rows, -1), kind.gates),
    )


def _columns(rows: np.ndarray, gates: int) -> np.ndarray:
    """`[row, gates * units]` with every gate filled up to whole rows."""
    each = rows.reshape(len(rows), gates, -1)
    more = round_up(each.shape[2]) - each.shape[2]
    return np.ascontiguousarray(np.pad(each, ((0, 0), (0, 0), (0, more))).reshape(len(rows), -1))


def _rows(matrix: Array, count: int) -> np.ndarray:
    """`[row, column]` filled up to `count` rows."""
    floats = _floats(matrix)
    return np.pad(floats, ((0, count - len(floats)), (0, 0)))


def _floats(array: Array) -> np.ndarray:
    return np.array(array, np.float32)


def round_up(units: int) -> int:
    return -(-units // LANES) * LANES


def pointer(array: np.ndarray) -> "ctypes._Pointer[ctypes.c_float]":
    return array.ctypes.data_as(Floats)
