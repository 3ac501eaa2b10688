"""Series of a panel as a network with a shared decoder reads them, and what it is asked at each cutoff."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from loopcast.data.panel import Panel
from loopcast.features.causal.encode import Encoding, Origins, encode
from loopcast.features.causal.encoder import left_align
from loopcast.features.causal.track import Periods
from loopcast.features.known import Known

ROWS = 2**18  # of series that are encoded at once: memory does not grow with the panel


@dataclass(frozen=True, kw_only=True, eq=False)
class Questions:
    """What is asked of some series at several cutoffs.

    series: which of the panel's. rows: int `[series, cutoff]`, the last row of `told.inputs` that is known; -1 where a
    series has no value yet. told: its origins are these, end to end. highest: what no forecast is above, `[series,
    cutoff]`, infinite where there was a negative value. repeated: `[series, cutoff, step]`, what comes if a series that
    repeated itself exactly goes on to; NaN for others.
    """

    series: np.ndarray
    rows: np.ndarray
    told: Encoding
    highest: np.ndarray
    repeated: np.ndarray

    def read(self, said: np.ndarray) -> np.ndarray:
        """Values of what is said of each origin, `[series, cutoff, step, quantile]`; the median is the first."""
        values = self.told.read(said).reshape(*self.rows.shape, *said.shape[1:])
        most = self.highest[..., None, None]
        values = np.where(np.isinf(most), values, np.clip(values, 0, most))
        again = self.repeated[..., None]
        return np.where(np.isnan(again), values, values + again - values[..., :1])


REPEATED = 8  # rows that have to be as those a season before
MOST_TIMES = 20  # as large as the largest value before it a forecast of what was never negative may be


def ask(
    panel: Panel, known: Known | None, periods: Periods, cutoffs: Sequence[int], horizon: int
) -> Iterator[Questions]:
    """Of the series of a panel of one channel, a few at a time, the longest first; known: of the same."""
    order = np.argsort(-panel.lengths, kind="stable")
    first = 0
    while first < len(order):
        count = max(ROWS // int(panel.lengths[order[first]]), 1)
        questions = _questions(panel, order[first : first + count], periods, cutoffs, horizon)
        yield questions if known is None else _with_known(questions, known, panel, cutoffs)
        first += count


def _questions(panel: Panel, series: np.ndarray, periods: Periods, cutoffs: Sequence[int], horizon: int) -> Questions:
    values, lengths, skipped, places = left_align([panel.series(i)[:, 0] for i in series])
    series = series[places]
    rows = np.maximum(panel.lengths[series][:, None] - skipped[:, None] - 1 - np.asarray(cutoffs), -1)
    at = np.maximum(rows, 0)
    steps = np.broadcast_to(np.arange(1, horizon + 1), (rows.size, horizon))
    highest = np.maximum.accumulate(np.nan_to_num(values), axis=1)
    negative = np.take_along_axis(np.logical_or.accumulate(values < 0, axis=1), at, axis=1)
    return Questions(
        series=series,
        rows=rows,
        told=encode(
            values, lengths, periods, Origins(np.repeat(np.arange(len(series)), len(cutoffs)), at.ravel(), steps)
        ),
        highest=np.where(negative, np.inf, MOST_TIMES * np.take_along_axis(highest, at, axis=1)),
        repeated=repeated(values, rows, horizon, periods.second or periods.season),
    )


def _with_known(questions: Questions, known: Known, panel: Panel, cutoffs: Sequence[int]) -> Questions:
    """With what is known beside what is encoded, by row and by step."""
    told, series = questions.told, questions.series
    rows = panel.lengths[series][:, None] - 1 - np.asarray(cutoffs)
    front = rows[:, -1] - questions.rows[:, -1]  # left out before the first value
    steps = np.broadcast_to(np.arange(1, told.codes.shape[1] + 1), told.codes.shape[:2])
    ahead = known.of_steps(np.repeat(series, len(cutoffs)), rows.ravel(), steps)
    own = known.of_windows(series, front, told.inputs.shape[1])
    told = told._replace(
        inputs=np.concatenate([told.inputs, own], axis=-1), codes=np.concatenate([told.codes, ahead], axis=-1)
    )
    return replace(questions, told=told)


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
