"""Intervals that follow what comes: what is tracked, and by which numbers (`native/include/loopcast/tracking.hpp`).

A live interval is the model's own, times e^theta: one theta for each tracked step ahead and level, moved after each
value so that in the long run as many values miss as the level says, whatever comes. With |score| <= 7 and a rate gamma,
of T values at a step h the share that misses is within (14 + 2 gamma (h + 1)) / (gamma T) of that (quantile tracking:
Angelopoulos, Candes & Tibshirani, "Conformal PID control for time series prediction", NeurIPS 2023, proposition 1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple, Self

import numpy as np

from loopcast.columns import Bands
from loopcast.intervals.calibration import Calibration
from loopcast.intervals.widening import NO_WIDENING, Widening

RATE = 0.02  # gamma
MOST_LEADS = 6  # that are tracked: as many steps as the decoder takes at once
LARGEST_SCORE = 7.0


def tracked_leads(horizon: int) -> np.ndarray:
    """The steps ahead that have thetas of their own, int64: 1 to the horizon, evenly spaced in their logarithm.

    >>> tracked_leads(24).tolist(), tracked_leads(3).tolist()
    ([1, 2, 4, 7, 13, 24], [1, 2, 3])
    """
    return np.unique(np.geomspace(1, horizon, MOST_LEADS).round().astype(np.int64))


class TargetErrors(NamedTuple):
    """What a calibration says of one of its targets; nothing without one."""

    calibration: Calibration | None
    target: int = 0

    def shares(self, probabilities: Sequence[float], steps: int) -> np.ndarray:
        """Its quantiles `[step, probability]`; zeros without one."""
        if self.calibration is None:
            return np.zeros((1, len(probabilities)))
        return self.calibration.quantiles(np.array(probabilities), steps)[:, self.target]


@dataclass(frozen=True, kw_only=True, eq=False)
class Tracking:
    """What all series of a model share.

    levels: in percent, ascending. leads: `tracked_leads`. trust: how much the calibration counts. shares: float64
    `[step, 2 * level]`, its quantiles at the low and the high end of each. place_shares: float64 `[place]`, those at
    the first step and the probabilities of `places`. widening: after short histories.
    """

    levels: tuple[float, ...]
    leads: np.ndarray
    trust: float
    shares: np.ndarray
    places: tuple[float, ...]
    place_shares: np.ndarray
    widening: Widening = NO_WIDENING

    @classmethod
    def of(
        cls,
        levels: Sequence[float],
        horizon: int,
        steps: int,
        measured: TargetErrors,
        places: tuple[float, ...],
        *,
        own: bool,
    ) -> Self:
        """horizon: up to which is tracked; steps: that a forecast has, of which the calibration makes its shares.
        measured: of the target that is tracked.

        own: whether the model has a distribution of its own, beside which the calibration counts as much as its
        `trust` says; without one nothing but the calibration says where values lie, and without that nothing does.
        """
        bands, rows = Bands.of(tuple(levels)), np.arange(max(horizon, steps))
        ends, calibration = measured.shares(bands.probabilities, steps), measured.calibration
        return cls(
            levels=bands.levels,
            leads=tracked_leads(horizon),
            trust=float(not own) if calibration is None or not own else calibration.trust,
            shares=ends[np.minimum(rows, len(ends) - 1)],
            places=places,
            place_shares=measured.shares(places, steps)[0] + (0.0 if own or calibration else np.nan),
        )

    @property
    def misses(self) -> np.ndarray:
        """The share of values that each level may miss."""
        return np.array([(100 - level) / 100 for level in self.levels])

    @property
    def normal_scores(self) -> np.ndarray:
        """Of the upper end of each level, and below: of each of `places`."""
        return scores_of([(100 + level) / 200 for level in self.levels])

    @property
    def place_scores(self) -> np.ndarray:
        return scores_of(self.places)

    def between_leads(self) -> tuple[np.ndarray, np.ndarray]:
        """Of each step the tracked lead before it, int64, and the share of the way to the next, as logarithms go."""
        steps = np.arange(1, len(self.shares) + 1)
        left = np.searchsorted(self.leads, steps, side="right") - 1
        next_lead = self.leads[np.minimum(left + 1, len(self.leads) - 1)]
        way = np.log(next_lead / self.leads[left])
        share = np.divide(np.log(steps / self.leads[left]), way, out=np.zeros(len(steps)), where=way > 0)
        return left.astype(np.int64), share


def scores_of(probabilities: Sequence[float]) -> np.ndarray:
    """Normal scores, float64."""
    return np.array([NormalDist().inv_cdf(each) for each in probabilities])
