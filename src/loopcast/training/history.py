"""How a training went, and what came of it."""

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One row of a training history; losses are in the network's own (scaled) units.

    member: which of the networks that are trained from different seeds, counted from 0.
    final: whether this is an epoch of the last training on everything.
    loss: over every step that counts.
    last_step_mse: mean squared error over the last step of each window alone.
    valid_loss: of the forecasts into the tail that was held back; None where nothing was.
    """

    epoch: int
    member: int
    final: bool
    loss: float
    last_step_mse: float
    valid_loss: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """The best weights of every member, as its objective takes them, and how training got there.

    epochs: how many the chosen training had at most.
    best_epoch: the epoch with the best validation loss; the last one where nothing was held back.
    """

    members: tuple[Any, ...]
    epochs: int
    best_epoch: int
    history: tuple[Epoch, ...]

    @property
    def valid_loss(self) -> float:
        """Of the best epoch; infinite where nothing was held back."""
        loss = self.history[self.best_epoch - 1].valid_loss
        return math.inf if loss is None else loss
