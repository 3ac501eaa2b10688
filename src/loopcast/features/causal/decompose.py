"""Level and season of each row of a series as the causal encoder has them once it has taken the row in."""

import numpy as np

from loopcast.features.causal.encoder import Encoder, Written, left_align
from loopcast.features.causal.track import Periods, Track


def decompose(values: np.ndarray, periods: Periods) -> dict[str, np.ndarray]:
    """Of one series float64 `[time]`: level, season and, of two seasons, the second one, in the unit of the values.

    The level is the trailing mean over a season (the longer one); a season is what its phase adds to the level, the
    second one what it adds to the first, each as it was learned up to the row. Where the encoder writes on a curve,
    they are read back one upon the other. 0 before the first value that is not 0, NaN where it is missing.
    """
    aligned, lengths, [skipped], _ = left_align([values])
    encoder = Encoder(aligned, lengths, periods)
    written = np.zeros((3, int(lengths[0])))
    for t in range(written.shape[1]):
        encoder.update(t)
        track = encoder.state.straight if encoder.state.linear[0, t] else encoder.state.curve
        written[:, t] = _parts(track, t, periods)
    parts = _read(np.cumsum(written, axis=0), encoder)
    names = ("level", "season", "second_season") if periods.second else ("level", "season")
    before = np.where(np.isnan(values[:skipped]), np.nan, 0.0)
    return {name: np.concatenate([before, part]) for name, part in zip(names, parts, strict=False)}


def _parts(track: Track, t: int, periods: Periods) -> tuple[float, float, float]:
    """As written: the level, what the season adds at this row, and what the second one adds to that."""
    season = float(track.z[0, t] - track.adjusted[0, t])
    if not periods.second:
        return float(track.level[0, t]), season, 0.0
    begun = t >= periods.second - 1
    second = float(track.second_season.at(t % periods.second, 1)[0]) - season if begun else 0.0
    return float(track.second_level[0, t]), season, second


def _read(sums: np.ndarray, encoder: Encoder) -> np.ndarray:
    """What each part adds in the unit of the values, `[part, time]`, of sums as written."""
    state, rows = encoder.state, np.arange(sums.shape[1])
    written: Written = state.written(np.zeros_like(rows), rows)
    return np.diff(written.read(sums.T), axis=1, prepend=0.0).T
