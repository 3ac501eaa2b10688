import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loopcast.backend import keras
from loopcast.nn.init import initial_weights
from loopcast.nn.network import Network
from loopcast.nn.threefry import inverse_erf, normal, uniform

SEEDS = (0, 1, 15, 2**31 + 7, 2**32 - 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_numbers_are_those_of_jax_random_from_keras_s_key(seed):
    key = jnp.array([seed, 0], jnp.uint32)
    for shape in ((1,), (3, 7), (201, 33)):
        np.testing.assert_allclose(
            uniform(seed, shape, -0.3, 0.7), jax.random.uniform(key, shape, jnp.float32, -0.3, 0.7), atol=1e-7
        )
        np.testing.assert_allclose(normal(seed, shape), jax.random.normal(key, shape, jnp.float32), atol=1e-6)


def test_the_inverse_error_function_is_right_to_rounding_in_the_middle_and_in_the_tails():
    x = np.concatenate([np.linspace(-0.999, 0.999, 999), 1 - np.geomspace(1e-7, 1e-3, 50)]).astype(np.float32)
    np.testing.assert_allclose(inverse_erf(x), jax.scipy.special.erfinv(x), rtol=2e-6)


# Ours are computed in double precision; Keras's, in single, lose digits where a square matrix is large.
@pytest.mark.parametrize(("units", "most"), [(1, 1e-6), (20, 1e-6), (33, 5e-6)])
@pytest.mark.parametrize("cell", ["simple", "gru", "lstm"])
def test_recurrent_kernels_of_many_seeds_are_keras_s(cell, units, most):
    network = Network(cell=cell, units=(units,), inputs=1, outputs=1)
    for seed in range(5):
        ours = initial_weights(network, seed).layers[0].recurrent_kernel
        theirs = keras.initializers.Orthogonal(seed=seed + 1)(ours.shape)
        np.testing.assert_allclose(ours, theirs, atol=most)
