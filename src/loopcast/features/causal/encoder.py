"""What a pretrained or trained network is shown of a series: a causal encoding that needs no unit from its end.

Every series is written two ways at once: on a curve like the logarithm's, which is taken until the first negative
value, and as it is, from then on. Numbers are float64 until they are shown: a change of 1 at a level of 1e9 is seen.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from loopcast.features.causal.running import RunningMean
from loopcast.features.causal.track import Periods, Track

NEAR_ZERO = 0.1  # share of a series' size below which its curve is a straight line
INPUTS = 41


class Written(NamedTuple):
    """The values of series written one way, with what is needed to read them back, `[series]` each.

    curved: whether on the curve. unit: the size of the series; first: where its first value stands.
    """

    curved: np.ndarray
    unit: np.ndarray
    first: np.ndarray

    def write(self, values: np.ndarray) -> np.ndarray:
        """`values` `[series, ...]` as written at this unit."""
        unit, first, curved = (
            part.reshape(-1, *(1,) * (values.ndim - 1)) for part in (self.unit, self.first, self.curved)
        )
        scale = NEAR_ZERO * unit
        return np.where(curved, np.arcsinh(values / scale) + np.log(scale), values) - first

    def read(self, written: np.ndarray) -> np.ndarray:
        """The values again."""
        unit, first, curved = (
            part.reshape(-1, *(1,) * (written.ndim - 1)) for part in (self.unit, self.first, self.curved)
        )
        scale, whole = NEAR_ZERO * unit, written + first
        return np.where(curved, scale * np.sinh(np.where(curved, whole - np.log(scale), 0.0)), whole)


@dataclass(kw_only=True)
class Encoded:
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
        self.state = Encoded(
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


def inputs_of(state: Encoded, linear: bool) -> np.ndarray:
    """What the network is shown at each row by one of the two ways, float32 `[series, time, INPUTS]`."""
    track = state.straight if linear else state.curve
    m, second = state.periods.season, state.periods.second
    z, level, stats = track.z, track.level, track.stats
    scale = np.where(stats["scale"] > 0, stats["scale"], 1.0)  # 0 after the end of a series, where nobody looks
    steps = np.arange(z.shape[1])

    def shown(numbers: np.ndarray) -> np.ndarray:
        return np.clip(np.arcsinh(numbers / scale), -15, 15)

    def ago(numbers: np.ndarray, rows: int) -> np.ndarray:
        return numbers[:, np.maximum(steps - rows, 0)]

    def share(name: str, least: float) -> np.ndarray:
        return np.log(stats[name] / scale + least)

    slope = np.where(steps >= m, (level - level[:, [min(m - 1, z.shape[1] - 1)]]) / np.maximum(steps - m + 1, 1), 0.0)
    size = np.full_like(z, np.log(0.1)) if linear else np.log(np.maximum(scale, 1e-300))
    columns = [
        *(shown(ago(track.adjusted, j) - level) for j in range(8)),
        shown(z - level),
        shown(level - ago(level, m)),
        shown(ago(level, m) - ago(level, 2 * m)),
        shown(level - ago(level, max(1, m // 2))),
        shown(level - ago(level, 4 * m)),
        shown(level - stats["slow"]),
        shown(z - ago(z, m)),
        shown(z - ago(z, 2 * m)),
        shown(ago(z, 1) - ago(z, m + 1)),
        shown(ago(z, 2) - ago(z, m + 2)),
        np.clip(size, -9, 2) / 2 + 1,
        np.log(stats["step"] / scale + 0.001) / 2,
        share("recent", 0.01),
        share("seasonal_error", 0.01),
        np.log(np.sqrt(stats["square"]) / scale + 0.5),
        np.arcsinh(4 * slope * m / scale),
        stats["w0"] / np.sqrt(stats["w2"] + 0.001),
        np.clip(stats["w1"] / (stats["w2"] + 0.001), -1.5, 1.5),
        np.clip(stats["vv"] / (stats["v2"] + 0.001), -1.5, 1.5),
        np.log1p(steps) / 2 - 1,
        np.log1p(steps / m) - 1,
        np.log(m) / 2,
        m == 1,
        state.seen,
        np.log1p(state.age),
        linear,
        state.zeros,
    ]
    if second:
        there = steps >= second
        columns += [
            there,
            there * shown(z - ago(z, second)),
            there * shown(level - ago(level, second)),
            there * shown(level - track.second_level),
            there * share("second", 0.01),
            there * np.log(second / m) / 2,
        ]
    else:
        columns += [0.0] * 6
    return np.stack([np.broadcast_to(column, z.shape) for column in columns], axis=-1).astype(np.float32)


def drop_leading(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Series from their first value on that is neither missing nor 0, longest first, left aligned; and their lengths.

    One without such a value keeps its last row, as a 0.
    """
    steps = values.shape[1]
    there = ~np.isnan(values) & (values != 0)
    first = np.where(there.any(axis=1), there.argmax(axis=1), steps - 1)
    lengths = steps - first
    order = np.argsort(-lengths, kind="stable")
    at = first[order, None] + np.arange(steps)
    aligned = np.where(at < steps, values[order[:, None], np.minimum(at, steps - 1)], np.nan)
    aligned[:, 0] = np.nan_to_num(aligned[:, 0])
    return aligned, lengths[order]
