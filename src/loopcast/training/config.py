"""How a network is trained: everything that is decided before the first batch."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from loopcast.nn.losses import LossName

ScheduleName = Literal["constant", "cosine", "one-cycle"]

WARM_START = 0.04  # of the peak, where a one-cycle starts


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """Adam's settings and when to stop.

    schedule: "constant"; "cosine", falling to zero over all epochs; "one-cycle", rising first, for `warm` of them.
    average: how much of the mean of weights is kept at each update, and the mean is what is learned; None takes the
        last weights.
    clip: largest norm of a whole gradient; None leaves it.
    patience: epochs in a row that are clearly worse before training stops; None never stops early.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    loss: LossName
    schedule: ScheduleName = "constant"
    warm: float = 0.25
    average: float | None = None
    clip: float | None = None
    weight_decay: float | None = None
    patience: int | None = None
    seed: int = 0


def rates(recipe: TrainingConfig, update: np.ndarray, updates: int) -> np.ndarray:
    """The learning rate at each `update`, counted from 0, of `updates` in all, float64.

    Half a cosine down (Loshchilov & Hutter, 2017), after a rise.
    """
    peak = recipe.learning_rate
    if recipe.schedule == "constant":
        return np.full(len(update), peak)
    warm = max(round(recipe.warm * updates), 1) if recipe.schedule == "one-cycle" else 0
    rising = peak * (WARM_START + (1 - WARM_START) * update / max(warm, 1))
    done = np.clip((update - warm) / max(updates - warm, 1), 0.0, 1.0)
    return np.where(update < warm, rising, 0.5 * peak * (1 + np.cos(np.pi * done)))
