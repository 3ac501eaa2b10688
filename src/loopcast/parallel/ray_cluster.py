"""Jobs on a Ray cluster: the one that the caller or RAY_ADDRESS names, or one that is started here and ended again.

Each job is a task of Ray's, which has one processor of the cluster and waits until one is free. Its process computes in
as many threads as this one would, for the sake of the same bits, as in `processes`.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from loopcast.errors import LoopcastError, OptionError, quote, reason
from loopcast.parallel.jobs import Here, Runner
from loopcast.parallel.processes import usable_cores

try:
    import ray
    from ray.exceptions import NodeDiedError, OutOfMemoryError, WorkerCrashedError
except ModuleNotFoundError as error:
    raise OptionError('"ray" needs the package of that name: pip install "loopcast[ray]"') from error

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NPROC", "XLA_FLAGS")
INSIDE = "LOOPCAST_ON_RAY"  # set where a job runs


@contextmanager
def on_ray(n_jobs: int) -> Iterator[Runner]:
    """So many tasks at once; what is shared lies in the object store, once for each machine.

    What a job begins, such as a choice of models, runs where the job does: it would wait for the job's own processor.
    """
    if INSIDE in os.environ:
        yield Runner(workers=(), share=Here)
        return
    with running():
        yield Runner(workers=tuple(Slot() for _ in range(n_jobs)), share=lambda value: ObjectInStore(ray.put(value)))


@contextmanager
def running() -> Iterator[None]:
    """Ray is there meanwhile; LoopcastError where the cluster that RAY_ADDRESS names cannot be joined."""
    if ray.is_initialized():
        yield
        return
    try:
        ray.init(log_to_driver=False, logging_level="error")
    except (ConnectionError, ValueError) as error:
        asked = f"RAY_ADDRESS is {quote(os.environ.get('RAY_ADDRESS'))}"
        raise LoopcastError(
            f"no Ray cluster could be joined ({reason(error)}); {asked}: give HOST:PORT of one that runs, or unset it"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


@dataclass(frozen=True)
class ObjectInStore:
    """A value in the object store."""

    reference: "ray.ObjectRef[Any]"

    def value(self) -> Any:
        """The value; its arrays are the store's own memory, shared and read-only."""
        return ray.get(self.reference)


class Slot:
    """One task at a time, in whichever process of the cluster is free."""

    lost: ClassVar[tuple[type[Exception], ...]] = (WorkerCrashedError, NodeDiedError, OutOfMemoryError)
    cure: ClassVar[str] = "perhaps for lack of memory (give fewer n_jobs): the logs of its machine say more"

    def __init__(self) -> None:
        self._running: ray.ObjectRef[Any] | None = None

    def submit(self, function: Callable[[Any], Any], argument: Any) -> "Future[Any]":
        """Have a process do this."""
        task = ray.remote(
            name="loopcast", max_retries=0, num_cpus=1, runtime_env={"env_vars": same_threads() | {INSIDE: "1"}}
        )(call)
        self._running = task.remote(function, argument)
        return self._running.future()

    def end(self) -> None:
        """End the process of what is running."""
        running, self._running = self._running, None
        if running is not None:
            ray.cancel(running, force=True)


def call(function: Callable[[Any], Any], argument: Any) -> Any:
    """What a task does."""
    return function(argument)


def same_threads() -> dict[str, str]:
    """The variables that give BLAS and XLA as many threads as they have here; Ray would give BLAS one."""
    usual = {name: str(len(usable_cores()) or os.cpu_count()) for name in ("OMP_NUM_THREADS", "NPROC")}
    return usual | {name: os.environ[name] for name in THREADS if name in os.environ}
