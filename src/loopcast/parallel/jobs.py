"""The same work on many parts, wherever it is done: a worker has one job at a time; one that is lost is begun again."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

from loopcast.errors import LoopcastError


class Job(NamedTuple):
    """name: what errors call it. argument: of the function, as it travels to a worker."""

    name: str
    argument: Any


class Shared(Protocol):
    """A value that every job can read, and that travels once: what an argument holds instead of it."""

    def value(self) -> Any:
        """The value, where a job reads it; its arrays are read-only there."""


@dataclass(frozen=True)
class Here:
    """A value for jobs of this process."""

    found: Any

    def value(self) -> Any:
        """The value itself."""
        return self.found


class Worker(Protocol):
    """Does one job after the other, somewhere."""

    lost: ClassVar[tuple[type[Exception], ...]]  # what a future has where the worker was lost, and not the job at fault
    cure: ClassVar[str]  # what to try where that happened twice

    def submit(self, function: Callable[[Any], Any], argument: Any) -> "Future[Any]":
        """Have this done; function: of a module, so that it is found there."""

    def end(self) -> None:
        """Give up what is being done; what is submitted later begins afresh."""


class Running(NamedTuple):
    """A job that a worker has; again: whether one was lost on it already."""

    worker: Worker
    place: int
    job: Job
    again: bool = False


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Where jobs run.

    workers: at once; none where jobs run in this process. share: puts a value where each job can read it.
    """

    workers: tuple[Worker, ...]
    share: Callable[[Any], Shared]

    def run(self, function: Callable[[Any], Any], jobs: Iterable[Job]) -> Iterator[tuple[int, Any]]:
        """The place of each job, and what `function` gives of its argument, as they finish.

        A job is asked for when a worker is free for it. What `function` raises is raised here; LoopcastError where a
        job has lost two workers. However this ends, no worker goes on.
        """
        if self.workers:
            return run_at_once(self.workers, function, jobs)
        return ((place, function(job.argument)) for place, job in enumerate(jobs))


def run_at_once(
    workers: Iterable[Worker], function: Callable[[Any], Any], jobs: Iterable[Job]
) -> Iterator[tuple[int, Any]]:
    """`Runner.run`, a job for each worker at once."""
    waiting = enumerate(jobs)
    running: dict[Future[Any], Running] = {}

    def begin(work: Running) -> None:
        running[work.worker.submit(function, work.job.argument)] = work

    try:
        for worker, (place, job) in zip(workers, waiting, strict=False):
            begin(Running(worker, place, job))
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                work = running.pop(future)
                if isinstance(future.exception(), work.worker.lost):
                    begin(after_loss(work))
                    continue
                result = future.result()
                for place, job in waiting:
                    begin(Running(work.worker, place, job))
                    break
                yield work.place, result
    finally:
        for worker in workers:
            worker.end()


def after_loss(work: Running) -> Running:
    """The same job to be begun again; LoopcastError where that was tried."""
    work.worker.end()
    if work.again:
        raise LoopcastError(f"{work.job.name}: the process that did this ended twice, {work.worker.cure}")
    return work._replace(again=True)
