"""Forecasts from a carried state: take the history in, then read, and feed back, what comes out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import getitem

import jax
import numpy as np

from loopcast.data.panel import Panel
from loopcast.features.gather import side_by_side
from loopcast.features.interpolate import Past, bridged
from loopcast.features.sizes import power_of_two
from loopcast.models.recurrent.ensemble import Model
from loopcast.models.recurrent.exogenous_features import Besides
from loopcast.models.recurrent.stream_state import (
    Carry,
    Coming,
    Taken,
    absorb,
    nothing_seen,
    outputs_of,
    roll,
    unscaled,
)

Array = jax.Array
CHUNK = 1024  # series taken at once
SEGMENT = 512  # rows taken at once: memory does not grow with the history


@dataclass(frozen=True, kw_only=True, eq=False)
class Shown:
    """A panel as a model is shown it. values: `[row, channel]`."""

    panel: Panel
    values: Past
    besides: Besides

    @classmethod
    def of(cls, model: Model, panel: Panel, extra: int) -> "Shown":
        """With what is known of `extra` steps after its ends; errors are those of `Encoding`."""
        longest = model.scaling.bridge
        whole = bridged(panel.values, panel.offsets, longest) if longest else None
        return cls(panel=panel, values=Past(panel.values, whole), besides=Besides.of(model.encoding, panel, extra))


def forecast(model: Model, panel: Panel, horizon: int, unseen: Sequence[int] = (0,)) -> np.ndarray:
    """The `horizon` values after each cutoff, float32 `[series, cutoff, horizon, channel]`, in the panel's units.

    unseen: for each cutoff how many of the last rows are not seen yet, fewer from one to the next. The state is
    carried on from cutoff to cutoff, unless a model has a context of its own and builds it anew for each.
    A series whose latest `reach` rows have no value stays at the last value before them.
    Beyond the model's own horizon there are no past covariates (`Encoding.require_reach`).
    """
    blocks = -(-horizon // model.horizon)
    shown = Shown.of(model, panel, max(0, horizon - unseen[-1]))

    def read(carry: Carry, coming: Coming) -> Array:
        return roll(model.network, model.scaling, model.distribution, blocks, model.members, carry, coming)

    ahead = _at_cutoffs(model, shown, blocks * model.horizon, unseen, read)[..., :horizon]
    return _held(model, panel, unseen, ahead.swapaxes(2, 3))


def quantiles(
    model: Model, panel: Panel, horizon: int, probabilities: np.ndarray, unseen: Sequence[int] = (0,)
) -> np.ndarray:
    """What the network itself says of each of the next `horizon` values, up to its own horizon.

    float32 `[series, cutoff, horizon, channel, probability]`; `unseen` as in `forecast`.
    """
    shown = Shown.of(model, panel, max(0, horizon - unseen[-1]))

    def read(carry: Carry, coming: Coming) -> Array:
        own = outputs_of(
            model.network, carry.past.values.shape[1], model.horizon, model.members, carry.given, coming.ahead
        )
        scaled = model.kind.quantiles(np.asarray(own), probabilities).astype(np.float32)
        return unscaled(model.network, model.scaling, carry.past, scaled)

    ahead = _at_cutoffs(model, shown, model.horizon, unseen, read)[..., :horizon, :]
    return _held(model, panel, unseen, ahead.swapaxes(2, 3))


def _at_cutoffs(
    model: Model,
    shown: Shown,
    steps: int,
    unseen: Sequence[int],
    read: Callable[[Carry, Coming], Array],
) -> np.ndarray:
    """What `read` makes of the carry at each cutoff, and of `steps` known ahead of it, `[series, cutoff, ...]`."""
    n_series, count = shown.panel.n_series, len(unseen)
    size = min(CHUNK, power_of_two(n_series))
    nothing = nothing_seen(model, size)
    chunks = (np.arange(first, min(first + size, n_series)) for first in range(0, n_series, size))
    parts = [
        np.asarray(part)
        for part in one_behind(
            read(carry, _coming(shown, series, rows, steps, size))
            for series in chunks
            for rows, carry in zip(unseen, _carries(model, nothing, shown, series, unseen), strict=True)
        )
    ]
    each = [np.stack(parts[first : first + count], axis=1) for first in range(0, len(parts), count)]
    return np.concatenate(each)[:n_series]


def _coming(shown: Shown, series: np.ndarray, unseen: int, steps: int, size: int) -> Coming:
    """What is known at the cutoff of a chunk of series that leaves `unseen` rows to come."""
    besides = shown.besides
    codes, static = filled(besides.codes[series], size), filled(besides.static[series], size)
    ahead = filled(besides.after(series, shown.panel.lengths[series] - unseen, steps), size)
    return Coming(*jax.device_put((static, codes, ahead)))


def _held(model: Model, panel: Panel, unseen: Sequence[int], ahead: np.ndarray) -> np.ndarray:
    """`ahead` `[series, cutoff, step, channel, ...]`, and the last value there is where the encoding sees none."""
    if not (model.scaling.gaps and model.scaling.hold_flat):
        return ahead
    cutoffs = panel.offsets[1:, None] - 1 - np.asarray(unseen)
    known = np.where(np.isnan(panel.values), 0, np.arange(panel.n_rows)[:, None])
    latest = np.maximum.accumulate(known, axis=0)[cutoffs]  # [series, cutoff, channel]
    latest = np.maximum(latest, panel.offsets[:-1, None, None])
    last = np.take_along_axis(panel.values, latest.reshape(-1, panel.n_channels), axis=0).reshape(latest.shape)
    room = (slice(None), slice(None), None, slice(None)) + (None,) * (ahead.ndim - 4)
    return np.where((cutoffs[..., None] - latest >= model.scaling.reach)[room], last[room], ahead)


def one_behind(parts: Iterable[Array]) -> Iterator[Array]:
    """The same, each given out once the next one has been asked for: it is computed while that is prepared."""
    before: list[Array] = []
    for part in parts:
        yield from before
        before = [part]
    yield from before


def features(model: Model, panel: Panel) -> list[np.ndarray]:
    """What the network sees of each series at the rows its state is built from, float32 `[time, feature]` each.

    Without the embeddings of its categories, which each member has its own of.
    """
    reach, shown = model.scaling.reach, Shown.of(model, panel, 0)
    seen = []
    for begin, stop in zip(panel.offsets[:-1], panel.offsets[1:], strict=True):
        steps = int(stop - begin) if model.context is None else min(model.context, int(stop - begin))
        history = shown.values.each(_end_aligned, begin[None], stop[None], steps - 1 + reach, 1)
        past = history.each(getitem, (..., np.arange(steps)[:, None] + np.arange(reach)))
        own = side_by_side(model.scaling.view(past.values, 1, past.bridged).features)[0]
        seen.append(np.concatenate([np.asarray(own), shown.besides.rows[stop - steps : stop]], axis=1))
    return seen


def _carries(model: Model, nothing: Carry, shown: Shown, series: np.ndarray, unseen: Sequence[int]) -> Iterator[Carry]:
    """The carry at each cutoff of a chunk of series."""
    panel = shown.panel
    begin, stop = panel.offsets[series], panel.offsets[series + 1]
    if model.context is not None:
        yield from (_from_nothing(model, nothing, shown, series, begin, stop - rows) for rows in unseen)
        return
    carry = _from_nothing(model, nothing, shown, series, begin, stop - unseen[0])
    yield carry
    for before, after in pairwise(unseen):
        carry = _further(model, carry, shown, series, stop - before, before - after)
        yield carry


def _from_nothing(
    model: Model,
    nothing: Carry,
    shown: Shown,
    series: np.ndarray,
    begin: np.ndarray,
    stop: np.ndarray,
) -> Carry:
    """The carry after the rows `begin:stop` of each series, or after as many of them as are the model's context."""
    size, reach, longest = len(nothing.past.values), model.scaling.reach, int((stop - begin).max())
    context = longest if model.context is None else min(model.context, longest)
    # A model's own context is the same at every call; shorter histories share what is compiled for near lengths.
    rows = context if context == model.context else power_of_two(context)
    segment = -(-rows // -(-rows // SEGMENT))
    steps = -(-context // segment) * segment
    history = shown.values.each(_end_aligned, begin, stop, steps + reach, size)
    known = _end_aligned(shown.besides.rows, begin, stop, steps, size, missing=0.0).swapaxes(1, 2)
    codes = filled(shown.besides.codes[series], size)
    seen = np.arange(steps) >= steps - np.minimum(stop - begin, context)[:, None]
    seen = np.concatenate([seen, np.zeros((size - len(seen), steps), bool)])
    carry = Carry(nothing.states, jax.device_put(history.each(getitem, (..., slice(reach)))), nothing.given)
    for at in range(0, steps, segment):
        part, observed = slice(at, at + segment), seen[:, at : at + segment]
        # What becomes of the series that only fill the chunk is no matter.
        all_seen = bool(observed[: len(begin)].all())
        own = history.each(getitem, (..., slice(reach + at, reach + at + segment)))
        taken = Taken(*jax.device_put((own, known[:, part], codes)))
        carry = absorb(model.network, model.scaling, model.members, carry, taken, None if all_seen else observed)
    return carry


def _further(model: Model, carry: Carry, shown: Shown, series: np.ndarray, stop: np.ndarray, rows: int) -> Carry:
    """The carry once the next `rows` rows, from row `stop` of each series on, are taken in too."""
    size = len(carry.past.values)
    at = stop[:, None] + np.arange(rows)
    values = shown.values.each(lambda each: filled(each[at].swapaxes(1, 2), size))
    known, codes = filled(shown.besides.rows[at], size), filled(shown.besides.codes[series], size)
    for first in range(0, rows, SEGMENT):
        part = slice(first, first + SEGMENT)
        some = values.each(getitem, (..., part))
        taken = Taken(*jax.device_put((some, known[:, part], codes)))
        carry = absorb(model.network, model.scaling, model.members, carry, taken, None)
    return carry


def filled(rows: np.ndarray, size: int) -> np.ndarray:
    """`rows` with zeros after them, `size` in all."""
    return np.concatenate([rows, np.zeros((size - len(rows), *rows.shape[1:]), rows.dtype)])


def _end_aligned(
    values: np.ndarray, begin: np.ndarray, stop: np.ndarray, width: int, size: int, *, missing: float = np.nan
) -> np.ndarray:
    """The last `width` rows of each series, float32 `[size, channel, width]`, `missing` before a series begins."""
    if not values.shape[1]:
        return np.zeros((size, 0, width), np.float32)
    rows = stop[:, None] + np.arange(-width, 0)
    last = np.where((rows >= begin[:, None])[..., None], values[np.maximum(rows, 0)], np.float32(missing))
    rest = np.full((size - len(last), width, values.shape[1]), missing, np.float32)
    return np.concatenate([last, rest]).swapaxes(1, 2)
