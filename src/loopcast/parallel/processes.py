"""Jobs in processes of this machine: spawned, each on cores of its own before it loads JAX.

Each computes in as many threads as this process would, though on fewer cores: how BLAS and XLA divide a sum depends on
the number of their threads, and what comes of it is to be the same bits. A process that ends in the middle of its work,
killed or for lack of memory, is replaced.
"""

import mmap
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any, ClassVar, NamedTuple

from loopcast.parallel.jobs import Runner

ALIGNED = 64  # bytes: where arrays begin, for the sake of vector instructions
OBJECTS, ARRAYS = "objects", "arrays"


@contextmanager
def in_processes(n_jobs: int) -> Iterator[Runner]:
    """So many processes at once, and a folder of what they share, which goes when this ends."""
    with TemporaryDirectory(prefix="loopcast-") as folder:
        workers = tuple(Process(cores) for cores in divide_cores(usable_cores(), n_jobs))
        yield Runner(workers=workers, share=lambda value: hand_over(value, Path(mkdtemp(dir=folder))))


class Process:
    """One process on these cores, started when there is something to do; an empty set is for any."""

    lost: ClassVar[tuple[type[Exception], ...]] = (BrokenProcessPool,)
    cure: ClassVar[str] = (
        "perhaps for lack of memory (give fewer n_jobs), or because a script starts them that does not say "
        '`if __name__ == "__main__":`'
    )

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


class HandedOver(NamedTuple):
    """A value in a folder."""

    folder: Path

    def value(self) -> Any:
        """The value; its arrays are the file's own memory, shared and read-only."""
        return handed_over(self.folder)


def hand_over(value: Any, folder: Path) -> HandedOver:
    """Put a value into a folder of this process' own, for processes that it starts: its arrays lie in one file."""
    buffers: list[pickle.PickleBuffer] = []
    objects, ends = pickle.dumps(value, protocol=5, buffer_callback=buffers.append), []
    with (folder / ARRAYS).open("wb") as file:
        for buffer in buffers:
            begin = file.seek(-file.tell() % ALIGNED, os.SEEK_CUR)
            ends.append((begin, begin + file.write(buffer.raw())))
        file.truncate(max(file.tell(), 1))  # an empty file cannot be mapped
    (folder / OBJECTS).write_bytes(pickle.dumps((objects, ends)))
    return HandedOver(folder)


@cache
def handed_over(folder: Path) -> Any:
    """The value that `hand_over` put there, read once in each process."""
    objects, ends = pickle.loads((folder / OBJECTS).read_bytes())  # noqa: S301 - of the process that started this one
    with (folder / ARRAYS).open("rb") as file:
        memory = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    return pickle.loads(objects, buffers=[memory[begin:end] for begin, end in ends])  # noqa: S301 - the same
