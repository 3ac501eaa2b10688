"""The compiled part of training: a stretch of batches, and the loss of a set of windows.

Weights live in one flat vector, so that one Adam update touches every parameter at once.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from loopcast.backend import keras
from loopcast.networks.initial import initial_weights
from loopcast.networks.network import Weights
from loopcast.training.recipe import Recipe, elementwise_loss, weighted_mean
from loopcast.training.task import Task
from loopcast.windows.gather import Examples, gather

Array = jax.Array


class Carry(NamedTuple):
    """What one batch hands to the next."""

    flat: Array  # every weight, float32 [parameter]
    optimizer: list[Array]
    key: Array  # draws dropout


class Losses(NamedTuple):
    """Weighted sums and what they weigh, so that batches of unequal size add up right."""

    loss: Array
    weight: Array
    last_loss: Array
    last_weight: Array


class Program:
    """Training of one task by one recipe: pure functions of what they are given, compiled on first use."""

    def __init__(self, task: Task, recipe: Recipe, updates: int) -> None:
        self.task, self.recipe = task, recipe
        start, self.unravel = ravel_pytree(initial_weights(task.network, recipe.seed))
        self.optimizer = recipe.optimizer(updates)
        self.optimizer.build([keras.Variable(start)])
        self.start = Carry(start, [v.value for v in self.optimizer.variables], jax.random.key(recipe.seed))
        self.values = jnp.asarray(task.values)
        self.run_batches: Callable[[Carry, Array, np.ndarray], tuple[Carry, Losses]] = jax.jit(self._run_batches)
        self.validate: Callable[[Array, Array, np.ndarray], Losses] = jax.jit(self._validate)

    def weights(self, flat: np.ndarray) -> Weights:
        """The flat vector as the network's weights, NumPy arrays."""
        return jax.tree.map(np.asarray, self.unravel(jnp.asarray(flat)))

    def _run_batches(self, carry: Carry, values: Array, batches: np.ndarray) -> tuple[Carry, Losses]:
        """Train on `batches` `[batch, window, 5]` in turn."""

        def one(carry: Carry, index: Array) -> tuple[Carry, Losses]:
            key, dropout_key = jax.random.split(carry.key)
            examples = gather(self.task.scaling, self.task.plan, values, index)
            objective = jax.value_and_grad(self._objective, has_aux=True)
            (_, losses), gradient = objective(carry.flat, examples, dropout_key, self.task.training.padded)
            (flat,), optimizer = self.optimizer.stateless_apply(carry.optimizer, [gradient], [carry.flat])
            return Carry(flat, optimizer, key), losses

        carry, losses = jax.lax.scan(one, carry, batches)
        return carry, jax.tree.map(jnp.sum, losses)

    def _validate(self, flat: Array, values: Array, batches: np.ndarray) -> Losses:
        def one(_: None, index: Array) -> tuple[None, Losses]:
            examples = gather(self.task.scaling, self.task.plan, values, index)
            return None, self._objective(flat, examples, None, padded=True)[1]

        _, losses = jax.lax.scan(one, None, batches)
        return jax.tree.map(jnp.sum, losses)

    def _objective(
        self, flat: Array, examples: Examples, dropout_key: Array | None, padded: bool
    ) -> tuple[Array, Losses]:
        network, plan = self.task.network, self.task.plan
        _, outputs = network.scan(
            self.unravel(flat),
            network.zero_state(len(examples.features)),
            examples.features,
            observed=examples.observed if padded else None,
            dropout_key=dropout_key,
            last_only=not plan.every_step,
        )
        errors, weights = outputs - examples.targets, examples.weights
        each = elementwise_loss(self.recipe.loss, errors)
        last = weights[:, -1]
        losses = Losses(
            (each * weights).sum(), weights.sum(), (jnp.square(errors[:, -1]) * last).sum(), last.sum()
        )
        return weighted_mean(each, weights), losses
