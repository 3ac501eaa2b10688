"""What an imputer's network is to learn: known values that were hidden from it."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from loopcast.models.imputer.form import ImputerConfig, output
from loopcast.nn.cells import Array
from loopcast.nn.init import initial_weights
from loopcast.nn.network import Network, Weights
from loopcast.nn.weights import from_vector, to_vector
from loopcast.training.data_source import Losses

SCALE_WEIGHT = 0.1  # of how well errors' sizes are known: little, so that gradients are clipped for the errors


class ImputerRows(NamedTuple):
    """Scaled values on the device, with one row of NaN after them."""

    values: Array  # float32 [row + 1, channel]
    held: Array  # bool [row + 1, member]: the rows that each member does not see


class ImputerBatch(NamedTuple):
    """Windows, by the rows where they begin and where their series end, and what is hidden of them."""

    member: Array | np.ndarray  # int32
    start: Array | np.ndarray  # int32 [window]
    stop: Array | np.ndarray  # int32 [window]
    hidden: Array | np.ndarray  # bool [window, time, channel]


class ImputerExamples(NamedTuple):
    """What is shown, what is asked for, and which steps are of the series."""

    shown: Array  # [window, time, channel], NaN where missing or hidden
    targets: Array  # the same, NaN where nothing is asked
    inside: Array  # bool [window, time]


@dataclass(frozen=True, kw_only=True)
class ImputerObjective:
    """The mean absolute error of values that are known and hidden; see `Objective`."""

    config: ImputerConfig
    prefetches: bool = False
    runs_on_kernels: bool = False  # what goes in and what comes out is half of the work
    draws: bool = False

    @property
    def network(self) -> Network:
        return self.config.network

    def initial(self, seed: int) -> np.ndarray:
        return to_vector(initial_weights(self.network, seed))

    def from_vector(self, vector: Any) -> Weights:
        return from_vector(self.network, vector)

    def gather(self, rows: ImputerRows, batch: ImputerBatch) -> ImputerExamples:
        at = batch.start[:, None] + jnp.arange(self.config.window)
        inside = jnp.asarray(at < batch.stop[:, None])
        at = jnp.where(inside, at, len(rows.values) - 1)
        values = jnp.where(rows.held[at, batch.member][..., None], jnp.nan, rows.values[at])
        return ImputerExamples(
            shown=jnp.where(batch.hidden, jnp.nan, values),
            targets=jnp.where(batch.hidden, values, jnp.nan),
            inside=inside,
        )

    def no_losses(self, batches: ImputerBatch) -> Losses:
        none = jnp.float32(0)
        return Losses(jnp.zeros(batches.hidden.shape[1:], jnp.float32), none, none, none)

    def loss(
        self, weights: Weights, examples: ImputerExamples, key: Array | None, *, training: bool
    ) -> tuple[Array, Losses]:
        """Counted up are absolute errors `[window, time, channel]`; sizes are by Laplace's likelihood, least where they
        fit.
        """
        asked = ~jnp.isnan(examples.targets)
        given = output(self.config, weights, examples.shown, examples.inside)
        error = jnp.abs(jnp.where(asked, given.values - jnp.where(asked, examples.targets, 0.0), 0.0))
        doubt = jnp.log(given.expected_errors) + jax.lax.stop_gradient(error) / given.expected_errors
        total = error.sum() + SCALE_WEIGHT * jnp.where(asked, doubt, 0.0).sum()
        count, nothing = asked.sum().astype(jnp.float32), jnp.float32(0)
        return total / jnp.maximum(count, 1.0), Losses(error, nothing, count, nothing)
