"""The causal encoder in C++ (`native/include/loopcast/causal.hpp`), called with ctypes: many series in all threads."""

import ctypes

import numpy as np

from loopcast.errors import LoopcastError
from loopcast.features.causal.ahead import CANDIDATES, CODES
from loopcast.features.causal.inputs import INPUTS
from loopcast.features.causal.track import Periods
from loopcast.kernels import checked_library, most_threads

SIZES = ("series", "time", "origins", "steps", "season", "second", "threads")
READ = ("values", "lengths", "begin", "at", "ahead")
WRITTEN = ("inputs", "base", "scale", "candidates", "codes", "curved", "unit", "first", "usual")


class _EncodeCall(ctypes.Structure):
    _fields_ = (*((name, ctypes.c_size_t) for name in SIZES), *((name, ctypes.c_void_p) for name in READ + WRITTEN))


STRUCTURES: dict[str, type[ctypes.Structure]] = {"EncodeCall": _EncodeCall}


def native_encode(
    values: np.ndarray, lengths: np.ndarray, periods: Periods, which: np.ndarray, rows: np.ndarray, steps: np.ndarray
) -> dict[str, np.ndarray]:
    """The arrays of an `Encoding` by name, those of `written` among them; see `encode`.

    which, rows, steps: the parts of `Origins`. Raises LoopcastError, with nothing computed, where a length, an origin
    or a step is out of range.
    """
    loaded, (series, time), (count, ahead) = checked_library(*STRUCTURES.items()), values.shape, steps.shape
    order = np.lexsort((rows, which))
    begin = np.searchsorted(which[order], np.arange(series + 1))
    given = [
        np.ascontiguousarray(values, np.float64),
        *(np.ascontiguousarray(array, np.int64) for array in (lengths, begin, rows[order], steps[order])),
    ]
    shapes = ((series, time, INPUTS), (count, ahead), (count,), (count, ahead, CANDIDATES), (count, ahead, CODES))
    dtypes = (np.float32, np.float64, np.float64, np.float32, np.float32, np.bool_, np.float64, np.float64, np.float64)
    told = [np.empty(shape, dtype) for shape, dtype in zip((*shapes, *((count,),) * 4), dtypes, strict=True)]
    sizes = (series, time, count, ahead, periods.season, periods.second, most_threads())
    call = _EncodeCall(*sizes, *(array.ctypes.data for array in (*given, *told)))
    status = loaded.loopcast_encode(ctypes.byref(call))
    if status:
        reason = loaded.loopcast_origin_message(status).decode()
        facts = f"seasons of {periods.season} and {periods.second}, {series} series of {time} rows"
        raise LoopcastError(f"the kernels cannot encode these series: {reason} ({facts})")
    place = np.argsort(order)
    return {name: array if name == "inputs" else array[place] for name, array in zip(WRITTEN, told, strict=True)}
