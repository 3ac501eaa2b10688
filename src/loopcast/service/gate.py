"""What a request passes before it is looked at: how large and how slow it may be, and where it comes from."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from loopcast.service.limits import Limits
from loopcast.service.metrics import Metrics
from loopcast.service.problems import MEDIA_TYPE, Problem

SAFE = ("GET", "HEAD", "OPTIONS")
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
LOCAL = ("127.0.0.1", "localhost", "[::1]", "testserver")


class Gate:
    """Measures every request, and turns away those that are too large, too slow, packed, or of another site.

    local: whether only names of this machine are taken for its own, as where it listens to itself alone: a page from
    elsewhere, whose name is made to lead here, gets nothing.
    """

    def __init__(self, app: ASGIApp, limits: Limits, metrics: Metrics, *, local: bool) -> None:
        self._app, self._limits, self._metrics, self._local = app, limits, metrics, local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the server."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, code = time.perf_counter(), 500

        async def measured(message: Message) -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = message["status"]
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        try:
            self._check(scope)
            await self._app(scope, self._limited(scope, receive), measured)
        except Problem as problem:
            await answer(measured, problem)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            self._metrics.request_seconds.labels(route, str(code)).observe(time.perf_counter() - began)

    def _check(self, scope: Scope) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        check_site(scope["method"], headers, local=self._local)
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise Problem(415, "bodies are not unpacked: send it without Content-Encoding")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._limits.body:
            raise self._too_large()

    def _too_large(self) -> Problem:
        return Problem(413, f"a body has at most {self._limits.body:,} bytes here: send less at once, or Parquet")

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        """Receives a body that is neither too large nor too slow."""
        size, until, whole = 0, time.monotonic() + self._limits.upload, False

        async def limited() -> Message:
            nonlocal size, whole
            if whole:
                return await receive()
            try:
                async with asyncio.timeout(until - time.monotonic()):
                    message = await receive()
            except TimeoutError:
                raise Problem(
                    408,
                    f"the body was not there after {self._limits.upload:g} seconds",
                    headers={"Connection": "close"},
                ) from None
            size += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if size > self._limits.body:
                raise self._too_large()
            return message

        return limited


def check_site(method: str, headers: Mapping[str, str], *, local: bool) -> None:
    """Problem 403 for what a page of another site sends, and 421 for a name that is not this machine's."""
    host = headers.get("host", "")
    if local and host.rpartition(":")[0] not in LOCAL and host not in LOCAL:
        raise Problem(421, "this server answers to localhost alone")
    if method in SAFE:
        return
    origin = headers.get("origin")
    foreign = origin is not None and origin.partition("://")[2] != host
    if foreign or headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Problem(403, "pages of other sites may change nothing here")


async def answer(send: Send, problem: Problem) -> None:
    """Send a problem as an answer."""
    body = json.dumps(problem.facts()).encode()
    more = [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
    headers: list[Any] = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode()), *more]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
