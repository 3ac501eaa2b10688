"""What is trained, on what, and what comes of it: frozen values only."""

from dataclasses import dataclass

import numpy as np

from loopcast.networks.network import Network, Weights
from loopcast.windows.plan import WindowIndex, WindowPlan
from loopcast.windows.scaling import Scaling


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """A network, how it sees windows, the values, and where the windows lie.

    values: float32 `[row]` of the whole panel, already transformed.
    validation: None, and every epoch counts as better than the one before.
    """

    network: Network
    scaling: Scaling
    plan: WindowPlan
    values: np.ndarray
    training: WindowIndex
    validation: WindowIndex | None


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One row of a training history; losses are in the network's own (scaled) units.

    loss: over every step that counts.
    last_step_loss: over the last step of each window alone, mean squared error.
    valid_loss: of the forecasts into the tail that was held back; None where nothing was.
    """

    epoch: int
    loss: float
    last_step_mse: float
    valid_loss: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """The best weights, as NumPy arrays, and how training got there."""

    weights: Weights
    best_epoch: int
    history: tuple[Epoch, ...]
