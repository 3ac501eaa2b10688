"""What a plain network is to learn: the values after each step of a window."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from loopcast.features.gather import Batch, gather, per_channel
from loopcast.features.windows import WindowPlan
from loopcast.nn.init import initial_weights
from loopcast.nn.losses import LossName, elementwise_loss
from loopcast.nn.network import Network, Weights
from loopcast.nn.weights import from_vector, to_vector
from loopcast.training.data_source import Losses

Array = jax.Array


@dataclass(frozen=True, kw_only=True)
class ForecastObjective:
    """Forecasts of `plan.horizon` steps from each step of a window, or from its last; see `Objective`.

    lags: of the latest values, how many each step shows. padded: whether training windows may begin before their
    series.
    """

    network: Network
    lags: int
    plan: WindowPlan
    loss_name: LossName
    padded: bool

    @property
    def channels(self) -> int:
        return self.network.outputs // self.plan.horizon

    @property
    def prefetches(self) -> bool:
        """Several targets: XLA gathers them once for every reader otherwise."""
        return self.channels > 1

    @property
    def runs_on_kernels(self) -> bool:
        return self.network.runs_on_kernels

    @property
    def draws(self) -> bool:
        return self.network.dropout > 0

    def initial(self, seed: int) -> np.ndarray:
        return to_vector(initial_weights(self.network, seed))

    def from_vector(self, vector: Any) -> Weights:
        return from_vector(self.network, vector)

    def gather(self, rows: Array, batch: Array) -> Batch:
        """The windows that `batch` `[window, 5]` names."""
        return gather(self.lags, self.plan, rows, batch)

    def no_losses(self, batches: Array) -> Losses:
        steps, horizon = self.plan.context if self.plan.every_step else 1, self.plan.horizon
        none = jnp.zeros((batches.shape[1], steps, self.channels, horizon), jnp.float32)
        return Losses(none, none[:, 0], jnp.float32(0), jnp.float32(0))

    def loss(self, weights: Weights, examples: Batch, key: Array | None, *, training: bool) -> tuple[Array, Losses]:
        """Counted up are losses `[window, step, channel, horizon]`, step 1 where only the last one counts."""
        _, outputs = self.network.scan(
            weights,
            self.network.zero_state(len(examples.features)),
            examples.features,
            observed=examples.observed if self.padded or not training else None,
            dropout_key=key,
            last_only=not self.plan.every_step,
        )
        outputs = per_channel(outputs, self.channels)
        counts = ~jnp.isnan(examples.targets)
        off = jnp.where(counts, outputs - examples.targets, 0.0)  # a NaN would spoil the gradient of what is left out
        each = jnp.where(counts, elementwise_loss(self.loss_name, off), 0.0)
        counted, counted_last = (jnp.count_nonzero(each).astype(jnp.float32) for each in (counts, counts[:, -1]))
        losses = Losses(each, jnp.square(off[:, -1]), counted, counted_last)
        return each.sum() / jnp.maximum(counted, 1.0), losses
