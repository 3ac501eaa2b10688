"""A server that listens: workers begin at once, and the application loads beside them."""

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Callable

from loopcast.errors import OptionError
from loopcast.service.limits import Settings
from loopcast.service.workers import pool_for

DRAIN = 30  # seconds in which requests that are being answered may end after SIGTERM
MOST_HEAD = 2**16  # bytes of a request's head
KEPT_ALIVE = 15  # seconds that a connection stays open without a request
MOST_CONNECTIONS = 1000


def check_host(host: str, settings: Settings) -> bool:
    """Whether a host is this machine alone; OptionError for another one where no token was made yet."""
    if is_local(host):
        return True
    from loopcast.service.store import Store

    store = Store(settings.folder)
    made = store.row("SELECT 1 FROM tokens")
    store.close()
    if made is None:
        raise OptionError(
            f"--host {host} lets others in, and no token was made yet: loopcast token NAME --models "
            f"{settings.folder} makes one"
        )
    return False


def is_local(host: str) -> bool:
    """Whether only this machine reaches a host.

    >>> is_local("127.0.0.1"), is_local("localhost"), is_local("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens; OptionError where something else does."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # or asyncio leaves Nagle on
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(1024)  # who comes before all is ready waits
    except OSError as error:
        found.close()
        raise OptionError(f"--host {host} --port {port}: {error.strerror or error}") from error
    return found


def serve(settings: Settings, host: str, port: int, say: Callable[[str], None]) -> None:
    """Serve until SIGTERM or Ctrl-C, then end in order. say: is told where the server is to be found."""
    local = check_host(host, settings)
    settings.folder.mkdir(parents=True, exist_ok=True)
    with bound(host, port) as listening:
        asyncio.run(_serve(settings, listening, local, say))


async def _serve(settings: Settings, listening: socket.socket, local: bool, say: Callable[[str], None]) -> None:
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    pool = pool_for(settings.folder, settings.workers, settings.limits.queue)
    starting = asyncio.ensure_future(pool.start())
    await asyncio.sleep(0.05)  # so that the workers are on their way
    import uvicorn

    from loopcast.service.app import create_app
    from loopcast.service.protocol import Server, protocol

    app = create_app(settings, pool, local=local)
    config = uvicorn.Config(
        app,
        http=protocol(settings.limits.header),
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=KEPT_ALIVE,
        timeout_graceful_shutdown=DRAIN,
        h11_max_incomplete_event_size=MOST_HEAD,
        limit_concurrency=MOST_CONNECTIONS,
    )
    address, port = listening.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    say(f"Serving {settings.folder} at http://{shown}:{port}")
    await Server(config, app.state.service.end_watching).serve([listening])
    await starting
