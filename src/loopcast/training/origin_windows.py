"""Series to learn forecasting from at random origins: encoded once, cut into windows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from loopcast.features.causal.encode import Origins, encode
from loopcast.features.causal.encoder import in_chunks, left_align
from loopcast.features.causal.names import CODE_NAMES
from loopcast.features.causal.track import Periods
from loopcast.features.known import Known
from loopcast.features.sizes import power_of_two
from loopcast.training.origin_pool import ORIGINS, STEPS, Examples, draw_origins, draw_steps, examples_of

MOST_WINDOWS = 4096  # that are kept: memory does not grow with the panel
MOST_NUMBERS = 2**26  # of what is known of the steps after origins: nor much with the number of covariates
MOST_USES = 8  # origins of a window are drawn so often; then they come again


@dataclass(frozen=True, kw_only=True, eq=False)
class OriginWindows:
    """series: float64 `[time]` each, NaN where missing.

    width: rows of a window. drawn: how many windows will be drawn, each with ORIGINS origins. seed: of the origins.
    known: besides the values; of the same series.
    """

    periods: Periods
    series: Sequence[np.ndarray]
    horizon: int
    width: int
    drawn: int
    seed: int = 0
    known: Known | None = None

    @cached_property
    def examples(self) -> Examples:
        """All windows with their origins."""
        rng = np.random.default_rng([self.seed, 2])
        parts = zip(*self._encoded(rng), strict=True)
        return Examples(*(np.concatenate(part) for part in parts))

    @property
    def _codes(self) -> int:
        """How many numbers are known of a step."""
        return len(CODE_NAMES) + (0 if self.known is None else self.known.step_width)

    def _encoded(self, rng: np.random.Generator) -> Iterator[Examples]:
        """The longest series first, so many at a time as ROWS allows."""
        lengths = np.array([len(values) for values in self.series])
        total = np.maximum(-(-2 * (lengths - self.width) // self.width), 0).sum() + len(lengths)
        most = max(MOST_NUMBERS // (ORIGINS * min(STEPS, self.horizon) * self._codes), 1)
        kept = min(min(MOST_WINDOWS, most) / total, 1.0)
        uses = min(power_of_two(int(np.ceil(self.drawn / (kept * total)))), MOST_USES)
        while uses > 1 and uses * kept * total > most:
            uses //= 2
        for some in in_chunks(lengths):
            yield self._windows_of(some, kept, uses, rng)

    def _windows_of(self, some: np.ndarray, kept: float, uses: int, rng: np.random.Generator) -> Examples:
        """The windows of some series, each kept with a probability, and origins for so many uses."""
        values, lengths, skipped, places = left_align([self.series[i] for i in some])
        room = np.full((len(values), max(self.width - values.shape[1], 0)), np.nan)
        values = np.concatenate([values, room], axis=1)
        which, starts = cut(lengths, self.width)
        chosen = rng.random(len(which)) < kept
        chosen |= ~chosen.any()
        which, starts = which[chosen], starts[chosen]
        used, which = np.unique(which, return_inverse=True)  # of very many series, few have windows that are kept
        values, lengths, skipped, places = (each[used] for each in (values, lengths, skipped, places))
        rows = self._origins(rng, lengths[which], starts, uses)
        steps = draw_steps(rng, rows.size, self.horizon)
        origins = Origins(np.repeat(which, rows.shape[1]), (starts[:, None] + rows).ravel(), steps)
        told = encode(values, lengths, self.periods, origins)
        inputs = told.inputs[which[:, None], starts[:, None] + np.arange(self.width)]
        if self.known is not None:
            series, front = some[places], skipped
            own = self.known.of_windows(series[which], front[which] + starts, self.width)
            inputs = np.concatenate([inputs, own], axis=-1)
            ahead = self.known.of_steps(series[origins.series], front[origins.series] + origins.rows, steps)
            told = told._replace(codes=np.concatenate([told.codes, ahead], axis=-1))
        return examples_of(told, inputs, rows, origins.after(values))

    def _origins(self, rng: np.random.Generator, lengths: np.ndarray, starts: np.ndarray, uses: int) -> np.ndarray:
        """Rows of each window that are forecast from, int `[window, use * origin]`; the series goes on after each."""
        last = np.maximum(np.minimum(lengths - starts, self.width + 1) - 2, 0)
        low = np.where(starts > 0, self.width // 4, self.periods.season + 1)
        return draw_origins(rng, np.minimum(low, last), last, self.periods.season, uses, begins=starts == 0)


def cut(lengths: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The series and the first row of each window, `[window]` each: half over one another, to the end of a series."""
    counts = np.maximum(-(-2 * (lengths - width) // width), 0) + 1
    which = np.repeat(np.arange(len(lengths)), counts)
    place = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    last = np.maximum(lengths - width, 0)[which]
    return which, np.round(last * place / np.maximum(counts[which] - 1, 1)).astype(int)
