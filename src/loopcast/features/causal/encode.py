"""All that a network reads of some series, to forecast from some of their rows: one pass over the history."""

from typing import NamedTuple

import numpy as np

from loopcast.features.causal.ahead import CANDIDATES, CODES, look_ahead
from loopcast.features.causal.encoder import EncodedSeries, Encoder, Written
from loopcast.features.causal.inputs import shown_inputs
from loopcast.features.causal.native_encode import native_encode
from loopcast.features.causal.track import Periods
from loopcast.kernels import why_not_built


class Origins(NamedTuple):
    """Rows that are forecast from: which series, int `[origin]`, which row of it, and how far ahead from 1, `[origin,
    step]`.
    """

    series: np.ndarray
    rows: np.ndarray
    steps: np.ndarray

    def after(self, values: np.ndarray) -> np.ndarray:
        """What came, of `values` `[series, time]`: `[origin, step]`, NaN beyond the end."""
        at = self.rows[:, None] + self.steps
        came = values[self.series[:, None], np.minimum(at, values.shape[1] - 1)]
        return np.where(at < values.shape[1], came, np.nan)


class Encoding(NamedTuple):
    """What a network reads, and how what it says is read.

    inputs: float32 `[series, time, INPUTS]`. base: what 0 means, as written, float64 `[origin, step]`; scale: what 1
    means more, float64 `[origin]`. candidates: float32 `[origin, step, CANDIDATES]`, in those units; codes: float32
    `[origin, step, CODES]`. written: how results are read, `[origin]` each part. usual: the mean change from season to
    season of the whole of each origin's series, as written, float64 `[origin]`.
    """

    inputs: np.ndarray
    base: np.ndarray
    scale: np.ndarray
    candidates: np.ndarray
    codes: np.ndarray
    written: Written
    usual: np.ndarray

    def targets(self, came: np.ndarray) -> np.ndarray:
        """Values `[origin, step]` as the network should have said them: as written at the origin, in its units."""
        return (self.written.write(came) - self.base) / self.scale[:, None]

    def read(self, said: np.ndarray) -> np.ndarray:
        """The values that the network's outputs `[origin, step, quantile]` mean."""
        return self.written.read(self.base[..., None] + self.scale[:, None, None] * said)


def encode(values: np.ndarray, lengths: np.ndarray, periods: Periods, origins: Origins) -> Encoding:
    """The encoding of series as `left_align` gives them: `[series, time]` and lengths, the longest first.

    By the kernels, in all threads, where they are built; else by `encode_plain`, their specification.
    """
    if why_not_built() is None:
        told = native_encode(values, lengths, periods, *origins)
        return Encoding(written=Written(*map(told.pop, Written._fields)), **told)
    return encode_plain(values, lengths, periods, origins)


def encode_plain(values: np.ndarray, lengths: np.ndarray, periods: Periods, origins: Origins) -> Encoding:
    """`encode` in NumPy, a row of all series at a time."""
    count, steps = origins.steps.shape
    base, scale = np.zeros((count, steps)), np.ones(count)
    candidates, codes = np.zeros((count, steps, CANDIDATES), np.float32), np.zeros((count, steps, CODES), np.float32)
    written = Written(np.ones(count, bool), np.ones(count), np.zeros(count))
    encoder, order = Encoder(values, lengths, periods), np.argsort(origins.rows, kind="stable")
    ends = np.searchsorted(origins.rows[order], np.arange(values.shape[1] + 1))
    for t in range(values.shape[1]):
        encoder.update(t)
        at = order[ends[t] : ends[t + 1]]
        if len(at):
            ahead = look_ahead(encoder.state, origins.series[at], t, origins.steps[at])
            base[at], scale[at], candidates[at], codes[at] = ahead.base, ahead.scale, ahead.candidates, ahead.codes
            for part, own in zip(written, ahead.written, strict=True):
                part[at] = own
    state = encoder.state
    return Encoding(shown_inputs(state), base, scale, candidates, codes, written, _usual(state, lengths, origins))


def _usual(state: EncodedSeries, lengths: np.ndarray, origins: Origins) -> np.ndarray:
    """Mean changes of whole series, in the writing that is shown at each origin."""
    season, rows, each = state.periods.season, np.arange(state.seen.shape[1]), []
    whole = lengths[:, None] > season  # of shorter ones, how far from the first value
    counts = (rows < lengths[:, None]) & ((rows >= season) | ~whole)
    for track in (state.curve, state.straight):
        before = np.where(whole, track.z[:, np.maximum(rows - season, 0)], 0.0)
        each.append(np.abs(track.z - before).mean(axis=1, where=counts)[origins.series])
    return np.where(state.linear[origins.series, origins.rows], each[1], each[0])
