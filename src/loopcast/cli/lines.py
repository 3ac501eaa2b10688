"""How far long work has come, as a line now and then where there is no terminal to draw a bar on."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from loopcast.errors import printable
from loopcast.progress import Progress, Whole, reporting
from loopcast.tasks.files_progress import in_words

EVERY = 15.0  # seconds from one line to the next


class ProgressLines:
    """Says at most every EVERY seconds what is done, and what remains; clock: in seconds."""

    def __init__(self, tell: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._tell, self._clock, self._said = tell, clock, clock()
        self._whole = Whole(clock)

    def tell(self, progress: Progress) -> None:
        """Take what was told, and say it where that is due."""
        self._whole.take(progress)
        now = self._clock()
        if now - self._said < EVERY:
            return
        self._said, left = now, self._whole.seconds_left
        rest = "" if left is None else f", about {in_words(left)} left"
        self._tell(f"{progress.doing}: {self._whole.share:.0%} done{rest}")


@contextmanager
def lines_where_no_terminal() -> Iterator[None]:
    """Have lines on standard error while work goes on, unless that is a terminal."""
    if sys.stderr.isatty():
        yield
        return
    with reporting(ProgressLines(lambda line: print(printable(line), file=sys.stderr, flush=True)).tell):
        yield
