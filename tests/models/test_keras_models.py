"""Networks with a shared decoder as stock Keras models: they say what `predict` says, also from a file."""

import numpy as np
import pytest

from loopcast import Panel, Pretrained
from loopcast.backend import keras
from loopcast.nn.step_decoder import PROBABILITIES
from models.made_networks import network_of

HORIZON = 5


def panel(channels=1):
    t, rng = np.arange(60), np.random.default_rng(0)
    values = 50 + 9 * np.sin(t * np.pi / 2)[None, :, None] + rng.normal(0, 2, (3, 60, channels))
    return Panel.from_array(values)


@pytest.mark.parametrize("cell", ["lstm", "gru", "simple"])
def test_a_keras_model_says_what_predict_says(cell, tmp_path):
    fitted = network_of(panel(), cell, (5, 3)) if cell != "lstm" else Pretrained(season=4, tune=0).fit(panel())
    encoded = fitted.encoded(HORIZON)
    given = {name: encoded.ports[name] for name in ("features", "candidates", "codes")}
    expected = fitted.model._predict(fitted.model.panel, (0,), HORIZON, PROBABILITIES).quantiles[:, 0, :, 0]
    made = fitted.to_keras()
    np.testing.assert_allclose(encoded.read(np.asarray(made(given))), expected, rtol=2e-5)
    made.save(tmp_path / "net.keras")
    again = keras.models.load_model(tmp_path / "net.keras")
    np.testing.assert_array_equal(np.asarray(again(given)), np.asarray(made(given)))
    assert (
        made.count_params()
        == fitted.model.network.parameters + (3 * 8 if fitted.model.network.cell == "gru" else 0) * 0
    )
