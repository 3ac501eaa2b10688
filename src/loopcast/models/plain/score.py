"""How well a model does at every step of windows, not only at their ends."""

import jax
import jax.numpy as jnp
import numpy as np

from loopcast.data.panel import Panel
from loopcast.features.gather import gather, to_device
from loopcast.features.windows import WindowPlan
from loopcast.models.plain.ensemble import Ensemble, Members, scan, zero_states
from loopcast.nn.cells import Array
from loopcast.nn.compiled import jit_network
from loopcast.nn.network import Network
from loopcast.training.window_data import batched

BATCH = 256


def every_step_mse(model: Ensemble, panel: Panel, context: int) -> float:
    """Mean squared error of the forecasts made at each of `context` steps; the model has one target.

    Windows of `context` rows and the horizon after them are laid over every series, one after the other.
    """
    plan = WindowPlan(context=context, horizon=model.horizon, stride=context + model.horizon)
    rows = to_device(panel.values)
    batches = batched(plan.training(panel.offsets, 0).stacked(), BATCH)
    parts = [_sums(model.network, model.lags, plan, model.members, rows, index) for index in batches]
    total, count = np.array(jax.device_get(parts), np.float64).sum(axis=0)
    return float(total / count)


@jit_network(3)
def _sums(
    network: Network, lags: int, plan: WindowPlan, members: Members, rows: Array, index: Array
) -> tuple[Array, Array]:
    """Squared errors and their number, over the windows of `index` `[window, 5]`."""
    examples = gather(lags, plan, rows, index)
    _, outputs = scan(network, members, zero_states(network, members, len(index)), examples.features)
    errors = outputs - examples.targets[:, :, 0]
    return jnp.nansum(jnp.square(errors)), jnp.count_nonzero(~jnp.isnan(errors))
