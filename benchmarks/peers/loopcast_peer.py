"""Loopcast itself, measured as its peers are."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from worker import Run, data, script, serve

from loopcast import Panel
from loopcast.models.plain.ensemble import Ensemble
from loopcast.models.plain.predict import forecast
from loopcast.models.plain.setup import set_up
from loopcast.models.plain.stepper import Stepper
from loopcast.nn.init import initial_weights
from loopcast.nn.network import Network
from loopcast.tasks.notebook.experiments import notebooks_own
from loopcast.training.run import TrainingRun

UNITS, OUTPUTS = 20, 10


def prepare_epoch(job: dict[str, Any]) -> Run:
    options = notebooks_own(
        horizon=OUTPUTS, cell=job["cell"], strategy=job["strategy"], epochs=1_000_000, show_progress=False
    )
    series = np.concatenate([data("x"), data("last")[:, :, None]], axis=1)
    setup = set_up(options, Panel.from_array(series))
    epochs = TrainingRun(setup.data, setup.recipe, setup.data.to_device()).epochs()
    return lambda: next(epochs)


def lstm() -> Network:
    return Network(cell="lstm", units=(UNITS, UNITS), inputs=1, outputs=OUTPUTS)


def prepare_predict(job: dict[str, Any]) -> Run:
    network = lstm()
    model = Ensemble(network=network, lags=1, context=50, members=(initial_weights(network, 0),))
    panel = Panel.from_array(data("x"))
    return lambda: forecast(model, panel, OUTPUTS)[:, 0]


def prepare_step(job: dict[str, Any]) -> Run:
    network = lstm()
    stepper = Stepper(network, (initial_weights(network, 0),))
    state, x = stepper.start, data("x")[0, 0]

    def step() -> None:
        nonlocal state
        state, _ = stepper(state, x)

    return step


def prepare_layer(job: dict[str, Any]) -> Run:
    network = Network(cell=job["cell"], units=(), inputs=1, outputs=job["units"], head="recurrent")
    weights, state = initial_weights(network, 0), network.zero_state(job["batch"])
    x = jnp.asarray(np.random.default_rng(0).normal(size=(job["batch"], job["steps"], 1)), jnp.float32)

    def forward(weights: Any) -> Any:
        return network.scan(weights, state, x)[1]

    call = jax.jit(jax.grad(lambda weights: jnp.square(forward(weights)).mean()) if job["train"] else forward)
    return lambda: jax.block_until_ready(call(weights))


PREPARE = {
    "epoch": prepare_epoch,
    "predict": prepare_predict,
    "step": prepare_step,
    "grid": prepare_layer,
    "script": lambda job: script("script_loopcast.py"),
}

if __name__ == "__main__":
    serve(PREPARE)
