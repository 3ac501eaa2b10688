"""The dynamic optimised theta model (DOTM) of many series at once: its recursion, and the parameters of each series.

Fiorucci, Pellegrini, Louzada, Petropoulos & Koehler (2016), "Models for optimising the theta method and their
relationship to state space models", *International Journal of Forecasting* 32, section 3.2. With y[t] the values,
l[t] a level, A[t] + B[t] s the least-squares line through y[1] to y[t], and w = 1 - 1/theta, the forecast of y[t] is

    m[t] = l[t-1] + w d[t]    with    d[t] = (1-alpha)^(t-1) A[t-1] + (1 - (1-alpha)^t) / alpha B[t-1]
    l[t] = alpha y[t] + (1-alpha) l[t-1]

Where y[t] is missing m[t] stands in for it, and the line stays. For a given alpha, m[t] is linear in l[0] and w:
m[t] = a[t] + b[t] l[0] + c[t] w. So these two are found by least squares, and only alpha is searched for.

Here a row is one history, and arrays are `[time, row]`: what is computed of one never depends on another.
"""

from dataclasses import dataclass

import numpy as np

SKIPPED = 3  # first rows whose errors do not count: a line through them says nothing yet
LEAST_SCORED = 4  # errors: with fewer the classical parameters forecast quarters and months better than fitted ones
LEAST_ALPHA, MOST_ALPHA = 0.1, 0.99
CLASSICAL_ALPHA, CLASSICAL_W = 0.5, 0.5  # theta = 2
COARSE, FINE, ROUNDS = 20, 11, 6  # values of alpha tried at first, then about the best one, so many times


@dataclass(frozen=True, kw_only=True, eq=False)
class Histories:
    """values: float64 `[time, row]`, from the first value on, 0 where missing and after the end.

    known: 1.0 where there is a value, else 0.0. lengths: int `[row]`, up to the last value.
    """

    values: np.ndarray
    known: np.ndarray
    lengths: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Line:
    """The least-squares line through the known values so far, of each row.

    count: of them; time, value: their means; times, products: sums of squares of times, and of products of times and
    values, about these means.
    """

    count: np.ndarray
    time: np.ndarray
    value: np.ndarray
    times: np.ndarray
    products: np.ndarray

    @classmethod
    def empty(cls, rows: int) -> "Line":
        """Through nothing: 0 everywhere."""
        return cls(**dict.fromkeys(("count", "time", "value", "times", "products"), np.zeros(rows)))

    @property
    def slope(self) -> np.ndarray:
        """B; 0 of fewer than two values."""
        return np.divide(self.products, self.times, out=np.zeros_like(self.times), where=self.times > 0)

    @property
    def intercept(self) -> np.ndarray:
        """A, at time 0: the first row is at time 1."""
        return self.value - self.slope * self.time

    def then(self, time: np.ndarray | int, value: np.ndarray, weight: np.ndarray | float = 1.0) -> "Line":
        """With one more value, where `weight` is 1 and not 0."""
        count = self.count + weight
        share = weight / np.maximum(count, 1)
        since, above = time - self.time, value - self.value
        return Line(
            count=count,
            time=self.time + share * since,
            value=self.value + share * above,
            times=self.times + share * self.count * since * since,
            products=self.products + share * self.count * since * above,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Parameters:
    """level: l[0]; alpha; w: 1 - 1/theta; `[row]` each, or `[candidate, row]`. error: the sum of squares."""

    level: np.ndarray
    alpha: np.ndarray
    w: np.ndarray
    error: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Lines:
    """intercepts, slopes: of the line before each time, `[time, row]`; last: through all."""

    intercepts: np.ndarray
    slopes: np.ndarray
    last: Line


def theta_forecast(histories: Histories, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """By parameters fitted to each row: the level after its last value `[row]`, and forecasts `[step, row]`."""
    lines = lines_of(histories)
    found = fit(histories, lines)
    level, decay = _level_at_end(histories, lines, found)
    line, keep = lines.last, 1 - found.alpha
    at_end, forecasts = level, np.empty((steps, len(level)))
    for step in range(steps):
        further = decay * keep
        forecast = level + found.w * (decay * line.intercept + (1 - further) / found.alpha * line.slope)
        level = level + found.alpha * (forecast - level)
        line, decay = line.then(histories.lengths + step + 1, forecast), further
        forecasts[step] = forecast
    return at_end, forecasts


def lines_of(histories: Histories) -> Lines:
    """The line before each time: it is the same for all parameters."""
    line = Line.empty(len(histories.lengths))
    intercepts, slopes = np.empty_like(histories.values), np.empty_like(histories.values)
    for t, (value, known) in enumerate(zip(histories.values, histories.known, strict=True)):
        intercepts[t], slopes[t] = line.intercept, line.slope
        line = line.then(t + 1, value, known)
    return Lines(intercepts=intercepts, slopes=slopes, last=line)


def fit(histories: Histories, lines: Lines) -> Parameters:
    """The parameters of each row with the least sum of squares; the classical ones where too little is known."""
    rows = len(histories.lengths)
    width = (MOST_ALPHA - LEAST_ALPHA) / (COARSE - 1)
    tried = np.repeat(np.linspace(LEAST_ALPHA, MOST_ALPHA, COARSE)[:, None], rows, axis=1)
    for _ in range(ROUNDS):
        best = _best(least_squares(histories, lines, tried))
        tried = np.clip(best.alpha + width * np.linspace(-1, 1, FINE)[:, None], LEAST_ALPHA, MOST_ALPHA)
        width *= 2 / (FINE - 1)
    best = _best(least_squares(histories, lines, tried))
    enough = histories.known[SKIPPED:].sum(axis=0) >= LEAST_SCORED
    return Parameters(
        level=np.where(enough, best.level, 0.0),
        alpha=np.where(enough, best.alpha, CLASSICAL_ALPHA),
        w=np.where(enough, best.w, CLASSICAL_W),
        error=best.error,
    )


def _best(tried: Parameters) -> Parameters:
    """Of each row the candidate with the least error."""
    at = tried.error.argmin(axis=0)[None]
    level, alpha, w, error = (
        np.take_along_axis(part, at, axis=0)[0] for part in (tried.level, tried.alpha, tried.w, tried.error)
    )
    return Parameters(level=level, alpha=alpha, w=w, error=error)


def least_squares(histories: Histories, lines: Lines, alpha: np.ndarray) -> Parameters:
    """The best l[0] and w for each of some `alpha` `[candidate, row]`, w from 0 to 1, from the normal equations."""
    bb, bc, cc, be, ce, ee = _sums(histories, lines, alpha)
    bb_inverse = np.divide(1, bb, out=np.zeros_like(bb), where=bb > 0)
    own = cc - bc * bc * bb_inverse  # of c, what b cannot say
    w = np.divide(ce - bc * be * bb_inverse, own, out=np.full_like(own, CLASSICAL_W), where=own > 1e-12 * cc)
    w = np.clip(w, 0.0, 1.0)
    level = (be - w * bc) * bb_inverse
    error = ee - 2 * (level * be + w * ce) + level * level * bb + 2 * level * w * bc + w * w * cc
    return Parameters(level=level, alpha=alpha, w=w, error=error)


def _sums(histories: Histories, lines: Lines, alpha: np.ndarray) -> np.ndarray:
    """Sums over scored rows of the products of b, c and e = y - a, two by two, `[6, candidate, row]`."""
    a, b, c, decay = np.zeros_like(alpha), np.ones_like(alpha), np.zeros_like(alpha), np.ones_like(alpha)
    keep, sums = 1 - alpha, np.zeros((6, *alpha.shape))
    for t, (value, known) in enumerate(zip(histories.values, histories.known, strict=True)):
        further = decay * keep
        direction = decay * lines.intercepts[t] + (1 - further) / alpha * lines.slopes[t]
        forecast_c, error = c + direction, known * (value - a)
        if t >= SKIPPED:
            seen_b, seen_c = known * b, known * forecast_c
            sums += (seen_b * b, seen_b * forecast_c, seen_c * forecast_c, b * error, forecast_c * error, error * error)
        taken = alpha * known
        a, b = a + alpha * error, b - taken * b
        c, decay = c + alpha * direction - taken * forecast_c, further
    return sums


def _level_at_end(histories: Histories, lines: Lines, found: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """The level and (1-alpha)^t after the last value of each row."""
    level, decay, keep = found.level, np.ones_like(found.alpha), 1 - found.alpha
    for t, (value, known) in enumerate(zip(histories.values, histories.known, strict=True)):
        further = decay * keep
        direction = decay * lines.intercepts[t] + (1 - further) / found.alpha * lines.slopes[t]
        seen = np.where(known > 0, value, level + found.w * direction)
        inside = t < histories.lengths
        level = np.where(inside, level + found.alpha * (seen - level), level)
        decay = np.where(inside, further, decay)
    return level, decay
