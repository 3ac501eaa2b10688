"""The network and the simple ways weighed against each other, by how far away the nearest known value is.

Next to a known value a straight line is hard to beat; far from one, what the season did may be worth more than what a
network made of a short series. How much each counts is learned from hidden values that training did not see, by least
absolute errors among quarters that sum to one (Breiman, "Stacked regressions", *Machine Learning* 24, 1996).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from loopcast.errors import OptionError

NETWORK = "network"
ENOUGH = 50  # errors for a bin of its own; with fewer, all of the channel's are taken
EDGES = np.array([2, 5, 17])  # steps at which a new bin begins
PARTS = 4  # in which shares are counted


@dataclass(frozen=True, kw_only=True, eq=False)
class Blend:
    """ways: of filling; shares: float32 `[method, channel, bin]` that sum to one over ways."""

    methods: tuple[str, ...]
    shares: np.ndarray

    def check(self, channels: int) -> None:
        """OptionError unless the shares are of so many channels."""
        shape = (len(self.methods), channels, len(EDGES) + 1)
        if self.shares.shape != shape:
            raise OptionError(f"the shares of a blend are of the shape {shape}, got {self.shares.shape}")

    def combine(self, filled: Mapping[str, np.ndarray], distance: np.ndarray) -> np.ndarray:
        """What the ways make together, `[row, channel]`; where a simple way has nothing to say, the network says it.

        filled: by method, of the network and the `baselines_used`, `[row, channel]`. distance: steps to the nearest
        known value.
        """
        place = np.arange(distance.shape[1]), np.searchsorted(EDGES, distance, side="right")
        network = filled[NETWORK]
        total = self.shares[0][place] * network
        for method in self.baselines_used:
            said = np.where(np.isnan(filled[method]), network, filled[method])
            total = total + self.shares[self.methods.index(method)][place] * said
        return np.asarray(total, np.float32)

    @property
    def baselines_used(self) -> tuple[str, ...]:
        """The simple ways that count anywhere."""
        return tuple(
            method
            for method, shares in zip(self.methods, self.shares, strict=True)
            if method != NETWORK and shares.any()
        )


def blend_of(errors: Mapping[str, np.ndarray], distance: np.ndarray) -> Blend:
    """The shares with the least mean absolute error; of equals, that with most of the first way, the network.

    errors: by way `[row, channel]`, NaN where nothing was hidden; away: steps to the nearest known value.
    """
    methods = tuple(errors)
    stacked = np.stack([errors[method] for method in methods], axis=-1)
    tried = (
        np.array([each for each in product(range(PARTS, -1, -1), repeat=len(methods)) if sum(each) == PARTS]) / PARTS
    )
    known = ~np.isnan(stacked).any(axis=-1)
    bins = np.searchsorted(EDGES, distance, side="right")
    shares = np.zeros((len(methods), distance.shape[1], len(EDGES) + 1), np.float32)
    for channel, each in np.ndindex(shares.shape[1:]):
        binned = known[:, channel] & (bins[:, channel] == each)
        taken = stacked[binned if binned.sum() >= ENOUGH else known[:, channel], channel]
        shares[:, channel, each] = tried[np.abs(taken @ tried.T).sum(axis=0).argmin()]
    return Blend(methods=methods, shares=shares)


def cross_fitted_errors(errors: Mapping[str, np.ndarray], distance: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Errors of blends that did not learn from them: of each half by the shares of the other, `[row, channel]`.

    half: bool `[row]`.
    """
    both = np.empty_like(errors[NETWORK])
    for mine in (half, ~half):
        learned = blend_of({method: error[~mine] for method, error in errors.items()}, distance[~mine])
        both[mine] = learned.combine({method: error[mine] for method, error in errors.items()}, distance[mine])
    return both
