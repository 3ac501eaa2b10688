"""Errors at hidden values: what the network and the simple ways are weighed by, and how wide intervals have to be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from loopcast.models.imputer.blend import NETWORK, Blend, blend_of, crossed
from loopcast.models.imputer.widths import Widths, widths_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """Errors at hidden values, filled less known, in units of the scale.

    errors: by way of filling, float32 `[round * row, channel]`, NaN where nothing was hidden.
    sizes: of the error that the network expected; away: steps to the nearest value that was left; both as that.
    half: which of two halves of the rows each comes from, bool `[round * row]`; series: which series, int64 as that.
    """

    errors: Mapping[str, np.ndarray]
    sizes: np.ndarray
    away: np.ndarray
    half: np.ndarray
    series: np.ndarray

    def blended(self, ways: tuple[str, ...]) -> "tuple[Blend, Trial]":
        """How the network and these ways are best weighed, and this trial with errors of the network so weighed.

        The errors of one half are by what was learned from the other.
        """
        taken = {way: self.errors[way] for way in (NETWORK, *ways)}
        errors = crossed(taken, self.away, self.half)
        return blend_of(taken, self.away), replace(self, errors={**self.errors, NETWORK: errors})

    def weighed(self, blend: Blend) -> "Trial":
        """This trial with errors of the network weighed like this."""
        return replace(self, errors={**self.errors, NETWORK: blend.of(self.errors, self.away)})

    @property
    def widths(self) -> Widths:
        """How wide intervals have to be."""
        return widths_of(self.errors[NETWORK] / self.sizes, self.away)


def joined(trials: Sequence[Trial]) -> Trial:
    """Several trials of the same ways as one."""
    return Trial(
        errors={way: np.concatenate([each.errors[way] for each in trials]) for way in trials[0].errors},
        sizes=np.concatenate([each.sizes for each in trials]),
        away=np.concatenate([each.away for each in trials]),
        half=np.concatenate([each.half for each in trials]),
        series=np.concatenate([each.series for each in trials]),
    )
