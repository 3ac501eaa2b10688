"""One way to write the values of series, and what is known of it from the past: level, season, size of changes.

Every number at a row is a function of rows up to it, in a fixed number of operations, so that a stream that keeps the
state computes the same.
"""

from dataclasses import dataclass

import numpy as np

from loopcast.features.causal.running import RunningMean, Season

FAST, SLOW = 0.45, 0.02  # least rates of the two seasons, of a phase
SLOW_SECOND = 0.1  # of the second season
SMALLEST_SHARE = 0.005  # of the changes from row to row, of the scale
ROUNDING = 1e-13  # of the size of a series: changes this small are what rounding leaves


@dataclass(frozen=True, kw_only=True)
class Periods:
    """Steps in a season, and in a second one; 0 where there is none."""

    season: int
    second: int = 0

    @property
    def memory(self) -> float:
        """Rate below which a running mean never falls."""
        return 1 / (10 * self.season + 100)


class Track:
    """The state of many series that are written one way, and its history.

    z: values as written, missing ones filled with what was expected; level: their trailing mean over a season;
    adjusted: less the season; all float64 `[series, time]`. light: only what another track asks of it is kept up.
    """

    def __init__(self, series: int, steps: int, periods: Periods, *, light: bool = False) -> None:
        m = periods.season
        self.periods, self.light = periods, light
        self.z, self.level, self.adjusted, self.change = (np.zeros((series, steps)) for _ in range(4))
        self.sum, self.second_sum = np.zeros(series), np.zeros(series)
        self.slow_season = Season.zero(series, m, SLOW)
        self.fast_season = Season.zero(series, m, FAST)
        self.means = {name: RunningMean.zero(series, periods.memory) for name in MEANS}
        self.means["recent"].least = 1 / max(m, 4)
        self.means["slow"].least = 1 / (4 * m + 12)
        self.stats = {name: np.zeros((series, steps)) for name in (*MEANS, "v", "scale")}
        self.second_level = np.zeros((series, steps))
        self.second_season = Season.zero(series, max(periods.second, 1), SLOW_SECOND)

    def update(self, t: int, written: np.ndarray, seen: np.ndarray, unit: np.ndarray, n: np.ndarray) -> None:
        """Row `t` of the first series: `written` values, NaN where missing.

        seen: bool `[series, time]`, which rows had a value; unit: how large a change of 1 is; n: values so far.
        """
        rows, m = len(written), self.periods.season
        known, phase = seen[:rows, t], t % m
        expected = self._expected(t, rows)
        self.z[:rows, t] = z = np.where(known, written, expected)
        self.sum[:rows] += z - (self.z[:rows, t - m] if t >= m else 0.0)
        self.level[:rows, t] = level = self.sum[:rows] / min(t + 1, m)
        if t == m - 1:
            for season in (self.slow_season, self.fast_season):
                season.start(self.z[:rows, :m] - level[:, None])
        elif t >= m:
            error = np.abs(z - expected) if m > 1 else np.abs(z - self.level[:rows, t - 1])
            self._mean("seasonal_error", t, error, known)
            for season in (self.slow_season, self.fast_season):
                season.update(phase, z - level, known)
        if self.light:
            return
        self.adjusted[:rows, t] = z - self._season(self.slow_season, t, phase, rows)
        self._second(t, rows, z, known, seen)
        self._scales(t, rows, seen, unit, n)
        self._correlations(t, rows)

    def _expected(self, t: int, rows: int) -> np.ndarray:
        """What the row would be by its level and season; before there is one, the value before."""
        if t == 0:
            return np.zeros(rows)
        m = self.periods.season
        if t < m or m == 1:
            return self.z[:rows, t - 1]
        expected: np.ndarray = self.level[:rows, t - 1] + self.slow_season.at(t % m, rows)
        return expected

    def _season(self, season: Season, t: int, phase: int, rows: int) -> np.ndarray:
        return season.at(phase, rows) if t >= self.periods.season - 1 else np.zeros(rows)

    def _mean(self, name: str, t: int, numbers: np.ndarray, counts: np.ndarray) -> None:
        self.means[name].update(numbers, counts)
        self.stats[name][: len(numbers), t] = self.means[name].value[: len(numbers)]

    def _keep(self, name: str, t: int, rows: int) -> None:
        self.stats[name][:rows, t] = self.means[name].value[:rows]

    def _second(self, t: int, rows: int, z: np.ndarray, known: np.ndarray, seen: np.ndarray) -> None:
        m = self.periods.second
        if not m:
            return
        self.second_sum[:rows] += z - (self.z[:rows, t - m] if t >= m else 0.0)
        self.second_level[:rows, t] = level = self.second_sum[:rows] / min(t + 1, m)
        if t == m - 1:
            self.second_season.start(self.z[:rows, :m] - level[:, None])
        elif t >= m:
            self.second_season.update(t % m, z - level, known)
            self._mean("second", t, np.abs(z - self.z[:rows, t - m]), known & seen[:rows, t - m])

    def _scales(self, t: int, rows: int, seen: np.ndarray, unit: np.ndarray, n: np.ndarray) -> None:
        """How large changes are: from row to row, season to season, of late, and what they are measured in."""
        m, z = self.periods.season, self.z
        everywhere = np.ones(rows, bool)
        self._mean("slow", t, z[:rows, t], everywhere)
        if t:
            self._mean("step", t, np.abs(z[:rows, t] - z[:rows, t - 1]), seen[:rows, t] & seen[:rows, t - 1])
        if t >= m:
            change, pair = z[:rows, t] - z[:rows, t - m], seen[:rows, t] & seen[:rows, t - m]
            self._mean("season", t, np.abs(change), pair)
            self._mean("square", t, change**2, pair)
            self._mean("recent", t, np.abs(change), pair)
        self._keep("seasonal_error", t, rows)
        step, season = self.means["step"].value[:rows], self.means["season"].value[:rows]
        scale = np.where(self.means["season"].count[:rows] >= max(1, m // 4), season, step)
        scale = np.maximum(np.maximum(scale, SMALLEST_SHARE * step), ROUNDING * unit)
        self.stats["scale"][:rows, t] = np.where(step > 0, scale, 0.1 * unit / n**2)

    def _correlations(self, t: int, rows: int) -> None:
        """Whether changes go on, turn back, or repeat a season later."""
        m, scale = self.periods.season, self.stats["scale"][:rows, t]
        everywhere = np.ones(rows, bool)
        w = self.change
        if t:
            w[:rows, t] = np.arcsinh((self.adjusted[:rows, t] - self.adjusted[:rows, t - 1]) / scale)
            self._mean("w0", t, w[:rows, t], everywhere)
            self._mean("w2", t, w[:rows, t] ** 2, everywhere)
        if t >= 2:
            self._mean("w1", t, w[:rows, t] * w[:rows, t - 1], everywhere)
        if t >= m:
            v = np.arcsinh((self.z[:rows, t] - self.z[:rows, t - m]) / scale)
            self.stats["v"][:rows, t] = v
            self._mean("v2", t, v**2, everywhere)
            if t >= 2 * m:
                self._mean("vv", t, v * self.stats["v"][:rows, t - m], everywhere)


MEANS = (
    "slow", "step", "season", "square", "recent", "seasonal_error", "second", "w0", "w1", "w2", "v2", "vv",
)  # fmt: skip
