"""A trained imputer as numbers, and what it makes of sequences with gaps."""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

from loopcast.features.gaps import encode_gaps
from loopcast.models.imputer.seasons import seasonal_offset
from loopcast.nn.cells import Array
from loopcast.nn.network import Network, Weights
from loopcast.validation import check_positive

INPUTS = 4  # per channel: base, whether known, how far the nearest known value is, what a season does to the base
OUTPUTS = 3  # per channel of what the network gives: what to add, how much of the season, how far off it may be
LEAST_SIZE = 1e-3  # of an error, in units of the scale: nothing is filled without any doubt


class ImputerOutput(NamedTuple):
    """What the network says of each value, `[batch, time, channel]` each, in units of the scale."""

    values: Array
    expected_errors: Array  # of the error it expects, above 0


@dataclass(frozen=True, kw_only=True)
class ImputerConfig:
    """What an imputer is but for its numbers.

    window: rows of the sequences it was trained on; season: steps in one.
    causal: whether it sees nothing later than what it fills.
    """

    network: Network
    window: int
    season: int
    causal: bool

    def __post_init__(self) -> None:
        check_positive("window", self.window)
        check_positive("season", self.season)

    @property
    def channels(self) -> int:
        return self.network.outputs // OUTPUTS

    @property
    def margins(self) -> tuple[int, int]:
        """Rows before and after the stretch of a long series that is filled at once."""
        return (self.window, 0) if self.causal else (self.window // 2, self.window // 2)

    @property
    def chunk_rows(self) -> int:
        """Rows of a long series that are filled at once."""
        return 2 * self.window


def output(form: ImputerConfig, weights: Weights, values: Array, inside: Array) -> ImputerOutput:
    """What the network says of each value of `[batch, time, channel]`, NaN where missing.

    The base across a gap, bent as much as the network says by what the values did a season away, and what it adds. It
    learns how far off it will be from its errors, and what it fills does not change with that (`stop_gradient`).
    """
    known = ~jnp.isnan(values)
    shown = encode_gaps(jnp.where(known, values, 0.0), known, causal=form.causal)
    bend = seasonal_offset(shown.base, known, inside, season=form.season, causal=form.causal)
    network, inputs = form.network, jnp.concatenate([shown.features, bend], axis=-1)
    _, hidden = network.scan_layers(weights, network.zero_state(len(inputs)), inputs, observed=inside)
    added, share, _ = jnp.split(network.apply_head(weights, hidden), OUTPUTS, axis=-1)
    doubt = jnp.split(network.apply_head(weights, jax.lax.stop_gradient(hidden)), OUTPUTS, axis=-1)[2]
    return ImputerOutput(shown.base + added + share * bend, LEAST_SIZE + jax.nn.softplus(doubt))
