"""From an index of windows to what a network trains on, on the device.

Channels lie end to end, and a window of one is a window of all: the same rows, so many further on.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from loopcast.errors import LengthError
from loopcast.features.scaling import Scaling
from loopcast.features.sizes import power_of_two
from loopcast.features.windows import WindowPlan
from loopcast.xla_kernels import array_spec, library, why_no_kernels

Array = jax.Array


class DeviceRows(NamedTuple):
    """A panel's rows on the device, with rows after them up to a power of two: near sizes compile once."""

    values: Array  # [channel * row], NaN after the last of each channel
    bridged: Array | None  # the same with short gaps bridged; None where they are not
    beside: Array  # [row, number]: what is known at each row besides, no NaN
    codes: Array  # int32 [row, table]: the categories of its series


class Batch(NamedTuple):
    """A batch of windows, encoded."""

    features: Array  # [batch, time, feature], of the channels one after the other, then what is known besides
    observed: Array  # bool [batch, time]: the row belongs to the series
    targets: Array  # [batch, time, channel, horizon], time 1 where only the last counts; NaN where nothing counts
    ahead: Array  # [batch, time + horizon - 1, number]: what is known of the steps after the first; time as for targets
    codes: Array  # int32 [batch, table]


def to_device(
    values: np.ndarray,
    beside: np.ndarray | None = None,
    codes: np.ndarray | None = None,
    bridged: np.ndarray | None = None,
) -> DeviceRows:
    """The rows of `values` `[row, channel]`, and of what is known besides, as `gather` takes them."""
    room = power_of_two(len(values) + 1)
    if room * values.shape[1] > np.iinfo(np.int32).max:
        raise LengthError(
            f"{len(values):,} rows of {values.shape[1]} targets are more than can be learned from at once"
        )
    laid, whole = _end_to_end(values, room), None if bridged is None else _end_to_end(bridged, room)
    return DeviceRows(
        *jax.device_put((laid, whole, pad_rows(beside, room, np.float32), pad_rows(codes, room, np.int32)))
    )


def _end_to_end(values: np.ndarray, room: int) -> np.ndarray:
    laid = np.full((values.shape[1], room), np.nan, np.float32)
    laid[:, : len(values)] = values.T
    return laid.ravel()


def pad_rows(rows: np.ndarray | None, room: int, dtype: type) -> np.ndarray:
    filled: np.ndarray = np.zeros((room, 0 if rows is None else rows.shape[1]), dtype)
    if rows is not None:
        filled[: len(rows)] = rows
    return filled


def gather(scaling: Scaling, plan: WindowPlan, known: int, rows: DeviceRows, index: Array) -> Batch:
    """The windows that `index` `[batch, 5]` names; the last `known` numbers besides are known of steps to come."""
    room = len(rows.beside)
    channels = rows.values.size // room
    each = (index[:, None] + room * jnp.arange(channels, dtype=index.dtype)[:, None]).reshape(-1, index.shape[1])
    windows = read_windows if why_no_kernels() else copy_windows
    past, ahead = (split_channels(each, channels) for each in windows(scaling.lookback, plan, rows.values, each))
    bridged = None
    if rows.bridged is not None:
        bridged = split_channels(windows(scaling.lookback, plan, rows.bridged, each)[0], channels)
    view = scaling.encode(past, plan.horizon, bridged)
    shown = view if plan.every_step else jax.tree.map(lambda part: part[:, -1:], view)
    targets = jnp.where(shown.spread[..., None] > 0, scaling.normalize_target(shown, ahead), jnp.nan)
    now = index[:, :1] + jnp.arange(plan.context)
    inside = (now >= index[:, 1:2]) & (now < index[:, 4:])
    beside = jnp.where(inside[..., None], rows.beside[jnp.clip(now, 0, room - 1)], 0.0)
    first = now[:, :1] if plan.every_step else now[:, -1:]
    coming = first + jnp.arange(1, targets.shape[1] + plan.horizon)
    return Batch(
        features=jnp.concatenate([view.features.reshape(*now.shape, -1), beside], axis=-1),
        observed=now >= index[:, 1:2],
        targets=targets,
        ahead=rows.beside[:, beside.shape[-1] - known :][jnp.clip(coming, 0, room - 1)],
        codes=rows.codes[index[:, 1]],
    )


def split_channels(windows: Array, channels: int) -> Array:
    """`[batch * channel, time, ...]` to `[batch, time, channel, ...]`: moved as they are, and not when encoded."""
    return windows.reshape(-1, channels, *windows.shape[1:]).swapaxes(1, 2)


def merge_channels(features: Array) -> Array:
    """`[batch, channel, time, feature]` to `[batch, time, channel * feature]`."""
    batch, channels, time, width = features.shape
    return features.swapaxes(1, 2).reshape(batch, time, channels * width)


def per_channel(outputs: Array, channels: int, horizon: int) -> Array:
    """What is said of each channel: `[..., horizon * channel * number]` to `[..., channel, horizon * number]`."""
    leading = outputs.shape[:-1]
    steps = outputs.reshape(*leading, horizon, channels, -1)
    return steps.swapaxes(-3, -2).reshape(*leading, channels, -1)


def read_windows(reach: int, plan: WindowPlan, values: Array, index: Array) -> tuple[Array, Array]:
    """Of `values` `[row]`, the past of each step `[batch, context, reach]` and what comes after it.

    That is `[batch, context or 1, horizon]`.

    What is not a window's to see is read from the last of `values`, so that nothing has to be masked afterwards.
    """
    start, begin, first, last, stop = (column[:, None] for column in index.T)

    def read(rows: Array, seen: Array) -> Array:
        return jnp.asarray(values).at[jnp.where(seen, rows, len(values) - 1)].get(mode="promise_in_bounds")

    now = start + jnp.arange(plan.context)
    past = now[..., None] + jnp.arange(1 - reach, 1)
    kept = now if plan.every_step else now[:, -1:]
    counts = (kept >= first) & (kept <= last)
    ahead = kept[..., None] + jnp.arange(1, plan.horizon + 1)
    seen = counts[..., None] & (ahead >= begin[..., None]) & (ahead < stop[..., None])
    return read(past, (past >= begin[..., None]) & (past < stop[..., None])), read(ahead, seen)


def copy_windows(reach: int, plan: WindowPlan, values: Array, index: Array) -> tuple[Array, Array]:
    """`read_windows` by a kernel, which copies whole stretches."""
    library()
    steps = plan.context if plan.every_step else min(plan.context, 1)
    results = [array_spec(len(index), plan.context, reach), array_spec(len(index), steps, plan.horizon)]
    call = jax.ffi.ffi_call("loopcast_windows", results, vmap_method="sequential")
    past, ahead = call(values, index, last_only=not plan.every_step)
    return past, ahead
