"""What is tracked of live intervals, as the kernels take it."""

import ctypes
import math
from itertools import pairwise
from typing import NamedTuple, Self

import numpy as np

from loopcast.columns import Bands
from loopcast.features.causal.native_read import Reading
from loopcast.intervals.tracking import RATE, Tracking
from loopcast.models.bounds import Bounds
from loopcast.models.model import OWN_SPREAD
from loopcast.models.network.reading import places_of
from loopcast.nn.step_decoder import PROBABILITIES

# The numbers with which a tracked state begins: rows, the two sums of surprises and their alarms, errors at one step
# ahead beside those of the season before, and what is issued for the next row.
FACTS = (
    "rows", "up", "down", "drifts", "last_drift", "judged", "error", "naive_judged", "naive_error", "issued",
    "forecast",
)  # fmt: skip


class TrackingBounds(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_double) for name in ("lower", "upper")),
        *((name, ctypes.c_bool) for name in ("automatic", "integer")),
    )


class TrackingPlan(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_size_t) for name in ("levels", "leads")),
        *((name, ctypes.c_void_p) for name in ("lead", "misses", "normal")),
        *((name, ctypes.c_double) for name in ("rate", "trust")),
        *(
            (name, ctypes.c_void_p)
            for name in ("columns", "shares", "theta_left", "theta_share", "places", "place_shares")
        ),
        ("bounds", TrackingBounds),
    )


STRUCTURES: dict[str, type[ctypes.Structure]] = {"TrackingPlan": TrackingPlan, "TrackingBounds": TrackingBounds}


class NativeTracking:
    """A `Tracking`, and the quantiles that are read for it; the arrays live as long as this does.

    more: probabilities that are read besides. probabilities: all that are read, the median first.
    """

    def __init__(self, tracking: Tracking, bounds: Bounds, more: tuple[float, ...]) -> None:
        ends = Bands(levels=tracking.levels).probabilities
        spread = (OWN_SPREAD[0], OWN_SPREAD[2]) if tracking.levels else (0.5, 0.5)
        self.tracking = tracking
        self.probabilities = (0.5, *more) if more else tuple(dict.fromkeys((0.5, *spread, *ends)))
        columns = [self.probabilities.index(each) for each in (*spread, *ends)]
        left, share = tracking.between_leads()
        arrays = (np.array(columns, np.int64), tracking.shares, left, share, tracking.place_scores)
        tracked = (tracking.leads, tracking.misses, tracking.normal_scores)
        self._arrays = [np.ascontiguousarray(each) for each in (*tracked, *arrays, tracking.place_shares)]
        at = [each.ctypes.data for each in self._arrays]
        sizes = len(tracking.levels), len(tracking.leads)
        self.structure = TrackingPlan(*sizes, *at[:3], RATE, tracking.trust, *at[3:], _bounds(bounds))
        self.reading = self._reading(self.probabilities)
        self.places = self._reading((0.5, *tracking.places))

    def _reading(self, probabilities: tuple[float, ...]) -> Reading:
        places = places_of(np.array(probabilities))
        self._arrays += places
        return Reading(len(probabilities), *(each.ctypes.data for each in places))


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


def _bounds(bounds: Bounds) -> TrackingBounds:
    lower = bounds.lower if isinstance(bounds.lower, int | float) else -math.inf
    upper = math.inf if bounds.upper is None else bounds.upper
    return TrackingBounds(lower, upper, bounds.lower == "auto", bounds.integer)


def untracked(steps: int) -> Tracking:
    """No level at all."""
    return Tracking.of((), 1, steps, None, PROBABILITIES)
