"""Series of a panel as a network with a shared decoder reads them, and what it is asked at each cutoff."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from loopcast.data.panel import Panel
from loopcast.features.causal.ahead import CANDIDATES, CODES, look_ahead
from loopcast.features.causal.encoder import Encoder, Written, left_align
from loopcast.features.causal.inputs import shown_inputs
from loopcast.features.causal.track import Periods

ROWS = 2**18  # of series that are encoded at once: memory does not grow with the panel


@dataclass(frozen=True, kw_only=True, eq=False)
class Questions:
    """What is asked of some series at several cutoffs.

    series: which of the panel's; inputs: float32 `[series, time, input]`; origins: int `[series, cutoff]`, rows of
    `inputs`, -1 where a series has no value yet. base, candidates, codes: `[series, cutoff, step, ...]`, scale:
    `[series, cutoff]`. written: how results are read, by series and cutoff end to end; highest: what no forecast is
    above, infinite where there was a negative value. repeated: `[series, cutoff, step]`, what comes if a series that
    repeated itself exactly goes on to; NaN for others.
    """

    series: np.ndarray
    inputs: np.ndarray
    origins: np.ndarray
    base: np.ndarray
    scale: np.ndarray
    candidates: np.ndarray
    codes: np.ndarray
    written: Written
    highest: np.ndarray
    repeated: np.ndarray

    def read(self, scaled: np.ndarray) -> np.ndarray:
        """Values of what is said `[series, cutoff, step, quantile]`, the median first, in units of the scale."""
        room = (..., *(None,) * (scaled.ndim - 3))
        written = self.base[room] + self.scale[..., None][room] * scaled
        values = self.written.read(written.reshape(-1, *written.shape[2:])).reshape(written.shape)
        most = self.highest[..., None][room]
        values = np.where(np.isinf(most), values, np.clip(values, 0, most))
        again = self.repeated[room]
        return np.where(np.isnan(again), values, values + again - values[..., :1])


REPEATED = 8  # rows that have to be as those a season before
MOST_TIMES = 20  # as large as the largest value before it a forecast of what was never negative may be


def ask(panel: Panel, periods: Periods, cutoffs: Sequence[int], horizon: int) -> Iterator[Questions]:
    """Of the series of a panel of one channel, a few at a time, the longest first."""
    order = np.argsort(-panel.lengths, kind="stable")
    first = 0
    while first < len(order):
        count = max(ROWS // int(panel.lengths[order[first]]), 1)
        yield _questions(panel, order[first : first + count], periods, cutoffs, horizon)
        first += count


def _questions(panel: Panel, series: np.ndarray, periods: Periods, cutoffs: Sequence[int], horizon: int) -> Questions:
    values, lengths, skipped, places = left_align([panel.series(i)[:, 0] for i in series])
    series = series[places]
    origins = panel.lengths[series][:, None] - skipped[:, None] - 1 - np.asarray(cutoffs)
    origins = np.maximum(origins, -1)
    shape = (len(series), len(cutoffs), horizon)
    base, scale, candidates, codes = (
        np.zeros(shape),
        np.ones(shape[:2]),
        np.zeros((*shape, CANDIDATES)),
        np.zeros((*shape, CODES)),
    )
    curved, unit, start = np.ones(shape[:2], bool), np.ones(shape[:2]), np.zeros(shape[:2])
    encoder, steps = Encoder(values, lengths, periods), np.arange(1, horizon + 1)
    for t in range(values.shape[1]):
        encoder.update(t)
        rows, place = np.nonzero(origins == t)
        if len(rows):
            ahead = look_ahead(encoder.state, rows, t, np.broadcast_to(steps, (len(rows), horizon)))
            at = (rows, place)
            base[at], scale[at], candidates[at], codes[at] = ahead.base, ahead.scale, ahead.candidates, ahead.codes
            curved[at], unit[at], start[at] = ahead.written
    state = encoder.state
    highest = np.maximum.accumulate(np.nan_to_num(values), axis=1)
    at = np.arange(len(series))[:, None], np.maximum(origins, 0)
    return Questions(
        series=series,
        inputs=shown_inputs(state),
        origins=origins,
        base=base,
        scale=scale,
        candidates=candidates.astype(np.float32),
        codes=codes.astype(np.float32),
        written=Written(curved.ravel(), unit.ravel(), start.ravel()),
        highest=np.where(state.linear[at], np.inf, MOST_TIMES * highest[at]),
        repeated=repeated(values, origins, horizon, periods.second or periods.season),
    )


def repeated(values: np.ndarray, origins: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """What comes if series go on as in the last season, `[series, cutoff, step]`, where that repeated the one before.

    NaN for those that did not, or not for REPEATED rows.
    """
    rows = max(season, REPEATED)
    back = np.arange(rows)
    series = np.arange(len(values))[:, None, None]
    at = origins[..., None] - back
    before = np.maximum(at - season, 0)
    same = (values[series, np.maximum(at, 0)] == values[series, before]).all(axis=-1) & (origins >= rows + season - 1)
    steps = np.arange(1, horizon + 1)
    source = np.maximum(origins[..., None] + steps - season * -(-steps // season), 0)
    return np.where(same[..., None], values[series, source], np.nan)
