"""How well a model does at every step of windows, not only at their ends."""

import jax
import jax.numpy as jnp
import numpy as np

from loopcast.frames.panel import Panel
from loopcast.inference.model import Model, scan, zero_states
from loopcast.windows.gather import Examples, gather
from loopcast.windows.plan import WindowPlan

BATCH = 256


def every_step_mse(model: Model, panel: Panel, context: int) -> float:
    """Mean squared error, in the network's units, of the forecasts made at each of `context` steps.

    Windows of `context` rows and the horizon after them are laid over every series, one after the other.
    """
    horizon = model.network.outputs
    plan = WindowPlan(context=context, horizon=horizon, stride=context + horizon)
    index = plan.training(panel.offsets, 0).stacked()
    values = jnp.asarray(panel.values[:, 0])

    @jax.jit
    def sums(index: jax.Array) -> tuple[jax.Array, jax.Array]:
        examples: Examples = gather(model.scaling, plan, values, index)
        states = zero_states(model.network, model.members, len(index))
        _, outputs = scan(model.network, model.members, states, examples.features)
        return (jnp.square(outputs - examples.targets) * examples.weights).sum(), examples.weights.sum()

    parts = np.array([sums(index[first : first + BATCH]) for first in range(0, len(index), BATCH)])
    total, count = parts.astype(np.float64).sum(axis=0)
    return float(total / count)
