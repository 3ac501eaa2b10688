"""Where jobs can run, by name."""

from contextlib import AbstractContextManager, nullcontext
from typing import Literal, get_args

from loopcast.errors import OptionError, quote
from loopcast.parallel.jobs import Here, Runner
from loopcast.parallel.processes import in_processes

On = Literal["processes", "ray"]


def check_on(on: On) -> On:
    """`on`, if it names a place where jobs can run; OptionError otherwise.

    >>> check_on("processes")
    'processes'
    """
    if on not in get_args(On):
        raise OptionError(f'on is "processes" or "ray", got {quote(on)}')
    return on


def open_runner(on: On, n_jobs: int) -> AbstractContextManager[Runner]:
    """So many jobs at once: one is done in this process, several in others; on Ray all are done in others.

    OptionError where Ray is not installed; LoopcastError where its cluster cannot be joined.
    """
    if on == "ray":
        from loopcast.parallel.ray_cluster import on_ray

        return on_ray(n_jobs)
    return nullcontext(Runner(workers=(), share=Here)) if n_jobs == 1 else in_processes(n_jobs)
