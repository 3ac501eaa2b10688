"""How far work has come: a bar on the terminal's error stream, or what whoever started it wants to be told."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from loopcast.errors import printable

logger = logging.getLogger(__name__)


class Progress(NamedTuple):
    """What is being done, and how many of how many parts of it are; None where there is no telling.

    depth: how many other such counts it is a part of.
    """

    doing: str
    done: int | None = None
    total: int | None = None
    depth: int = 0


class Whole:
    """How much of some work is done, with what is done within its parts, and how long the rest will take.

    As long for each part that remains as for those that are done; clock: in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._began = clock, clock()
        self._levels: list[tuple[int, int]] = []

    def take(self, progress: Progress) -> None:
        """What was told."""
        if progress.done is None or not progress.total:
            return
        if progress.depth == 0 and not progress.done:
            self._began = self._clock()
        self._levels[progress.depth :] = [(progress.done, progress.total)]

    @property
    def share(self) -> float:
        """Of the work, that is done."""
        share, size = 0.0, 1.0
        for done, total in self._levels:
            size /= total
            share += size * min(done, total)
        return min(share, 1.0)

    @property
    def seconds_left(self) -> float | None:
        """None before anything is done."""
        share = self.share
        return None if not share else (self._clock() - self._began) * (1 - share) / share


class Teller:
    """Tells whoever asked how far work has come."""

    def __init__(self, tell: Callable[[Progress], None]) -> None:
        self._tell, self._depth = tell, 0

    @contextmanager
    def part(self) -> Iterator[Callable[[str, int, int], None]]:
        """Gives the function to call with what is being done, and how many of how many parts are."""
        depth, self._depth = self._depth, self._depth + 1
        try:
            yield lambda doing, done, total: self._tell(Progress(doing, done, total, depth))
        finally:
            self._depth = depth


_teller: ContextVar[Teller | None] = ContextVar("teller", default=None)


@contextmanager
def reporting(tell: Callable[[Progress], None]) -> Iterator[None]:
    """Have `tell` told how far work has come, in place of a bar."""
    token = _teller.set(Teller(tell))
    try:
        yield
    finally:
        _teller.reset(token)


def teller(show: bool | None) -> Teller | None:
    """Who is to be told in place of a bar, where that was left open (show is None) and somebody asked."""
    return _teller.get() if show is None else None


@contextmanager
def progress_bar(title: str, total: int, *, show: bool | None) -> Iterator[Callable[[str], None]]:
    """Gives the function to call with the name of each model whose fit begins; there are `total` of them.

    show: True draws the bar, False draws nothing, None draws it only where standard error is a terminal, unless
    somebody asked to be told (`reporting`).
    """
    with _bar(title, total, show=show) as draw:

        def callback(name: str) -> None:
            logger.info("%s: %s", title, name)
            draw(name)

        yield callback


@contextmanager
def _bar(title: str, total: int, *, show: bool | None) -> Iterator[Callable[[str], None]]:
    """Gives the same function, for the bar alone, or for who asked to be told in its place."""
    told = teller(show)
    if told is not None:
        begun = iter(range(total + 1))
        with told.part() as tell:
            yield lambda name: tell(f"{title}: {name}", next(begun), total)
        return
    if not (sys.stderr.isatty() if show is None else show):
        yield lambda name: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task, begun = bar.add_task(title, total=total), iter(range(total + 1))

        def callback(name: str) -> None:
            bar.update(task, completed=next(begun), description=printable(f"{title}  {name}"))

        yield callback
        bar.update(task, completed=total, description=title)
