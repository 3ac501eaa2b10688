"""From what a series does to what is recorded: prices, counts, temperatures; rounded, intermittent, with holes."""

import numpy as np

from loopcast.pretraining.draws import Generator, chance, log_uniform

MOST = 20.0  # of what is exponentiated


def observe(rng: Generator, latent: np.ndarray) -> np.ndarray:
    """Values as they might be in a file, float64 `[series, step]`, NaN where one is missing."""
    series, _ = latent.shape
    z = np.clip(latent - np.median(latent, axis=1, keepdims=True), -MOST, MOST)
    bend = np.where(chance(rng, 0.5, series), 1.0, rng.uniform(0.3, 1, (series, 1)))
    additive = np.logaddexp(0, 6 * (1 + bend * z)) / 6
    values = np.where(chance(rng, 0.35, series), additive, np.exp(z))
    values = np.where(chance(rng, 0.14, series), _of_any_sign(rng, z), values)
    apart = np.ptp(values, axis=1, keepdims=True)
    values = np.where(chance(rng, 0.05, series), values + apart * log_uniform(rng, 0, 5, series), values)
    values = values * log_uniform(rng, -1, 5, series)
    return _with_holes(rng, _counted(rng, _rounded(rng, values)))


def _of_any_sign(rng: Generator, z: np.ndarray) -> np.ndarray:
    """As it is, from anywhere on, half of them upside down."""
    low, apart = z.min(axis=1, keepdims=True), np.ptp(z, axis=1, keepdims=True)
    moved = z - low + rng.uniform(-0.2, 1.2, (len(z), 1)) * apart
    return moved * rng.choice((-1.0, 1.0), (len(z), 1))


def _rounded(rng: Generator, values: np.ndarray) -> np.ndarray:
    """To so many digits of their range, in three of ten."""
    unit = np.maximum(np.ptp(values, axis=1, keepdims=True), 1e-9) / log_uniform(rng, 0.7, 3, len(values))
    return np.where(chance(rng, 0.3, len(values)), np.round(values / unit) * unit, values)


def _counted(rng: Generator, values: np.ndarray) -> np.ndarray:
    """Counts with such a mean, of Poisson or wider, in one of twenty; and zeros between a few values, in a few."""
    series = len(values)
    size = np.maximum(np.abs(values).mean(axis=1, keepdims=True), 1e-12)
    mean = np.clip(np.abs(values) / size * log_uniform(rng, -0.7, 2, series), 0, 1e6)
    wider = rng.gamma(2.0, 0.5, values.shape)
    counts = rng.poisson(np.where(chance(rng, 0.5, series), mean, mean * wider)).astype(np.float64)
    values = np.where(chance(rng, 0.05, series), counts, values)
    kept = rng.random(values.shape) < rng.uniform(0.15, 0.9, (series, 1))
    return np.where(chance(rng, 0.03, series) & ~kept, 0.0, values)


def _with_holes(rng: Generator, values: np.ndarray) -> np.ndarray:
    """Single values or stretches missing, in a quarter of the series."""
    series, steps = values.shape
    share = np.where(chance(rng, 0.25, series), rng.uniform(0.02, 0.4, (series, 1)), 0.0)
    width = np.where(chance(rng, 0.5, series), 1, rng.integers(2, max(steps // 8, 3), (series, 1)))
    begins = rng.random((series, steps)) < share / width
    last = np.maximum.accumulate(np.where(begins, np.arange(steps), -steps), axis=1)
    return np.where(np.arange(steps) - last < width, np.nan, values)
