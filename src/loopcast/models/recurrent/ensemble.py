"""A trained model: one network with the weights of one or several trainings, which speak with their mean."""

from dataclasses import dataclass

import jax.numpy as jnp

from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.scaling import Scaling
from loopcast.nn.cells import Array
from loopcast.nn.heads import DISTRIBUTIONS, Distribution, DistributionName
from loopcast.nn.network import Network, States, Weights

Members = tuple[Weights, ...]
MemberStates = tuple[States, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Ensemble:
    """A network, its members' weights, how it sees a series, how far back its state reaches and what its output means.

    context: rows from which the state is built, the latest ones; None is the whole history.
    channels: how many targets it sees and forecasts at once.
    encoding: how it sees what is known besides them; None where nothing is.
    """

    network: Network
    scaling: Scaling
    context: int | None
    members: Members
    distribution: DistributionName = "point"
    channels: int = 1
    encoding: ExogenousEncoder | None = None

    @property
    def kind(self) -> Distribution:
        return DISTRIBUTIONS[self.distribution]

    @property
    def horizon(self) -> int:
        """How many steps ahead the network's output reaches."""
        return self.network.outputs // (self.kind.parameters * self.channels)


def zero_states(network: Network, members: Members, batch: int) -> MemberStates:
    return (network.zero_state(batch),) * len(members)


def step(
    network: Network, members: Members, states: MemberStates, features: Array, codes: Array
) -> tuple[MemberStates, Array]:
    """One observation, `[batch, feature]`: every member's new state, and what it gives, `[member, batch, given]`."""
    each = [
        network.step(weights, state, network.append_embeddings(weights, features[:, None], codes)[:, 0])
        for weights, state in zip(members, states, strict=True)
    ]
    return tuple(state for state, _ in each), jnp.stack([given for _, given in each])


def scan(
    network: Network,
    members: Members,
    states: MemberStates,
    features: Array,
    codes: Array,
    *,
    observed: Array | None = None,
    last_only: bool = False,
) -> tuple[MemberStates, Array]:
    """Many steps, `[batch, time, feature]`, as `Network.scan`: every member's state after the last, and what it gives.

    codes: int32 `[batch, table]`, which embeddings join the features. Given is `[member, batch, time, given]`.
    """
    each = [
        network.scan(
            weights, state, network.append_embeddings(weights, features, codes), observed=observed, last_only=last_only
        )
        for weights, state in zip(members, states, strict=True)
    ]
    return tuple(state for state, _ in each), jnp.stack([given for _, given in each])


def ensemble_mean(network: Network, members: Members, given: Array, ahead: Array) -> Array:
    """The mean of the members' outputs `[batch, time, output]`, of what each gave and what is known ahead."""
    each = [network.apply_decoder(weights, own, ahead) for weights, own in zip(members, given, strict=True)]
    return each[0] if len(each) == 1 else jnp.stack(each).mean(axis=0)
