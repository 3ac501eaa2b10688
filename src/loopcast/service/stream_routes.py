"""Streams: series that are followed row by row, each row kept before it is answered."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from loopcast.service import documents
from loopcast.service.bodies import TYPES
from loopcast.service.problems import Problem
from loopcast.service.routes import JSON, Parts, allowed, events
from loopcast.service.spool import receive

router = APIRouter(responses=documents.FAILURES, tags=["streams"])
MOST_BYTES = 4 * 2**20  # of the rows of one update: what takes longer to read would keep others waiting


@router.get("/v1/streams", summary="All streams", dependencies=[allowed("read")])
async def streams(service: Parts) -> dict[str, Any]:
    """Each with its model, and how many series it follows."""
    return {"streams": service.streams.facts()}


@router.put(
    "/v1/streams/{name}",
    summary="Begin a stream",
    dependencies=[allowed("admin")],
    openapi_extra=documents.STREAM,
)
async def begin(name: str, request: Request, service: Parts) -> Response:
    """Options, and a table of what came before if there is one; without it, freq says the step between rows."""
    with service.spool.folder() as folder:
        upload = await receive(request, folder, needed=False)
        stream, new = await service.streams.begin(name, upload, service.compute)
    return documents.json_response(await stream.call(stream.facts), 201 if new else 200)


@router.get("/v1/streams/{name}", summary="How a stream is", dependencies=[allowed("read")])
async def stream_facts(name: str, service: Parts) -> Response:
    """What it follows, and the health of all series together."""
    stream = service.streams.find(name)
    return documents.json_response(await stream.call(stream.facts))


@router.delete("/v1/streams/{name}", status_code=204, summary="End a stream", dependencies=[allowed("admin")])
async def end(name: str, service: Parts) -> Response:
    """With all that it knows."""
    await service.streams.end(name)
    return Response(status_code=204)


@router.post(
    "/v1/streams/{name}/update",
    summary="Take rows in",
    dependencies=[allowed("run")],
    openapi_extra=documents.UPDATE,
)
async def update(name: str, request: Request, service: Parts) -> Response:
    """All rows or none; what each was and how surprising. Once it is answered, each survives a power cut."""
    stream = service.streams.find(name)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in TYPES:
        raise Problem(415, f"Content-Type says how the rows are written: {', '.join(TYPES)}")
    if int(request.headers.get("content-length", "0")) > MOST_BYTES:
        raise Problem(413, f"an update has at most {MOST_BYTES:,} bytes: send several")
    content = await request.body()
    if len(content) > MOST_BYTES:
        raise Problem(413, f"an update has at most {MOST_BYTES:,} bytes: send several")
    answer = await stream.call(stream.update, content, TYPES[kind])
    stream.notify()
    return Response(answer, media_type=JSON)


@router.get(
    "/v1/streams/{name}/series/{series:path}/forecast",
    summary="What comes after a series",
    dependencies=[allowed("read")],
)
async def forecast(name: str, series: str, service: Parts) -> Response:
    """The forecast and its intervals, from the last row on."""
    stream = service.streams.find(name)
    return documents.json_response(await stream.call(stream.forecast, series))


@router.get(
    "/v1/streams/{name}/events",
    summary="What becomes of a series, as it happens (server-sent events)",
    dependencies=[allowed("read")],
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def stream_events(
    name: str,
    service: Parts,
    series: Annotated[str, Query(max_length=1000)],
    target: Annotated[str | None, Query(max_length=1000)] = None,
) -> StreamingResponse:
    """Its last rows, then each that comes, with surprise, forecast and health; of several targets one, the first."""
    stream = service.streams.find(name)
    await stream.call(stream.forecast, series)
    await stream.call(stream.place_of, target)
    return events(stream.events(series, target))
