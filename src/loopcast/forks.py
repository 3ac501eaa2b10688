"""Whether this process may compute: not where it was forked from one that did.

Polars, JAX and the kernels compute in threads of their own. A fork copies none of them, and what waits for one in the
child waits for ever. A fork before anything was computed is safe, for the child starts its own.
"""

import os
from types import SimpleNamespace

from loopcast.errors import LoopcastError

_process = SimpleNamespace(computed=False, forked_since=False)


def check_not_forked() -> None:
    """Stands at every door to a computation: LoopcastError in a process that was forked after one was passed."""
    if _process.forked_since:
        raise LoopcastError(
            "this process was forked after Loopcast had computed something, and its threads stayed behind: "
            "start workers by spawn or forkserver, as multiprocessing.get_context('spawn') does, or fork before the "
            "first table is read or made"
        )
    _process.computed = True


def _forked() -> None:
    _process.forked_since = _process.computed


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_forked)
