"""The library of compiled kernels: where it is, and what the compiler made of it.

The kernels are C++ (`native/`), called with ctypes alone, without JAX; `loopcast.xla_kernels` has JAX call them.
"""

import ctypes
import os
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from loopcast.errors import LoopcastError

LIBRARY = Path(__file__).parent / "native" / "loopcast_kernels.so"
FUNCTIONS = (
    "loopcast_workspace",
    "loopcast_step",
    "loopcast_step_message",
    "loopcast_encode",
    "loopcast_decode_steps",
    "loopcast_read",
    "loopcast_trees",
    "loopcast_origin_message",
    "loopcast_follower_network",
    "loopcast_follower_trees",
    "loopcast_follower_simple",
    "loopcast_follower_mean",
    "loopcast_follower_sizes",
    "loopcast_follower_end",
    "loopcast_live_plan",
    "loopcast_live_end",
    "loopcast_live_place",
    "loopcast_live_load",
    "loopcast_live_fields",
    "loopcast_live_rewind",
    "loopcast_live_first_gap",
    "loopcast_live_rows",
    "loopcast_live_read",
    "loopcast_live_deliver",
    "loopcast_live_intact",
    "loopcast_instructions",
)
_REBUILD = "the library was built from other sources than this package; rebuild it (`pip install .`)"


def why_not_built() -> str | None:
    """Why there are no kernels to call, as a sentence; None if there are."""
    return None if LIBRARY.exists() else f"the kernels are not built: there is no {LIBRARY.name} in {LIBRARY.parent}"


@cache
def library() -> ctypes.CDLL:
    """The kernels, loaded once.

    Raises LoopcastError where the library is older than this package.
    """
    loaded = ctypes.CDLL(str(LIBRARY))
    require(loaded, FUNCTIONS)
    loaded.loopcast_instructions.restype = ctypes.c_char_p
    loaded.loopcast_workspace.restype = ctypes.c_int64
    loaded.loopcast_workspace.argtypes = [
        ctypes.c_int32,
        ctypes.c_int32,
        ctypes.c_bool,
        ctypes.c_bool,
        ctypes.c_int64,
        ctypes.POINTER(ctypes.c_int64),
        ctypes.c_int32,
    ]
    loaded.loopcast_step_message.restype = loaded.loopcast_origin_message.restype = ctypes.c_char_p
    return loaded


def require(loaded: ctypes.CDLL, names: Iterable[str]) -> None:
    """LoopcastError where the library lacks one of these."""
    lacking = [name for name in names if not hasattr(loaded, name)]
    if lacking:
        raise LoopcastError(f"{LIBRARY} has no {lacking[0]}: {_REBUILD}")


@cache
def layout() -> dict[str, tuple[int, ...]]:
    """What the compiler made of the structures and constants that Python repeats.

    `{"Stack.depth": (offset, size), "Stack": (size,), "lanes": (value,), ...}`, in bytes.

    Raises LoopcastError where the library is older than this table.
    """
    loaded = library()
    if not hasattr(loaded, "loopcast_layout"):
        raise LoopcastError(f"{LIBRARY} has no table of its structures: {_REBUILD}")
    loaded.loopcast_layout.restype = ctypes.c_char_p
    lines = (line.split() for line in loaded.loopcast_layout().decode().splitlines())
    return {name: tuple(map(int, numbers)) for name, *numbers in lines}


def check_layout(structures: Mapping[str, type[ctypes.Structure]], table: Mapping[str, tuple[int, ...]]) -> None:
    """Compare structures, by their names in C++, with the library's `layout()`.

    Raises LoopcastError that names the first structure and field that differ: a call would use the wrong memory.
    """
    for name, structure in structures.items():
        here = _layout_of(name, structure)
        there = {key: numbers for key, numbers in table.items() if key.partition(".")[0] == name}
        for key in sorted(here | there, key=lambda key: key == name):  # fields first: they say more than the size
            mine, its = here.get(key, ()), there.get(key, ())
            if mine != its:
                raise LoopcastError(f"{key} {_describe(mine)} in Python and {_describe(its)} in {LIBRARY}: {_REBUILD}")


@cache
def checked_library(*structures: tuple[str, type[ctypes.Structure]]) -> ctypes.CDLL:
    """The kernels, for a caller with these structures, by their names in C++. LoopcastError where one differs."""
    check_layout(dict(structures), layout())
    return library()


def _layout_of(name: str, structure: type[ctypes.Structure]) -> dict[str, tuple[int, ...]]:
    """A structure as `layout` describes it."""
    places = {field: getattr(structure, field) for field, *_ in structure._fields_}
    fields: dict[str, tuple[int, ...]] = {f"{name}.{field}": (at.offset, at.size) for field, at in places.items()}
    return fields | {name: (ctypes.sizeof(structure),)}


def _describe(numbers: tuple[int, ...]) -> str:
    texts = ("is absent", "has {} bytes", "lies at byte {} with {} bytes")
    return texts[len(numbers)].format(*numbers)


def most_threads() -> int:
    """As many threads as there are processors that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def instructions() -> str:
    """The instruction set the kernels use here: "avx512", "avx2" or "plain".

    For tests, the environment variable LOOPCAST_INSTRUCTIONS names another, before the first call.
    """
    return str(library().loopcast_instructions().decode())
