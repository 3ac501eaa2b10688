"""Which epoch was the best, and when to stop looking for a better one."""

import math
from dataclasses import dataclass, replace

import jax

from loopcast.training.history import Epoch


def tolerance(forecasts: int) -> float:
    """Share by which a mean loss over the tails of so many series can be worse by chance.

    >>> tolerance(1), tolerance(25), tolerance(1000)
    (1.0, 0.2, 0.1)
    """
    return max(0.1, 1 / math.sqrt(forecasts))


@dataclass(frozen=True, kw_only=True, eq=False)
class EarlyStopping:
    """The best epoch so far: the latest whose validation loss is within `tolerance` of the least.

    A schedule that falls to zero has its best weights at its end, and the loss of one short tail is noisy; so
    an earlier epoch is preferred only where the later ones are clearly worse.

    patience: epochs in a row that are clearly worse before it is time to stop; None never is.
    """

    patience: int | None
    tolerance: float
    weights: jax.Array
    epoch: int = 0
    least: float = float("inf")
    waited: int = 0

    def update(self, epoch: Epoch, weights: jax.Array) -> "EarlyStopping":
        """What is best once `epoch`, which ended with `weights`, is counted in."""
        if epoch.valid_loss is not None and epoch.valid_loss > self.least * (1 + self.tolerance):
            return replace(self, waited=self.waited + 1)
        least = self.least if epoch.valid_loss is None else min(self.least, epoch.valid_loss)
        return replace(self, epoch=epoch.epoch, least=least, waited=0, weights=weights)

    @property
    def out_of_patience(self) -> bool:
        return self.patience is not None and self.waited >= self.patience
