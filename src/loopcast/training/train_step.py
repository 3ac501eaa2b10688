"""The compiled part of training: a stretch of batches, and the loss of those that are held back.

Weights live in one flat vector, so that one Adam update touches every parameter at once. Nothing that is compiled
depends on a seed, on the number of epochs or, within a factor of two, on the number of rows and windows, so one
compilation serves the trainings that follow it.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from loopcast.nn.compiled import jit_network
from loopcast.training.adam import Moments, adam_update, clip_by_norm
from loopcast.training.data_source import Losses, Objective

Array = jax.Array


class StepSizes(NamedTuple):
    """How far each batch's update goes, float32 `[batch]`."""

    rate: Any  # the learning rate
    step: Any  # the same with Adam's correction


class TrainState(NamedTuple):
    """What one batch hands to the next."""

    weights: Array  # every weight, float32 [parameter]
    moments: Moments
    seed: Array  # of what is dropped
    update: Array  # how many there were
    mean: Array | None  # of the weights so far, later ones counting more; None where no mean is kept

    @property
    def best(self) -> Array:
        """What to forecast with: the mean where one is kept."""
        return self.weights if self.mean is None else self.mean


@dataclass(frozen=True, kw_only=True)
class TrainStep:
    """What is compiled, as a value: two that are equal share their compiled code."""

    objective: Objective
    clip: float | None
    weight_decay: float | None
    average: float | None = None  # how much of the mean of weights is kept at each update; None keeps no mean

    @property
    def runs_on_kernels(self) -> bool:
        return self.objective.runs_on_kernels

    def start(self, seed: int, weights: np.ndarray | None = None) -> TrainState:
        """Before the first batch, from these weights or the objective's own."""
        first = self.objective.initial(seed) if weights is None else weights
        mean = None if self.average is None else first.copy()
        return TrainState(*jax.device_put((first, Moments.zero(len(first)), np.uint32(seed), np.int32(0), mean)))

    @jit_network(1)
    def run_batches(
        self, carry: TrainState, rows: Any, batches: Any, count: Array, pace: StepSizes
    ) -> tuple[TrainState, Losses]:
        """Train on the first `count` of `batches` in turn; the losses over all."""
        key = jax.random.key(carry.seed) if self.objective.draws else None

        def shown(number: Array) -> Any:
            return self.objective.gather(rows, take(batches, number))

        def one(number: Array, state: tuple[TrainState, Losses, Any]) -> tuple[TrainState, Losses, Any]:
            carry, sums, before = state
            examples = shown(number) if before is None else before
            drawn = None if key is None else jax.random.fold_in(key, carry.update)
            carry, losses = self._update(carry, examples, drawn, take(pace, number))
            following = None if before is None else shown(jnp.minimum(number + 1, count - 1))
            return carry, jax.tree.map(jnp.add, sums, losses), following

        first = shown(jnp.int32(0)) if self.objective.prefetches else None
        return jax.lax.fori_loop(0, count, one, (carry, self.objective.no_losses(batches), first))[:2]

    @jit_network(1)
    def validate(self, weights: Array, rows: Any, batches: Any, count: Array) -> Losses:
        """The losses over the first `count` of `batches`."""
        parts = self.objective.from_vector(weights)

        def one(number: Array, sums: Losses) -> Losses:
            examples = self.objective.gather(rows, take(batches, number))
            return jax.tree.map(jnp.add, sums, self.objective.loss(parts, examples, None, training=False)[1])

        return jax.lax.fori_loop(0, count, one, self.objective.no_losses(batches))

    def _update(
        self, carry: TrainState, examples: Any, key: Array | None, pace: StepSizes
    ) -> tuple[TrainState, Losses]:
        objective = jax.value_and_grad(self.objective.loss, has_aux=True)
        parts = self.objective.from_vector(carry.weights)
        (_, losses), gradients = objective(parts, examples, key, training=True)
        gradient = jnp.concatenate([part.ravel() for part in jax.tree.leaves(gradients)])
        weights, moments = adam_update(
            carry.weights,
            carry.moments,
            clip_by_norm(gradient, self.clip),
            rate=pace.rate,
            step=pace.step,
            weight_decay=self.weight_decay,
        )
        mean = carry.mean
        if self.average is not None and mean is not None:  # at first the mean of all: the start is forgotten soon
            kept = jnp.minimum(self.average, carry.update / (carry.update + 1.0))
            mean = kept * mean + (1 - kept) * weights
        return TrainState(weights, moments, carry.seed, carry.update + 1, mean), losses


def take(batches: Any, number: Array) -> Any:
    """One of several batches."""
    return jax.tree.map(lambda each: each[number], batches)
