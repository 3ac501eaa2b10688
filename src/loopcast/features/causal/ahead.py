"""What each step ahead might be, as seen from one row: candidates, and codes that say how far ahead it is."""

from typing import NamedTuple

import numpy as np

from loopcast.features.causal.encoder import EncodedSeries, Written
from loopcast.features.causal.inputs import LONGEST
from loopcast.features.causal.running import Season
from loopcast.features.causal.track import Track

CANDIDATES, CODES = 10, 8
FARTHEST = 50  # scales that a candidate may lie from the base


class StepsAhead(NamedTuple):
    """Of some series, each at one row, and some steps after it.

    base: what 0 means, as written, `[series, step]`; scale: what 1 means more, `[series]`; candidates: in those units,
    `[series, step, CANDIDATES]`; codes: `[series, step, CODES]`; written: how to read the result.
    """

    base: np.ndarray
    scale: np.ndarray
    candidates: np.ndarray
    codes: np.ndarray
    written: Written


def look_ahead(state: EncodedSeries, series: np.ndarray, t: int, steps: np.ndarray) -> StepsAhead:
    """From row `t`, the last that was taken in, of these series; steps: int `[series, step]`, from 1."""
    linear = state.linear[series, t]
    curved = _look(state, state.curve, series, t, steps)
    base, scale, candidates = curved
    if linear.any():
        straight = _look(state, state.straight, series, t, steps)
        base, scale, candidates = (
            np.where(linear.reshape(-1, *(1,) * (one.ndim - 1)), other, one)
            for one, other in zip(curved, straight, strict=True)
        )
    written = state.written(series, np.full(len(series), t))
    candidates[..., 4] = np.where(linear[:, None], 0.0, _line(state, series, t, steps) - base) / scale[:, None]
    return StepsAhead(base, scale, np.clip(candidates, -FARTHEST, FARTHEST), _codes(state, t, steps), written)


def _look(
    state: EncodedSeries, track: Track, series: np.ndarray, t: int, steps: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Base, scale and candidates by one of the two ways; the fifth is the other way's."""
    m = state.periods.season
    scale, level = track.stats["scale"][series, t], track.level[series, t][:, None]
    before = t + steps - m * -(-steps // m)  # the latest row of the same phase
    slow, fast = (_of_phase(season, series, before, t) for season in (track.slow_season, track.fast_season))
    base = level + slow
    begun = t >= m - 1
    z, own = track.z, series[:, None]
    last, earlier = (z[own, np.maximum(before - back, 0)] - base if begun else np.zeros_like(base) for back in (0, m))
    step = track.adjusted[series, t] - track.level[series, t]
    if m == 1:
        step = z[series, max(t - 1, 0)] - z[series, t]
    slope = (track.level[series, t] - track.level[series, m - 1]) / (t - m + 1) if t >= m else np.zeros(len(series))
    each = [
        slow,
        fast - slow,
        last,
        earlier,
        np.zeros_like(base),
        np.broadcast_to(step[:, None], base.shape),
        steps * slope[:, None],
        *_second(state, track, series, t, steps, base),
    ]
    return base, scale, np.stack(each, axis=-1) / scale[:, None, None]


def _of_phase(season: Season, series: np.ndarray, rows: np.ndarray, t: int) -> np.ndarray:
    """What a season adds at the phase of each of `rows` `[series, step]`; 0 before there is one."""
    return season.at_rows(series, rows) if t >= season.length - 1 else np.zeros(rows.shape)


def _second(
    state: EncodedSeries, track: Track, series: np.ndarray, t: int, steps: np.ndarray, base: np.ndarray
) -> list[np.ndarray]:
    """Three candidates of the second season; zeros before there is one."""
    m, second = state.periods.season, state.periods.second
    if not second or t < second:
        return [np.zeros_like(base)] * 3
    before = t + steps - second * -(-steps // second)
    own = series[:, None]
    added = _of_phase(track.second_season, series, before, t)
    level = track.level
    return [
        track.z[own, before] - base,
        track.second_level[series, t][:, None] + added - base,
        level[own, np.minimum(before + m // 2, t)] - level[series, t - second][:, None],
    ]


def _line(state: EncodedSeries, series: np.ndarray, t: int, steps: np.ndarray) -> np.ndarray:
    """What level and season of the values as they are say, on the curve."""
    m, track = state.periods.season, state.straight
    before = t + steps - m * -(-steps // m)
    straight = track.level[series, t][:, None] + _of_phase(track.slow_season, series, before, t)
    values = straight + state.first_straight[series][:, None]
    curved = np.ones(len(series), bool)
    return Written(curved, state.unit[series, t], state.first_curve[series]).write(values)


def _codes(state: EncodedSeries, t: int, steps: np.ndarray) -> np.ndarray:
    m, second = state.periods.season, state.periods.second
    h = steps.astype(np.float64)
    each = [
        np.log(h) / 2,
        (h / m) / (4 + h / m),
        np.log(np.ceil(h / m)) / 1.5,
        steps % m == 0,
        np.log(m) / 2,
        float(bool(second) and t >= second),
        np.minimum(h / 8, 2) if m == 1 else 0.0,
        np.log(h / min(t + 1, LONGEST)) / 3,
    ]
    return np.stack([np.broadcast_to(part, h.shape) for part in each], axis=-1)
