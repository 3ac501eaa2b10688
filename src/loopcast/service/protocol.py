"""What uvicorn does otherwise: it waits for the head of a request for so long, and ends without who only watches."""

import asyncio
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol


class Timed(H11Protocol):
    """Gives up on clients that do not send a head, the first one and each after it, in so many seconds."""

    seconds = 10.0
    _clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A client is there."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """It says something."""
        if self._clock is None and self._between():
            self._wait()
        super().data_received(data)
        if not self._between():
            self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._go_on()
        super().connection_lost(exc)

    def _between(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def _wait(self) -> None:
        self._clock = self.loop.call_later(self.seconds, self._give_up)

    def _go_on(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _give_up(self) -> None:
        self._clock = None
        if not self.transport.is_closing():
            self.transport.close()


class Server(uvicorn.Server):
    """Tells the application that it is to end, before it waits for requests that are being answered."""

    def __init__(self, config: uvicorn.Config, ends: Callable[[], None]) -> None:
        super().__init__(config)
        self._ends, self._loop = ends, asyncio.get_running_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM or Ctrl-C came."""
        self._loop.call_soon_threadsafe(self._ends)
        super().handle_exit(sig, frame)


def protocol(seconds: float) -> type[Timed]:
    """The protocol of a server whose clients have so long."""
    return type("Timed", (Timed,), {"seconds": seconds})
