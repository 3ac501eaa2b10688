"""How far the forecasts of many files have come, and when they will be done."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

Tell = Callable[[str], None]
EVERY = 5.0  # seconds from one line to the next


def nothing(message: str) -> None:
    """What is told to nobody."""


class FilesProgress:
    """Counts by bytes of the files: how many series they hold is known only once they are opened."""

    def __init__(
        self, files: Sequence[Path], status: Tell, problem: Tell, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sizes = {path: path.stat().st_size if path.is_file() else 0 for path in files}
        self._left = float(sum(self._sizes.values()))
        self._work = 0.0  # bytes that were forecast now
        self._status, self._problem, self._clock = status, problem, clock
        self._began = self._last = clock()
        self._counted = dict.fromkeys(files, 0.0)
        self.parts = self.finished = self.series = 0
        self.failures: dict[Path, str] = {}

    def found(self, path: Path, weight: float) -> None:
        """A part that was finished before."""
        self.finished += 1
        self._count(path, weight)

    def done(self, path: Path, weight: float, series: int) -> None:
        """A part that is finished now."""
        self.parts, self.series = self.parts + 1, self.series + series
        self._work += weight
        self._count(path, weight)
        now = self._clock()
        if now - self._last >= EVERY:
            self._last = now
            self._status(self.line(now - self._began))

    def failed(self, path: Path, error: str) -> None:
        """A file that cannot be forecast, or not all of it: nothing more of it is to come."""
        if path in self.failures:
            return
        self.failures[path] = error
        self._left -= self._sizes[path] - self._counted[path]
        self._problem(f"{path}: {error}")

    def line(self, seconds: float) -> str:
        """What is done after so many seconds, and about how long the rest takes at that rate."""
        rate = f"{self.series / seconds:,.0f} a second"
        left = seconds * max(self._left, 0.0) / self._work
        return f"{self.series:,} series in {self.parts:,} parts, {rate}; about {in_words(left)} left"

    def _count(self, path: Path, weight: float) -> None:
        self._counted[path] += weight
        if path not in self.failures:
            self._left -= weight


def in_words(seconds: float) -> str:
    """A duration, rounded as an estimate is.

    >>> in_words(42.3), in_words(90), in_words(7200)
    ('42 s', '2 min', '2.0 h')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"
