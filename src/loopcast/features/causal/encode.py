"""All that a network reads of some series, to forecast from some of their rows: one pass over the history."""

from typing import NamedTuple

import numpy as np

from loopcast.features.causal.ahead import CANDIDATES, CODES, look_ahead
from loopcast.features.causal.encoder import Encoded, Encoder, Written
from loopcast.features.causal.inputs import shown_inputs
from loopcast.features.causal.native_encode import native_encode
from loopcast.features.causal.track import Periods
from loopcast.kernels import why_not_built


class Encoding(NamedTuple):
    """Of series that are left aligned, longest first; an origin is a row that is forecast from.

    inputs: float32 `[series, time, INPUTS]`. base: what 0 means, as written, float64 `[series, origin, step]`; scale:
    what 1 means more, float64 `[series, origin]`. candidates: float32 `[series, origin, step, CANDIDATES]`, in those
    units; codes: float32 `[series, origin, step, CODES]`. written: how results are read, `[series, origin]` each part.
    usual: the mean change from season to season of the whole of each series, as written, float64 `[series, origin]`.
    """

    inputs: np.ndarray
    base: np.ndarray
    scale: np.ndarray
    candidates: np.ndarray
    codes: np.ndarray
    written: Written
    usual: np.ndarray


def encode(
    values: np.ndarray, lengths: np.ndarray, periods: Periods, origins: np.ndarray, steps: np.ndarray
) -> Encoding:
    """The encoding of series as `left_align` gives them, `[series, time]`.

    origins: int `[series, origin]`, -1 where there is none, of which base and candidates are 0 and scales 1.
    steps: int `[series, origin, step]`, how far ahead, from 1.

    By the kernels, in all threads, where they are built; else by `encode_plain`, their specification.
    """
    if why_not_built() is None:
        told = native_encode(values, lengths, periods, origins, steps)
        return Encoding(written=Written(*map(told.pop, Written._fields)), **told)
    return encode_plain(values, lengths, periods, origins, steps)


def encode_plain(
    values: np.ndarray, lengths: np.ndarray, periods: Periods, origins: np.ndarray, steps: np.ndarray
) -> Encoding:
    """`encode` in NumPy, a row of all series at a time."""
    shape = steps.shape
    base, scale = np.zeros(shape), np.ones(origins.shape)
    candidates, codes = np.zeros((*shape, CANDIDATES), np.float32), np.zeros((*shape, CODES), np.float32)
    written = Written(np.ones(origins.shape, bool), np.ones(origins.shape), np.zeros(origins.shape))
    encoder = Encoder(values, lengths, periods)
    for t in range(values.shape[1]):
        encoder.update(t)
        at = series, place = np.nonzero(origins == t)
        if not len(series):
            continue
        ahead = look_ahead(encoder.state, series, t, steps[series, place])
        base[at], scale[at], candidates[at], codes[at] = ahead.base, ahead.scale, ahead.candidates, ahead.codes
        for part, own in zip(written, ahead.written, strict=True):
            part[at] = own
    state = encoder.state
    return Encoding(shown_inputs(state), base, scale, candidates, codes, written, _usual(state, lengths, origins))


def _usual(state: Encoded, lengths: np.ndarray, origins: np.ndarray) -> np.ndarray:
    """Mean changes of whole series, in the writing that is shown at each origin."""
    season, rows, each = state.periods.season, np.arange(state.seen.shape[1]), []
    whole = lengths[:, None] > season  # of shorter ones, how far from the first value
    counts = (rows < lengths[:, None]) & ((rows >= season) | ~whole)
    for track in (state.curve, state.straight):
        before = np.where(whole, track.z[:, np.maximum(rows - season, 0)], 0.0)
        each.append(np.abs(track.z - before).mean(axis=1, keepdims=True, where=counts))
    linear = state.linear[np.arange(len(origins))[:, None], np.maximum(origins, 0)]
    return np.where(linear, each[1], each[0])
