"""What is tracked of live intervals, as the kernels take it."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, Self

import numpy as np

from loopcast.intervals.tracking import RATE, Tracking
from loopcast.live.native import BoundsStructure, TrackingPlan
from loopcast.models.bounds import Bounds
from loopcast.nn.step_decoder import PROBABILITIES

# The numbers with which a tracked state begins: rows, those from the first value on, the two sums of surprises and
# their alarms, errors at one step ahead beside those of the season before, and what is issued for the next row.
FACTS = (
    "rows", "history", "up", "down", "drifts", "last_drift", "judged", "error", "naive_judged", "naive_error", "issued",
    "forecast",
)  # fmt: skip


class NativeTracking:
    """A `Tracking` for a follower; the arrays live as long as this does.

    columns: which of the numbers that the follower reads are the ends of its own spread, and its low and high end of
    each level.
    """

    def __init__(self, tracking: Tracking, bounds: Bounds, columns: Sequence[int]) -> None:
        self.tracking = tracking
        left, share = tracking.between_leads()
        arrays = (np.array(columns, np.int64), tracking.shares, left, share, tracking.place_scores)
        tracked = (tracking.leads, tracking.misses, tracking.normal_scores)
        last = (tracking.place_shares, tracking.widening.table)
        self._arrays = [np.ascontiguousarray(each) for each in (*tracked, *arrays, *last)]
        *at, widening = [each.ctypes.data for each in self._arrays]
        sizes, widened = (len(tracking.levels), len(tracking.leads)), (len(tracking.widening.table), widening)
        self.structure = TrackingPlan(
            *sizes, *at[:3], RATE, tracking.trust, *at[3:], *widened, bounds_structure(bounds)
        )


class Tracked(NamedTuple):
    """Views of what is tracked in a record: facts by FACTS; theta and missed `[lead, level]`; judged `[lead]`."""

    facts: np.ndarray
    theta: np.ndarray
    missed: np.ndarray
    judged: np.ndarray

    @classmethod
    def of(cls, state: np.ndarray, leads: int, levels: int) -> Self:
        ends = len(FACTS) + len(PROBABILITIES) + 2 * levels
        sizes = np.cumsum([ends, leads * levels, leads * levels, leads])
        theta, missed, judged = (state[a:b] for a, b in pairwise(sizes))
        return cls(state[: len(FACTS)], theta.reshape(leads, levels), missed.reshape(leads, levels), judged)

    def fact(self, name: str) -> float:
        """One of FACTS."""
        return float(self.facts[FACTS.index(name)])


def bounds_structure(bounds: Bounds) -> BoundsStructure:
    lower = bounds.lower if isinstance(bounds.lower, int | float) else -math.inf
    upper = math.inf if bounds.upper is None else bounds.upper
    return BoundsStructure(lower, upper, bounds.lower == "auto", bounds.integer)
