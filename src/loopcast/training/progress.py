"""A bar on the terminal's error stream while a network trains."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from loopcast.errors import printable
from loopcast.progress import teller
from loopcast.training.history import Epoch


@contextmanager
def progress(title: str, *, show: bool | None) -> Iterator[Callable[[Epoch, int], None]]:
    """Gives the function to call with every finished epoch and the number of epochs there are to be.

    show: True draws the bar, False draws nothing, None draws it only where standard error is a terminal, unless
    somebody asked to be told (`loopcast.progress.reporting`).
    """
    told = teller(show)
    if told is not None:
        with told.part() as tell:
            yield lambda epoch, epochs: tell(f"{title}: {losses(epoch)}", epoch.epoch, epochs)
        return
    if not (sys.stderr.isatty() if show is None else show):
        yield lambda epoch, epochs: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        lines: dict[tuple[bool, int], TaskID] = {}

        def callback(epoch: Epoch, epochs: int) -> None:
            line = (epoch.final, epoch.member)
            if line not in lines:
                lines[line] = bar.add_task(printable(title), total=epochs)
            stage = f"{'on all rows, ' if epoch.final else ''}network {epoch.member + 1}  "
            stage = stage if epoch.final or epoch.member else ""
            bar.update(lines[line], completed=epoch.epoch, description=printable(f"{title}  {stage}{losses(epoch)}"))

        yield callback


def losses(epoch: Epoch) -> str:
    """The losses of an epoch in a few words.

    >>> losses(Epoch(epoch=1, member=0, final=False, loss=0.25, last_step_mse=0.1, valid_loss=0.5))
    'loss 0.25  validation 0.5'
    """
    valid = "" if epoch.valid_loss is None else f"  validation {epoch.valid_loss:.4g}"
    return f"loss {epoch.loss:.4g}{valid}"
