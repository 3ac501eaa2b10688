"""How programs that run a network are compiled: quickly, where the kernels do the work and XLA's own part is short."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol

import jax

from loopcast.cache import enable_compile_cache

# What benchmarks/startup.py measured, and for which versions: an option that another does not know is an error there.
VERSIONS = ((0, 10),)
FAST_COMPILE: dict[str, bool | str] = {
    "xla_cpu_use_fusion_emitters": False,
    "xla_cpu_parallel_codegen_split_count": "1",
    "xla_backend_optimization_level": "1",
}


class RunsNetwork(Protocol):
    """A hashable value that says whether the kernels do nearly all of its work."""

    @property
    def runs_on_kernels(self) -> bool: ...


def jit_network(static: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`jax.jit` of a function whose first `static` arguments are values, the very first one a RunsNetwork."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        plain = jax.jit(function, static_argnums=tuple(range(static)))
        known = jax.version.__version_info__[:2] in VERSIONS
        quick = (
            jax.jit(function, static_argnums=tuple(range(static)), compiler_options=FAST_COMPILE) if known else plain
        )

        @wraps(function)
        def run(first: RunsNetwork, *arguments: Any) -> Any:
            enable_compile_cache()
            return (quick if first.runs_on_kernels else plain)(first, *arguments)

        return run

    return decorate
