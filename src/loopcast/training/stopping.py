"""Which epoch was the best, and when to stop looking for a better one."""

from dataclasses import dataclass

import jax
import numpy as np

from loopcast.training.task import Epoch


@dataclass(frozen=True, kw_only=True, eq=False)
class Best:
    """The best epoch so far by validation loss; without validation, the latest.

    patience: epochs without a better one before it is time to stop; None never is.
    """

    patience: int | None
    epoch: int = 0
    valid_loss: float = float("inf")
    waited: int = 0
    flat: np.ndarray | None = None

    def after(self, epoch: Epoch, flat: jax.Array) -> "Best":
        """What is best once `epoch`, which ended with the weights `flat`, is counted in."""
        if epoch.valid_loss is not None and epoch.valid_loss >= self.valid_loss:
            return Best(
                patience=self.patience,
                epoch=self.epoch,
                valid_loss=self.valid_loss,
                waited=self.waited + 1,
                flat=self.flat,
            )
        valid_loss = self.valid_loss if epoch.valid_loss is None else epoch.valid_loss
        return Best(patience=self.patience, epoch=epoch.epoch, valid_loss=valid_loss, flat=np.asarray(flat))

    @property
    def out_of_patience(self) -> bool:
        return self.patience is not None and self.waited >= self.patience
