"""Where a series stands: a walk, a growth that changes, breaks and dies down, shifts, and long waves."""

from dataclasses import dataclass

import numpy as np

from loopcast.pretraining.draws import Generator, chance, heavy_or_normal, log_uniform


@dataclass(frozen=True, kw_only=True)
class LevelPrior:
    """One of two halves of the prior; numbers are powers of ten, or probabilities.

    walk: size of the steps of the level, in sigma; still: none. growth: size of the steps of growth; steady: none; rho:
    how far it forgets; forever: not at all. yearly: growth a year, with its mean and spread, else as drift; flat: none.
    """

    walk: tuple[float, float]
    still: float
    growth: tuple[float, float]
    steady: float
    rho: float
    forever: float
    yearly: float
    mean: float
    spread: float
    drift: tuple[float, float]
    flat: float
    damped: float
    breaks: float


CALM = LevelPrior(
    walk=(-1.2, 0.12), still=0.2, growth=(-2, -0.3), steady=0.6, rho=-1.8, forever=0.1, yearly=0.5, mean=0.03,
    spread=0.05, drift=(-2.3, -0.2), flat=0.2, damped=0.3, breaks=0.38,
)  # fmt: skip
WALKING = LevelPrior(
    walk=(-1, 0.2), still=0.12, growth=(-2, -0.4), steady=0.7, rho=-1.3, forever=0.03, yearly=0.6, mean=0.025,
    spread=0.04, drift=(-2.3, -0.5), flat=0.3, damped=0.5, breaks=0.5,
)  # fmt: skip


def level(rng: Generator, prior: LevelPrior, series: int, steps: int, sigma: np.ndarray, year: int) -> np.ndarray:
    """The sum of all, `[series, step]`."""
    walk = np.where(chance(rng, prior.still, series), 0.0, sigma * log_uniform(rng, *prior.walk, series))
    walked = np.cumsum(walk * heavy_or_normal(rng, 0.35, series, steps), axis=1)
    return walked + np.cumsum(_growth(rng, prior, series, steps, sigma, year), axis=1)


def _growth(rng: Generator, prior: LevelPrior, series: int, steps: int, sigma: np.ndarray, year: int) -> np.ndarray:
    """A change a step that is pulled back to `mu`, which breaks now and then."""
    mu = _usual_growth(rng, prior, series, steps, sigma, year)
    size = np.where(chance(rng, prior.steady, series), 0.0, sigma * log_uniform(rng, *prior.growth, series))
    rho = np.where(chance(rng, prior.forever, series), 1.0, 1 - log_uniform(rng, prior.rho, 0, series))[:, 0]
    pushes = size * rng.normal(size=(series, steps))
    grown, state = np.empty((series, steps)), mu[:, 0].copy()
    for t in range(steps):
        state = mu[:, t] + rho * (state - mu[:, t]) + pushes[:, t]
        grown[:, t] = state
    keep = 1 - 4 * log_uniform(rng, -2.5, -1, series) / max(4, min(year, 52))
    damped = np.where(chance(rng, prior.damped, series), keep ** np.arange(steps), 1.0)
    return grown * damped


def _usual_growth(
    rng: Generator, prior: LevelPrior, series: int, steps: int, sigma: np.ndarray, year: int
) -> np.ndarray:
    """What growth is pulled back to at each step."""
    t4 = rng.standard_t(4, (series, 1))
    sign = rng.choice((-1.0, 1.0), (series, 1))
    mu = np.where(
        chance(rng, prior.yearly, series),
        (prior.mean + prior.spread * t4) / year,
        sign * sigma * log_uniform(rng, *prior.drift, series) / np.sqrt(year),
    )
    mu = np.where(chance(rng, prior.flat, series), 0.0, mu)
    after = 0.08 * rng.standard_t(4, (series, 1)) / year + rng.uniform(-1, 1.5, (series, 1)) * mu
    after = np.where(chance(rng, 0.3, series), 0.0, after)
    at = np.where(chance(rng, prior.breaks, series), rng.uniform(0, steps, (series, 1)), steps)
    return np.where(np.arange(steps) < at, mu, after)


def shifts(rng: Generator, series: int, steps: int, sigma: np.ndarray) -> np.ndarray:
    """Sudden moves of the level, in three of ten series: a few times the noise, or of any size, however calm it is."""
    expected = np.where(chance(rng, 0.3, series), rng.uniform(0.3, 2.5, (series, 1)), 0.0)
    there = rng.random((series, steps)) < expected / steps
    size = np.where(chance(rng, 0.3, series), log_uniform(rng, -1, 0, series), 6 * sigma + 0.05)
    return np.cumsum(np.where(there, size * rng.normal(size=(series, steps)), 0.0), axis=1)


def cycles(rng: Generator, series: int, steps: int, sigma: np.ndarray, season: int) -> np.ndarray:
    """A few waves of 0.8 to 12 seasons, in a fifth of the series; without a season, of 4 to 60 steps."""
    unit = season if season > 1 else 5
    time, total = np.arange(steps), np.zeros((series, steps))
    for _ in range(3):
        period = unit * 10 ** rng.uniform(np.log10(0.8), np.log10(12), (series, 1))
        total += rng.normal(size=(series, 1)) * np.sin(2 * np.pi * (time / period + rng.random((series, 1))))
    size = sigma * log_uniform(rng, -0.3, 0.8, series)
    return np.where(chance(rng, 0.22, series), size * total, 0.0)
