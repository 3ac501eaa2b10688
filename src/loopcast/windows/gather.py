"""From an index of windows to what a network trains on, on the device."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

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
    """The windows that `index` `[batch, 5]` names, out of a panel's `gatherable` values.

    What is not a window's to see is read from the last of them, so that nothing has to be masked afterwards.
    """
    start, begin, first, last, stop = (column[:, None] for column in index.T)

    def read(rows: Array, seen: Array) -> Array:
        return jnp.asarray(values).at[jnp.where(seen, rows, len(values) - 1)].get(mode="promise_in_bounds")

    now = start + jnp.arange(plan.context)
    past = now[..., None] + jnp.arange(1 - scaling.reach, 1)
    view = scaling.view(read(past, (past >= begin[..., None]) & (past < stop[..., None])), plan.horizon)
    kept = slice(None) if plan.every_step else slice(-1, None)
    view_kept, now_kept = jax.tree.map(lambda each: each[:, kept], (view, now))
    counts = (now_kept >= first) & (now_kept <= last) & (view_kept.spread > 0)
    ahead = now_kept[..., None] + jnp.arange(1, plan.horizon + 1)
    targets = scaling.output_for(view_kept, read(ahead, counts[..., None] & (ahead < stop[..., None])))
    return Examples(view.features, now >= begin, targets)


def stretches(values: Array, width: int) -> Array:
    """Every stretch of `width` neighbours, `[batch, time]` to `[batch, time - width + 1, width]`."""
    if width == 1:
        return values[:, :, None]
    return values[:, jnp.arange(values.shape[1] - width + 1)[:, None] + jnp.arange(width)]
