"""Series of a panel as a network with a shared decoder reads them, and what it is asked at each cutoff."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from loopcast.data.panel import Panel
from loopcast.features.causal.encode import Encoding, Origins, encode
from loopcast.features.causal.encoder import in_chunks, left_align
from loopcast.features.causal.track import Periods
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.known import Known
from loopcast.models.network.targets import Channels, apart


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

    @property
    def at(self) -> tuple[np.ndarray, np.ndarray]:
        """The series and the row of each origin in `told.inputs`, `[origin]` each; the first row where it has none."""
        return np.repeat(np.arange(len(self.series)), self.rows.shape[1]), np.maximum(self.rows, 0).ravel()

    def read(self, said: np.ndarray) -> np.ndarray:
        """Values of what is said of each origin, `[series, cutoff, step, quantile]`; the median is the first."""
        values = self.told.read(said).reshape(*self.rows.shape, *said.shape[1:])
        most = self.highest[..., None, None]
        values = np.where(np.isinf(most), values, np.clip(values, 0, most))
        again = self.repeated[..., None]
        return np.where(np.isnan(again), values, values + again - values[..., :1])


REPEATED = 8  # rows that have to be as those a season before
MOST_TIMES = 20  # as large as the largest value before it a forecast of what was never negative may be


@dataclass(frozen=True, kw_only=True, eq=False)
class Asked:
    """How a model that reads encoded series asks.

    periods: of the series; encoding: how covariates are shown, if any are; channels: how several targets are.
    """

    periods: Periods
    encoding: ExogenousEncoder | None
    channels: Channels = "independent"

    def answers(
        self, panel: Panel, cutoffs: Sequence[int], horizon: int, numbers: int, say: Callable[[Questions], np.ndarray]
    ) -> np.ndarray:
        """What is said, `[series, cutoff, step, channel, number]`; 0 of a series that has no value yet.

        say: values `[series, cutoff, step, number]` of some series of one channel. LengthError where a series has no
        row before the first cutoff.
        """
        panel.require_rows(cutoffs[0] + 1, "a row before the first cutoff", "ask for later cutoffs")
        alone, extra = apart(panel, self.channels), max(0, horizon - cutoffs[-1])
        known = None if self.encoding is None else Known.of(self.encoding, alone, extra, self.periods.season)
        found = np.zeros((alone.n_series, len(cutoffs), horizon, numbers))
        for questions in ask(alone, known, self.periods, cutoffs, horizon):
            found[questions.series] = np.where((questions.rows < 0)[..., None, None], 0.0, say(questions))
        by_target = found.reshape(panel.n_series, panel.n_channels, *found.shape[1:])
        return np.moveaxis(by_target, 1, 3)


def ask(
    panel: Panel, known: Known | None, periods: Periods, cutoffs: Sequence[int], horizon: int
) -> Iterator[Questions]:
    """Of the series of a panel of one channel, a few at a time, the longest first; known: of the same."""
    for series in in_chunks(panel.lengths):
        questions = question(panel, series, periods, cutoffs, horizon)
        yield questions if known is None else with_known(questions, known, panel, cutoffs)


def question(panel: Panel, series: np.ndarray, periods: Periods, cutoffs: Sequence[int], horizon: int) -> Questions:
    """Of these series of a panel of one channel, taken at once; without what is known beside their values."""
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


def with_known(questions: Questions, known: Known, panel: Panel, cutoffs: Sequence[int]) -> Questions:
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
    rows, found = max(season, REPEATED), np.full((*origins.shape, horizon), np.nan)
    alike = np.zeros((len(values), max(values.shape[1], season) + 1), np.int64)  # of the rows before each, how many
    np.cumsum(values[:, season:] == values[:, :-season], axis=1, out=alike[:, season + 1 :])
    last = np.maximum(origins + 1, 0)
    count = np.take_along_axis(alike, last, 1) - np.take_along_axis(alike, np.maximum(last - rows, 0), 1)
    series, cutoff = np.nonzero((count == rows) & (origins >= rows + season - 1))
    steps = np.arange(1, horizon + 1)
    source = origins[series, cutoff][:, None] + steps - season * -(-steps // season)
    found[series, cutoff] = values[series[:, None], source]
    return found
