"""The compiled part of training: a stretch of batches, and the loss of a set of windows.

Weights live in one flat vector, so that one Adam update touches every parameter at once. Nothing that is compiled
depends on a seed, on the number of epochs or, within a factor of two, on the number of rows and windows, so one
compilation serves the trainings that follow it.
"""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from loopcast.features.gather import Batch, DeviceRows, gather, per_channel
from loopcast.features.scaling import Scaling
from loopcast.features.windows import WindowPlan
from loopcast.nn.compiled import jit_network
from loopcast.nn.heads import DISTRIBUTIONS, DistributionName, LossName
from loopcast.nn.init import initial_weights
from loopcast.nn.network import Network, Weights
from loopcast.nn.weights import from_vector, to_vector
from loopcast.training.adam import Moments, adam_update, clip_by_norm
from loopcast.training.config import TrainingConfig
from loopcast.training.training_data import TrainingData

Array = jax.Array
UNKNOWN = 0.05  # share of categories that are taken for unknown in training, so that something is learned of those


class StepSizes(NamedTuple):
    """How far each batch's update goes, float32 `[batch]`."""

    rate: Array  # the learning rate
    step: Array  # the same with Adam's correction


class TrainState(NamedTuple):
    """What one batch hands to the next."""

    weights: Array  # every weight, float32 [parameter]
    moments: Moments
    seed: Array  # of what is dropped
    update: Array  # how many there were


class Losses(NamedTuple):
    """Sums over batches, place by place: a sum over places takes a CPU as long as everything else about a loss."""

    loss: Array  # [window, step, channel, horizon], step 1 where only the last one counts
    last_square: Array  # [window, channel, horizon], squared errors at the last step
    counted: Array  # how many targets there were
    counted_last: Array  # and how many of them at the last step


@dataclass(frozen=True, kw_only=True)
class TrainStep:
    """What is compiled, as a value: two programs that are equal share their compiled code."""

    network: Network
    scaling: Scaling
    plan: WindowPlan
    distribution: DistributionName
    loss: LossName
    clip: float | None
    weight_decay: float | None
    padded: bool  # whether training windows may begin before their series
    unknown: bool  # whether categories are now and then taken for unknown ones

    @classmethod
    def of(cls, task: TrainingData, recipe: TrainingConfig) -> "TrainStep":
        return cls(
            network=task.network,
            scaling=task.scaling,
            plan=task.plan,
            distribution=task.distribution,
            loss=recipe.loss,
            clip=recipe.clip,
            weight_decay=recipe.weight_decay,
            padded=task.training.padded,
            unknown=task.allow_unknown,
        )

    @property
    def channels(self) -> int:
        return self.network.outputs // (self.plan.horizon * DISTRIBUTIONS[self.distribution].parameters)

    @property
    def prefetches_batch(self) -> bool:
        """Whether a batch is encoded in the turn before its own. In one go with what reads it, XLA encodes several
        targets, and those with what is known ahead, once for every reader.
        """
        return self.channels > 1 or self.network.n_future > 0

    @property
    def runs_on_kernels(self) -> bool:
        """Not on a curve, and not with what is known ahead: XLA computes that at every step of every batch, three
        times as fast with its full effort.
        """
        return self.network.runs_on_kernels and self.scaling.transform == "none" and not self.network.n_future

    def start(self, seed: int) -> TrainState:
        """Before the first batch."""
        weights = to_vector(initial_weights(self.network, seed))
        return TrainState(*jax.device_put((weights, Moments.zero(len(weights)), np.uint32(seed), np.int32(0))))

    @jit_network(1)
    def run_batches(
        self, carry: TrainState, rows: DeviceRows, batches: Array, count: Array, pace: StepSizes
    ) -> tuple[TrainState, Losses]:
        """Train on the first `count` of `batches` `[batch, window, 5]` in turn; the losses over all."""
        key = jax.random.key(carry.seed) if self.network.dropout > 0 or self.unknown else None

        def shown(number: Array) -> Batch:
            return gather(self.scaling, self.plan, self.network.n_future, rows, batches[number])

        def one(
            number: Array, state: tuple[TrainState, Losses, Batch | None]
        ) -> tuple[TrainState, Losses, Batch | None]:
            carry, sums, before = state
            examples = shown(number) if before is None else before
            dropout_key = None if key is None else jax.random.fold_in(key, carry.update)
            if self.unknown and dropout_key is not None:
                examples = examples._replace(codes=self.mask_categories(examples.codes, dropout_key))
            objective = jax.value_and_grad(self._objective, has_aux=True)
            weights = from_vector(self.network, carry.weights)
            (_, losses), gradients = objective(weights, examples, dropout_key, self.padded)
            gradient = jnp.concatenate([part.ravel() for part in jax.tree.leaves(gradients)])
            carry = self._updated(carry, gradient, jax.tree.map(lambda each: each[number], pace))
            following = None if before is None else shown(jnp.minimum(number + 1, count - 1))
            return carry, jax.tree.map(jnp.add, sums, losses), following

        first = shown(jnp.int32(0)) if self.prefetches_batch else None
        return jax.lax.fori_loop(0, count, one, (carry, self._no_losses(batches.shape[1]), first))[:2]

    @jit_network(1)
    def validate(self, weights: Array, rows: DeviceRows, batches: Array, count: Array) -> Losses:
        """The losses over the first `count` of `batches`."""
        parts = from_vector(self.network, weights)

        def one(number: Array, sums: Losses) -> Losses:
            examples = gather(self.scaling, self.plan, self.network.n_future, rows, batches[number])
            return jax.tree.map(jnp.add, sums, self._objective(parts, examples, None, padded=True)[1])

        return jax.lax.fori_loop(0, count, one, self._no_losses(batches.shape[1]))

    def _no_losses(self, windows: int) -> Losses:
        steps, horizon = self.plan.context if self.plan.every_step else 1, self.plan.horizon
        none = jnp.zeros((windows, steps, self.channels, horizon), jnp.float32)
        return Losses(none, none[:, 0], jnp.float32(0), jnp.float32(0))

    def _objective(
        self, weights: Weights, examples: Batch, dropout_key: Array | None, padded: bool
    ) -> tuple[Array, Losses]:
        _, given = self.network.scan(
            weights,
            self.network.zero_state(len(examples.features)),
            self.network.append_embeddings(weights, examples.features, examples.codes),
            observed=examples.observed if padded else None,
            dropout_key=dropout_key,
            last_only=not self.plan.every_step,
        )
        outputs = self.network.apply_decoder(weights, given, examples.ahead)
        outputs = per_channel(outputs, self.channels, self.plan.horizon)
        counts = ~jnp.isnan(examples.targets)
        kind = DISTRIBUTIONS[self.distribution]
        middle = kind.median(outputs)
        targets = jnp.where(counts, examples.targets, middle)  # a NaN would spoil the gradient of what is left out
        each = jnp.where(counts, kind.loss(outputs, targets, self.loss), 0.0)
        counted, counted_last = (jnp.count_nonzero(each).astype(jnp.float32) for each in (counts, counts[:, -1]))
        losses = Losses(each, jnp.square(middle[:, -1] - targets[:, -1]), counted, counted_last)
        return each.sum() / jnp.maximum(counted, 1.0), losses

    def mask_categories(self, codes: Array, key: Array) -> Array:
        """Categories `[batch, table]`, some of them taken for unknown: the last of their table."""
        last = jnp.array([rows - 1 for rows, _ in self.network.embeddings])
        return jnp.where(jax.random.bernoulli(key, UNKNOWN, codes.shape), last, codes)

    def _updated(self, carry: TrainState, gradient: Array, pace: StepSizes) -> TrainState:
        weights, moments = adam_update(
            carry.weights,
            carry.moments,
            clip_by_norm(gradient, self.clip),
            rate=pace.rate,
            step=pace.step,
            weight_decay=self.weight_decay,
        )
        return carry._replace(weights=weights, moments=moments, update=carry.update + 1)
