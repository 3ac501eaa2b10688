"""Direct answers and jobs: a table and options in, what the command of that name prints out."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from loopcast.service import documents
from loopcast.service.outcome import MEDIA_TYPES
from loopcast.service.problems import Problem
from loopcast.service.service import Service
from loopcast.service.spool import Upload, receive, write

Result = TypeVar("Result")
Task = Literal["forecast", "backtest", "impute", "anomalies"]
File = Literal["result.json", "charts.json", "table.csv", "report.html", "model.loopcast"]
JSON = "application/json"
ALONE = {"Content-Security-Policy": "sandbox allow-scripts allow-popups"}  # a page of a result has no say over ours


async def service_of(request: Request) -> Service:
    """The service that a request is for; no thread is needed to look it up, so it is a coroutine."""
    found: Service = request.app.state.service
    return found


Parts = Annotated[Service, Depends(service_of)]


def allowed(scope: str) -> Any:
    """That a request may do as much as the scope says."""

    async def check(request: Request, service: Parts) -> None:
        service.guard.check(request.headers.get("authorization"), scope)

    return Depends(check)


async def admit(service: Parts) -> None:
    """That a worker will have time for a request, before its body is read."""
    service.pool.admit()


ADMITTED = Depends(admit)
router = APIRouter()


async def unless_gone(request: Request, work: Awaitable[Result]) -> Result:
    """The result of some work, which is ended where who asked for it goes away."""
    doing, gone = asyncio.ensure_future(work), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({doing, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise Problem(408, "who asked is gone")
        return doing.result()
    finally:
        for each in (doing, gone):
            each.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def direct(task: Task | Literal["look"]) -> Callable[..., Awaitable[Response]]:
    """What answers a task at once."""

    async def answered(request: Request, service: Parts) -> Response:
        with service.spool.folder() as folder:
            upload = await receive(request, folder)
            _, body = await unless_gone(request, service.compute("answer", task, upload))
        return Response(body, media_type=JSON)

    answered.__name__ = task
    return answered


for name in ("look", "forecast", "backtest", "impute", "anomalies"):
    router.add_api_route(
        f"/v1/{name}",
        direct(name),
        methods=["POST"],
        summary=documents.SUMMARIES[name],
        dependencies=[allowed("run"), ADMITTED],
        openapi_extra=documents.body_of(name),
        responses=documents.ANSWERS,
        tags=["tables"],
    )


@router.post(
    "/v1/timeseries/forecast",
    summary="Forecast arrays, as KServe's time-series API has it",
    dependencies=[allowed("run"), ADMITTED],
    openapi_extra=documents.SERIES,
    responses=documents.SERIES_ANSWERS,
    tags=["KServe"],
)
async def timeseries(request: Request, service: Parts) -> Response:
    """Arrays of numbers in, their mean forecast and quantiles out."""
    with service.spool.folder() as folder:
        upload = Upload(folder)
        upload.file = "series.json"
        await write(folder / upload.file, request.stream())
        _, body = await unless_gone(request, service.compute("series", "forecast", upload))
    return Response(body, media_type=JSON)


@router.post(
    "/v1/jobs",
    status_code=202,
    summary="Begin long work",
    dependencies=[allowed("run"), ADMITTED],
    openapi_extra=documents.jobs_body(),
    responses=documents.FAILURES,
    tags=["jobs"],
)
async def begin(request: Request, service: Parts, task: Annotated[Task, Query()]) -> Response:
    """Keep a table and options, to be worked on; the answer says where to look, once nothing can be lost any more."""
    with service.spool.folder() as folder:
        upload = await receive(request, folder)
        upload.options.pop("task")
        head, _ = await unless_gone(request, service.compute("accept", task, upload))
        row = await service.jobs.add(task, upload, head["accepted"])
    facts = service.jobs.facts(row)
    return documents.json_response(facts, 202, {"Location": f"/v1/jobs/{row['id']}"})


@router.get("/v1/jobs", summary="All jobs, the newest first", dependencies=[allowed("read")], tags=["jobs"])
async def jobs(service: Parts) -> dict[str, Any]:
    """The last hundred."""
    return {"jobs": [service.jobs.facts(row) for row in service.jobs.newest(100)]}


@router.get(
    "/v1/jobs/{job}",
    summary="How a job is",
    dependencies=[allowed("read")],
    responses=documents.FAILURES,
    tags=["jobs"],
)
async def job(job: str, service: Parts) -> dict[str, Any]:
    """Its state, its progress with an estimate, and where its files are."""
    return service.jobs.facts(service.jobs.find(job))


@router.get(
    "/v1/jobs/{job}/events",
    summary="What becomes of a job, as it happens (server-sent events)",
    dependencies=[allowed("read")],
    responses={200: {"content": {"text/event-stream": {}}}, **documents.FAILURES},
    tags=["jobs"],
)
async def job_events(job: str, service: Parts) -> StreamingResponse:
    """An event for each change, until the job has ended."""
    service.jobs.find(job)
    return events(service.jobs.events(job))


@router.get(
    "/v1/jobs/{job}/{file}",
    summary="A file of a finished job",
    dependencies=[allowed("read")],
    responses={200: {"content": {kind: {} for kind in MEDIA_TYPES.values()}}, **documents.FAILURES},
    tags=["jobs"],
)
async def job_file(job: str, file: File, service: Parts) -> FileResponse:
    """The result, the table, the page, the model, or what the page of this server draws."""
    path = service.jobs.file(job, file)
    return FileResponse(path, media_type=MEDIA_TYPES[file], headers=ALONE if file == "report.html" else {})


@router.delete(
    "/v1/jobs/{job}",
    summary="End a job, or remove one that has ended",
    dependencies=[allowed("run")],
    responses={204: {"description": "Removed"}, **documents.FAILURES},
    tags=["jobs"],
)
async def end_job(job: str, service: Parts) -> Response:
    """What runs is interrupted; what has ended is removed, with its files."""
    row = await service.jobs.cancel(job)
    return Response(status_code=204) if row is None else documents.json_response(service.jobs.facts(row))


def events(source: AsyncIterator[str]) -> StreamingResponse:
    """Server-sent events."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(source, media_type="text/event-stream", headers=headers)
