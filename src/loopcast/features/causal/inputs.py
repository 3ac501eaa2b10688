"""What the network is shown at each row: differences in units of the usual change, how large those are, where it is."""

from dataclasses import dataclass

import numpy as np

from loopcast.features.causal.encoder import EncodedSeries
from loopcast.features.causal.track import Track

INPUTS = 41
MOST = 15.0  # of a difference, once bent
LAGS = 8  # of the values less their season
LONGEST, MOST_SEASONS = 1000, 160  # of a history, as it is shown: more would tell rows of a long series apart


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """One way of writing the series, whole; scale: `[series, time]`, above 0."""

    state: EncodedSeries
    track: Track
    linear: bool
    scale: np.ndarray

    @classmethod
    def of(cls, state: EncodedSeries, linear: bool) -> "View":
        track = state.straight if linear else state.curve
        scale = track.stats["scale"]  # 0 after the end of a series, where nobody looks
        return cls(state=state, track=track, linear=linear, scale=np.where(scale > 0, scale, 1.0))

    @property
    def steps(self) -> np.ndarray:
        return np.arange(self.scale.shape[1])

    def bent(self, numbers: np.ndarray) -> np.ndarray:
        """Differences in units of the scale, large ones bent."""
        return np.clip(np.arcsinh(numbers / self.scale), -MOST, MOST)

    def ago(self, numbers: np.ndarray, rows: int) -> np.ndarray:
        """What was so many rows before; the first before the first."""
        return numbers[:, np.maximum(self.steps - rows, 0)]

    def share(self, name: str, least: float) -> np.ndarray:
        """The logarithm of a mean change beside the scale."""
        return np.log(self.track.stats[name] / self.scale + least)


def shown_inputs(state: EncodedSeries) -> np.ndarray:
    """What the network sees: of each row by the way in which its series is written there, as `inputs_of`."""
    inputs = inputs_of(state, linear=False)
    return np.where(state.linear[..., None], inputs_of(state, linear=True), inputs) if state.linear.any() else inputs


def inputs_of(state: EncodedSeries, linear: bool) -> np.ndarray:
    """All of it by one of the two ways, float32 `[series, time, INPUTS]`."""
    view = View.of(state, linear)
    columns = [*_differences(view), *_sizes(view), *_memory(view), *_place(view), *_second(view)]
    return np.stack([np.broadcast_to(column, view.scale.shape) for column in columns], axis=-1).astype(np.float32)


def _differences(view: View) -> list[np.ndarray]:
    """Of the values less their season, of levels, and of values a season apart."""
    track, m = view.track, view.state.periods.season
    z, level, ago = track.z, track.level, view.ago
    raw = [ago(track.adjusted, j) - level for j in range(LAGS)]
    raw += [
        z - level,
        level - ago(level, m),
        ago(level, m) - ago(level, 2 * m),
        level - ago(level, max(1, m // 2)),
        level - ago(level, 4 * m),
        level - track.stats["slow"],
        z - ago(z, m),
        z - ago(z, 2 * m),
        ago(z, 1) - ago(z, m + 1),
        ago(z, 2) - ago(z, m + 2),
    ]
    return [view.bent(each) for each in raw]


def _sizes(view: View) -> list[np.ndarray]:
    """How large changes are: beside the level, from row to row, of late, beyond season and level."""
    track, scale = view.track, view.scale
    size = np.full_like(scale, np.log(0.1)) if view.linear else np.log(np.maximum(scale, 1e-300))
    return [
        np.clip(size, -9, 2) / 2 + 1,
        np.log(track.stats["step"] / scale + 0.001) / 2,
        view.share("recent", 0.01),
        view.share("seasonal_error", 0.01),
        np.log(np.sqrt(track.stats["square"]) / scale + 0.5),
    ]


def _memory(view: View) -> list[np.ndarray]:
    """The slope, and whether changes go on, turn back, or come again a season later."""
    stats, level, m, steps = view.track.stats, view.track.level, view.state.periods.season, view.steps
    first = level[:, [min(m - 1, len(steps) - 1)]]
    slope = np.where(steps >= m, (level - first) / np.maximum(steps - m + 1, 1), 0.0)
    return [
        np.arcsinh(4 * slope * m / view.scale),
        stats["w0"] / np.sqrt(stats["w2"] + 0.001),
        np.clip(stats["w1"] / (stats["w2"] + 0.001), -1.5, 1.5),
        np.clip(stats["vv"] / (stats["v2"] + 0.001), -1.5, 1.5),
    ]


def _place(view: View) -> list[np.ndarray]:
    """How much was seen, of which season, and what is missing."""
    state, m, steps = view.state, view.state.periods.season, view.steps
    return [
        np.log1p(np.minimum(steps, LONGEST)) / 2 - 1,
        np.log1p(np.minimum(steps / m, MOST_SEASONS)) - 1,
        np.asarray(np.log(m) / 2),
        np.asarray(float(m == 1)),
        state.seen,
        np.log1p(state.age),
        np.asarray(float(view.linear)),
        state.zeros,
    ]


def _second(view: View) -> list[np.ndarray]:
    """Of the second season; zeros before one was seen."""
    track, m, second = view.track, view.state.periods.season, view.state.periods.second
    if not second:
        return [np.zeros(1)] * 6
    there = view.steps >= second
    raw = [track.z - view.ago(track.z, second), track.level - view.ago(track.level, second)]
    raw.append(track.level - track.second_level)
    return [
        there,
        *(there * view.bent(each) for each in raw),
        there * view.share("second", 0.01),
        there * np.log(second / m) / 2,
    ]
