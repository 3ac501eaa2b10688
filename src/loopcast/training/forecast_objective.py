"""What a forecaster's network is to learn: the values after each step of a window."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from loopcast.features.gather import Batch, DeviceRows, gather, per_channel
from loopcast.features.scaling import Scaling
from loopcast.features.windows import WindowPlan
from loopcast.nn.heads import DISTRIBUTIONS, DistributionName, LossName
from loopcast.nn.init import initial_weights
from loopcast.nn.network import Network, Weights
from loopcast.nn.weights import from_vector, to_vector
from loopcast.training.data_source import Losses

Array = jax.Array
UNKNOWN = 0.05  # share of categories that are taken for unknown in training, so that something is learned of those


@dataclass(frozen=True, kw_only=True)
class ForecastObjective:
    """Forecasts of `plan.horizon` steps from each step of a window, or from its last; see `Objective`.

    padded: whether training windows may begin before their series.
    unknown: whether categories are now and then taken for unknown ones.
    """

    network: Network
    scaling: Scaling
    plan: WindowPlan
    distribution: DistributionName
    point_loss: LossName
    padded: bool
    unknown: bool

    @property
    def channels(self) -> int:
        return self.network.outputs // (self.plan.horizon * DISTRIBUTIONS[self.distribution].parameters)

    @property
    def prefetches(self) -> bool:
        """Several targets, and those with what is known ahead: XLA encodes them once for every reader otherwise."""
        return self.channels > 1 or self.network.n_future > 0

    @property
    def runs_on_kernels(self) -> bool:
        """Not on a curve, and not with what is known ahead: XLA computes that at every step of every batch, three
        times as fast with its full effort.
        """
        return self.network.runs_on_kernels and self.scaling.transform == "none" and not self.network.n_future

    @property
    def draws(self) -> bool:
        return self.network.dropout > 0 or self.unknown

    def initial(self, seed: int) -> np.ndarray:
        return to_vector(initial_weights(self.network, seed))

    def from_vector(self, vector: Any) -> Weights:
        return from_vector(self.network, vector)

    def gather(self, rows: DeviceRows, batch: Array) -> Batch:
        """The windows that `batch` `[window, 5]` names."""
        return gather(self.scaling, self.plan, self.network.n_future, rows, batch)

    def no_losses(self, batches: Array) -> Losses:
        steps, horizon = self.plan.context if self.plan.every_step else 1, self.plan.horizon
        none = jnp.zeros((batches.shape[1], steps, self.channels, horizon), jnp.float32)
        return Losses(none, none[:, 0], jnp.float32(0), jnp.float32(0))

    def loss(self, weights: Weights, examples: Batch, key: Array | None, *, training: bool) -> tuple[Array, Losses]:
        """Counted up are losses `[window, step, channel, horizon]`, step 1 where only the last one counts."""
        codes = self._mask_categories(examples.codes, key) if self.unknown and key is not None else examples.codes
        _, given = self.network.scan(
            weights,
            self.network.zero_state(len(examples.features)),
            self.network.append_embeddings(weights, examples.features, codes),
            observed=examples.observed if self.padded or not training else None,
            dropout_key=key,
            last_only=not self.plan.every_step,
        )
        outputs = self.network.apply_decoder(weights, given, examples.ahead)
        outputs = per_channel(outputs, self.channels, self.plan.horizon)
        counts = ~jnp.isnan(examples.targets)
        kind = DISTRIBUTIONS[self.distribution]
        middle = kind.median(outputs)
        targets = jnp.where(counts, examples.targets, middle)  # a NaN would spoil the gradient of what is left out
        each = jnp.where(counts, kind.loss(outputs, targets, self.point_loss), 0.0)
        counted, counted_last = (jnp.count_nonzero(each).astype(jnp.float32) for each in (counts, counts[:, -1]))
        losses = Losses(each, jnp.square(middle[:, -1] - targets[:, -1]), counted, counted_last)
        return each.sum() / jnp.maximum(counted, 1.0), losses

    def _mask_categories(self, codes: Array, key: Array) -> Array:
        """Categories `[batch, table]`, some of them taken for unknown: the last of their table."""
        last = jnp.array([rows - 1 for rows, _ in self.network.embeddings])
        return jnp.where(jax.random.bernoulli(key, UNKNOWN, codes.shape), last, codes)
