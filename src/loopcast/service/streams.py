"""All streams of a server: which there are, and the folders that they go on from."""

import json
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from loopcast.service import catalog
from loopcast.service.limits import Limits
from loopcast.service.options import StreamOptions, validated
from loopcast.service.problems import Problem
from loopcast.service.spool import Upload
from loopcast.service.store import Store
from loopcast.service.stream import ServedStream
from loopcast.service.workers import Answer

Compute = Callable[[str, str, Upload], Awaitable[Answer]]


class Streams:
    """The streams by their names."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self._store, self._limits = store, limits
        self.all: dict[str, ServedStream] = {}

    async def recover(self) -> None:
        """Go on with all streams from their folders."""
        for row in self._store.rows("SELECT * FROM streams ORDER BY name"):
            stream = self._stream(row["name"], validated(StreamOptions, json.loads(row["options"])))
            await stream.call(stream.open)
            self.all[row["name"]] = stream

    def find(self, name: str) -> ServedStream:
        """A stream by its name; Problem 404 where there is none."""
        found = self.all.get(name)
        if found is None:
            raise Problem(404, "there is no stream of this name: PUT one first")
        return found

    async def begin(self, name: str, upload: Upload, compute: Compute) -> tuple[ServedStream, bool]:
        """A stream, and whether it is new; Problem 409 where one of this name has other options.

        compute: has a worker make its folder.
        """
        if not catalog.NAME.fullmatch(name):
            raise Problem(400, "a stream's name is small letters, digits, dots, - and _, 64 at most")
        if name not in self.all and len(self.all) >= self._limits.streams:
            raise Problem(429, f"{len(self.all)} streams are followed already: end some", headers={"Retry-After": "60"})
        head, _ = await compute("begin", "stream", upload)
        options = validated(StreamOptions, head["options"])
        if name in self.all:
            return self._same(self.all[name], options), False
        return await self._begun(name, options, upload.folder / "state"), True

    def _same(self, stream: ServedStream, options: StreamOptions) -> ServedStream:
        if stream.asked != options:
            raise Problem(409, "there is a stream of this name with other options: DELETE it first, or take its own")
        return stream

    async def _begun(self, name: str, options: StreamOptions, state: Path) -> ServedStream:
        folder = self._store.streams / name
        if folder.exists():  # of a stream that was ended, or of a start that was not finished
            shutil.rmtree(folder)
        if state.exists():
            shutil.move(state, folder)
        row = {"name": name, "options": options.model_dump_json(), "created": time.time()}
        stream = self._stream(name, options)
        await stream.call(stream.open)
        self._store.insert("streams", row)
        self.all[name] = stream
        return stream

    def _stream(self, name: str, options: StreamOptions) -> ServedStream:
        return ServedStream(name, options, self._store.streams / name)

    async def end(self, name: str) -> None:
        """End a stream, with all that it knows."""
        stream = self.find(name)
        del self.all[name]
        self._store.change("DELETE FROM streams WHERE name = ?", (name,))
        await stream.call(stream.remove)

    def facts(self) -> list[dict[str, Any]]:
        """All of them, in short."""
        return [
            {"name": name, "model": each.asked.model, "series": 0 if each.live is None else len(each.live)}
            for name, each in self.all.items()
        ]

    async def look(self) -> None:
        """Look how each stream is."""
        for each in list(self.all.values()):
            await each.call(each.health)

    def healths(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The model of each stream, and how that was when it was last looked at."""
        return ((each.asked.model, each.last_health) for each in self.all.values() if each.last_health is not None)

    async def close(self) -> None:
        """Have the next start find short journals."""
        for each in self.all.values():
            await each.call(each.close)
