"""Noise around the level: of ordinary or heavy tails, remembered from step to step, now calm and now wild."""

import numpy as np

from loopcast.pretraining.draws import Generator, chance, log_uniform

FREEDOMS = (3, 4, 5, 8)  # of Student's t


def noise(rng: Generator, series: int, steps: int, sigma: np.ndarray) -> np.ndarray:
    """An ARMA(1, 1) of heavy-tailed or normal shocks, `[series, step]`; sigma: `[series, 1]`, its size."""
    shocks = _shocks(rng, series, steps) * _volatility(rng, series, steps)
    phi = np.where(chance(rng, 0.8, series), 1 - log_uniform(rng, -1.5, 0, series), -rng.uniform(0, 0.6, (series, 1)))
    phi = np.where(chance(rng, 0.5, series), phi, 0.0)[:, 0]
    theta = np.where(chance(rng, 0.3, series), rng.uniform(-0.6, 0.6, (series, 1)), 0.0)
    moved = shocks.copy()
    moved[:, 1:] += theta * shocks[:, :-1]
    kept = np.empty_like(moved)
    state = np.zeros(series)
    for t in range(steps):
        state = phi * state + np.sqrt(1 - phi**2) * moved[:, t]
        kept[:, t] = state
    return np.where(chance(rng, 0.2, series), 0.0, sigma * kept)


def _shocks(rng: Generator, series: int, steps: int) -> np.ndarray:
    """Of unit size."""
    freedom = rng.choice(FREEDOMS, (series, 1))
    heavy = rng.standard_t(freedom, (series, steps)) / np.sqrt(freedom / (freedom - 2))
    return np.where(chance(rng, 0.4, series), heavy, rng.normal(size=(series, steps)))


def _volatility(rng: Generator, series: int, steps: int) -> np.ndarray:
    """By how much shocks are larger than usual, drifting in three series of ten."""
    walk = np.cumsum(0.1 * rng.normal(size=(series, steps)), axis=1) * rng.uniform(0.2, 1.5, (series, 1))
    return np.where(chance(rng, 0.3, series), np.exp(np.clip(walk, -2, 2)), 1.0)


def outliers(rng: Generator, series: int, steps: int, sigma: np.ndarray) -> np.ndarray:
    """Single values far off, in a fifth of the series."""
    share = np.where(chance(rng, 0.2, series), 10 ** rng.uniform(np.log10(0.003), np.log10(0.03), (series, 1)), 0.0)
    return np.where(rng.random((series, steps)) < share, 8 * sigma * rng.normal(size=(series, steps)), 0.0)
