"""Random numbers as the prior draws them: one for each series, `[series, 1]`, or one for each of its steps."""

import numpy as np

Generator = np.random.Generator
HEAVY = 2.5  # degrees of freedom of Student's t


def log_uniform(rng: Generator, low: float, high: float, series: int) -> np.ndarray:
    """10 to a power that is uniform from `low` to `high`, `[series, 1]`."""
    return 10 ** rng.uniform(low, high, (series, 1))


def chance(rng: Generator, probability: float | np.ndarray, series: int) -> np.ndarray:
    """True with this probability, bool `[series, 1]`."""
    drawn: np.ndarray = rng.random((series, 1)) < probability
    return drawn


def heavy_or_normal(rng: Generator, probability: float, series: int, steps: int) -> np.ndarray:
    """Random numbers around zero, `[series, step]`: of some series with heavy tails, of the others normal ones."""
    heavy = rng.standard_t(HEAVY, (series, steps)) / 2  # of which the middle is as wide
    drawn: np.ndarray = np.where(chance(rng, probability, series), heavy, rng.normal(size=(series, steps)))
    return drawn


def year_of(season: int, second: int) -> int:
    """Steps in a year, for a season of so many: hours of a day, days of a week, and so on."""
    if season in (4, 12, 52):
        return season
    if second >= 90 or (season in (6, 7) and not second):
        return 365
    if season >= 24 or second:
        return 8760
    return 1 if season == 1 else season
