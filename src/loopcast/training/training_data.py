"""What is trained, on what, and what comes of it: frozen values only."""

import math
from dataclasses import dataclass, replace

import numpy as np

from loopcast.features.scaling import Scaling
from loopcast.features.windows import WindowIndex, WindowPlan
from loopcast.nn.heads import DistributionName
from loopcast.nn.network import Network, Weights


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingData:
    """A network, how it sees windows, what its output means, the values, and where the windows lie.

    values: float32 `[row, channel]` of the whole panel.
    exogenous: float32 `[row, number]`, what is known at each row besides; the last `network.ahead` of it ahead as well.
    codes: int32 `[row, table]`, the categories of each row's series.
    interpolated: `values` with short gaps bridged, where the scaling takes it so.
    allow_unknown: whether the last category of each table stands for unknown ones, as now and then any in training.
    validation: None, and every epoch counts as better than the one before.
    refit_windows: windows over all rows, those held back for validation included, for a last training on everything
        once the number of epochs is chosen; None leaves that out.
    """

    network: Network
    scaling: Scaling
    plan: WindowPlan
    distribution: DistributionName
    values: np.ndarray
    training: WindowIndex
    validation: WindowIndex | None
    refit_windows: WindowIndex | None
    exogenous: np.ndarray | None = None
    codes: np.ndarray | None = None
    interpolated: np.ndarray | None = None
    allow_unknown: bool = False

    def for_refit(self) -> "TrainingData":
        """The same task with nothing held back."""
        training = self.training if self.refit_windows is None else self.refit_windows
        return replace(self, training=training, validation=None, refit_windows=None)


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
    """The best weights of every member, and how training got there.

    epochs: how many the chosen training had at most.
    best_epoch: the epoch with the best validation loss; the last one where nothing was held back.
    """

    members: tuple[Weights, ...]
    epochs: int
    best_epoch: int
    history: tuple[Epoch, ...]

    @property
    def valid_loss(self) -> float:
        """Of the best epoch; infinite where nothing was held back."""
        loss = self.history[self.best_epoch - 1].valid_loss
        return math.inf if loss is None else loss
