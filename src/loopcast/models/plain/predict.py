"""Forecasts from a carried state: take the history in, then read, and feed back, what comes out."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import jax
import numpy as np

from loopcast.data.panel import Panel
from loopcast.features.sizes import power_of_two
from loopcast.models.plain.ensemble import Ensemble
from loopcast.models.plain.stream_state import StreamState, initial_state, rollout, update_state

Array = jax.Array
CHUNK = 1024  # series taken at once
SEGMENT = 512  # rows taken at once: memory does not grow with the history
FAR = 4096  # values that each row may look back on without fewer series, and rows, being taken at once


def forecast(model: Ensemble, panel: Panel, horizon: int, cutoffs: Sequence[int] = (0,)) -> np.ndarray:
    """The `horizon` values after each cutoff, float64 `[series, cutoff, horizon, channel]`, in the panel's units.

    cutoffs: for each cutoff how many of the last rows are not seen yet, fewer from one to the next. The state is
    carried on from cutoff to cutoff, unless a model has a context of its own and builds it anew for each.
    """
    blocks, n_series, count = -(-horizon // model.horizon), panel.n_series, len(cutoffs)
    size = min(at_once(CHUNK, model), power_of_two(n_series))
    nothing = initial_state(model, size)
    chunks = (np.arange(first, min(first + size, n_series)) for first in range(0, n_series, size))
    parts = [
        np.asarray(part)
        for part in prefetch(
            rollout(model.network, blocks, model.members, carry)
            for series in chunks
            for carry in states_at_cutoffs(model, nothing, panel, series, cutoffs)
        )
    ]
    each = [np.stack(parts[first : first + count], axis=1) for first in range(0, len(parts), count)]
    return np.concatenate(each)[:n_series, ..., :horizon].swapaxes(2, 3).astype(np.float64)


def prefetch(parts: Iterable[Array]) -> Iterator[Array]:
    """The same, each given out once the next one has been asked for: it is computed while that is prepared."""
    before: list[Array] = []
    for part in parts:
        yield from before
        before = [part]
    yield from before


def features(model: Ensemble, panel: Panel) -> list[np.ndarray]:
    """What the network sees of each series at the rows its state is built from, float32 `[time, feature]` each."""
    seen = []
    for i in range(panel.n_series):
        values = panel.series(i).astype(np.float32)
        steps = len(values) if model.context is None else min(model.context, len(values))
        before = np.zeros((model.lags - 1, values.shape[1]), np.float32)
        whole = np.concatenate([before, values])[-(steps + model.lags - 1) :]
        windows = np.lib.stride_tricks.sliding_window_view(whole, model.lags, axis=0)  # [time, channel, lag]
        seen.append(windows.reshape(steps, -1))
    return seen


def states_at_cutoffs(
    model: Ensemble, nothing: StreamState, panel: Panel, series: np.ndarray, cutoffs: Sequence[int]
) -> Iterator[StreamState]:
    """The state at each cutoff of a chunk of series."""
    begin, stop = panel.offsets[series], panel.offsets[series + 1]
    if model.context is not None:
        yield from (build_state(model, nothing, panel, begin, stop - rows) for rows in cutoffs)
        return
    carry = build_state(model, nothing, panel, begin, stop - cutoffs[0])
    yield carry
    for before, after in pairwise(cutoffs):
        carry = advance_state(model, carry, panel, stop - before, before - after)
        yield carry


def build_state(
    model: Ensemble, nothing: StreamState, panel: Panel, begin: np.ndarray, stop: np.ndarray
) -> StreamState:
    """The state after the rows `begin:stop` of each series, or after as many of them as are the model's context."""
    size, lags, longest = len(nothing.past), model.lags, int((stop - begin).max())
    context = longest if model.context is None else min(model.context, longest)
    # A model's own context is the same at every call; shorter histories share what is compiled for near lengths.
    rows = context if context == model.context else power_of_two(context)
    segment = -(-rows // -(-rows // at_once(SEGMENT, model)))
    steps = -(-context // segment) * segment
    values = right_align(panel.values, begin, stop, steps + lags, size)
    seen = np.arange(steps) >= steps - np.minimum(stop - begin, context)[:, None]
    seen = np.concatenate([seen, np.zeros((size - len(seen), steps), bool)])
    carry = nothing._replace(past=jax.device_put(values[..., :lags]))
    for at in range(0, steps, segment):
        observed = seen[:, at : at + segment]
        # What becomes of the series that only fill the chunk is no matter.
        all_seen = bool(observed[: len(begin)].all())
        part = jax.device_put(values[..., lags + at : lags + at + segment])
        carry = update_state(model.network, model.members, carry, part, None if all_seen else observed)
    return carry


def advance_state(model: Ensemble, carry: StreamState, panel: Panel, stop: np.ndarray, rows: int) -> StreamState:
    """The state once the next `rows` rows, from row `stop` of each series on, are taken in too."""
    values = panel.values[stop[:, None] + np.arange(rows)].swapaxes(1, 2).astype(np.float32)
    room = np.zeros((len(carry.past) - len(values), *values.shape[1:]), np.float32)
    values, most = np.concatenate([values, room]), at_once(SEGMENT, model)
    for first in range(0, rows, most):
        part = jax.device_put(values[..., first : first + most])
        carry = update_state(model.network, model.members, carry, part, None)
    return carry


def at_once(most: int, model: Ensemble) -> int:
    """`most`, or so many fewer as each looks back further than FAR: memory does not grow with that either.

    A power of two where `most` is one, so that the parts of a panel have few sizes.
    """
    return max(most // power_of_two(-(-model.lags // FAR)), 1)


def right_align(values: np.ndarray, begin: np.ndarray, stop: np.ndarray, width: int, size: int) -> np.ndarray:
    """The last `width` rows of each series, float32 `[size, channel, width]`, 0 before a series begins."""
    rows = stop[:, None] + np.arange(-width, 0)
    last = np.where((rows >= begin[:, None])[..., None], values[np.maximum(rows, 0)], 0.0).astype(np.float32)
    rest = np.zeros((size - len(last), width, values.shape[1]), np.float32)
    return np.ascontiguousarray(np.concatenate([last, rest]).swapaxes(1, 2))
