"""From an index of windows to what a network trains on, on the device."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from loopcast.kernels import float32, library, why_no_kernels
from loopcast.windows.plan import WindowPlan
from loopcast.windows.scaling import Scaling
from loopcast.windows.sizes import power_of_two

Array = jax.Array


class Examples(NamedTuple):
    """A batch of windows, encoded."""

    features: Array  # [batch, time, feature]
    observed: Array  # bool [batch, time]: the row belongs to the series
    targets: Array  # [batch, time, horizon], time 1 where only the last step counts; NaN where nothing counts


def gatherable(values: np.ndarray) -> np.ndarray:
    """`values` `[row]` with NaN after them, up to a power of two: near sizes compile once, and the last is NaN."""
    room = power_of_two(len(values) + 1) - len(values)
    return np.concatenate([values, np.full(room, np.nan, np.float32)])


def gather(scaling: Scaling, plan: WindowPlan, values: Array, index: Array) -> Examples:
    """The windows that `index` `[batch, 5]` names, out of a panel's `gatherable` values."""
    past, ahead = (read_windows if why_no_kernels() else copy_windows)(scaling.reach, plan, values, index)
    view = scaling.view(past, plan.horizon)
    shown = view if plan.every_step else jax.tree.map(lambda each: each[:, -1:], view)
    targets = jnp.where(shown.spread[..., None] > 0, scaling.output_for(shown, ahead), jnp.nan)
    now = index[:, :1] + jnp.arange(plan.context)
    return Examples(view.features, now >= index[:, 1:2], targets)


def read_windows(reach: int, plan: WindowPlan, values: Array, index: Array) -> tuple[Array, Array]:
    """The past `[batch, context, reach]` of each step and the horizon after it `[batch, context or 1, horizon]`.

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
    results = [float32(len(index), plan.context, reach), float32(len(index), steps, plan.horizon)]
    call = jax.ffi.ffi_call("loopcast_windows", results, vmap_method="sequential")
    past, ahead = call(values, index, last_only=not plan.every_step)
    return past, ahead
