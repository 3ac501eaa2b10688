import jax
import numpy as np
import pytest

from loopcast.backend import keras
from loopcast.training.adam import Moments, adam_update, bias_corrected_rate, clip_by_norm


@pytest.mark.parametrize(("clip", "weight_decay"), [(None, None), (0.5, None), (1000.0, 0.01)])
def test_updates_are_those_of_keras(clip, weight_decay):
    random = np.random.default_rng(0)
    weights = random.normal(size=50).astype(np.float32)
    variable = keras.Variable(weights)
    stock = keras.optimizers.Adam(0.02, clipnorm=clip, weight_decay=weight_decay)
    stock.build([variable])
    ours, moments = weights, Moments.zero(50)
    step = jax.jit(adam_update, static_argnames="weight_decay")
    steps = bias_corrected_rate(np.full(200, 0.02), np.arange(200))
    for number in range(200):
        gradient = (random.normal(size=50) * 10.0 ** random.integers(-6, 3, size=50)).astype(np.float32)
        stock.apply([gradient])
        ours, moments = step(
            ours,
            moments,
            clip_by_norm(gradient, clip),
            rate=np.float32(0.02),
            step=np.float32(steps[number]),
            weight_decay=weight_decay,
        )
        np.testing.assert_allclose(ours, variable.value, rtol=1e-4, atol=1e-5)
    for own, theirs in zip(moments, stock.variables[2:], strict=True):
        np.testing.assert_allclose(own, theirs.value, rtol=1e-5, atol=1e-12)


def test_a_gradient_of_zero_is_left_by_a_clip():
    np.testing.assert_array_equal(clip_by_norm(np.zeros(3, np.float32), 1.0), np.zeros(3))
