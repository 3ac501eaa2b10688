"""Forecasts from a carried state: take the history in, then read, and feed back, what comes out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from loopcast.frames.panel import Panel
from loopcast.inference.model import Members, MemberStates, Model, scan, step, zero_states
from loopcast.networks.compiled import compiled
from loopcast.networks.heads import DISTRIBUTIONS, DistributionName
from loopcast.networks.network import Network
from loopcast.windows.scaling import Scaling
from loopcast.windows.sizes import power_of_two

Array = jax.Array
CHUNK = 1024  # series taken at once
SEGMENT = 512  # rows taken at once: memory does not grow with the history


class Carry(NamedTuple):
    """All that a model keeps of a batch of histories."""

    states: MemberStates
    past: Array  # the latest `reach` values, [batch, reach], NaN where there is none
    output: Array  # what the network said after the latest one, [batch, horizon]


def forecast(model: Model, panel: Panel, horizon: int, unseen: Sequence[int] = (0,)) -> np.ndarray:
    """The `horizon` values after each cutoff, float32 `[series, cutoff, horizon]`, in the panel's units.

    unseen: for each cutoff how many of the last rows are not seen yet, fewer from one to the next. The state is
    carried on from cutoff to cutoff, unless a model has a context of its own and builds it anew for each.
    A series whose latest `reach` rows have no value stays at the last value before them.
    """
    blocks = -(-horizon // model.horizon)

    def read(carry: Carry) -> Array:
        return roll(model.network, model.scaling, model.distribution, blocks, model.members, carry)

    return _held(model, panel, unseen, _at_cutoffs(model, panel, unseen, read)[..., :horizon])


def quantiles(
    model: Model, panel: Panel, horizon: int, probabilities: np.ndarray, unseen: Sequence[int] = (0,)
) -> np.ndarray:
    """What the network itself says of each of the next `horizon` values, up to its own horizon.

    float32 `[series, cutoff, horizon, probability]`; `unseen` as in `forecast`.
    """

    def read(carry: Carry) -> Array:
        scaled = model.kind.quantiles(np.asarray(carry.output), probabilities).astype(np.float32)
        return unscaled(model.network, model.scaling, carry.past, scaled)

    return _held(model, panel, unseen, _at_cutoffs(model, panel, unseen, read)[:, :, :horizon])


def _at_cutoffs(model: Model, panel: Panel, unseen: Sequence[int], read: Callable[[Carry], Array]) -> np.ndarray:
    """What `read` makes of the carry at each cutoff, `[series, cutoff, ...]`."""
    size, count = min(CHUNK, power_of_two(panel.n_series)), len(unseen)
    nothing = nothing_seen(model, size)
    chunks = (panel.offsets[first : first + size + 1] for first in range(0, panel.n_series, size))
    carries = (carry for offsets in chunks for carry in _carries(model, nothing, panel.values[:, 0], offsets, unseen))
    parts = [np.asarray(part) for part in one_behind(read(carry) for carry in carries)]
    each = [np.stack(parts[first : first + count], axis=1) for first in range(0, len(parts), count)]
    return np.concatenate(each)[: panel.n_series]


def _held(model: Model, panel: Panel, unseen: Sequence[int], ahead: np.ndarray) -> np.ndarray:
    """`ahead` `[series, cutoff, ...]`, and the last value there is where the encoding sees none, so holds 0."""
    if not (model.scaling.gaps and model.scaling.hold_flat):
        return ahead
    values = panel.values[:, 0]
    cutoffs = panel.offsets[1:, None] - 1 - np.asarray(unseen)
    latest = np.maximum.accumulate(np.where(np.isnan(values), 0, np.arange(len(values))))[cutoffs]
    room = (...,) + (None,) * (ahead.ndim - 2)
    return np.where((cutoffs - latest >= model.scaling.reach)[room], values[latest][room], ahead)


def one_behind(parts: Iterable[Array]) -> Iterator[Array]:
    """The same, each given out once the next one has been asked for: it is computed while that is prepared."""
    before: list[Array] = []
    for part in parts:
        yield from before
        before = [part]
    yield from before


def features(model: Model, panel: Panel) -> list[np.ndarray]:
    """What the network sees of each series at the rows its state is built from, float32 `[time, feature]` each."""
    reach = model.scaling.reach
    seen = []
    for begin, stop in zip(panel.offsets[:-1], panel.offsets[1:], strict=True):
        steps = int(stop - begin) if model.context is None else min(model.context, int(stop - begin))
        history = _end_aligned(panel.values[:, 0], begin[None], stop[None], steps - 1 + reach, 1)
        windows = history[0][np.arange(steps)[:, None] + np.arange(reach)]
        seen.append(np.asarray(model.scaling.view(jnp.asarray(windows), 1).features))
    return seen


def _carries(
    model: Model, nothing: Carry, values: np.ndarray, offsets: np.ndarray, unseen: Sequence[int]
) -> Iterator[Carry]:
    """The carry at each cutoff of a chunk of series."""
    begin, stop = offsets[:-1], offsets[1:]
    if model.context is not None:
        yield from (_from_nothing(model, nothing, values, begin, stop - rows) for rows in unseen)
        return
    carry = _from_nothing(model, nothing, values, begin, stop - unseen[0])
    yield carry
    for before, after in pairwise(unseen):
        carry = _further(model, carry, values, stop - before, before - after)
        yield carry


def _from_nothing(model: Model, nothing: Carry, values: np.ndarray, begin: np.ndarray, stop: np.ndarray) -> Carry:
    """The carry after the rows `begin:stop` of each series, or after as many of them as are the model's context."""
    size, reach, longest = len(nothing.past), model.scaling.reach, int((stop - begin).max())
    context = longest if model.context is None else min(model.context, longest)
    # A model's own context is the same at every call; shorter histories share what is compiled for near lengths.
    rows = context if context == model.context else power_of_two(context)
    segment = -(-rows // -(-rows // SEGMENT))
    steps = -(-context // segment) * segment
    history = _end_aligned(values, begin, stop, steps + reach, size)
    seen = np.arange(steps) >= steps - np.minimum(stop - begin, context)[:, None]
    seen = np.concatenate([seen, np.zeros((size - len(seen), steps), bool)])
    carry = Carry(nothing.states, jax.device_put(history[:, :reach]), nothing.output)
    for at in range(0, steps, segment):
        taken, observed = history[:, reach:][:, at : at + segment], seen[:, at : at + segment]
        # What becomes of the series that only fill the chunk is no matter.
        whole = bool(observed[: len(begin)].all())
        carry = absorb(model.network, model.scaling, model.members, carry, taken, None if whole else observed)
    return carry


def _further(model: Model, carry: Carry, values: np.ndarray, stop: np.ndarray, rows: int) -> Carry:
    """The carry once the next `rows` rows, from row `stop` of each series on, are taken in too."""
    rest = np.zeros((len(carry.past) - len(stop), rows), np.float32)
    taken = np.concatenate([values[stop[:, None] + np.arange(rows)], rest])
    for at in range(0, rows, SEGMENT):
        carry = absorb(model.network, model.scaling, model.members, carry, taken[:, at : at + SEGMENT], None)
    return carry


def nothing_seen(model: Model, batch: int) -> Carry:
    """The carry before the first observation."""
    shapes = jax.eval_shape(lambda: zero_states(model.network, model.members, batch))
    states = jax.tree.map(lambda shape: np.zeros(shape.shape, shape.dtype), shapes)  # of NumPy: nothing to compile
    past = np.full((batch, model.scaling.reach), np.nan, np.float32)
    return Carry(*jax.device_put((states, past, np.zeros((batch, model.network.outputs), np.float32))))


@compiled(2)
def absorb(
    network: Network, scaling: Scaling, members: Members, carry: Carry, values: Array, observed: Array | None
) -> Carry:
    """Take `values` `[batch, time]` in; where `observed` is False, nothing changes (None: all is)."""
    steps, reach = values.shape[1], scaling.reach
    joined = jnp.concatenate([carry.past, values], axis=1)
    features = scaling.view(stretches(joined[:, 1:], reach), 1).features
    states, outputs = scan(network, members, carry.states, features, observed=observed, last_only=True)
    return Carry(states, joined[:, steps:], outputs[:, -1])


def stretches(values: Array, width: int) -> Array:
    """Every stretch of `width` neighbours, `[batch, time]` to `[batch, time - width + 1, width]`."""
    if width == 1:
        return values[:, :, None]
    return values[:, jnp.arange(values.shape[1] - width + 1)[:, None] + jnp.arange(width)]


@compiled(4)
def roll(
    network: Network, scaling: Scaling, distribution: DistributionName, blocks: int, members: Members, carry: Carry
) -> Array:
    """`blocks` times the network's horizon ahead, `[batch, blocks * horizon]`: each is fed back."""

    def read(carry: Carry) -> Array:
        ahead = DISTRIBUTIONS[distribution].median(carry.output)
        return scaling.value_of(scaling.view(carry.past, ahead.shape[-1]), ahead)

    def push(carry: Carry, value: Array) -> tuple[Carry, None]:
        past = jnp.concatenate([carry.past[:, 1:], value[:, None]], axis=1)
        states, output = step(network, members, carry.states, scaling.view(past, 1).features)
        return Carry(states, past, output), None

    def block(carry: Carry, _: None) -> tuple[Carry, Array]:
        ahead = read(carry)
        return jax.lax.scan(push, carry, ahead.T)[0], ahead

    if blocks == 1:
        return read(carry)
    carry, earlier = jax.lax.scan(block, carry, length=blocks - 1)
    return jnp.concatenate([earlier.swapaxes(0, 1).reshape(len(carry.past), -1), read(carry)], axis=1)


@compiled(2)
def unscaled(_: Network, scaling: Scaling, past: Array, scaled: Array) -> Array:
    """The values that outputs `[batch, horizon, probability]` mean."""
    view = scaling.view(past, scaled.shape[1])
    return jax.vmap(lambda each: scaling.value_of(view, each), in_axes=-1, out_axes=-1)(scaled)


def _end_aligned(values: np.ndarray, begin: np.ndarray, stop: np.ndarray, width: int, size: int) -> np.ndarray:
    """The last `width` rows of each series, float32 `[size, width]`, NaN before a series begins."""
    rows = stop[:, None] + np.arange(-width, 0)
    last = np.where(rows >= begin[:, None], values[np.maximum(rows, 0)], np.float32(np.nan))
    return np.concatenate([last, np.full((size - len(last), width), np.nan, np.float32)])
