"""The notebook's series, against a plain loop written from its formula."""

import math

import numpy as np
import pytest

from loopcast.data.synthetic import generate_time_series
from loopcast.errors import OptionError


def by_hand(batch_size, n_steps, seed, shared):
    random = np.random.default_rng(seed)
    f1, f2, o1, o2 = (np.array([random.random() for _ in range(batch_size)]) for _ in range(4))
    series = np.empty((batch_size, n_steps))
    for i in range(batch_size):
        for k in range(n_steps):
            t = k / (n_steps - 1)
            series[i, k] = 0.5 * math.sin((t - o1[i]) * ((f2 if shared else f1)[i] * 10 + 10))
            series[i, k] += 0.2 * math.sin((t - o2[i]) * (f2[i] * 20 + 20))
            series[i, k] += 0.1 * (random.random() - 0.5)
    return series[:, :, None]


@pytest.mark.parametrize("shared", [False, True])
def test_series_follow_the_formula(shared):
    series = generate_time_series(7, 31, shared_frequency=shared, seed=5)
    assert series.dtype == np.float32
    np.testing.assert_allclose(series, by_hand(7, 31, 5, shared), atol=1e-6)


def test_the_slip_changes_the_series():
    assert np.abs(by_hand(3, 20, 0, True) - by_hand(3, 20, 0, False)).max() > 0.1


def test_a_seed_gives_the_same_series_and_another_seed_others():
    one, again, other = (generate_time_series(3, 10, seed=seed) for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).all()


def test_the_naive_error_of_the_notebook_is_found_again():
    series = generate_time_series(10_000, 51, shared_frequency=True, seed=42)[-2000:]
    error = float(np.mean((series[:, -1] - series[:, -2]) ** 2))
    assert 0.0198 <= error <= 0.0209


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({"batch_size": 0}, "batch_size is a whole number of at least 1, got 0"),
        ({"n_steps": 2.5}, "n_steps is a whole number of at least 1, got 2.5"),
        ({"n_steps": True}, "got True"),
        ({"seed": -1}, "seed is a whole number of at least 0, got -1"),
        ({"seed": None}, "got None"),
    ],
)
def test_arguments_that_mean_nothing_are_refused(arguments, part):
    with pytest.raises(OptionError) as error:
        generate_time_series(**({"batch_size": 2, "n_steps": 3, "seed": 0} | arguments))
    assert part in str(error.value)
