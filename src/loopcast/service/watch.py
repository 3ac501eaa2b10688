"""Waiting for something to change, and signs of life meanwhile."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

HEARTBEAT = 15.0  # seconds between two signs of life
ALIVE = ": alive\n\n"  # a comment, to whoever reads server-sent events


class Watchers:
    """Those who watch things, by the names of these."""

    def __init__(self) -> None:
        self._all: dict[str, set[asyncio.Event]] = defaultdict(set)
        self.ended = False

    def tell(self, name: str) -> None:
        """Have those who watch a thing look."""
        for each in self._all.get(name, ()):
            each.set()

    def end(self) -> None:
        """Have all of them look once more, and go: the server ends."""
        self.ended = True
        for name in list(self._all):
            self.tell(name)

    @contextmanager
    def watching(self, name: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever the thing has changed."""
        event = asyncio.Event()
        self._all[name].add(event)
        try:
            yield event
        finally:
            self._all[name].discard(event)
            if not self._all[name]:
                del self._all[name]


async def changed(event: asyncio.Event) -> AsyncIterator[str]:
    """Signs of life, until something has changed."""
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT):
                await event.wait()
        except TimeoutError:
            yield ALIVE
        else:
            event.clear()
            return
