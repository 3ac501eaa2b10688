"""Level and season of each row of a series as the causal encoder has them once it has taken the row in."""

from collections.abc import Sequence

import numpy as np

from loopcast.features.causal.encoder import EncodedSeries, Encoder, Written, in_chunks, left_align
from loopcast.features.causal.track import Periods, Track

PARTS = ("level", "season", "second_season")


def decompose(series: Sequence[np.ndarray], periods: Periods) -> dict[str, list[np.ndarray]]:
    """Of series float64 `[time]`: level, season and, of two seasons, the second one, in the unit of the values.

    The level is the trailing mean over a season (the longer one); a season is what its phase adds to the level, the
    second one what it adds to the first, each as it was learned up to the row. Where the encoder writes on a curve,
    they are read back one upon the other. 0 before the first value that is not 0, NaN where it is missing.
    """
    names = PARTS if periods.second else PARTS[:2]
    found: dict[str, list[np.ndarray]] = {name: [np.zeros(0)] * len(series) for name in names}
    for chosen in in_chunks(np.array([len(values) for values in series])):
        values, lengths, skipped, order = left_align([series[i] for i in chosen])
        parts = _decompose(values, lengths, periods)
        for row, place in enumerate(chosen[order]):
            before = np.where(np.isnan(series[place][: skipped[row]]), np.nan, 0.0)
            for name, part in zip(names, np.moveaxis(parts, 2, 0), strict=False):
                found[name][place] = np.concatenate([before, part[row, : lengths[row]]])
    return found


def _decompose(values: np.ndarray, lengths: np.ndarray, periods: Periods) -> np.ndarray:
    """What each of PARTS adds, `[series, time, part]`; nothing after the end of a series."""
    encoder = Encoder(values, lengths, periods)
    sums = np.zeros((*values.shape, len(PARTS)))
    for t in range(values.shape[1]):
        rows = encoder.update(t)
        curved, straight = (_sums(track, t, rows, periods) for track in (encoder.state.curve, encoder.state.straight))
        sums[:rows, t] = np.where(encoder.state.linear[:rows, t, None], straight, curved)
    return np.diff(_written(encoder.state).read(sums), axis=2, prepend=0.0)


def _sums(track: Track, t: int, rows: int, periods: Periods) -> np.ndarray:
    """As written, of the first series: the level, that with the season, and with the second one, `[series, part]`."""
    season = track.z[:rows, t] - track.adjusted[:rows, t]
    if not periods.second:
        with_season = track.level[:rows, t] + season
        return np.stack([track.level[:rows, t], with_season, with_season], axis=1)
    level, phase = track.second_level[:rows, t], t % periods.second
    second = track.second_season.at(phase, rows) if t >= periods.second - 1 else season
    return np.stack([level, level + season, level + second], axis=1)


def _written(state: EncodedSeries) -> Written:
    """How each row was written, `[series, time]` each part."""
    linear = state.linear
    first = np.where(linear, state.first_straight[:, None], state.first_curve[:, None])
    return Written(~linear, np.where(state.unit > 0, state.unit, 1.0), first)  # 0 after the end of a series
