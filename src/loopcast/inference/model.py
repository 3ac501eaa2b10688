"""A trained network with all it takes to use it."""

from dataclasses import dataclass

from loopcast.networks.network import Network, Weights
from loopcast.windows.scaling import Scaling


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """A network, its weights, how it sees a series and how far back its state reaches.

    context: rows from which the state is built, the latest ones; None is the whole history.
    """

    network: Network
    scaling: Scaling
    context: int | None
    weights: Weights
