"""Synthetic series of every kind that one meets: what the shipped network has learned from, and nothing else."""

import numpy as np

from loopcast.pretraining.draws import Generator, chance, log_uniform, year_of
from loopcast.pretraining.level import CALM, WALKING, cycles, level, shifts
from loopcast.pretraining.noise import noise, outliers
from loopcast.pretraining.observed import observe
from loopcast.pretraining.seasons import season, second_season
from loopcast.validation import check_positive, check_seed


def synthetic_series(n: int, length: int, season: int = 1, seed: int = 0, *, second_season: int = 0) -> np.ndarray:
    """`n` series of `length` steps, float64 `[n, length]`, NaN where a value is missing.

    season, second_season: steps in one, 1 and 0 for none. Levels walk, grow, shift and break; seasons have shapes that
    stay or change; noise is calm or wild, remembered or not; values are prices, counts or temperatures, at any level,
    rounded, intermittent or with holes. The same seed gives the same series.

    >>> synthetic_series(3, 48, season=12).shape
    (3, 48)
    """
    for name, value in (("n", n), ("length", length), ("season", season)):
        check_positive(name, value)
    rng = np.random.default_rng(check_seed(seed))
    return draw_series(rng, n, length, season, second_season)


def draw_series(rng: Generator, n: int, length: int, season_steps: int, second: int) -> np.ndarray:
    """The same from a source of random numbers."""
    calm = n // 2
    parts = [
        _latent(rng, count, length, season_steps, second, walking)
        for count, walking in ((calm, False), (n - calm, True))
        if count
    ]
    return observe(rng, rng.permutation(np.concatenate(parts)))


def _latent(rng: Generator, n: int, length: int, m: int, second: int, walking: bool) -> np.ndarray:
    """What happens, on a scale on which changes add up, `[n, length]`."""
    year, sigma = year_of(m, second), log_uniform(rng, -2.6, -0.7, n)
    exact = np.where(chance(rng, 0.12 if m > 1 else 0.0, n), log_uniform(rng, -3, -1, n), 1.0)
    pure = chance(rng, 0.25 if walking else 0.0, n)
    shaken = sigma * exact
    total = level(rng, WALKING if walking else CALM, n, length, shaken, year)
    total += np.where(pure, 0.05, 1.0) * noise(rng, n, length, shaken * log_uniform(rng, -0.7, 0.15, n))
    total += shifts(rng, n, length, shaken) + cycles(rng, n, length, shaken, m) + outliers(rng, n, length, shaken)
    if m > 1:
        total += np.where(pure, 0.1, 1.0) * season(rng, n, length, sigma, m)
    weekly = 7 * m if m == 24 and not second else 0
    if second or weekly:
        often = 1.0 if second else chance(rng, 0.35, n)
        total += np.where(often, second_season(rng, n, length, sigma, m, second or weekly), 0.0)
    return total
