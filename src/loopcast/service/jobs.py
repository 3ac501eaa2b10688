"""Long work: kept before it is begun, done one after the other, begun again after a restart, watched as it goes."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from loopcast.service import blobs
from loopcast.service.estimate import Estimate
from loopcast.service.limits import Limits
from loopcast.service.problems import Problem
from loopcast.service.spool import Spool, Upload
from loopcast.service.store import Row, Store
from loopcast.service.watch import Watchers, changed
from loopcast.service.workers import WorkerPool

QUEUED, RUNNING, DONE, FAILED, CANCELLED = STATES = ("queued", "running", "done", "failed", "cancelled")
ENDED = (DONE, FAILED, CANCELLED)
MOST_ATTEMPTS = 3  # after so many ends of the server in its midst, a job is taken for the cause
NO_JOB = "there is no job of this id: it was removed, or never was"


class Jobs:
    """The jobs of a server.

    pool: of workers of their own, so that direct answers do not wait for jobs.
    """

    def __init__(self, store: Store, spool: Spool, pool: WorkerPool, limits: Limits) -> None:
        self._store, self._spool, self._pool, self._limits = store, spool, pool, limits
        self._running: dict[str, asyncio.Task[None]] = {}
        self._progress: dict[str, dict[str, Any]] = {}
        self.watchers = Watchers()
        self._wake = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []
        self._closed = False

    def recover(self) -> None:
        """After a restart: what ran is to be done again, or is marked where it was begun too often already."""
        why = json.dumps(Problem(500, f"the server ended {MOST_ATTEMPTS} times while this ran").facts())
        self._store.change(
            "UPDATE jobs SET state = ?, ended = ?, problem = ? WHERE state = ? AND attempts >= ?",
            (FAILED, time.time(), why, RUNNING, MOST_ATTEMPTS),
        )
        self._store.change("UPDATE jobs SET state = ? WHERE state = ?", (QUEUED, RUNNING))
        self._remove_old()

    def start(self) -> None:
        """Begin to work: as many at once as there are workers."""
        self._loops = [asyncio.create_task(self._work()) for _ in self._pool.workers]

    async def add(self, task: str, upload: Upload, accepted: Mapping[str, Any]) -> Row:
        """Keep a job, to be done; Problem 429 where too many wait.

        accepted: what a worker found in the table and the options.
        """
        [found] = self._store.rows("SELECT count(*) AS waiting FROM jobs WHERE state = ?", (QUEUED,))
        if found["waiting"] >= self._limits.jobs:
            raise Problem(429, f"{found['waiting']} jobs are waiting already", headers={"Retry-After": "10"})
        found = {name: accepted[name] for name in ("series", "rows", "model")}
        row = {
            "id": secrets.token_urlsafe(12),
            "task": task,
            "state": QUEUED,
            "created": time.time(),
            "options": json.dumps(upload.options),
            "asked": json.dumps(accepted["asked"]),
            "ending": upload.ending,
            "name": upload.name,
            **found,
        }
        await asyncio.to_thread(self._keep, row, upload)
        self._wake.set()
        return self.find(row["id"])

    def _keep(self, row: Row, upload: Upload) -> None:
        """The tables first, then the row that needs them."""
        body = blobs.put(self._store.blobs, (upload.folder / upload.file).read_bytes())
        ahead = None if upload.future is None else (upload.folder / upload.future).read_bytes()
        future = None if ahead is None else blobs.put(self._store.blobs, ahead)
        self._store.insert("jobs", {**row, "body": body, "future": future})

    def newest(self, count: int) -> list[Row]:
        """The jobs that were begun last."""
        return self._store.rows("SELECT * FROM jobs ORDER BY created DESC LIMIT ?", (count,))

    def find(self, name: str) -> Row:
        """A job; Problem 404 where there is none."""
        row = self._store.row("SELECT * FROM jobs WHERE id = ?", (name,))
        if row is None:
            raise Problem(404, NO_JOB)
        return row

    def facts(self, row: Row) -> dict[str, Any]:
        """A job as it is shown."""
        files = json.loads(row["files"]) if row["files"] else {}
        return {
            **{name: row[name] for name in ("id", "task", "name", "state", "created", "started", "ended")},
            **{name: row[name] for name in ("series", "rows", "attempts")},
            "options": json.loads(row["asked"]),
            "progress": self._progress.get(row["id"]),
            "problem": json.loads(row["problem"]) if row["problem"] else None,
            "files": {name: f"/v1/jobs/{row['id']}/{name}" for name in files},
        }

    def file(self, name: str, file: str) -> Path:
        """The place of a file of a job; Problem 404 where it has none of this name, 409 before it is done."""
        row = self.find(name)
        if row["state"] in (QUEUED, RUNNING):
            raise Problem(409, f"this job is {row['state']}, and has no files yet: watch /v1/jobs/{name}/events")
        found = json.loads(row["files"] or "{}").get(file)
        if found is None:
            raise Problem(404, f"this job has no {file}")
        return blobs.place(self._store.blobs, found)

    def counts(self) -> dict[str, int]:
        """How many jobs are in each state."""
        found = self._store.rows("SELECT state, count(*) AS jobs FROM jobs GROUP BY state")
        return dict.fromkeys(STATES, 0) | {row["state"]: row["jobs"] for row in found}

    async def cancel(self, name: str) -> Row | None:
        """End a job; None where it had ended and is removed with its files now."""
        row = self.find(name)
        if row["state"] in ENDED:
            self._store.change("DELETE FROM jobs WHERE id = ?", (name,))
            self._remove_unused()
            return None
        task = self._running.get(name)
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        else:
            self._end(name, CANCELLED)
        return self.find(name)

    async def events(self, name: str) -> AsyncIterator[str]:
        """What becomes of a job, as server-sent events, until it has ended; now and then a sign of life."""
        with self.watchers.watching(name) as came:
            while True:
                facts = self.facts(self.find(name))
                yield f"event: job\ndata: {json.dumps(facts)}\n\n"
                if facts["state"] in ENDED or self.watchers.ended:
                    return
                async for alive in changed(came):
                    yield alive

    async def _work(self) -> None:
        """Do one job after the other."""
        while True:
            row = self._next()
            if row is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            task = self._running[row["id"]] = asyncio.create_task(self._run(row))
            await asyncio.wait({task})
            self._running.pop(row["id"], None)

    def _next(self) -> Row | None:
        """The job that has waited longest, which is running now."""
        row = self._store.row("SELECT * FROM jobs WHERE state = ? ORDER BY created LIMIT 1", (QUEUED,))
        if row is not None:
            query = "UPDATE jobs SET state = ?, started = ?, attempts = attempts + 1 WHERE id = ?"
            self._store.change(query, (RUNNING, time.time(), row["id"]))
            self.watchers.tell(row["id"])
        return row

    async def _run(self, row: Row) -> None:
        name = row["id"]
        try:
            with self._spool.folder() as folder:
                asked = self._asked(row, folder)
                head, _ = await self._pool.run(asked, tell=Estimate(partial(self._told, name)).tell)
        except asyncio.CancelledError:
            self._end(name, CANCELLED)
            raise
        except Problem as problem:
            head = {"state": FAILED, "problem": problem.facts()}
        self._end(name, head["state"], files=head.get("files"), problem=head.get("problem"))

    def _asked(self, row: Row, folder: Path) -> dict[str, Any]:
        """What a worker is asked, with the table in a folder of its own."""
        content = blobs.place(self._store.blobs, row["body"]).read_bytes()
        future = f"future{row['ending']}" if row["future"] else None
        (folder / f"series{row['ending']}").write_bytes(content)
        if future is not None:
            (folder / future).write_bytes(blobs.place(self._store.blobs, row["future"]).read_bytes())
        model = str(blobs.place(self._store.blobs, row["model"])) if row["model"] else None
        return {
            "kind": "job",
            "task": row["task"],
            "options": json.loads(row["options"]),
            "folder": str(folder),
            "file": f"series{row['ending']}",
            "future": future,
            "model": model,
            "limits": self._limits.to_json(),
            "name": row["name"],
        }

    def _end(self, name: str, state: str, **facts: Any) -> None:
        if self._closed:
            return
        written = [None if each is None else json.dumps(each) for each in (facts.get("files"), facts.get("problem"))]
        query = "UPDATE jobs SET state = ?, ended = ?, files = ?, problem = ? WHERE id = ?"
        self._store.change(query, (state, time.time(), *written, name))
        self._progress.pop(name, None)
        self.watchers.tell(name)
        self._remove_old()

    def _told(self, name: str, progress: dict[str, Any]) -> None:
        """How far a job is."""
        self._progress[name] = progress
        self.watchers.tell(name)

    def _remove_old(self) -> None:
        """Remove what ended first, where more is there than is kept."""
        query = (
            "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE state IN (?, ?, ?) ORDER BY ended DESC "
            "LIMIT -1 OFFSET ?)"
        )
        if self._store.change(query, (*ENDED, self._limits.kept)):
            self._remove_unused()

    def _remove_unused(self) -> None:
        for name in blobs.old(self._store.blobs) - self._store.blobs_in_use():
            blobs.remove(self._store.blobs, name)

    async def close(self) -> None:
        """Leave what runs to the next start, which is no end in its midst."""
        self._closed = True
        doing = [*self._loops, *self._running.values()]
        for each in doing:
            each.cancel()
        await asyncio.gather(*doing, return_exceptions=True)
        query = "UPDATE jobs SET state = ?, attempts = attempts - 1 WHERE state = ?"
        self._store.change(query, (QUEUED, RUNNING))
