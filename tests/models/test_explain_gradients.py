"""What groups of a network's inputs add, beside the integral of its gradient as automatic differentiation has it."""

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
import pytest

from loopcast import Columns, Panel, Recurrent
from loopcast.features.known import Known
from loopcast.models.network.explain import explain_network, groups_of
from loopcast.models.network.histories import ask
from loopcast.nn.origin_network import OriginNetwork
from loopcast.nn.step_decoder import PROBABILITIES

HORIZON, ROWS, POINTS = 2, 40, 200


def noisy() -> Panel:
    """A series that was negative, so that it is read by a straight line, with a future covariate."""
    random = np.random.default_rng(0)
    wind = random.normal(5, 2, ROWS + HORIZON)
    values = 2 * wind + random.normal(-8, 3, ROWS + HORIZON)
    table = pl.DataFrame({"ds": range(ROWS + HORIZON), "y": values, "wind": wind})
    panel = Panel.from_table(table.head(ROWS), columns=Columns(future=["wind"]))
    return panel.with_future(table.tail(HORIZON))


@pytest.mark.parametrize("cell", ["lstm", pytest.param("gru", marks=pytest.mark.slow)])
def test_contributions_are_integrated_gradients(cell):
    panel = noisy()
    model = Recurrent(
        horizon=HORIZON, units=(5,), updates=30, season=4, cell=cell, learning_rate=0.02, show_progress=False
    ).fit_panel(panel).model  # fmt: skip
    found = explain_network(model, panel, HORIZON)
    [asked] = ask(panel, Known.of(model.encoding, panel, HORIZON, 4), model.periods, (0,), HORIZON)
    told, groups = asked.told, groups_of(model.encoding, 4, 0)
    last = [told.inputs, told.candidates, told.codes]
    first = [each.copy() for each in last]
    for part, places in zip(first, zip(*groups.values(), strict=True), strict=True):
        part[..., [at for own in places for at in own]] = 0.0
    there = [groups["wind"].inputs[1], groups["wind"].codes[1]]  # whether the covariate is there, which it usually is
    first[0][..., there[0]] = first[2][..., there[1]] = 1.0
    gradients = integrated(model, first, last)
    for name, places in groups.items():
        changed = [
            float(((end - begin) * mean)[..., own].sum())
            for end, begin, mean, own in zip(last, first, gradients, places, strict=True)
        ]
        added = found[name][0, 1, 0] - (base_season(told)[1] if name == "season" else 0.0)
        assert added == pytest.approx(float(told.scale[0]) * sum(changed), abs=0.02 * abs(told.scale[0]))


def base_season(told):
    """What the encoding's own season adds, `[step]`: its candidate is the season in units of the scale."""
    return told.candidates[0, :, 0] * told.scale[0]


def integrated(model, first, last):
    """The mean gradient of the median of the second step along the straight line, of each array."""
    network = OriginNetwork(shape=model.network)
    weights, zero = network.from_vector(model.weights), network.recurrent.zero_state(1)

    def median(inputs, candidates, codes):
        hidden = network.scan(weights, zero, inputs)[1][:, -1]
        said = network.quantiles(weights, hidden, inputs[:, -1], candidates, codes)
        return said[0, 1, PROBABILITIES.index(0.5)]

    gradient = jax.jit(jax.grad(median, argnums=(0, 1, 2)))
    shares = (np.arange(POINTS) + 0.5) / POINTS
    each = [gradient(*(jnp.asarray(a + s * (b - a)) for a, b in zip(first, last, strict=True))) for s in shares]
    return [np.mean([one[k] for one in each], axis=0) for k in range(3)]
