"""A bar on the terminal's error stream while models are fitted one after the other."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from loopcast.errors import printable


@contextmanager
def progress_bar(title: str, total: int, *, show: bool | None) -> Iterator[Callable[[str], None]]:
    """Gives the function to call with the name of each model whose fit begins; there are `total` of them.

    show: True draws the bar, False draws nothing, None draws it only where standard error is a terminal.
    """
    if not (sys.stderr.isatty() if show is None else show):
        yield lambda name: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task, begun = bar.add_task(title, total=total), iter(range(total + 1))

        def callback(name: str) -> None:
            bar.update(task, completed=next(begun), description=printable(f"{title}  {name}"))

        yield callback
        bar.update(task, completed=total, description=title)
