"""The kernels as JAX calls them, through XLA's foreign function interface.

Whether they can be used is known before anything runs: `why_no_kernels` gives a sentence, or None.
"""

import ctypes
from functools import cache
from typing import Any

import jax
import numpy as np

from loopcast import kernels
from loopcast.kernels import require, why_not_built

TARGETS = (
    "loopcast_infer",
    "loopcast_train",
    "loopcast_backward",
    "loopcast_windows",
)


def why_no_kernels(platform: str = "") -> str | None:
    """Why no kernel can run, as a sentence; None if they can.

    platform: "cpu", "gpu", ...; empty for the one that JAX uses by default.
    """
    platform = platform or jax.default_backend()
    if platform != "cpu":
        return f"the kernels run on a CPU, and JAX uses a {platform.upper()}"
    return why_not_built()


@cache
def library() -> ctypes.CDLL:
    """The kernels, loaded and registered with JAX once.

    Raises LoopcastError where the library is older than this package.
    """
    loaded = kernels.library()
    require(loaded, TARGETS)
    for name in TARGETS:
        handler = jax.ffi.pycapsule(getattr(loaded, name))  # type: ignore[no-untyped-call]
        jax.ffi.register_ffi_target(name, handler, platform="cpu")
    return loaded


def array_spec(*shape: int) -> Any:
    """Shape and dtype, float32, of an array that a kernel will write."""
    return jax.ShapeDtypeStruct(shape, np.float32)  # type: ignore[no-untyped-call]
