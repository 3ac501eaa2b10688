"""The library of compiled kernels: where it is, whether it can run here, and how a program calls it.

The kernels are C++ (`native/`), reached through XLA's foreign function interface. Whether they can be used is known
before anything runs: `why_no_kernels` gives a sentence, or None.
"""

import ctypes
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jax
import numpy as np

from loopcast.errors import LoopcastError

LIBRARY = Path(__file__).parent / "native" / "loopcast_kernels.so"
TARGETS = (
    "loopcast_infer",
    "loopcast_train",
    "loopcast_backward",
    "loopcast_windows",
    "loopcast_decode",
    "loopcast_decode_backward",
)
_REBUILD = "the library was built from other sources than this package; rebuild it (`pip install .`)"


def why_no_kernels(platform: str = "") -> str | None:
    """Why no kernel can run, as a sentence; None if they can.

    platform: "cpu", "gpu", ...; empty for the one that JAX uses by default.
    """
    platform = platform or jax.default_backend()
    if platform != "cpu":
        return f"the kernels run on a CPU, and JAX uses a {platform.upper()}"
    if not LIBRARY.exists():
        return f"the kernels are not built: there is no {LIBRARY.name} in {LIBRARY.parent}"
    return None


@cache
def library() -> ctypes.CDLL:
    """The kernels, loaded and registered with JAX once.

    Raises LoopcastError where the library is older than this package.
    """
    loaded = ctypes.CDLL(str(LIBRARY))
    lacking = [name for name in TARGETS if not hasattr(loaded, name)]
    if lacking:
        raise LoopcastError(f"{LIBRARY} has no {lacking[0]}: {_REBUILD}")
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
    loaded.loopcast_decoder_workspace.restype = ctypes.c_int64
    loaded.loopcast_decoder_workspace.argtypes = [ctypes.c_int64] * 4 + [ctypes.c_bool]
    loaded.loopcast_step.restype = ctypes.c_int32
    for name in TARGETS:
        handler = jax.ffi.pycapsule(getattr(loaded, name))  # type: ignore[no-untyped-call]
        jax.ffi.register_ffi_target(name, handler, platform="cpu")
    return loaded


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


def _layout_of(name: str, structure: type[ctypes.Structure]) -> dict[str, tuple[int, ...]]:
    """A structure as `layout` describes it."""
    places = {field: getattr(structure, field) for field, *_ in structure._fields_}
    fields: dict[str, tuple[int, ...]] = {f"{name}.{field}": (at.offset, at.size) for field, at in places.items()}
    return fields | {name: (ctypes.sizeof(structure),)}


def _describe(numbers: tuple[int, ...]) -> str:
    texts = ("is absent", "has {} bytes", "lies at byte {} with {} bytes")
    return texts[len(numbers)].format(*numbers)


def array_spec(*shape: int) -> Any:
    """Shape and dtype, float32, of an array that a kernel will write."""
    return jax.ShapeDtypeStruct(shape, np.float32)  # type: ignore[no-untyped-call]


def instructions() -> str:
    """The instruction set the kernels use here: "avx512", "avx2" or "plain".

    For tests, the environment variable LOOPCAST_INSTRUCTIONS names another, before the first call.
    """
    return str(library().loopcast_instructions().decode())
