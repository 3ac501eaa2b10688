"""Processes that compute, so that the server never does: spawned, warm, each on a core of its own."""

import asyncio
import json
import math
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from loopcast.service import frames
from loopcast.service.problems import Problem

Answer = tuple[dict[str, Any], bytes]
Tell = Callable[[dict[str, Any]], None]
OVERLOAD = 2.0  # times as many requests as can be answered: fewer may wait then
CALM = 20.0  # times the pace of answers: a longer pause between requests says no more
SOON = 0.05  # seconds that nobody minds to wait
BACK = 2  # how far workers step back behind the server, which has to answer while they compute
GRACE = 2.0  # seconds in which a worker has to stop when it is asked to
GONE = "the worker of this request ended, perhaps for lack of memory: send less at once"
SINGLE = {"OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "2"}


class GoneError(Exception):
    """A worker ended in the middle of its work."""


class WorkerHandle:
    """One process, which does one thing at a time.

    core: that it runs on, -1 is any. nice: how far it steps back behind others.
    """

    def __init__(self, root: Path, core: int = -1, nice: int = 0) -> None:
        self._root, self._core, self._nice = root, core, nice
        self._process: asyncio.subprocess.Process | None = None
        self._torn = False  # whether a frame was read in part, as who waited for it went away

    async def start(self) -> None:
        """Have a process that is ready."""
        arguments = [sys.executable, "-m", "loopcast.service.worker", str(self._core), str(self._root)]
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *arguments, stdin=pipe, stdout=pipe, limit=2**26, env={**SINGLE, **os.environ}
        )
        if self._nice:
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self._process.pid, self._nice)
        await self._frame()

    async def run(self, asked: Mapping[str, Any], tell: Tell = lambda progress: None) -> Answer:
        """Do what is asked; GoneError where the process ends on the way."""
        if self._process is None or self._process.returncode is not None:
            await self.start()
        process = self._process
        if process is None or process.stdin is None:
            raise GoneError
        process.stdin.write(frames.pack(asked))
        with suppress(ConnectionError):
            await process.stdin.drain()
        while True:
            head, body = await self._frame()
            if "progress" not in head:
                return head, body
            tell(head["progress"])

    async def _frame(self) -> Answer:
        if self._process is None or self._process.stdout is None:
            raise GoneError
        source = self._process.stdout
        try:
            lengths = frames.LENGTHS.unpack(await source.readexactly(frames.LENGTHS.size))
            self._torn = True
            text, body = await source.readexactly(lengths[0]), await source.readexactly(lengths[1])
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            await self.kill()
            raise GoneError from error
        self._torn = False
        return json.loads(text), body

    async def stop(self) -> None:
        """Have it stop what it is doing: by SIGINT; by a new process where that does not help, or spoilt this one."""
        if self._process is None or self._process.returncode is not None:
            return
        if self._torn:
            await self.kill()
            return
        self._process.send_signal(signal.SIGINT)
        try:
            async with asyncio.timeout(GRACE):
                while "progress" in (told := (await self._frame())[0]):
                    pass
            if told.get("spoilt"):
                await self.kill()
        except (TimeoutError, GoneError):
            await self.kill()

    async def kill(self) -> None:
        """End the process; the next thing to do starts another."""
        process, self._process, self._torn = self._process, None, False
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def pool_for(root: Path, workers: int, queue: int) -> "WorkerPool":
    """Workers for direct answers, each on a core of its own."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [-1]
    return WorkerPool([WorkerHandle(root, cores[i % len(cores)], nice=BACK) for i in range(workers)], queue)


class WorkerPool:
    """Workers, and those who wait for one.

    queue: how many may wait at most; a Problem 429 for more, which says when to come again. Where many more go
    on coming than are answered, only so many wait as are answered soon: else each would wait for all of the queue.
    """

    def __init__(self, workers: Sequence[WorkerHandle], queue: int) -> None:
        self.workers, self._queue = workers, queue
        self._idle: list[WorkerHandle] = []
        self._waiting: deque[asyncio.Future[WorkerHandle]] = deque()  # who came first is served first
        self._usual = 0.05  # seconds that a request takes
        self._last, self._pause = -math.inf, 1.0  # when a request came, and seconds from one to the next
        self.waited: Callable[[float], None] = lambda seconds: None
        self._starting: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Have one worker ready, and the others soon; a second call waits for the first."""
        if self._starting is None:
            self._starting = asyncio.ensure_future(self._start())
        await self._starting

    async def _start(self) -> None:
        first, *others = self.workers
        await first.start()
        self._give(first)
        for each in others:
            self._soon(self._started(each))

    async def _started(self, worker: WorkerHandle) -> None:
        await worker.start()
        self._give(worker)

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def begin(self) -> None:
        """Let them work; each has a process once there is something to do."""
        for each in self.workers:
            self._give(each)

    async def run(self, asked: Mapping[str, Any], *, seconds: float | None = None, tell: Tell | None = None) -> Answer:
        """Have a worker do what is asked; Problem 429 where too many wait, 504 after `seconds`, 500 where it ended.

        Where who asked is gone, which cancels this, the worker stops.
        """
        worker = await self._next()
        began = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                answer = await worker.run(asked, tell or (lambda progress: None))
        except TimeoutError:
            self._release(worker, stop=True)
            raise Problem(504, f"this takes longer than {seconds:g} seconds: send it as a job, POST /v1/jobs") from None
        except asyncio.CancelledError:
            self._release(worker, stop=True)
            raise
        except GoneError:
            self._release(worker, stop=False)
            raise Problem(500, GONE) from None
        self._usual = 0.9 * self._usual + 0.1 * (time.monotonic() - began)
        self._release(worker, stop=False)
        return answer

    def admit(self) -> None:
        """Let a request come, before its body is read; Problem 429 where it would wait for too long."""
        now = time.monotonic()
        pause, self._last = min(now - self._last, CALM * self._pace), now
        self._pause = 0.9 * self._pause + 0.1 * pause
        self._check_room()

    async def _next(self) -> WorkerHandle:
        self._check_room()  # others came while the body was read
        began = time.monotonic()
        worker = self._idle.pop() if self._idle else await self._turn()
        self.waited(time.monotonic() - began)
        return worker

    def _check_room(self) -> None:
        room = self._queue if self._pause > self._pace / OVERLOAD else max(1, int(SOON / self._pace))
        if len(self._waiting) >= min(room, self._queue):
            raise self._busy()

    @property
    def _pace(self) -> float:
        """Seconds from one answer to the next where all workers are busy."""
        return self._usual / len(self.workers)

    def _busy(self) -> Problem:
        seconds = math.ceil(self._usual * (len(self._waiting) + 1) / len(self.workers))
        return Problem(
            429,
            f"every worker is busy, and {len(self._waiting)} wait already: come again in about {seconds} s",
            headers={"Retry-After": str(max(1, seconds))},
        )

    async def _turn(self) -> WorkerHandle:
        """The worker that is handed over to this one who waits."""
        turn: asyncio.Future[WorkerHandle] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._give(turn.result())
            elif turn in self._waiting:
                self._waiting.remove(turn)
            raise

    def _give(self, worker: WorkerHandle) -> None:
        """Hand a worker that is free to who has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.cancelled():
                turn.set_result(worker)
                return
        self._idle.append(worker)

    def _release(self, worker: WorkerHandle, *, stop: bool) -> None:
        """Give a worker back; one that has to stop first, or to be started anew, once it has."""
        if not stop:
            self._give(worker)
            return
        self._soon(self._stopped(worker))

    async def _stopped(self, worker: WorkerHandle) -> None:
        await worker.stop()
        self._give(worker)

    async def close(self) -> None:
        """End all workers."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(each.kill() for each in self.workers))
