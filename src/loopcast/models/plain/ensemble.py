"""A trained model: one network with the weights of one or several trainings, which speak with their mean."""

from dataclasses import dataclass

import jax.numpy as jnp

from loopcast.errors import OptionError
from loopcast.nn.cells import Array
from loopcast.nn.network import Network, States, Weights
from loopcast.nn.weights import shapes_of
from loopcast.validation import check_positive

Members = tuple[Weights, ...]
MemberStates = tuple[States, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Ensemble:
    """A network, its members' weights, how many of the latest values it sees, and how far back its state reaches.

    context: rows from which the state is built, the latest ones; None is the whole history.
    channels: how many targets it sees and forecasts at once.
    """

    network: Network
    lags: int
    context: int | None
    members: Members
    channels: int = 1

    def __post_init__(self) -> None:
        network = self.network
        check_positive("channels", self.channels)
        check_positive("lags", self.lags)
        if self.context is not None:
            check_positive("context", self.context)
        if network.inputs != self.channels * self.lags or network.outputs % self.channels:
            raise OptionError(f"a network that sees {self.lags} values of {self.channels} targets is not {network}")
        if not self.members or any(shapes_of(weights) != list(network.shapes.values()) for weights in self.members):
            raise OptionError(f"members have weights of the shapes {network.shapes}")

    @property
    def horizon(self) -> int:
        """How many steps ahead the network's output reaches."""
        return self.network.outputs // self.channels


def zero_states(network: Network, members: Members, batch: int) -> MemberStates:
    return (network.zero_state(batch),) * len(members)


def step(network: Network, members: Members, states: MemberStates, features: Array) -> tuple[MemberStates, Array]:
    """One observation, `[batch, feature]`: every member's new state, and the mean output `[batch, output]`."""
    each = [network.step(weights, state, features) for weights, state in zip(members, states, strict=True)]
    return tuple(state for state, _ in each), _mean([output for _, output in each])


def scan(
    network: Network,
    members: Members,
    states: MemberStates,
    features: Array,
    *,
    observed: Array | None = None,
    last_only: bool = False,
) -> tuple[MemberStates, Array]:
    """Many steps, `[batch, time, feature]`, as `Network.scan`: every member's state, and the mean of the outputs."""
    each = [
        network.scan(weights, state, features, observed=observed, last_only=last_only)
        for weights, state in zip(members, states, strict=True)
    ]
    return tuple(state for state, _ in each), _mean([output for _, output in each])


def _mean(outputs: list[Array]) -> Array:
    return outputs[0] if len(outputs) == 1 else jnp.stack(outputs).mean(axis=0)
