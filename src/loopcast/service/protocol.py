"""HTTP that waits for the head of a request no longer than it may take."""

import asyncio
from typing import Any

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


def protocol(seconds: float) -> type[Timed]:
    """The protocol of a server whose clients have so long."""
    return type("Timed", (Timed,), {"seconds": seconds})
