"""How long a job will take, by how far it has come."""

import time
from collections.abc import Callable
from typing import Any

SECONDS_TOLD = 0.2  # between two reports of progress


class Estimate:
    """How long a job will take: as long for each part that remains as for those that are done."""

    def __init__(self, tell: Callable[[dict[str, Any]], None]) -> None:
        self._tell = tell
        self._began, self._told = time.monotonic(), 0.0
        self._whole: dict[str, Any] = {"done": None, "total": None, "seconds_left": None}

    def tell(self, progress: dict[str, Any]) -> None:
        """Take what a worker says of its progress, and pass it on now and then."""
        now = time.monotonic()
        if progress["depth"] == 0:
            if not progress["done"]:
                self._began = now
            done, total = progress["done"], progress["total"]
            left = (now - self._began) * (total - done) / done if done else None
            self._whole = {"done": done, "total": total, "seconds_left": None if left is None else round(left, 1)}
        if now - self._told >= SECONDS_TOLD or progress["depth"] == 0:
            self._told = now
            self._tell({"doing": progress["doing"], **self._whole})
