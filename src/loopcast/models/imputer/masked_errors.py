"""Errors at hidden values: what the network and the simple ways are weighed by, and how wide intervals have to be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from loopcast.models.imputer.blend import NETWORK, Blend, blend_of, cross_fitted_errors
from loopcast.models.imputer.widths import IntervalWidths, widths_of
from loopcast.significance import diebold_mariano

BLOCKS = 20  # stretches of rows whose mean errors are compared


@dataclass(frozen=True, kw_only=True, eq=False)
class MaskedErrors:
    """Errors at hidden values, filled less known, in units of the scale.

    errors: by way of filling, float32 `[round * row, channel]`, NaN where nothing was hidden.
    sizes: of the error that the network expected; away: steps to the nearest value that was left; both as that.
    half: which of two halves of the rows each comes from, bool `[round * row]`; series: which series, and block: which
        of BLOCKS stretches of all rows, int64 as that.
    """

    errors: Mapping[str, np.ndarray]
    sizes: np.ndarray
    away: np.ndarray
    half: np.ndarray
    series: np.ndarray
    block: np.ndarray

    def cross_fit(self, methods: tuple[str, ...]) -> "tuple[Blend, MaskedErrors]":
        """How the network and these ways are best weighed, and this trial with errors of the network so weighed.

        The errors of one half are by what was learned from the other.
        """
        taken = {method: self.errors[method] for method in (NETWORK, *methods)}
        errors = cross_fitted_errors(taken, self.away, self.half)
        return blend_of(taken, self.away), replace(self, errors={**self.errors, NETWORK: errors})

    def weighed(self, blend: Blend) -> "MaskedErrors":
        """This trial with errors of the network weighed like this."""
        return replace(self, errors={**self.errors, NETWORK: blend.combine(self.errors, self.away)})

    def p_values(self, method: str) -> np.ndarray:
        """Of the network's errors being as large as those of a simple way, `[channel]`; NaN where there is no test.

        Errors beside one another depend on each other, so that a stretch of rows counts once.
        """
        sizes = np.abs(self.errors[NETWORK]) - np.abs(self.errors[method])
        found = [[column[self.block == each] for each in range(BLOCKS)] for column in sizes.T]
        tests = [diebold_mariano(np.array([[_mean(part)] for part in parts]), horizon=1) for parts in found]
        return np.array([np.nan if test.p_value is None else test.p_value for test in tests])

    @property
    def widths(self) -> IntervalWidths:
        """How wide intervals have to be."""
        return widths_of(self.errors[NETWORK] / self.sizes, self.away)


def _mean(errors: np.ndarray) -> float:
    """Of what is there; NaN where nothing is."""
    there = errors[~np.isnan(errors)]
    return float(there.mean()) if len(there) else float("nan")


def concat(trials: Sequence[MaskedErrors]) -> MaskedErrors:
    """Several trials of the same ways as one."""
    return MaskedErrors(
        errors={method: np.concatenate([each.errors[method] for each in trials]) for method in trials[0].errors},
        sizes=np.concatenate([each.sizes for each in trials]),
        away=np.concatenate([each.away for each in trials]),
        half=np.concatenate([each.half for each in trials]),
        series=np.concatenate([each.series for each in trials]),
        block=np.concatenate([each.block for each in trials]),
    )
