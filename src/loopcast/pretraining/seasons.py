"""Shapes that come again: of a day, a week or a year, that stay, change, grow, or differ from weekday to weekend."""

import numpy as np

from loopcast.pretraining.draws import Generator, chance, log_uniform

SHAPES = ("harmonics", "random", "spikes", "blocks", "mixture")
SHARES = (0.42, 0.23, 0.12, 0.08, 0.15)
MOST_DAYS = 8  # of seasons in a second one, that are days of a week


def season(rng: Generator, series: int, steps: int, sigma: np.ndarray, length: int) -> np.ndarray:
    """A season of `length` steps in four of five series, `[series, step]`."""
    phase, number = np.arange(steps) % length, np.arange(steps) // length
    shape = _evolving(rng, series, length, int(number[-1]) + 1)
    wave = np.take_along_axis(shape.reshape(series, -1), (number * length + phase)[None], axis=1)
    size = np.minimum(_amplitude(rng, series, sigma), rng.uniform(0.15, 1.2, (series, 1)))
    growing = np.where(chance(rng, 0.25, series), log_uniform(rng, -0.5, 0.5, series), 1.0)
    swelling = growing ** (np.arange(steps) / steps)
    return np.where(chance(rng, 0.8, series), size * swelling * wave, 0.0)


def second_season(rng: Generator, series: int, steps: int, sigma: np.ndarray, length: int, second: int) -> np.ndarray:
    """Weekdays of days, or the slow wave of a year with fixed days in it."""
    if second % length == 0 and second // length <= MOST_DAYS:
        return _weekdays(rng, series, steps, sigma, length, second // length)
    wave = shapes(rng, series, second, most=4)
    fixed = np.where(rng.random((series, second)) < 6 / second, rng.normal(size=(series, second)), 0.0)
    whole = wave + np.where(chance(rng, 0.4, series), fixed, 0.0)
    size = np.minimum(_amplitude(rng, series, sigma), rng.uniform(0.15, 1.2, (series, 1)))
    late = np.where(chance(rng, 0.6, series), log_uniform(rng, -2.5, -1, series), 0.0)
    moved = np.arange(steps) + second * _year_by_year(rng, late, steps, second)
    wide = np.where(chance(rng, 0.6, series), rng.uniform(0, 0.5, (series, 1)), 0.0)
    swelling = 1 + _year_by_year(rng, wide, steps, second)
    seen = np.take_along_axis(whole, np.round(moved).astype(np.int64) % second, axis=1)
    return np.where(chance(rng, 0.65, series), size * swelling * seen, 0.0)


def _year_by_year(rng: Generator, size: np.ndarray, steps: int, second: int) -> np.ndarray:
    """How much earlier, or warmer, it is: a number of each year, and between these a line, `[series, step]`."""
    knots = size * rng.normal(size=(len(size), steps // second + 3))
    at = np.arange(steps) / second
    year = at.astype(np.int64)
    line: np.ndarray = knots[:, year] * (1 - at + year) + knots[:, year + 1] * (at - year)
    return line


def _weekdays(rng: Generator, series: int, steps: int, sigma: np.ndarray, day: int, days: int) -> np.ndarray:
    """Each day of a week at a level of its own, and a weekend with a shape of its own."""
    step = np.arange(steps)
    weekday = (step // day) % days
    levels = rng.normal(size=(series, days)) * np.where(chance(rng, 0.5, series), 1.0, 0.3)
    weekend = np.where(chance(rng, 0.6, series), rng.normal(size=(series, 1)), 0.0)
    levels[:, -2:] += weekend
    other = shapes(rng, series, day) if day > 1 else np.zeros((series, 1))
    free = np.where(chance(rng, 0.5, series), rng.uniform(0.2, 1.0, (series, 1)), 0.0)
    size = np.minimum(_amplitude(rng, series, sigma), rng.uniform(0.1, 0.8, (series, 1)))
    whole = levels[:, weekday] + free * np.where(weekday >= days - 2, other[:, step % day], 0.0)
    return np.where(chance(rng, 0.8, series), size * whole, 0.0)


def shapes(rng: Generator, series: int, length: int, most: int = 40) -> np.ndarray:
    """Shapes of unit size, `[series, length]`."""
    harmonics, random = _harmonics(rng, series, length, most), rng.normal(size=(series, length))
    spikes, blocks = _spikes(rng, series, length), _blocks(rng, series, length)
    each = dict(zip(SHAPES, (harmonics, random, spikes, blocks, harmonics + 0.6 * spikes + 0.3 * random), strict=True))
    kind = rng.choice(len(SHAPES), series, p=SHARES)
    shape = np.choose(kind[:, None], [_unit(part) for part in each.values()])
    return _unit(shape)


def _unit(shape: np.ndarray) -> np.ndarray:
    away = shape - shape.mean(axis=1, keepdims=True)
    size = away.std(axis=1, keepdims=True)
    return away / np.where(size > 0, size, 1.0)


def _harmonics(rng: Generator, series: int, length: int, most: int) -> np.ndarray:
    count = max(min(length // 2, most), 1)
    k, time = np.arange(1, count + 1), np.arange(length)
    size = k ** -rng.uniform(0.3, 2.5, (series, 1)) * rng.normal(size=(series, count))
    angles = 2 * np.pi * (k[:, None] * time / length)
    turned = rng.uniform(0, 2 * np.pi, (series, count))
    waves: np.ndarray = (size * np.cos(turned)) @ np.sin(angles) + (size * np.sin(turned)) @ np.cos(angles)
    return waves


def _spikes(rng: Generator, series: int, length: int) -> np.ndarray:
    there = rng.random((series, length)) < rng.uniform(0.03, 0.25, (series, 1))
    return np.where(there, np.abs(rng.normal(size=(series, length))) * rng.choice((-1.0, 1.0), (series, 1)), 0.0)


def _blocks(rng: Generator, series: int, length: int) -> np.ndarray:
    begin, width = rng.integers(length, size=(series, 1)), rng.uniform(0.1, 0.7, (series, 1)) * length
    inside: np.ndarray = (np.arange(length) - begin) % length < width
    return inside.astype(np.float64)


def _amplitude(rng: Generator, series: int, sigma: np.ndarray) -> np.ndarray:
    strong = chance(rng, 0.15, series)
    return sigma * np.where(strong, log_uniform(rng, 1, 2.4, series), log_uniform(rng, -0.5, 1.3, series))


def _evolving(rng: Generator, series: int, length: int, count: int) -> np.ndarray:
    """A shape for each of `count` seasons, `[series, season, length]`."""
    first, last = shapes(rng, series, length), shapes(rng, series, length)
    rate = np.where(chance(rng, 0.55, series), log_uniform(rng, -2.2, -0.5, series), 0.0)
    drifts = chance(rng, 0.2, series)
    each, shape = np.empty((series, count, length)), first
    for number in range(count):
        share = number / max(count - 1, 1)
        each[:, number] = np.where(drifts, (1 - share) * shape + share * last, shape)
        shape = shape + rate * rng.normal(size=(series, length))
    return each
