"""A trained model: one network with the weights of one or several trainings, which speak with their mean."""

from dataclasses import dataclass

import jax.numpy as jnp

from loopcast.errors import OptionError
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.scaling import Scaling
from loopcast.nn.cells import Array
from loopcast.nn.heads import DISTRIBUTIONS, Distribution, DistributionName
from loopcast.nn.network import Network, States, Weights
from loopcast.nn.weights import shapes_of
from loopcast.validation import check_positive

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

    def __post_init__(self) -> None:
        network, encoding = self.network, self.encoding
        check_positive("channels", self.channels)
        if self.context is not None:
            check_positive("context", self.context)
        per_step = self.channels * self.kind.parameters
        expected = (
            self.channels * self.scaling.features + (0 if encoding is None else encoding.inputs),
            0 if encoding is None else encoding.ahead_width,
            () if encoding is None else encoding.embedding_shapes,
        )
        if (network.inputs, network.n_future, network.embeddings) != expected or network.outputs % per_step:
            raise OptionError(f"a network that sees {expected} and gives {per_step} numbers a step is not {network}")
        if network.n_future and (network.per_step != per_step or network.head != "dense"):
            raise OptionError("what is known ahead needs a dense head, and as many numbers a step as it gives")
        if not self.members or any(shapes_of(weights) != list(network.shapes.values()) for weights in self.members):
            raise OptionError(f"members have weights of the shapes {network.shapes}")

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
