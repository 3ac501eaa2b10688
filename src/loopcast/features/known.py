"""What is known of series besides their values, as a network with a decoder of steps reads it: by row, and by step."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from loopcast.data.panel import Panel
from loopcast.features.exogenous import ExogenousEncoder

TRAILING = (1 / 12, 1 / 3, 1, 3)  # seasons over which covariates are averaged: what they do may take its time


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """Of the series of a panel, in their order.

    rows: float32 `[row, number]`; offsets: int64 `[series + 1]`. ahead: float32 `[known row, number]`, of each row and
    of those after the end of each series: covariates, the calendar, trailing means of covariates; known_offsets: of
    these. covariates: which numbers of `ahead` are values of covariates. season: steps in one.
    """

    rows: np.ndarray
    offsets: np.ndarray
    ahead: np.ndarray
    known_offsets: np.ndarray
    covariates: list[int]
    season: int

    @classmethod
    def of(cls, encoding: ExogenousEncoder, panel: Panel, extra: int, season: int) -> "Known":
        """Of a panel and `extra` steps after its ends; errors are those of `ExogenousEncoder`."""
        encoding.require_same_covariates(panel)
        ahead = encoding.ahead(panel, extra)
        values, offsets = ahead
        covariates = encoding.future_values
        return cls(
            rows=encoding.rows(panel, ahead),
            offsets=panel.offsets,
            ahead=np.concatenate([values, *trailing_means(values[:, covariates], offsets, season)], axis=1),
            known_offsets=offsets,
            covariates=covariates,
            season=season,
        )

    @property
    def step_width(self) -> int:
        """How many numbers are known of a step ahead."""
        return self.ahead.shape[1] + len(self.covariates)

    def of_windows(self, series: np.ndarray, first: np.ndarray, width: int) -> np.ndarray:
        """Rows from `first` on of some series, `[window, width, number]`; the last one goes on after the end."""
        at = self.offsets[series, None] + first[:, None] + np.arange(width)
        return self.rows[np.minimum(at, self.offsets[series + 1, None] - 1)]

    def of_steps(self, series: np.ndarray, rows: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """Of `steps` `[origin, step]` after `rows`: what is known then, and how covariates differ from a season before.

        From the latest row of the same phase, that is. Of a step beyond what is known: what is known of the last one.
        """
        own, end = self.known_offsets[series, None], self.known_offsets[series + 1, None] - 1
        before = rows[:, None] + steps - self.season * -(-steps // self.season)
        then = self.ahead[np.minimum(own + rows[:, None] + steps, end)]
        earlier = self.ahead[np.minimum(own + np.maximum(before, 0), end)]
        return np.concatenate([then, (then - earlier)[..., self.covariates]], axis=-1)


def trailing_means(values: np.ndarray, offsets: np.ndarray, season: int) -> list[np.ndarray]:
    """Means of columns over the latest rows, of which there are more than one, `[row, column]` each."""
    parts = [np.cumsum(values[a:b], axis=0, dtype=np.float64) for a, b in pairwise(offsets)]  # as a live series adds
    sums, nothing = np.concatenate(parts), np.zeros((1, values.shape[1]))
    rows, first = np.arange(len(values)), np.repeat(offsets[:-1], np.diff(offsets))
    means = []
    for share in TRAILING:
        count = round(share * season)
        if count < 2:
            continue
        begin = np.maximum(rows - count + 1, first)
        before = np.where((begin > first)[:, None], sums[np.maximum(begin - 1, 0)], nothing)
        means.append(((sums - before) / (rows - begin + 1)[:, None]).astype(np.float32))
    return means


def width_of_rows(encoding: ExogenousEncoder | None) -> int:
    """How many numbers are known of a row."""
    return 0 if encoding is None else encoding.width


def width_of_steps(encoding: ExogenousEncoder | None, season: int) -> int:
    """How many numbers are known of a step ahead."""
    if encoding is None:
        return 0
    return encoding.ahead_width + len(encoding.future_values) * further(season)


def further(season: int) -> int:
    """How many numbers of a step each future covariate has besides those of the encoder: its means and its change."""
    return 1 + sum(round(share * season) > 1 for share in TRAILING)
