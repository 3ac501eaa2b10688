"""The library of compiled kernels: where it is, whether it can run here, and how a program calls it.

The kernels are C++ (`native/`), reached through XLA's foreign function interface. Whether they can be used is known
before anything runs: `why_no_kernels` gives a sentence, or None.
"""

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

import jax
import numpy as np

LIBRARY = Path(__file__).parent / "native" / "loopcast_kernels.so"
TARGETS = (
    "loopcast_infer",
    "loopcast_train",
    "loopcast_backward",
    "loopcast_windows",
    "loopcast_decode",
    "loopcast_decode_backward",
)


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
    """The kernels, loaded and registered with JAX once."""
    loaded = ctypes.CDLL(str(LIBRARY))
    lacking = [name for name in TARGETS if not hasattr(loaded, name)]
    if lacking:
        raise ImportError(
            f"{LIBRARY} is of another version of Loopcast (it has no {lacking[0]}): install Loopcast again"
        )
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
    loaded.loopcast_step.restype = None
    for name in TARGETS:
        handler = jax.ffi.pycapsule(getattr(loaded, name))  # type: ignore[no-untyped-call]
        jax.ffi.register_ffi_target(name, handler, platform="cpu")
    return loaded


def array_spec(*shape: int) -> Any:
    """Shape and dtype, float32, of an array that a kernel will write."""
    return jax.ShapeDtypeStruct(shape, np.float32)  # type: ignore[no-untyped-call]


def instructions() -> str:
    """The instruction set the kernels use here: "avx512", "avx2" or "plain".

    For tests, the environment variable LOOPCAST_INSTRUCTIONS names another, before the first call.
    """
    return str(library().loopcast_instructions().decode())
