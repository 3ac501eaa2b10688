import jax
import jax.numpy as jnp
import numpy as np

from loopcast.features.arcsinh import arcsinh


def test_every_size_of_number_is_within_8_ulp_of_the_exact_value():
    size = np.concatenate([np.geomspace(1e-37, 3e38, 100_001), np.linspace(0, 4, 100_001)]).astype(np.float32)
    x = np.concatenate([size, -size])
    exact = np.arcsinh(x.astype(np.float64))
    allowed = 8 * np.spacing(np.abs(exact).astype(np.float32))
    assert (np.abs(np.asarray(jax.jit(arcsinh)(x), np.float64) - exact) <= allowed).all()


def test_what_is_missing_stays_missing():
    assert np.isnan(jax.jit(arcsinh)(jnp.float32([jnp.nan, 1.0]))).tolist() == [True, False]
