"""Values from quantiles in units of the scale, in C++ (`native/include/loopcast/causal/read.hpp`)."""

import ctypes

import numpy as np

from loopcast.errors import LoopcastError
from loopcast.features.causal.encode import Encoding
from loopcast.kernels import checked_library, library

READ = ("quantiles", "base", "scale", "unit", "first", "highest", "curved", "repeated")


class Reading(ctypes.Structure):
    _fields_ = (("probabilities", ctypes.c_size_t), ("left", ctypes.c_void_p), ("share", ctypes.c_void_p))


class _ReadCall(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_size_t) for name in ("rows", "steps")),
        ("reading", Reading),
        *((name, ctypes.c_void_p) for name in (*READ, "values")),
    )


STRUCTURES: dict[str, type[ctypes.Structure]] = {"Reading": Reading, "ReadCall": _ReadCall}


def native_read(
    told: Encoding,
    quantiles: np.ndarray,
    places: tuple[np.ndarray, np.ndarray],
    highest: np.ndarray,
    repeated: np.ndarray,
) -> np.ndarray:
    """Values float64 `[origin, step, probability]` of quantiles float32 `[origin, step, quantile]`.

    places: of each probability, the quantile below it, int64, and the share of the way to the next one, float64.
    highest, repeated: as `Questions` has them, of the same origins.
    """
    left, share = places
    numbers = (told.base, told.scale, told.written.unit, told.written.first, highest)
    given: list[np.ndarray] = [
        np.ascontiguousarray(quantiles, np.float32),
        *(np.ascontiguousarray(array, np.float64) for array in numbers),
        np.ascontiguousarray(told.written.curved, np.bool_),
        np.ascontiguousarray(repeated, np.float64),
    ]
    values = np.empty((*told.base.shape, len(share)))
    reading = Reading(len(share), left.ctypes.data, share.ctypes.data)
    arrays = (array.ctypes.data for array in (*given, values))
    call = _ReadCall(told.scale.size, told.base.shape[-1], reading, *arrays)
    status = checked_library(*STRUCTURES.items()).loopcast_read(ctypes.byref(call))
    if status:
        reason = library().loopcast_origin_message(status).decode()
        raise LoopcastError(f"the kernels cannot read these {told.scale.size} rows: {reason}")
    return values
