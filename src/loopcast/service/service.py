"""A server's parts, put together: what is kept, who computes, what is followed."""

from typing import Any

from loopcast.service.jobs import Jobs
from loopcast.service.limits import Settings
from loopcast.service.metrics import Counted, Metrics
from loopcast.service.models import Models
from loopcast.service.problems import Problem
from loopcast.service.spool import Spool, Upload
from loopcast.service.store import Store
from loopcast.service.streams import Streams
from loopcast.service.tokens import Guard
from loopcast.service.workers import WorkerHandle, WorkerPool

NICE = 7  # how far jobs step back behind direct answers


class Service:
    """Everything that requests are answered by. pool: of workers for direct answers."""

    def __init__(self, settings: Settings, pool: WorkerPool) -> None:
        self.limits = settings.limits
        self.store = Store(settings.folder)
        self.spool = Spool(settings.folder / "spool")
        self.guard, self.metrics, self.models = Guard(self.store), Metrics(), Models(self.store)
        slow = [WorkerHandle(settings.folder, nice=NICE) for _ in range(settings.job_workers)]
        self.pool, self.slow = pool, WorkerPool(slow, self.limits.jobs)
        self.pool.waited = self.metrics.queue_seconds.observe
        self.jobs = Jobs(self.store, self.spool, self.slow, self.limits)
        self.streams = Streams(self.store, self.limits)
        self.metrics.watch(Counted(self.jobs.counts, self.models.fitted, self.streams.healths))
        self.ready = False

    async def start(self) -> None:
        """Go on with what was there, and have workers ready."""
        self.jobs.recover()
        await self.streams.recover()
        await self.pool.start()
        self.slow.begin()
        self.jobs.start()
        self.ready = True

    def end_watching(self) -> None:
        """Have those go who wait for what happens next: a server that ends waits for them no longer."""
        self.ready = False
        self.jobs.watchers.end()
        for each in self.streams.all.values():
            each.end_watching()

    async def close(self) -> None:
        """End in order: jobs that run are begun again by the next start."""
        self.ready = False
        await self.jobs.close()
        await self.streams.close()
        await self.pool.close()
        await self.slow.close()
        self.store.close()

    async def compute(self, kind: str, task: str, upload: Upload) -> tuple[dict[str, Any], bytes]:
        """Have a worker do something with an upload; its Problem where it cannot be done."""
        asked = {
            "kind": kind,
            "task": task,
            "options": upload.options,
            "folder": str(upload.folder),
            "file": upload.file,
            "future": upload.future,
            "limits": self.limits.to_json(),
            "name": upload.name,
        }
        head, body = await self.pool.run(asked, seconds=self.limits.compute)
        if head["state"] != "done":
            raise Problem.from_facts(head.get("problem") or Problem(500, "the worker was stopped").facts())
        return head, body
