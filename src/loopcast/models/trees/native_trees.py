"""Trees in C++ (`native/include/loopcast/trees.hpp`): of many rows at once, and as live series are followed by them."""

import ctypes

import numpy as np

from loopcast.errors import LoopcastError
from loopcast.kernels import checked_library, library, most_threads
from loopcast.models.trees.ensemble import TreeEnsemble

SIZE, AT = ctypes.c_size_t, ctypes.c_void_p
ARRAYS = ("feature", "threshold", "left", "right", "value", "roots")


class Trees(ctypes.Structure):
    _fields_ = (
        *((name, SIZE) for name in ("features", "nodes", "trees")),
        ("base", ctypes.c_double),
        *((name, AT) for name in ARRAYS),
    )


class _TreesCall(ctypes.Structure):
    _fields_ = (("trees", Trees), ("rows", SIZE), ("threads", SIZE), ("numbers", AT), ("said", AT))


STRUCTURES: dict[str, type[ctypes.Structure]] = {"Trees": Trees, "TreesCall": _TreesCall}


def structure(ensemble: TreeEnsemble) -> tuple[Trees, list[np.ndarray]]:
    """The trees as the kernels have them, and the arrays that have to live as long."""
    arrays = [np.ascontiguousarray(getattr(ensemble, name)) for name in ARRAYS]
    sizes = ensemble.features, len(ensemble.feature), len(ensemble.roots)
    return Trees(*sizes, ensemble.base, *(each.ctypes.data for each in arrays)), arrays


def native_said(ensemble: TreeEnsemble, rows: np.ndarray) -> np.ndarray:
    """See `TreeEnsemble.said`: the same numbers."""
    trees, _keep = structure(ensemble)
    rows, said = np.ascontiguousarray(rows, np.float32), np.empty(len(rows), np.float32)
    if len(rows) and rows.shape[1] != ensemble.features:
        raise LoopcastError(f"trees ask for {ensemble.features} numbers of a row, got {rows.shape[1]}")
    call = _TreesCall(trees, len(rows), most_threads(), rows.ctypes.data, said.ctypes.data)
    status = checked_library(*STRUCTURES.items()).loopcast_trees(ctypes.byref(call))
    if status:
        raise LoopcastError(f"the kernels refuse the trees: {library().loopcast_origin_message(status).decode()}")
    return said
