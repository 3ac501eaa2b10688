"""What a network with a shared decoder is to learn: quantiles of a few steps after a few rows of each series.

A loss of every step ahead at every row costs time x horizon; at random origins it costs a fraction and learns as well.
"""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from loopcast.nn.cells import Array
from loopcast.nn.origin_network import OriginNetwork, OriginWeights, take_rows
from loopcast.nn.step_decoder import PROBABILITIES
from loopcast.training.data_source import Losses
from loopcast.training.origin_pool import ORIGINS, Draw, Examples

MEDIAN_TIMES = 4.0  # as much as another quantile does the median count


def quantile_weights() -> np.ndarray:
    """How much each quantile counts, of mean 1: those of the tails more than in the pinball loss, the median most."""
    shares = np.array(PROBABILITIES)
    weights = (shares * (1 - shares)) ** -0.25
    weights[len(shares) // 2] *= MEDIAN_TIMES
    return (weights / weights.mean()).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class OriginObjective:
    """The weighed pinball loss; see `Objective`."""

    network: OriginNetwork
    prefetches: bool = False
    runs_on_kernels: bool = True  # half of the work: a fit has few updates, and XLA's full effort takes a second longer
    draws: bool = False

    def initial(self, seed: int) -> np.ndarray:
        return self.network.initial(seed)

    def from_vector(self, vector: Any) -> OriginWeights:
        return self.network.from_vector(vector)

    def gather(self, rows: Examples, batch: Draw) -> Examples:
        """The windows that are drawn, with the origins of this use."""
        return Examples(
            rows.inputs[batch.windows],
            *(
                jax.lax.dynamic_slice_in_dim(part[batch.windows], batch.use * ORIGINS, ORIGINS, axis=1)
                for part in rows[1:]
            ),
        )

    def no_losses(self, batches: Draw) -> Losses:
        none = jnp.float32(0)
        return Losses(none, none, none, none)

    def loss(
        self, weights: OriginWeights, examples: Examples, key: Array | None, *, training: bool
    ) -> tuple[Array, Losses]:
        network = self.network
        zero = network.recurrent.zero_state(len(examples.inputs))
        _, hidden = network.scan(weights, zero, examples.inputs)
        at, seen = take_rows(hidden, examples.origins), take_rows(examples.inputs, examples.origins)
        quantiles = network.quantiles(weights, at, seen, examples.candidates, examples.codes)
        known = ~jnp.isnan(examples.targets)
        off = jnp.where(known, examples.targets, 0.0)[..., None] - quantiles
        shares = jnp.array(PROBABILITIES, jnp.float32)
        pinball = (jnp.maximum(shares * off, (shares - 1) * off) * quantile_weights()).mean(axis=-1)
        counts = known * examples.weights[..., None]
        total, count = (counts * pinball).sum(), counts.sum()
        nothing = jnp.float32(0)
        return total / jnp.maximum(count, 1e-6), Losses(total, nothing, count, nothing)
