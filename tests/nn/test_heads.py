import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from loopcast.nn.heads import DISTRIBUTIONS, LEAST_FREEDOM, LEAST_SCALE, QUANTILES, Quantile, interpolate_quantiles

NAMES = sorted(DISTRIBUTIONS)
SHARES = np.array([0.001, 0.025, 0.2, 0.5, 0.8, 0.975, 0.999])


def numbers(name, horizon=3, size=4.0, seed=0):
    rng = np.random.default_rng(seed)
    return (size * rng.normal(size=(5, horizon * DISTRIBUTIONS[name].parameters))).astype(np.float32)


def softplus(x):
    return np.logaddexp(0, x.astype(np.float64))


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)  # the first call compiles
@given(size=st.floats(0, 30), seed=st.integers(0, 1000))
def test_quantiles_never_cross_whatever_the_numbers_are(name, size, seed):
    got = DISTRIBUTIONS[name].quantiles(numbers(name, size=size, seed=seed), SHARES)
    assert got.shape == (5, 3, len(SHARES))
    assert (np.diff(got, axis=-1) >= 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_median_is_the_quantile_of_one_half(name):
    kind = DISTRIBUTIONS[name]
    middle = np.asarray(kind.median(jnp.asarray(numbers(name))))
    np.testing.assert_allclose(kind.quantiles(numbers(name), np.array([0.5]))[..., 0], middle, rtol=1e-5, atol=1e-5)


def test_a_quantile_head_loses_twice_the_mean_pinball_loss_of_its_knots():
    raw, targets = numbers("quantile"), np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32)
    wanted = np.zeros((5, 3))
    for i in range(5):
        for h in range(3):
            own = raw[i, h * len(QUANTILES) : (h + 1) * len(QUANTILES)].astype(np.float64)
            above, below = np.cumsum(softplus(own[5:])), np.cumsum(softplus(own[1:5]))
            quantiles = [*(own[0] - below[::-1]), own[0], *(own[0] + above)]
            losses = [
                share * (targets[i, h] - q) if targets[i, h] > q else (1 - share) * (q - targets[i, h])
                for share, q in zip(QUANTILES, quantiles, strict=True)
            ]
            wanted[i, h] = 2 * np.mean(losses)
    np.testing.assert_allclose(Quantile().loss(raw, targets, "mae"), wanted, rtol=1e-4)


@pytest.mark.parametrize("name", ["normal", "student"])
def test_a_density_head_loses_the_negative_log_density_that_scipy_gives(name):
    raw, targets = numbers(name, size=1.0), np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32)
    each = raw.reshape(5, 3, -1).astype(np.float64)
    scale = softplus(each[..., 1]) + LEAST_SCALE
    law = (
        stats.norm(each[..., 0], scale)
        if name == "normal"
        else stats.t(LEAST_FREEDOM + softplus(each[..., 2]), each[..., 0], scale)
    )
    np.testing.assert_allclose(DISTRIBUTIONS[name].loss(raw, targets, "mae"), -law.logpdf(targets), rtol=1e-4)
    np.testing.assert_allclose(DISTRIBUTIONS[name].quantiles(raw, SHARES), law_quantiles(law), rtol=1e-3, atol=1e-4)


def law_quantiles(law):
    return np.stack([law.ppf(share) for share in SHARES], axis=-1)


def test_between_and_beyond_its_knots_a_normal_distribution_comes_back():
    law = stats.norm(3.0, 2.0)
    np.testing.assert_allclose(interpolate_quantiles(law.ppf(QUANTILES)[None], SHARES)[0], law.ppf(SHARES), rtol=1e-5)
