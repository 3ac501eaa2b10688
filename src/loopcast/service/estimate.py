"""How far a job has come, and how long it will take, as it is told to who watches it."""

import time
from collections.abc import Callable
from typing import Any

from loopcast.progress import Progress, Whole

SECONDS_TOLD = 0.2  # between two reports of progress


class Estimate:
    """Tells now and then how far a job has come; clock: in seconds."""

    def __init__(self, tell: Callable[[dict[str, Any]], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._tell, self._clock, self._told = tell, clock, clock() - SECONDS_TOLD
        self._whole, self._count = Whole(clock), {"done": None, "total": None}

    def tell(self, progress: dict[str, Any]) -> None:
        """Take what a worker says of its progress, and pass it on now and then."""
        now = self._clock()
        self._whole.take(Progress(**progress))
        if progress["depth"] == 0:
            self._count = {name: progress[name] for name in ("done", "total")}
        if now - self._told >= SECONDS_TOLD or progress["depth"] == 0:
            self._told, left = now, self._whole.seconds_left
            self._tell(
                {"doing": progress["doing"], **self._count, "seconds_left": None if left is None else round(left, 1)}
            )
