"""From an index of windows to what a network trains on, on the device."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from loopcast.windows.plan import WindowPlan
from loopcast.windows.scaling import Scaling

Array = jax.Array


class Examples(NamedTuple):
    """A batch of windows, encoded. Weights are 1 where a target counts and 0 elsewhere."""

    features: Array  # [batch, time, feature]
    observed: Array  # bool [batch, time]: the row belongs to the series
    targets: Array  # [batch, time, horizon], time 1 where only the last step counts
    weights: Array  # [batch, time, horizon]


def gather(scaling: Scaling, plan: WindowPlan, values: Array, index: Array) -> Examples:
    """The windows that `index` `[batch, 5]` names, out of `values` `[row]` of the whole panel."""
    start, begin, first, last, stop = (column[:, None] for column in index.T)
    reach, steps = scaling.reach, plan.context
    rows = start + jnp.arange(1 - reach, steps + plan.horizon)
    seen = jnp.where((rows >= begin) & (rows < stop), values[jnp.clip(rows, 0, len(values) - 1)], jnp.nan)
    origins = jnp.arange(steps)
    view = scaling.view(seen[:, origins[:, None] + jnp.arange(reach)], plan.horizon)
    ahead = seen[:, origins[:, None] + reach + jnp.arange(plan.horizon)]
    at = start + origins
    counts = ((at >= first) & (at <= last) & (view.spread > 0))[..., None] & ~jnp.isnan(ahead)
    targets, weights = jnp.where(counts, scaling.output_for(view, ahead), 0.0), counts.astype(jnp.float32)
    kept = slice(None) if plan.every_step else slice(-1, None)
    return Examples(view.features, at >= begin, targets[:, kept], weights[:, kept])
