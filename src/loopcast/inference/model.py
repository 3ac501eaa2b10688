"""A trained model: one network with the weights of one or several trainings, which speak with their mean."""

from collections.abc import Sequence
from dataclasses import dataclass

import jax.numpy as jnp

from loopcast.layers.cells import Array
from loopcast.networks.heads import DISTRIBUTIONS, Distribution, DistributionName
from loopcast.networks.network import Network, States, Weights
from loopcast.windows.scaling import Scaling

Members = tuple[Weights, ...]
MemberStates = tuple[States, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """A network, its members' weights, how it sees a series, how far back its state reaches and what its output means.

    context: rows from which the state is built, the latest ones; None is the whole history.
    """

    network: Network
    scaling: Scaling
    context: int | None
    members: Members
    distribution: DistributionName = "point"

    @property
    def kind(self) -> Distribution:
        return DISTRIBUTIONS[self.distribution]

    @property
    def horizon(self) -> int:
        """How many steps ahead the network's output reaches."""
        return self.network.outputs // self.kind.parameters


def zero_states(network: Network, members: Members, batch: int) -> MemberStates:
    return (network.zero_state(batch),) * len(members)


def step(network: Network, members: Members, states: MemberStates, inputs: Array) -> tuple[MemberStates, Array]:
    """One observation, `[batch, input]`: every member's new state, and the mean of their outputs."""
    each = [network.step(weights, state, inputs) for weights, state in zip(members, states, strict=True)]
    return tuple(state for state, _ in each), mean([output for _, output in each])


def scan(
    network: Network,
    members: Members,
    states: MemberStates,
    inputs: Array,
    *,
    observed: Array | None = None,
    last_only: bool = False,
) -> tuple[MemberStates, Array]:
    """Many steps, as `Network.scan`: every member's state after the last, and the mean of their outputs."""
    each = [
        network.scan(weights, state, inputs, observed=observed, last_only=last_only)
        for weights, state in zip(members, states, strict=True)
    ]
    return tuple(state for state, _ in each), mean([output for _, output in each])


def mean(outputs: Sequence[Array]) -> Array:
    return outputs[0] if len(outputs) == 1 else jnp.stack(outputs).mean(axis=0)
