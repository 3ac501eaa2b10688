"""What each step ahead might be: `features.causal.ahead` as operators of a graph, for a fixed number of steps."""

from typing import NamedTuple

import numpy as np

from loopcast.features.causal.ahead import FARTHEST
from loopcast.features.causal.encoder import NEAR_ZERO
from loopcast.features.causal.inputs import LONGEST
from loopcast.models.network.raw.inputs import level_of_second, slope_of
from loopcast.models.network.raw.record import TRACKS, Record
from loopcast.models.network.raw.track import season_at
from loopcast.nn.onnx_values import Value, stack


class RawAhead(NamedTuple):
    """base: what 0 means, as written, `[batch, step]`; scale: what 1 means more, `[batch, 1]`; candidates, codes:
    `[batch, step, number]`.
    """

    base: Value
    scale: Value
    candidates: Value
    codes: Value


def look_ahead(record: Record, horizon: int) -> RawAhead:
    """Of the way in which the series is written now."""
    linear = record.after["linear"] > 0.0
    curved, straight = (_look(record.track(name), horizon) for name in TRACKS)
    base, scale = linear.where(straight[0], curved[0]), linear.where(straight[1], curved[1])
    line = linear.where(0.0, (_line(record, horizon) - base) / scale)
    each = [
        line if place == 4 else linear.where(one, other)
        for place, (one, other) in enumerate(zip(straight[2], curved[2], strict=True))
    ]
    return RawAhead(base, scale, stack([candidate.clip(FARTHEST) for candidate in each]), _codes(record, horizon))


def rows_back(season: int, horizon: int) -> tuple[int, ...]:
    """How many rows back the latest one of the same phase is, of each step ahead."""
    return tuple(season * -(-step // season) - step for step in range(1, horizon + 1))


def curve(value: Value, unit: Value) -> Value:
    """A value on the curve of a series of this size; see `Written`."""
    scale = NEAR_ZERO * unit
    return (value / scale).asinh() + scale.log()


def _look(record: Record, horizon: int) -> tuple[Value, Value, list[Value]]:
    """Base, scale, and candidates in units of the scale; nothing at the place of the fifth."""
    m, t, z = record.periods.season, record.row, record.new("z")
    back = rows_back(m, horizon)
    level, scale = record.new("level")[0], record.new("scale")
    slow, fast = (season_at(record, name, back) for name in ("slow_season", "fast_season"))
    base, begun = level + slow, t >= m - 1.0
    nothing = base * 0.0
    last, earlier = (begun.where(z[[rows + more for rows in back]] - base, 0.0) for more in (0, m))
    step = z[1] - z[0] if m == 1 else record.new("adjusted")[0] - level
    steps = t.array([np.arange(1.0, horizon + 1)])
    each = [slow, fast - slow, last, earlier, nothing, nothing + step, steps * slope_of(record)]
    each += _second(record, base, horizon)
    return base, scale, [one / scale for one in each]


def _second(record: Record, base: Value, horizon: int) -> list[Value]:
    m, second, t = record.periods.season, record.periods.second, record.row
    if not second:
        return [base * 0.0] * 3
    back, there, level = rows_back(second, horizon), t >= float(second), record.new("level")
    later = level[[max(rows - m // 2, 0) for rows in back]]
    each = [
        record.new("z")[back] - base,
        level_of_second(record) + season_at(record, "second_season", back) - base,
        later - level[second],
    ]
    return [there.where(one, 0.0) for one in each]


def _line(record: Record, horizon: int) -> Value:
    """What level and season of the values as they are say, on the curve."""
    track = record.track("straight")
    back = rows_back(record.periods.season, horizon)
    values = track.new("level")[0] + season_at(track, "slow_season", back) + record.after["first_straight"]
    return curve(values, record.after["unit"]) - record.after["first_curve"]


def _codes(record: Record, horizon: int) -> Value:
    m, second, t = record.periods.season, record.periods.second, record.row
    h = np.arange(1.0, horizon + 1)
    nothing = t * 0.0
    fixed = [
        np.log(h) / 2,
        (h / m) / (4 + h / m),
        np.log(np.ceil(h / m)) / 1.5,
        h % m == 0,
        np.full(horizon, np.log(m) / 2),
    ]
    alone = np.minimum(h / 8, 2) if m == 1 else np.zeros(horizon)
    there = (t >= float(second)).number() if second else nothing
    far = (t.array([h]) / (t + 1.0).least(LONGEST)).log() / 3.0
    each = [nothing + t.array([part]) for part in fixed]
    return stack([*each, there + t.array([np.zeros(horizon)]), nothing + t.array([alone]), far])
