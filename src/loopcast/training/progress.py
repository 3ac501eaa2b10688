"""How the training of a network goes: to a bar on the terminal's error stream, to a log, and to callbacks."""

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from loopcast.errors import printable
from loopcast.kernels import why_not_built
from loopcast.progress import teller
from loopcast.training.callbacks import Callback, logs_of
from loopcast.training.history import Epoch

logger = logging.getLogger(__name__)


@contextmanager
def progress(
    title: str, *, show: bool | None, callbacks: Sequence[Callback] = ()
) -> Iterator[Callable[[Epoch, int], None]]:
    """Gives the function to call with every finished epoch and the number of epochs there are to be.

    show: True draws the bar, False draws nothing, None draws it only where standard error is a terminal, unless
    somebody asked to be told (`loopcast.progress.reporting`).
    callbacks: are told of every epoch; what they raise is raised here.
    """
    history: list[Epoch] = []
    slow = why_not_built()
    if slow is not None:
        logger.warning("%s trains more slowly than it could: %s", title, slow)
    with _bar(title, show=show) as draw:

        def callback(epoch: Epoch, epochs: int) -> None:
            draw(epoch, epochs)
            logger.debug("%s: epoch %d of %d, %s", title, epoch.epoch, epochs, losses(epoch))
            for each in callbacks:
                each.on_epoch_end(len(history), logs_of(epoch))
            history.append(epoch)

        yield callback
    if history:
        logger.info("%s: trained for %d epochs, %s", title, len(history), losses(history[-1]))


@contextmanager
def _bar(title: str, *, show: bool | None) -> Iterator[Callable[[Epoch, int], None]]:
    """Gives the same function, for the bar alone, or for who asked to be told in its place."""
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
