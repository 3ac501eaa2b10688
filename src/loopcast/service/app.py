"""The application: routes, their problems, and the page."""

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from loopcast.errors import LoopcastError, brief
from loopcast.public import public
from loopcast.service import model_routes, routes, stream_routes
from loopcast.service.gate import Gate
from loopcast.service.limits import Settings
from loopcast.service.problems import MEDIA_TYPE, Problem, problem_of
from loopcast.service.service import Service
from loopcast.service.workers import WorkerPool

ABOUT = "Forecasts, backtests, filled gaps, anomalies and live series, always beside the naive and the linear baseline."
PAGE = {  # what the page may do: its own files, its own server, and nothing else
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "no-cache",
}
STATIC = {"page.js": "text/javascript", "page.css": "text/css"}


def create_app(settings: Settings, pool: WorkerPool, *, local: bool = True) -> FastAPI:
    """The application of a server. pool: of workers for direct answers. local: see `Gate`."""
    service = Service(settings, pool)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            await service.start()
            yield
        finally:
            await service.close()

    app = FastAPI(
        title="Loopcast",
        description=ABOUT,
        version=public("__version__"),
        lifespan=lifespan,
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
    )
    app.state.service = service
    for each in (stream_routes, routes, model_routes):  # what is asked most often is looked up first
        app.include_router(each.router)
    add_page(app)
    add_problems(app)
    app.add_middleware(Gate, limits=settings.limits, metrics=service.metrics, local=local)
    return app


def add_page(app: FastAPI) -> None:
    """The page, and the two files that it needs."""
    folder = files("loopcast.service") / "static"

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return Response((folder / "page.html").read_bytes(), media_type="text/html", headers=PAGE)

    @app.get("/static/{name}", include_in_schema=False)
    async def static(name: str) -> Response:
        if name not in STATIC:
            raise Problem(404, "there is no such file")
        return Response((folder / name).read_bytes(), media_type=STATIC[name], headers=PAGE)


def add_problems(app: FastAPI) -> None:
    """Have everything that goes wrong answered alike."""
    problems: dict[type[Exception], Callable[[Any], Problem]] = {
        Problem: lambda error: error,
        LoopcastError: lambda error: problem_of(error, *hidden(app)),
        HTTPException: http_problem,
        RequestValidationError: validation_problem,
    }
    for kind, problem in problems.items():
        app.add_exception_handler(kind, answered_with(problem))
    app.add_exception_handler(Exception, failed)


def answered_with(problem: Callable[[Any], Problem]) -> Callable[[Request, Exception], Awaitable[Response]]:
    """What answers an error; a coroutine, for what is none gets a thread of its own."""

    async def handler(request: Request, error: Exception) -> Response:
        return response_of(problem(error))

    return handler


def hidden(app: FastAPI) -> tuple[str, ...]:
    """Paths that no answer names."""
    service: Service = app.state.service
    return (str(service.store.streams), str(service.store.folder))


def response_of(problem: Any) -> Response:
    """A problem as an answer."""
    return Response(json.dumps(problem.facts()), problem.status, headers=problem.headers, media_type=MEDIA_TYPE)


def http_problem(error: Any) -> Problem:
    """What the framework says: a route that is not there, a method that it does not take."""
    detail = (
        "there is nothing at this address: /openapi.json says what there is"
        if error.status_code == 404
        else error.detail
    )
    return Problem(error.status_code, detail, headers=error.headers)


def validation_problem(error: Any) -> Problem:
    """A part of an address that is not as it should be."""
    first = error.errors()[0]
    return Problem(400, brief(f"{'.'.join(str(part) for part in first['loc'][1:])}: {first['msg']}", 300))


async def failed(request: Request, error: Exception) -> Response:
    """A fault of ours: the log says what it was."""
    logging.getLogger("loopcast.service").error("%s %s failed", request.method, request.url.path, exc_info=error)
    return response_of(Problem(500, "the server failed at this; its log says why"))
