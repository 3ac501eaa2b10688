"""Windows of raw values for a network to learn from, read from rows that lie on the device once per fit.

What is needed of several channels lies one channel after the other, so that a window of one is a window of all: the
same rows, so many further on.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from loopcast.errors import LengthError
from loopcast.features.sizes import power_of_two
from loopcast.features.windows import WindowPlan
from loopcast.xla_kernels import array_spec, library, why_no_kernels

Array = jax.Array


class Batch(NamedTuple):
    """A batch of windows."""

    features: Array  # [batch, time, channel * lag], of the channels one after the other; 0 before a series begins
    observed: Array  # bool [batch, time]: the row belongs to the series
    targets: Array  # [batch, time, channel, horizon], time 1 where only the last counts; NaN where nothing counts


def to_device(values: np.ndarray) -> Array:
    """The rows of `values` `[row, channel]` as `gather` takes them, float32 `[channel, row]`.

    With rows after them up to a power of two, NaN: near sizes compile once.
    """
    room = power_of_two(len(values) + 1)
    if room * values.shape[1] > np.iinfo(np.int32).max:
        raise LengthError(
            f"{len(values):,} rows of {values.shape[1]} targets are more than can be learned from at once"
        )
    laid = np.full((values.shape[1], room), np.nan, np.float32)
    laid[:, : len(values)] = values.T
    return jax.device_put(laid)


def gather(lags: int, plan: WindowPlan, rows: Array, index: Array) -> Batch:
    """The windows that `index` `[batch, 5]` names."""
    channels, room = rows.shape
    each = (index[:, None] + room * jnp.arange(channels, dtype=index.dtype)[:, None]).reshape(-1, index.shape[1])
    windows = read_windows if why_no_kernels() else copy_windows
    past, ahead = (split_channels(each, channels) for each in windows(lags, plan, rows.ravel(), each))
    now = index[:, :1] + jnp.arange(plan.context)
    return Batch(
        features=jnp.nan_to_num(past).reshape(*now.shape, -1),
        observed=now >= index[:, 1:2],
        targets=ahead,
    )


def split_channels(windows: Array, channels: int) -> Array:
    """`[batch * channel, time, ...]` to `[batch, time, channel, ...]`."""
    return windows.reshape(-1, channels, *windows.shape[1:]).swapaxes(1, 2)


def per_channel(outputs: Array, channels: int) -> Array:
    """What is said of each channel: `[..., horizon * channel]` to `[..., channel, horizon]`."""
    return outputs.reshape(*outputs.shape[:-1], -1, channels).swapaxes(-2, -1)


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
