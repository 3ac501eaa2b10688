"""A process that works for the server: `python -m loopcast.service.worker CORE FOLDER`.

It reads frames on standard input and answers each on standard output, the last frame of an answer without `progress`.
SIGINT ends what it is doing, and not itself; the end of its input, which comes when the server is gone, ends it.
"""

import logging
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from loopcast.errors import LoopcastError
from loopcast.progress import Progress, reporting
from loopcast.service import blobs, frames, outcome
from loopcast.service.begin import begin_stream
from loopcast.service.catalog import BLOBS, inspected
from loopcast.service.kserve import forecast_series
from loopcast.service.limits import Limits
from loopcast.service.problems import problem_of
from loopcast.service.request import Work
from loopcast.service.work import accepted, done

Answer = tuple[dict[str, Any], bytes]
WARM = b"unique_id,ds,y\n" + b"".join(b"a,2024-01-%02d,%d\n" % (day, day % 7) for day in range(1, 31))


class WorkerProcess:
    """Reads what is to be done, does it, and answers.

    root: the folder of the server. output: where answers go.
    """

    def __init__(self, root: Path, output: BinaryIO) -> None:
        self.root, self._output = root, output
        self._busy = False
        self._asked: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def run(self, source: BinaryIO) -> None:
        """Work until the input ends."""
        signal.signal(signal.SIGINT, self._interrupt)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a group of processes gets it, and the server drains
        threading.Thread(target=self._listen, args=(source,), daemon=True).start()
        self._warm()
        self.say({"state": "ready"})
        while True:
            self._answer(self._asked.get())

    def say(self, head: Mapping[str, Any], body: bytes = b"") -> None:
        """Send a frame."""
        self._output.write(frames.pack(head, body))
        self._output.flush()

    def _listen(self, source: BinaryIO) -> None:
        while (frame := frames.read(source)) is not None:
            self._asked.put(frame[0])
        os._exit(0)

    def _interrupt(self, *_: object) -> None:
        if self._busy:
            raise KeyboardInterrupt

    def _answer(self, asked: dict[str, Any]) -> None:
        try:
            self._busy = True
            answer = self._answered(asked)
            self._busy = False
        except KeyboardInterrupt as interrupt:
            self._busy = False
            answer = ({"state": "cancelled", "spoilt": interrupted_an_import(interrupt)}, b"")
        self.say(*answer)

    def _answered(self, asked: dict[str, Any]) -> Answer:
        work = self._work(asked)
        try:
            with reporting(self._report):
                return HANDLERS[asked["kind"]](self, work)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if not isinstance(error, LoopcastError | MemoryError):
                logging.getLogger("loopcast.service").exception("%s failed", asked["kind"])
            return {"state": "failed", "problem": problem_of(error, asked["folder"], str(self.root)).facts()}, b""

    def _work(self, asked: dict[str, Any]) -> Work:
        os.chdir(asked["folder"])  # so that errors, and what a look found, call a file by its name alone
        return Work(
            task=asked["task"],
            options=asked["options"],
            path=Path(asked["file"]),
            limits=Limits(**asked["limits"]),
            future=Path(asked["future"]) if asked.get("future") else None,
            root=self.root,
            model=Path(asked["model"]) if asked.get("model") else None,
            name=asked.get("name", ""),
            status=lambda message: self._report(Progress(message.removesuffix(" ..."))),
        )

    def _report(self, progress: Progress) -> None:
        self.say({"progress": progress._asdict()})

    def _warm(self) -> None:
        """Do a small forecast, so that the next one finds all libraries there."""
        from tempfile import TemporaryDirectory

        with TemporaryDirectory() as folder:
            path = Path(folder) / "series.csv"
            path.write_bytes(WARM)
            outcome.answer(*done(Work(task="forecast", options={"horizon": 2}, path=path, limits=Limits())))


def interrupted_an_import(interrupt: BaseException) -> bool:
    """Whether a library was half loaded, which some can never be again in the same process."""
    codes = [frame.f_code for frame, _ in traceback.walk_tb(interrupt.__traceback__)]
    return any(code.co_name == "<module>" or code.co_filename.startswith("<frozen importlib") for code in codes)


def answer(worker: WorkerProcess, work: Work) -> Answer:
    """A direct answer: what the command prints."""
    return {"state": "done"}, outcome.answer(*done(work))


def accept(worker: WorkerProcess, work: Work) -> Answer:
    """Whether a job can be begun: its options and its table are looked at."""
    return {"state": "done", "accepted": accepted(work)}, b""


def job(worker: WorkerProcess, work: Work) -> Answer:
    """A job: files, kept as blobs."""
    opened = work.opened()
    asked, result = done(opened)
    kept = {name: blobs.put(worker.root / BLOBS, content) for name, content in outcome.files(opened, asked, result)}
    return {"state": "done", "files": kept}, b""


def series(worker: WorkerProcess, work: Work) -> Answer:
    """A request of KServe's."""
    return {"state": "done"}, forecast_series(work)


def begin(worker: WorkerProcess, work: Work) -> Answer:
    """A stream that is new: its folder, beside the body."""
    options = begin_stream(work, work.path.with_name("state"))
    return {"state": "done", "options": options}, b""


def inspect(worker: WorkerProcess, work: Work) -> Answer:
    """A model file: what is in it, and the blob that it is kept as."""
    content = work.path.read_bytes()
    facts = inspected(content)
    return {"state": "done", "facts": facts, "blob": blobs.put(worker.root / BLOBS, content)}, b""


HANDLERS: Mapping[str, Callable[[WorkerProcess, Work], Answer]] = {
    "answer": answer,
    "accept": accept,
    "job": job,
    "series": series,
    "begin": begin,
    "inspect": inspect,
}


def main() -> None:
    """Begin to work, on one core where the system can pin it."""
    core, folder = int(sys.argv[1]), Path(sys.argv[2])
    if hasattr(os, "sched_setaffinity") and core >= 0:
        os.sched_setaffinity(0, {core})
    logging.getLogger("loopcast.service").addHandler(logging.StreamHandler())  # its failures alone: requests say theirs
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    WorkerProcess(folder, output).run(sys.stdin.buffer)


if __name__ == "__main__":
    main()
