"""How well a model does at every step of windows, not only at their ends."""

import jax
import jax.numpy as jnp
import numpy as np

from loopcast.data.panel import Panel
from loopcast.features.gather import DeviceRows, gather, to_device
from loopcast.features.scaling import Scaling
from loopcast.features.windows import WindowPlan
from loopcast.models.recurrent.ensemble import Ensemble, Members, ensemble_mean, scan, zero_states
from loopcast.nn.cells import Array
from loopcast.nn.compiled import jit_network
from loopcast.nn.heads import DISTRIBUTIONS, DistributionName
from loopcast.nn.network import Network
from loopcast.training.window_data import batched

BATCH = 256


def every_step_mse(model: Ensemble, panel: Panel, context: int) -> float:
    """Mean squared error, in the network's units, of the forecasts made at each of `context` steps.

    Windows of `context` rows and the horizon after them are laid over every series, one after the other. The model has
    one target and no covariates.
    """
    horizon = model.horizon
    plan = WindowPlan(context=context, horizon=horizon, stride=context + horizon)
    rows = to_device(panel.values)
    batches = batched(plan.training(panel.offsets, 0).stacked(), BATCH)
    parts = [
        _sums(model.network, model.scaling, plan, model.distribution, model.members, rows, index) for index in batches
    ]
    total, count = np.array(jax.device_get(parts), np.float64).sum(axis=0)
    return float(total / count)


@jit_network(4)
def _sums(
    network: Network,
    scaling: Scaling,
    plan: WindowPlan,
    distribution: DistributionName,
    members: Members,
    rows: DeviceRows,
    index: Array,
) -> tuple[Array, Array]:
    """Squared errors and their number, over the windows of `index` `[window, 5]`."""
    examples = gather(scaling, plan, 0, rows, index)
    _, given = scan(network, members, zero_states(network, members, len(index)), examples.features, examples.codes)
    outputs = ensemble_mean(network, members, given, examples.ahead)
    errors = DISTRIBUTIONS[distribution].median(outputs) - examples.targets[:, :, 0]
    return jnp.nansum(jnp.square(errors)), jnp.count_nonzero(~jnp.isnan(errors))
