"""The same work on many parts, in processes: spawned, each on cores of its own before it loads JAX.

Each computes in as many threads as this process would, though on fewer cores: how BLAS and XLA divide a sum depends on
the number of their threads, and what comes of it is to be the same bits. A process that ends in the middle of its work,
killed or for lack of memory, is replaced and does that part again, once.
"""

import mmap
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from importlib import import_module
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Any, NamedTuple

from loopcast.errors import LoopcastError

ALIGNED = 64  # bytes: where arrays begin, for the sake of vector instructions
OBJECTS, ARRAYS = "objects", "arrays"


class Job(NamedTuple):
    """name: what errors call it. argument: of the function, as it travels to a process."""

    name: str
    argument: Any


class Running(NamedTuple):
    """A job that a worker has; again: whether one ended on it already."""

    worker: "Worker"
    place: int
    job: Job
    again: bool = False


def run_jobs(function: Callable[[Any], Any], jobs: Iterable[Job], n_jobs: int) -> Iterator[tuple[int, Any]]:
    """The place of each job, and what `function` gives of its argument, as they finish.

    function: of a module, so that a process finds it. n_jobs: how many processes; 1 stays in this one. A job is asked
    for when a process is free for it. What `function` raises is raised here; LoopcastError where a job has ended two
    processes. However this ends, no process is left.
    """
    waiting = enumerate(jobs)
    if n_jobs == 1:
        yield from ((place, function(job.argument)) for place, job in waiting)
        return
    workers = [Worker(cores) for cores in divide_cores(usable_cores(), n_jobs)]
    running: dict[Future[Any], Running] = {}

    def begin(work: Running) -> None:
        running[work.worker.submit(function, work.job.argument)] = work

    try:
        for worker, (place, job) in zip(workers, waiting, strict=False):
            begin(Running(worker, place, job))
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                work = running.pop(future)
                if isinstance(future.exception(), BrokenProcessPool):
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
    """The same job for a new process; LoopcastError where that was tried."""
    work.worker.end()
    if work.again:
        raise LoopcastError(
            f"{work.job.name}: the process that did this ended twice, perhaps for lack of memory (give fewer n_jobs), "
            'or because a script starts them that does not say `if __name__ == "__main__":`'
        )
    return work._replace(again=True)


class Worker:
    """One process on these cores, started when there is something to do; an empty set is for any."""

    def __init__(self, cores: Sequence[int]) -> None:
        self._cores = cores
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, function: Callable[[Any], Any], argument: Any) -> "Future[Any]":
        """Have the process do this."""
        if self._pool is None:
            begin = (self._cores, len(usable_cores()))
            self._pool = ProcessPoolExecutor(1, get_context("spawn"), begin_process, begin)
        return self._pool.submit(function, argument)

    def end(self) -> None:
        """End the process, whatever it does."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        for process in list((pool._processes or {}).values()):  # terminate_workers() from Python 3.14 on
            process.kill()
        pool.shutdown(wait=True, cancel_futures=True)


def begin_process(cores: Sequence[int], threads: int) -> None:
    """Run on these cores, leave Ctrl-C to the process that started this one, and end with it, even if it is killed.

    threads: of XLA, which asks NPROC for them. BLAS counts cores as NumPy loads it: before there are fewer.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if cores:
        os.environ.setdefault("NPROC", str(threads))
        import_module("numpy")
        for thread in Path("/proc/self/task").iterdir():
            os.sched_setaffinity(int(thread.name), cores)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def usable_cores() -> list[int]:
    """The cores that this process may run on; none where the system does not tell."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def divide_cores(cores: Sequence[int], n_jobs: int) -> list[list[int]]:
    """The cores of each of so many processes: as even as can be, shared where there are fewer cores than processes.

    >>> divide_cores([0, 1, 2, 3], 2), divide_cores([0, 1], 3)
    ([[0, 2], [1, 3]], [[0], [1], [0]])
    """
    return [list(cores[i::n_jobs] or cores[i % len(cores) :][:1]) if cores else [] for i in range(n_jobs)]


def hand_over(value: Any, folder: Path) -> None:
    """Put a value into a folder of this process' own, for processes that it starts: its arrays lie in one file."""
    buffers: list[pickle.PickleBuffer] = []
    objects, ends = pickle.dumps(value, protocol=5, buffer_callback=buffers.append), []
    with (folder / ARRAYS).open("wb") as file:
        for buffer in buffers:
            begin = file.seek(-file.tell() % ALIGNED, os.SEEK_CUR)
            ends.append((begin, begin + file.write(buffer.raw())))
        file.truncate(max(file.tell(), 1))  # an empty file cannot be mapped
    (folder / OBJECTS).write_bytes(pickle.dumps((objects, ends)))


@cache
def handed_over(folder: Path) -> Any:
    """The value that `hand_over` put there; its arrays are the file's own memory, shared and read-only."""
    objects, ends = pickle.loads((folder / OBJECTS).read_bytes())  # noqa: S301 - of the process that started this one
    with (folder / ARRAYS).open("rb") as file:
        memory = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    return pickle.loads(objects, buffers=[memory[begin:end] for begin, end in ends])  # noqa: S301 - the same
