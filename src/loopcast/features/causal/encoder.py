"""What a pretrained or trained network is shown of a series: a causal encoding that needs no unit from its end.

Every series is written two ways at once: on a curve like the logarithm's, which is taken until the first negative
value, and as it is, from then on. Numbers are float64 until they are shown: a change of 1 at a level of 1e9 is seen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from loopcast.features.causal.running import RunningMean
from loopcast.features.causal.track import Periods, Track

ROWS = 2**18  # of series that are encoded at once: memory does not grow with the panel
NEAR_ZERO = 0.1  # share of a series' size below which its curve is a straight line


class Written(NamedTuple):
    """The values of series written one way, with what is needed to read them back, `[series]` or `[origin]`.

    curved: whether on the curve. unit: the size of the series; first: where its first value stands.
    """

    curved: np.ndarray
    unit: np.ndarray
    first: np.ndarray

    def write(self, values: np.ndarray) -> np.ndarray:
        """`values`, with more axes at the end than each part has, as written at this unit."""
        unit, first, curved = self._beside(values)
        scale = NEAR_ZERO * unit
        return np.where(curved, np.arcsinh(values / scale) + np.log(scale), values) - first

    def read(self, written: np.ndarray) -> np.ndarray:
        """The values again."""
        unit, first, curved = self._beside(written)
        scale, whole = NEAR_ZERO * unit, written + first
        return np.where(curved, scale * np.sinh(np.where(curved, whole - np.log(scale), 0.0)), whole)

    def _beside(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Unit, first and curved, with axes of size 1 at the end, as many as `numbers` has."""
        shape = (*self.unit.shape, *(1,) * (numbers.ndim - self.unit.ndim))
        return self.unit.reshape(shape), self.first.reshape(shape), self.curved.reshape(shape)


@dataclass(kw_only=True)
class EncodedSeries:
    """Series, left aligned, row by row as they were taken in.

    curve, straight: the two ways; linear: bool `[series, time]`, whether the second one is shown; unit: `[series,
    time]`. first_curve, first_straight: `[series]`, where the first value stands. zeros: the share of zeros; age: rows
    since the last value that was there.
    """

    periods: Periods
    seen: np.ndarray
    curve: Track
    straight: Track
    linear: np.ndarray
    unit: np.ndarray
    first_curve: np.ndarray
    first_straight: np.ndarray
    zeros: np.ndarray
    age: np.ndarray

    def written(self, series: np.ndarray, t: np.ndarray) -> Written:
        """The way in which some series are shown at row `t` of each."""
        linear = self.linear[series, t]
        first = np.where(linear, self.first_straight[series], self.first_curve[series])
        return Written(~linear, self.unit[series, t], first)


class Encoder:
    """Takes series in row by row; longest first, so that those that are over stay as they are."""

    def __init__(self, values: np.ndarray, lengths: np.ndarray, periods: Periods) -> None:
        """values: float64 `[series, time]`, NaN where missing; the first of each is there. lengths: falling."""
        series, steps = values.shape
        self.values, self.lengths = values, lengths
        seen = ~np.isnan(values)
        negative = values < 0
        light = not negative.any()
        m = periods.season
        first = values[:, 0]
        self.size = RunningMean.zero(series, 1 / max(4 * m, 24))
        self.zero_share = RunningMean.zero(series, periods.memory)
        unit = np.where(np.abs(first) > 0, np.abs(first), 1.0)
        self.state = EncodedSeries(
            periods=periods,
            seen=seen,
            curve=Track(series, steps, periods),
            straight=Track(series, steps, periods, light=light),
            linear=np.logical_or.accumulate(negative, axis=1),
            unit=np.zeros((series, steps)),
            first_curve=np.arcsinh(first / (NEAR_ZERO * unit)) + np.log(NEAR_ZERO * unit),
            first_straight=first.copy(),
            zeros=np.zeros((series, steps)),
            age=np.arange(steps) - np.maximum.accumulate(np.where(seen, np.arange(steps), 0), axis=1),
        )
        self.counts = np.cumsum(seen, axis=1).astype(np.float64)

    def update(self, t: int) -> int:
        """Take in row `t` of every series that has one; how many those are."""
        rows = int(np.searchsorted(-self.lengths, -t))  # lengths fall: those with more than t rows
        state, y, known = self.state, self.values[:rows, t], self.state.seen[:rows, t]
        self.size.update(np.abs(y), known)
        self.zero_share.update(y == 0, known)
        unit = np.where(self.size.value[:rows] > 0, self.size.value[:rows], 1.0)
        state.unit[:rows, t], state.zeros[:rows, t] = unit, self.zero_share.value[:rows]
        n = self.counts[:rows, t]
        one = Written(np.ones(rows, bool), unit, state.first_curve[:rows])
        state.curve.update(t, one.write(y), state.seen, np.ones(rows), n)
        state.straight.update(t, y - state.first_straight[:rows], state.seen, unit, n)
        return rows


def in_chunks(lengths: np.ndarray) -> Iterator[np.ndarray]:
    """Series to encode together, int `[series]`: the longest first, as many at a time as ROWS allows."""
    order, first = np.argsort(-lengths, kind="stable"), 0
    while first < len(order):
        count = max(ROWS // int(lengths[order[first]]), 1)
        yield order[first : first + count]
        first += count


def left_align(
    series: Sequence[np.ndarray], width: int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Series from their first value on that is neither missing nor 0, longest first; one without keeps its last row.

    series: `[time]` each, NaN where missing. width: of the result; None is the longest that is left.
    Values `[series, width]`, lengths, how many rows are left out of each, and the order.
    """
    there = [np.flatnonzero(~np.isnan(values) & (values != 0)) for values in series]
    skipped = np.array(
        [found[0] if len(found) else len(values) - 1 for found, values in zip(there, series, strict=True)]
    )
    lengths = np.array([len(values) for values in series]) - skipped
    order = np.argsort(-lengths, kind="stable")
    aligned = np.full((len(series), int(lengths.max()) if width is None else width), np.nan)
    for row, place in enumerate(order):
        aligned[row, : lengths[place]] = series[place][skipped[place] :]
    aligned[:, 0] = np.nan_to_num(aligned[:, 0])
    return aligned, lengths[order], skipped[order], order
