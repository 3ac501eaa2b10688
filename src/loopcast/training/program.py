"""The compiled part of training: a stretch of batches, and the loss of a set of windows.

Weights live in one flat vector, so that one Adam update touches every parameter at once. Nothing that is compiled
depends on a seed, on the number of epochs or, within a factor of two, on the number of rows and windows, so one
compilation serves the trainings that follow it.
"""

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from loopcast.backend import keras
from loopcast.networks.initial import initial_weights
from loopcast.networks.network import Network
from loopcast.networks.weights import flat, unflat
from loopcast.training.recipe import LossName, Recipe, ScheduleName, elementwise_loss, rate, weighted_mean
from loopcast.training.task import Task
from loopcast.windows.gather import Examples, gather
from loopcast.windows.plan import WindowPlan
from loopcast.windows.scaling import Scaling

Array = jax.Array


class Pace(NamedTuple):
    """Where the schedule of learning rates goes."""

    peak: Array
    updates: Array


class Carry(NamedTuple):
    """What one batch hands to the next."""

    weights: Array  # every weight, float32 [parameter]
    optimizer: list[Array]
    key: Array  # draws dropout
    update: Array  # how many there were


class Losses(NamedTuple):
    """Weighted sums and what they weigh, so that batches of unequal size add up right."""

    loss: Array
    weight: Array
    last_loss: Array
    last_weight: Array


@dataclass(frozen=True, kw_only=True)
class Program:
    """What is compiled, as a value: two programs that are equal share their compiled code."""

    network: Network
    scaling: Scaling
    plan: WindowPlan
    loss: LossName
    schedule: ScheduleName
    clip: float | None
    weight_decay: float | None
    padded: bool  # whether training windows may begin before their series

    @classmethod
    def of(cls, task: Task, recipe: Recipe) -> "Program":
        return cls(
            network=task.network,
            scaling=task.scaling,
            plan=task.plan,
            loss=recipe.loss,
            schedule=recipe.schedule,
            clip=recipe.clip,
            weight_decay=recipe.weight_decay,
            padded=task.training.padded,
        )

    def start(self, seed: int) -> Carry:
        """Before the first batch."""
        weights = flat(initial_weights(self.network, seed))
        variables = [jnp.asarray(variable.value) for variable in _adam(self).variables]
        return Carry(weights, variables, jax.random.key(seed), jnp.zeros((), jnp.int32))

    @partial(jax.jit, static_argnums=0)
    def run_batches(
        self, carry: Carry, values: Array, batches: Array, count: Array, pace: Pace
    ) -> tuple[Carry, Losses]:
        """Train on the first `count` of `batches` `[batch, window, 5]` in turn; the losses' sums over all."""

        def one(number: Array, state: tuple[Carry, Losses]) -> tuple[Carry, Losses]:
            carry, sums = state
            key, dropout_key = jax.random.split(carry.key)
            examples = gather(self.scaling, self.plan, values, batches[number])
            objective = jax.value_and_grad(self._objective, has_aux=True)
            (_, losses), gradient = objective(carry.weights, examples, dropout_key, self.padded)
            weights, optimizer = self._adam_step(carry, gradient, pace)
            return Carry(weights, optimizer, key, carry.update + 1), jax.tree.map(jnp.add, sums, losses)

        return jax.lax.fori_loop(0, count, one, (carry, _no_losses()))

    @partial(jax.jit, static_argnums=0)
    def validate(self, weights: Array, values: Array, batches: Array, count: Array) -> Losses:
        """The losses' sums over the first `count` of `batches`."""

        def one(number: Array, sums: Losses) -> Losses:
            examples = gather(self.scaling, self.plan, values, batches[number])
            return jax.tree.map(jnp.add, sums, self._objective(weights, examples, None, padded=True)[1])

        return jax.lax.fori_loop(0, count, one, _no_losses())

    def _objective(
        self, vector: Array, examples: Examples, dropout_key: Array | None, padded: bool
    ) -> tuple[Array, Losses]:
        _, outputs = self.network.scan(
            unflat(self.network, vector),
            self.network.zero_state(len(examples.features)),
            examples.features,
            observed=examples.observed if padded else None,
            dropout_key=dropout_key,
            last_only=not self.plan.every_step,
        )
        errors, weights = outputs - examples.targets, examples.weights
        each = elementwise_loss(self.loss, errors)
        last = weights[:, -1]
        losses = Losses((each * weights).sum(), weights.sum(), (jnp.square(errors[:, -1]) * last).sum(), last.sum())
        return weighted_mean(each, weights), losses

    def _adam_step(self, carry: Carry, gradient: Array, pace: Pace) -> tuple[Array, list[Array]]:
        optimizer = _adam(self)
        now = rate(self.schedule, pace.peak, carry.update, pace.updates)
        variables = [
            now if variable.path.endswith("learning_rate") else value
            for variable, value in zip(optimizer.variables, carry.optimizer, strict=True)
        ]
        (weights,), variables = optimizer.stateless_apply(variables, [gradient], [carry.weights])
        return weights, variables


def _no_losses() -> Losses:
    return Losses(*(jnp.zeros((), jnp.float32) for _ in Losses._fields))


@lru_cache(maxsize=64)
def _adam(program: Program) -> keras.optimizers.Optimizer:
    """Keras's Adam for one flat vector of weights; its variables hold the values before the first update."""
    optimizer = keras.optimizers.Adam(clipnorm=program.clip, weight_decay=program.weight_decay)
    optimizer.build([keras.Variable(np.zeros(program.network.parameters, np.float32))])
    return optimizer
