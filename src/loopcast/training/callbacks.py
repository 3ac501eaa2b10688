"""What whoever fits a network wants to be told of its training, in Keras' words."""

from collections.abc import Iterable
from typing import Any, Protocol

from loopcast.errors import OptionError, quote
from loopcast.training.history import Epoch


class Callback(Protocol):
    """Is told of every epoch. What it raises ends the fit."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> Any:
        """epoch: counted from 0 through the whole fit, so that none comes twice. logs: see `logs_of`."""


def check_callbacks(value: Iterable[Callback]) -> tuple[Callback, ...]:
    """The callbacks, if they are objects with `on_epoch_end`; OptionError otherwise.

    >>> check_callbacks([])
    ()
    """
    each = tuple(value) if isinstance(value, list | tuple) else None
    if each is None or not all(callable(getattr(one, "on_epoch_end", None)) for one in each):
        raise OptionError(f"callbacks is a list of objects that have on_epoch_end(epoch, logs), got {quote(value)}")
    return each


def logs_of(epoch: Epoch) -> dict[str, float]:
    """An epoch as numbers by Keras' names; `val_loss` where rows are held back.

    member: which of several networks, from 0; final: 1 in the last training, on all rows, and 0 before it.

    >>> logs_of(Epoch(epoch=1, member=0, final=False, loss=0.25, last_step_mse=0.1, valid_loss=None))
    {'loss': 0.25, 'member': 0, 'final': 0}
    """
    valid = {} if epoch.valid_loss is None else {"val_loss": epoch.valid_loss}
    return {"loss": epoch.loss, **valid, "member": epoch.member, "final": int(epoch.final)}
