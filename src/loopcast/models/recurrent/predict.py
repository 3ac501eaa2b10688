"""Forecasts from a carried state: take the history in, then read, and feed back, what comes out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import getitem

import jax
import numpy as np

from loopcast.data.panel import Panel
from loopcast.features.exogenous_features import ExogenousFeatures
from loopcast.features.gather import merge_channels
from loopcast.features.interpolate import History, interpolate_gaps
from loopcast.features.levels import from_levels, levels_of
from loopcast.features.sizes import power_of_two
from loopcast.forks import check_not_forked
from loopcast.models.recurrent.ensemble import Ensemble
from loopcast.models.recurrent.stream_state import (
    FutureInputs,
    InputChunk,
    StreamState,
    denormalize,
    initial_state,
    outputs_of,
    rollout,
    update_state,
)

Array = jax.Array
CHUNK = 1024  # series taken at once
SEGMENT = 512  # rows taken at once: memory does not grow with the history
FAR = 4096  # values that each row may look back on without fewer series, and rows, being taken at once


@dataclass(frozen=True, kw_only=True, eq=False)
class EncodedPanel:
    """A panel as a model is shown it. values: float32 `[row, channel]`, from the levels `[series, channel]` on."""

    panel: Panel
    levels: np.ndarray
    values: History
    exogenous: ExogenousFeatures

    @classmethod
    def of(cls, model: Ensemble, panel: Panel, extra: int) -> "EncodedPanel":
        """With what is known of `extra` steps after its ends; errors are those of `ExogenousEncoder`."""
        longest = model.scaling.max_interpolated_gap
        whole = interpolate_gaps(panel.values, panel.offsets, longest) if longest else None
        levels = levels_of(panel, model.scaling)
        return cls(
            panel=panel,
            levels=levels,
            values=History(panel.values, whole).map(from_levels, levels, panel.offsets),
            exogenous=ExogenousFeatures.of(model.encoding, panel, extra),
        )


def forecast(model: Ensemble, panel: Panel, horizon: int, cutoffs: Sequence[int] = (0,)) -> np.ndarray:
    """The `horizon` values after each cutoff, float64 `[series, cutoff, horizon, channel]`, in the panel's units.

    cutoffs: for each cutoff how many of the last rows are not seen yet, fewer from one to the next. The state is
    carried on from cutoff to cutoff, unless a model has a context of its own and builds it anew for each.
    A series whose latest `reach` rows have no value stays at the last value before them.
    Beyond the model's own horizon there are no past covariates (`ExogenousEncoder.require_reach`).
    """
    blocks = -(-horizon // model.horizon)
    shown = EncodedPanel.of(model, panel, max(0, horizon - cutoffs[-1]))

    def read(carry: StreamState, coming: FutureInputs) -> Array:
        return rollout(model.network, model.scaling, model.distribution, blocks, model.members, carry, coming)

    ahead = _at_cutoffs(model, shown, blocks * model.horizon, cutoffs, read)[..., :horizon]
    return hold_last_value(model, shown, cutoffs, ahead.swapaxes(2, 3))


def quantiles(
    model: Ensemble, panel: Panel, horizon: int, probabilities: np.ndarray, cutoffs: Sequence[int] = (0,)
) -> np.ndarray:
    """What the network itself says of each of the next `horizon` values, up to its own horizon.

    float64 `[series, cutoff, horizon, channel, probability]`; `cutoffs` as in `forecast`.
    """
    shown = EncodedPanel.of(model, panel, max(0, horizon - cutoffs[-1]))

    def read(carry: StreamState, coming: FutureInputs) -> Array:
        own = outputs_of(
            model.network, carry.past.values.shape[1], model.horizon, model.members, carry.given, coming.ahead
        )
        scaled = model.kind.quantiles(np.asarray(own), probabilities).astype(np.float32)
        return denormalize(model.network, model.scaling, carry.past, scaled)

    ahead = _at_cutoffs(model, shown, model.horizon, cutoffs, read)[..., :horizon, :]
    return hold_last_value(model, shown, cutoffs, ahead.swapaxes(2, 3))


def _at_cutoffs(
    model: Ensemble,
    shown: EncodedPanel,
    steps: int,
    cutoffs: Sequence[int],
    read: Callable[[StreamState, FutureInputs], Array],
) -> np.ndarray:
    """What `read` makes of the carry at each cutoff, and of `steps` known ahead of it, `[series, cutoff, ...]`."""
    n_series, count = shown.panel.n_series, len(cutoffs)
    size = min(at_once(CHUNK, model), power_of_two(n_series))
    nothing = initial_state(model, size)
    chunks = (np.arange(first, min(first + size, n_series)) for first in range(0, n_series, size))
    parts = [
        np.asarray(part)
        for part in prefetch(
            read(carry, future_inputs(shown, series, rows, steps, size))
            for series in chunks
            for rows, carry in zip(cutoffs, states_at_cutoffs(model, nothing, shown, series, cutoffs), strict=True)
        )
    ]
    each = [np.stack(parts[first : first + count], axis=1) for first in range(0, len(parts), count)]
    return np.concatenate(each)[:n_series]


def future_inputs(shown: EncodedPanel, series: np.ndarray, cutoffs: int, steps: int, size: int) -> FutureInputs:
    """What is known at the cutoff of a chunk of series that leaves `cutoffs` rows to come."""
    exogenous = shown.exogenous
    codes, static = pad_rows(exogenous.codes[series], size), pad_rows(exogenous.static[series], size)
    ahead = pad_rows(exogenous.after(series, shown.panel.lengths[series] - cutoffs, steps), size)
    return FutureInputs(*jax.device_put((static, codes, ahead)))


def hold_last_value(model: Ensemble, shown: EncodedPanel, cutoffs: Sequence[int], ahead: np.ndarray) -> np.ndarray:
    """`ahead` `[series, cutoff, step, channel, ...]` in the panel's units, float64.

    Where the encoding sees no value, that is the last one there is.
    """
    panel = shown.panel
    ahead = ahead + shown.levels.reshape(panel.n_series, 1, 1, panel.n_channels, *(1,) * (ahead.ndim - 4))
    if not (model.scaling.gaps and model.scaling.constant_as_last):
        return ahead
    ends = panel.offsets[1:, None] - 1 - np.asarray(cutoffs)
    known = np.where(np.isnan(panel.values), 0, np.arange(panel.n_rows)[:, None])
    latest = np.maximum.accumulate(known, axis=0)[ends]  # [series, cutoff, channel]
    latest = np.maximum(latest, panel.offsets[:-1, None, None])
    last = np.take_along_axis(panel.values, latest.reshape(-1, panel.n_channels), axis=0).reshape(latest.shape)
    room = (slice(None), slice(None), None, slice(None)) + (None,) * (ahead.ndim - 4)
    return np.where((ends[..., None] - latest >= model.scaling.lookback)[room], last[room], ahead)


def prefetch(parts: Iterable[Array]) -> Iterator[Array]:
    """The same, each given out once the next one has been asked for: it is computed while that is prepared."""
    before: list[Array] = []
    for part in parts:
        yield from before
        before = [part]
    yield from before


def features(model: Ensemble, panel: Panel) -> list[np.ndarray]:
    """What the network sees of each series at the rows its state is built from, float32 `[time, feature]` each.

    Without the embeddings of its categories, which each member has its own of.
    """
    check_not_forked()
    reach, shown = model.scaling.lookback, EncodedPanel.of(model, panel, 0)
    seen = []
    for begin, stop in zip(panel.offsets[:-1], panel.offsets[1:], strict=True):
        steps = int(stop - begin) if model.context is None else min(model.context, int(stop - begin))
        history = shown.values.map(right_align, begin[None], stop[None], steps - 1 + reach, 1)
        past = history.map(getitem, (..., np.arange(steps)[:, None] + np.arange(reach)))
        own = merge_channels(model.scaling.encode(past.values, 1, past.bridged).features)[0]
        seen.append(np.concatenate([np.asarray(own), shown.exogenous.rows[stop - steps : stop]], axis=1))
    return seen


def states_at_cutoffs(
    model: Ensemble, nothing: StreamState, shown: EncodedPanel, series: np.ndarray, cutoffs: Sequence[int]
) -> Iterator[StreamState]:
    """The carry at each cutoff of a chunk of series."""
    panel = shown.panel
    begin, stop = panel.offsets[series], panel.offsets[series + 1]
    if model.context is not None:
        yield from (build_state(model, nothing, shown, series, begin, stop - rows) for rows in cutoffs)
        return
    carry = build_state(model, nothing, shown, series, begin, stop - cutoffs[0])
    yield carry
    for before, after in pairwise(cutoffs):
        carry = advance_state(model, carry, shown, series, stop - before, before - after)
        yield carry


def build_state(
    model: Ensemble,
    nothing: StreamState,
    shown: EncodedPanel,
    series: np.ndarray,
    begin: np.ndarray,
    stop: np.ndarray,
) -> StreamState:
    """The carry after the rows `begin:stop` of each series, or after as many of them as are the model's context."""
    size, reach, longest = len(nothing.past.values), model.scaling.lookback, int((stop - begin).max())
    context = longest if model.context is None else min(model.context, longest)
    # A model's own context is the same at every call; shorter histories share what is compiled for near lengths.
    rows = context if context == model.context else power_of_two(context)
    segment = -(-rows // -(-rows // at_once(SEGMENT, model)))
    steps = -(-context // segment) * segment
    history = shown.values.map(right_align, begin, stop, steps + reach, size)
    known = right_align(shown.exogenous.rows, begin, stop, steps, size, missing=0.0).swapaxes(1, 2)
    codes = pad_rows(shown.exogenous.codes[series], size)
    seen = np.arange(steps) >= steps - np.minimum(stop - begin, context)[:, None]
    seen = np.concatenate([seen, np.zeros((size - len(seen), steps), bool)])
    carry = StreamState(nothing.states, jax.device_put(history.map(getitem, (..., slice(reach)))), nothing.given)
    for at in range(0, steps, segment):
        part, observed = slice(at, at + segment), seen[:, at : at + segment]
        # What becomes of the series that only fill the chunk is no matter.
        all_seen = bool(observed[: len(begin)].all())
        own = history.map(getitem, (..., slice(reach + at, reach + at + segment)))
        taken = InputChunk(*jax.device_put((own, known[:, part], codes)))
        carry = update_state(model.network, model.scaling, model.members, carry, taken, None if all_seen else observed)
    return carry


def advance_state(
    model: Ensemble, carry: StreamState, shown: EncodedPanel, series: np.ndarray, stop: np.ndarray, rows: int
) -> StreamState:
    """The carry once the next `rows` rows, from row `stop` of each series on, are taken in too."""
    size = len(carry.past.values)
    at = stop[:, None] + np.arange(rows)
    values = shown.values.map(lambda each: pad_rows(each[at].swapaxes(1, 2), size))
    known, codes = pad_rows(shown.exogenous.rows[at], size), pad_rows(shown.exogenous.codes[series], size)
    most = at_once(SEGMENT, model)
    for first in range(0, rows, most):
        part = slice(first, first + most)
        some = values.map(getitem, (..., part))
        taken = InputChunk(*jax.device_put((some, known[:, part], codes)))
        carry = update_state(model.network, model.scaling, model.members, carry, taken, None)
    return carry


def at_once(most: int, model: Ensemble) -> int:
    """`most`, or so many fewer as each looks back further than FAR: memory does not grow with that either.

    A power of two where `most` is one, so that the parts of a panel have few sizes.
    """
    return max(most // power_of_two(-(-model.scaling.lookback // FAR)), 1)


def pad_rows(rows: np.ndarray, size: int) -> np.ndarray:
    """`rows` with zeros after them, `size` in all."""
    return np.concatenate([rows, np.zeros((size - len(rows), *rows.shape[1:]), rows.dtype)])


def right_align(
    values: np.ndarray, begin: np.ndarray, stop: np.ndarray, width: int, size: int, *, missing: float = np.nan
) -> np.ndarray:
    """The last `width` rows of each series, float32 `[size, channel, width]`, `missing` before a series begins."""
    if not values.shape[1]:
        return np.zeros((size, 0, width), np.float32)
    rows = stop[:, None] + np.arange(-width, 0)
    last = np.where((rows >= begin[:, None])[..., None], values[np.maximum(rows, 0)], np.float32(missing))
    rest = np.full((size - len(last), width, values.shape[1]), missing, np.float32)
    return np.concatenate([last, rest]).swapaxes(1, 2)
