"""The decoder that steps share, by the kernels, without XLA."""

import ctypes
from typing import Any

import numpy as np

from loopcast.errors import LoopcastError
from loopcast.kernels import checked_library, most_threads
from loopcast.nn.ctypes_step import round_up
from loopcast.nn.step_decoder import PROBABILITIES, SIDE, StepDecoder, StepWeights

SIZES = ("state", "inputs", "candidates", "codes", "units")
PARTS = ("known", "step", "bias", "second", "second_bias", "readout", "readout_bias")
ARRAYS = ("state", "inputs", "candidates", "codes", "quantiles")


class Decoder(ctypes.Structure):
    _fields_ = (*((name, ctypes.c_size_t) for name in SIZES), *((name, ctypes.c_void_p) for name in PARTS))


class _StepDecode(ctypes.Structure):
    _fields_ = (
        ("decoder", Decoder),
        *((name, ctypes.c_size_t) for name in ("rows", "steps", "threads")),
        *((name, ctypes.c_void_p) for name in ARRAYS),
    )


STRUCTURES: dict[str, type[ctypes.Structure]] = {"StepDecoder": Decoder, "StepDecode": _StepDecode}


class DirectDecoder:
    """A decoder ready to run on any rows, in as many threads as pay.

    It holds copies of the weights, padded to whole vectors. The kernels must be built.
    """

    def __init__(self, decoder: StepDecoder, weights: StepWeights) -> None:
        self.decoder, self.library = decoder, checked_library(*STRUCTURES.items())
        self.weights = pad_weights(decoder, weights)
        sizes = (*(getattr(decoder, name) for name in SIZES[:-1]), round_up(decoder.units))
        self.structure = Decoder(*sizes, *(part.ctypes.data for part in self.weights))

    def __call__(self, state: Any, inputs: Any, candidates: Any, codes: Any) -> np.ndarray:
        """Quantiles float32 `[..., step, probability]`; see `StepDecoder.apply`."""
        given = [np.ascontiguousarray(array, np.float32) for array in (state, inputs, candidates, codes)]
        *leading, steps, _ = given[2].shape
        quantiles = np.empty((*leading, steps, len(PROBABILITIES)), np.float32)
        rows = int(np.prod(leading))
        arrays = (array.ctypes.data for array in (*given, quantiles))
        call = _StepDecode(self.structure, rows, steps, most_threads(), *arrays)
        status = self.library.loopcast_decode_steps(ctypes.byref(call))
        if status:
            reason = self.library.loopcast_origin_message(status).decode()
            raise LoopcastError(f"the kernels cannot decode {rows} rows of {steps} steps: {reason}")
        return quantiles


def pad_weights(decoder: StepDecoder, weights: StepWeights) -> list[np.ndarray]:
    """In the order of PARTS: units padded with zeros to whole vectors, and so the readout's shares and its gaps."""
    shares = 1 + decoder.candidates
    units = round_up(decoder.units)
    parts = [np.asarray(part, np.float32) for part in weights]
    split = [(part[..., :shares], part[..., shares:]) for part in parts[5:]]
    readout = [np.concatenate([_pad(one, shares), _pad(other, 2 * SIDE)], axis=-1) for one, other in split]
    padded = [*(_pad(part, decoder.units) for part in parts[:5]), *readout]
    for place in (3, 5):  # a row for each unit
        padded[place] = np.pad(padded[place], ((0, units - decoder.units), (0, 0)))
    return [np.ascontiguousarray(part) for part in padded]


def _pad(array: np.ndarray, columns: int) -> np.ndarray:
    """The last axis, of so many columns, padded to whole vectors."""
    return np.pad(array, (*((0, 0),) * (array.ndim - 1), (0, round_up(columns) - columns)))
