"""Models that are put on the server, and what inference servers are asked in common (Open Inference Protocol)."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import FileResponse

from loopcast.public import public
from loopcast.service import documents
from loopcast.service.metrics import MEDIA_TYPE
from loopcast.service.models import check_name
from loopcast.service.problems import Problem
from loopcast.service.routes import Parts, allowed, unless_gone
from loopcast.service.spool import Upload, write

Version = Annotated[int, Path(ge=1, le=999_999_999)]
router = APIRouter(responses=documents.FAILURES)
BLOCK = {"Content-Disposition": "attachment"}


@router.get("/v1/models", summary="All models", dependencies=[allowed("read")], tags=["models"])
async def models(service: Parts) -> dict[str, Any]:
    """Each version of each, the shipped network first."""
    return {"models": service.models.all()}


@router.put(
    "/v1/models/{model}/versions/{version}",
    summary="Put a model on the server",
    dependencies=[allowed("admin")],
    openapi_extra=documents.MODEL,
    tags=["models"],
)
async def put_model(model: str, version: Version, request: Request, service: Parts) -> Response:
    """A file that `--save`, or save(), wrote. It is read before it is kept; a version never changes."""
    check_name(model)
    with service.spool.folder() as folder:
        upload = Upload(folder)
        upload.file = "model.loopcast"
        await write(folder / upload.file, request.stream())
        head, _ = await unless_gone(request, service.compute("inspect", "forecast", upload))
    new = service.models.put(model, version, head["blob"], head["facts"])
    return documents.json_response(service.models.facts(model, version), 201 if new else 200)


@router.get(
    "/v1/models/{model}/versions/{version}",
    summary="What is known of a model",
    dependencies=[allowed("read")],
    tags=["models"],
)
async def model_facts(model: str, version: Version, service: Parts) -> dict[str, Any]:
    """What was fitted, on what and when, and its tags."""
    return service.models.facts(model, version)


@router.get(
    "/v1/models/{model}/versions/{version}/file",
    summary="The file of a model",
    dependencies=[allowed("read")],
    tags=["models"],
)
async def model_file(model: str, version: Version, service: Parts) -> FileResponse:
    """As it was put."""
    return FileResponse(service.models.file(model, version), media_type="application/octet-stream", headers=BLOCK)


@router.delete(
    "/v1/models/{model}/versions/{version}",
    status_code=204,
    summary="Remove a version of a model",
    dependencies=[allowed("admin")],
    tags=["models"],
)
async def remove_model(model: str, version: Version, service: Parts) -> Response:
    """Streams and jobs that were begun with it go on."""
    service.models.remove(model, version)
    return Response(status_code=204)


@router.get("/v2", summary="What this server is", tags=["health"])
async def server() -> dict[str, Any]:
    """Name, version, and what it can do beyond the protocol."""
    return {"name": "loopcast", "version": public("__version__"), "extensions": ["timeseries"]}


@router.get("/v2/health/live", summary="Whether the server answers", tags=["health"])
async def live() -> dict[str, bool]:
    """It does."""
    return {"live": True}


@router.get("/v2/health/ready", summary="Whether the server can forecast now", tags=["health"])
async def ready(service: Parts) -> dict[str, bool]:
    """503 while it starts, and once it was asked to end."""
    if not service.ready:
        raise Problem(503, "the server is starting or ending", headers={"Retry-After": "1"})
    return {"ready": True}


@router.get("/v2/models/{model}", summary="What a model is", dependencies=[allowed("read")], tags=["health"])
async def model_metadata(model: str, service: Parts) -> dict[str, Any]:
    """Its versions; what it takes is in the time-series API."""
    versions = [str(each) for each in service.models.versions(model)]
    return {"name": model, "versions": versions, "platform": "loopcast", "inputs": [], "outputs": []}


@router.get(
    "/v2/models/{model}/ready",
    summary="Whether a model can forecast now",
    dependencies=[allowed("read")],
    tags=["health"],
)
async def model_ready(model: str, service: Parts) -> dict[str, Any]:
    """404 where there is none."""
    service.models.versions(model)
    await ready(service)
    return {"name": model, "ready": True}


@router.get("/metrics", summary="What a monitor reads", dependencies=[allowed("read")], tags=["health"])
async def metrics(service: Parts) -> Response:
    """Prometheus' text."""
    await service.streams.look()
    return Response(service.metrics.text(), media_type=MEDIA_TYPE)
