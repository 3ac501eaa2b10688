"""A trained imputer as numbers, and what it makes of sequences with gaps."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from loopcast.cache import keep_programs
from loopcast.layers.cells import Array
from loopcast.networks.joined import Joined
from loopcast.windows.gaps import seen

BATCH = 256  # sequences taken at once
FLAT = 1e-6  # of the size of a channel: one that changes less counts as constant


@dataclass(frozen=True, kw_only=True)
class Form:
    """What an imputer is but for its numbers.

    window: rows of the sequences it was trained on; causal: whether it sees nothing later than what it fills.
    """

    network: Joined
    window: int
    causal: bool

    @property
    def margins(self) -> tuple[int, int]:
        """Rows before and after the stretch of a long series that is filled at once."""
        return (self.window, 0) if self.causal else (self.window // 2, self.window // 2)

    @property
    def stretch(self) -> int:
        """Rows of a long series that are filled at once."""
        return 2 * self.window


@dataclass(frozen=True, kw_only=True, eq=False)
class Scale:
    """What values are measured in: level and spread, float32 `[series, channel]`, or `[1, channel]` for all alike."""

    level: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, offsets: np.ndarray) -> "Scale":
        """Mean and standard deviation of what is known of each series; 0 and 1 where nothing is, or nothing varies."""
        known = ~np.isnan(values)
        plain = np.where(known, values, 0).astype(np.float64)
        count = np.maximum(np.add.reduceat(known, offsets[:-1], dtype=np.int64), 1)
        level = np.add.reduceat(plain, offsets[:-1]) / count
        away = np.where(known, values - np.repeat(level, np.diff(offsets), axis=0), 0)
        spread = np.sqrt(np.add.reduceat(away**2, offsets[:-1]) / count)
        flat = spread <= FLAT * np.maximum(np.abs(level), FLAT)
        return cls(level=level.astype(np.float32), spread=np.where(flat, 1, spread).astype(np.float32))

    def rows(self, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Level and spread of each row, `[row, channel]` or what broadcasts to it."""
        if len(self.level) == 1:
            return self.level, self.spread
        lengths = np.diff(offsets)
        return np.repeat(self.level, lengths, axis=0), np.repeat(self.spread, lengths, axis=0)


def fill(form: Form, weights: np.ndarray, values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """What the network says at every row of a stretch that has a gap, float32 `[row, channel]`; NaN elsewhere.

    values: scaled, float32 `[row, channel]` of series end to end, NaN where missing.
    """
    start, begin, stop, first, last = stretches(form, values, offsets)
    width = sum(form.margins) + form.stretch
    width = min(width, int(np.diff(offsets).max()))
    filled = np.full_like(values, np.nan)
    padded = np.concatenate([values, np.full((1, values.shape[1]), np.nan, np.float32)])
    keep_programs()
    for chunk in np.array_split(np.arange(len(start)), max(-(-len(start) // BATCH), 1)):
        rows = start[chunk, None] + np.arange(width)
        inside = (rows >= begin[chunk, None]) & (rows < stop[chunk, None])
        room = BATCH - len(chunk)  # near sizes compile once
        given = np.concatenate([padded[np.where(inside, rows, -1)], np.full((room, width, values.shape[1]), np.nan)])
        counted = np.concatenate([inside, np.zeros((room, width), bool)])
        said = np.asarray(output(form, weights, given.astype(np.float32), counted))[: len(chunk)]
        wanted = (rows >= first[chunk, None]) & (rows < last[chunk, None])
        filled[rows[wanted]] = said[wanted]
    return filled


def stretches(form: Form, values: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, ...]:
    """Of each stretch with a gap: the first row shown, its series' rows, and which rows are filled; int64 each."""
    before, after = form.margins
    begin, stop = offsets[:-1], offsets[1:]
    short = np.diff(offsets) <= before + form.stretch + after
    counts = np.where(short, 1, -(-(stop - begin) // form.stretch))
    series = np.repeat(np.arange(len(begin)), counts)
    number = np.arange(len(series)) - np.repeat(np.cumsum(counts) - counts, counts)
    first = begin[series] + number * form.stretch
    last = np.where(short[series], stop[series], np.minimum(first + form.stretch, stop[series]))
    start = np.where(short[series], begin[series], first - before)
    missing = np.append(0, np.cumsum(np.isnan(values).any(axis=1)))
    gaps = missing[last] > missing[first]
    return start[gaps], begin[series][gaps], stop[series][gaps], first[gaps], last[gaps]


@jax.jit(static_argnums=0)
def output(form: Form, weights: Array, values: Array, inside: Array) -> Array:
    """What the network says of each value of `[batch, time, channel]`, NaN where missing."""
    known = ~jnp.isnan(values)
    shown = seen(jnp.where(known, values, 0.0), known, causal=form.causal)
    return shown.base + form.network.scan(form.network.nested(weights), shown.features, inside)
