"""The structures of live series as the kernels have them (`native/include/loopcast/origin.hpp`), and what is called."""

import ctypes
from functools import cache

from loopcast.errors import LoopcastError
from loopcast.features.causal.native_read import Reading
from loopcast.kernels import checked_library, library
from loopcast.models.trees import native_trees
from loopcast.models.trees.native_trees import Trees
from loopcast.nn import ctypes_step, direct_decoder
from loopcast.nn.ctypes_step import Stack
from loopcast.nn.direct_decoder import Decoder

SIZE, INT, FLOAT, AT = ctypes.c_size_t, ctypes.c_int64, ctypes.c_double, ctypes.c_void_p


class BoundsStructure(ctypes.Structure):
    _fields_ = (("lower", FLOAT), ("upper", FLOAT), ("automatic", ctypes.c_bool), ("integer", ctypes.c_bool))


class ShownPlan(ctypes.Structure):
    _fields_ = (
        *((name, SIZE) for name in ("season", "second", "table", "known_rows", "known_ahead", "covariates")),
        ("covariate", AT),
    )


class NetworkPlan(ctypes.Structure):
    _fields_ = (
        ("shown", ShownPlan), ("stack", Stack), ("decoder", Decoder), ("reading", Reading), ("places", Reading),
    )  # fmt: skip


class TreesPlan(ctypes.Structure):
    _fields_ = (
        ("shown", ShownPlan), ("trees", Trees), ("least", SIZE), ("usual", FLOAT * 2), ("bounds", BoundsStructure),
    )  # fmt: skip


class SimplePlan(ctypes.Structure):
    _fields_ = (
        ("kind", ctypes.c_int32), ("season", SIZE), ("length", SIZE), ("least", SIZE), ("reach", SIZE),
        ("weights", AT), ("relative", ctypes.c_bool), ("usual", FLOAT * 2), ("bounds", BoundsStructure),
    )  # fmt: skip


class MeanPlan(ctypes.Structure):
    _fields_ = (
        ("count", SIZE), ("season", SIZE), ("least", SIZE), ("members", AT), ("weights", AT), ("member_bounds", AT),
        ("usual", FLOAT * 2), ("bounds", BoundsStructure), ("own", ctypes.c_bool),
    )  # fmt: skip


class TrackingPlan(ctypes.Structure):
    _fields_ = (
        *((name, SIZE) for name in ("levels", "leads")),
        *((name, AT) for name in ("lead", "misses", "normal")),
        *((name, FLOAT) for name in ("rate", "trust")),
        *((name, AT) for name in ("columns", "shares", "theta_left", "theta_share", "places", "place_shares")),
        ("widened", SIZE),
        ("widening", AT),
        ("bounds", BoundsStructure),
    )


class LivePlan(ctypes.Structure):
    _fields_ = (("follower", AT), ("most_steps", SIZE), ("lateness", SIZE), ("tracking", TrackingPlan))


class RowsCall(ctypes.Structure):
    _fields_ = (
        *((name, SIZE) for name in ("rows", "series", "threads")),
        *((name, AT) for name in ("order", "begin", "blocks", "steps", "values", "statuses", "verdicts")),
    )


class KnownTable(ctypes.Structure):
    _fields_ = (("rows", AT), ("ahead", AT), ("first", INT), ("count", INT))


class SeriesHead(ctypes.Structure):
    """Where a series stands: see `native/ffi/live/series.hpp`."""

    _fields_ = (
        *((name, INT) for name in ("rows", "start", "judged", "seen", "duplicates", "revised", "late")),
        ("known", AT),
    )


STRUCTURES: dict[str, type[ctypes.Structure]] = {
    "ShownPlan": ShownPlan,
    "NetworkPlan": NetworkPlan,
    "TreesPlan": TreesPlan,
    "SimplePlan": SimplePlan,
    "MeanPlan": MeanPlan,
    "TrackingPlan": TrackingPlan,
    "TrackingBounds": BoundsStructure,
    "LivePlan": LivePlan,
    "RowsCall": RowsCall,
    "KnownTable": KnownTable,
    "SeriesHead": SeriesHead,
}


@cache
def quick_library() -> ctypes.PyDLL:
    """The kernels, called without giving Python's lock back: a row takes less time than that.

    So no two calls are under way at once, and one workspace serves all.
    """
    parts = (ctypes_step, direct_decoder, native_trees)
    checked_library(*(each for part in parts for each in part.STRUCTURES.items()), *STRUCTURES.items())
    loaded = ctypes.PyDLL(None, handle=library()._handle)
    number = ctypes.c_int32
    for name, result, arguments in (
        ("follower_end", None, [AT]),
        ("live_end", None, [AT]),
        ("live_place", number, [AT, AT, INT, FLOAT, INT, AT, AT]),
        ("live_load", number, [AT, AT, SIZE, AT, AT, AT]),
        ("live_fields", ctypes.c_char_p, [AT]),
        ("live_rewind", INT, [AT, AT, INT]),
        ("live_read", number, [AT, AT, SIZE, AT, AT]),
        ("live_deliver", number, [AT, AT, SIZE, AT, AT]),
        ("live_intact", number, [AT, AT]),
    ):
        function = getattr(loaded, f"loopcast_{name}")
        function.restype, function.argtypes = result, arguments
    return loaded


def check(status: int, what: str) -> None:
    """LoopcastError where a status is not 0."""
    if status:
        raise LoopcastError(f"the kernels cannot {what}: {library().loopcast_origin_message(status).decode()}")
