"""How a network is trained: everything that is decided before the first batch."""

from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp

from loopcast.backend import keras

Array = jax.Array
LossName = Literal["mse", "mae", "huber"]
ScheduleName = Literal["constant", "cosine", "one-cycle"]

WARM_SHARE = 0.25  # of a one-cycle's updates spent rising to the peak
WARM_START = 0.04  # of the peak, where a one-cycle starts


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Adam's settings and when to stop.

    schedule: "constant"; "cosine", falling to zero over all epochs; "one-cycle", rising first.
    clip: largest norm of a whole gradient; None leaves it.
    patience: epochs without a better validation loss before training stops; None never stops early.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    loss: LossName
    schedule: ScheduleName = "constant"
    clip: float | None = None
    weight_decay: float | None = None
    patience: int | None = None
    seed: int = 0

    def optimizer(self, updates: int) -> keras.optimizers.Optimizer:
        """Keras's Adam for that many updates in all."""
        return keras.optimizers.Adam(
            learning_rate=self._schedule(updates), clipnorm=self.clip, weight_decay=self.weight_decay
        )

    def _schedule(self, updates: int) -> float | keras.optimizers.schedules.LearningRateSchedule:
        peak = self.learning_rate
        if self.schedule == "constant":
            return peak
        if self.schedule == "cosine":
            return keras.optimizers.schedules.CosineDecay(peak, updates)
        warm = max(round(WARM_SHARE * updates), 1)
        return keras.optimizers.schedules.CosineDecay(
            WARM_START * peak, max(updates - warm, 1), warmup_target=peak, warmup_steps=warm
        )


def elementwise_loss(name: LossName, errors: Array) -> Array:
    """Loss of each error, of the same shape: e^2; |e|; or Huber's, e^2 / 2 up to 1 and |e| - 1/2 beyond."""
    if name == "mse":
        return jnp.square(errors)
    if name == "mae":
        return jnp.abs(errors)
    size = jnp.abs(errors)
    return jnp.where(size <= 1.0, 0.5 * jnp.square(errors), size - 0.5)


def weighted_mean(values: Array, weights: Array) -> Array:
    """Mean of `values` counted by `weights`; 0 where nothing counts."""
    return (values * weights).sum() / jnp.maximum(weights.sum(), 1.0)
