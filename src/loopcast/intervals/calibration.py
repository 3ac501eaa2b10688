"""Intervals from errors on a held-back tail: split conformal prediction, pooled over series by scale.

Vovk, Gammerman & Shafer, *Algorithmic Learning in a Random World* (2005), section 4.1; the scale makes it the
"locally weighted" kind of Lei et al., "Distribution-free predictive inference for regression", *JASA* 113 (2018),
section 5.2. Errors of a forecaster on rows that it learned from are never used.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from loopcast.errors import LengthError, OptionError
from loopcast.intervals.widening import NO_WIDENING, Widening
from loopcast.storage.codec import MAY_MISS

MAX_PATHS = 4096  # kept: more would make a model file large and no quantile better
MIN_PATHS_PER_STEP = 400  # with as many paths each step has its own quantiles; with fewer the steps share a shape
MIN_PATHS_PER_TAIL = 100  # with as many paths the lower and the upper tail are told apart
OWN_PATHS = 10  # as many paths as these say no more than a distribution of a model's own does
PROBABILITY_GRID = np.linspace(0.005, 0.995, 199)  # shares at which a distribution is read to draw from it


@dataclass(frozen=True, kw_only=True, eq=False)
class Calibration:
    """How wrong a forecaster was on a tail that it had not seen.

    errors: float64 `[path, step, channel]`, what came less its forecast, in units of the spread of its series; a path
        is a series at a cutoff. NaN where what came is missing, or the spread of that channel is 0; every path and
        every channel has a number.
    usual: float64 `[2, channel]`, the `usual_changes` of these series, for those with a shorter history; 0 where
        none changes.
    independent: how many paths do not overlap. widening: how much wider intervals are after shorter histories.
    """

    errors: np.ndarray = field(metadata=MAY_MISS)
    usual: np.ndarray
    independent: int = 1
    widening: Widening = NO_WIDENING

    def __post_init__(self) -> None:
        if self.errors.ndim != 3 or 0 in self.errors.shape or self.errors.dtype != np.float64:
            got = f"{self.errors.dtype} of shape {self.errors.shape}"
            raise OptionError(f"a calibration is float64 [path, step, channel], got {got}")
        if self.usual.shape != (2, self.channels) or self.usual.dtype != np.float64 or (self.usual < 0).any():
            raise OptionError(f"usual changes are float64 [2, {self.channels}], none below 0, got {self.usual!r}")
        known = ~np.isnan(self.errors)
        if not known.any(axis=(1, 2)).all() or not known.any(axis=(0, 1)).all():
            raise OptionError("a calibration knows an error of every path and of every channel")

    @property
    def horizon(self) -> int:
        return self.errors.shape[1]

    @property
    def trust(self) -> float:
        """How much it counts beside what a model says of itself: little where few paths say it."""
        return self.independent / (self.independent + OWN_PATHS)

    @property
    def channels(self) -> int:
        """How many targets it is of."""
        return self.errors.shape[2]

    def quantiles(self, probabilities: np.ndarray, horizon: int) -> np.ndarray:
        """The error below which each share of errors lies, float64 `[step, channel, probability]`.

        In units of the spread, and of each channel by its own errors. 0 at a probability of a half: the forecast is the
        median. The k-th smallest of n errors stands for a share of k / (n + 1), so that with exchangeable errors an
        interval covers no less than it says; a share beyond n / (n + 1) is that of the largest error seen.
        With few paths both tails count as one, and an interval is symmetric; from MIN_PATHS_PER_TAIL on its ends lie
        half way between that and what each tail says by itself. Errors that are missing do not count; a step of which
        none is known has the typical size between those of the steps beside it.
        """
        asked = np.asarray(probabilities, np.float64)
        each = [_quantiles(asked, self.errors[:, :horizon, channel]) for channel in range(self.channels)]
        return np.stack(each, axis=1)

    def draw(self, shape: tuple[int, ...], horizon: int, rng: np.random.Generator) -> np.ndarray:
        """Shares `[..., step, channel]`, each even over (0, 1), that go together as errors of one path do.

        Each draw takes a path and, at each step and channel, a share at random within the path's rank there: the
        empirical copula, as in Clark et al., "The Schaake shuffle", *Journal of Hydrometeorology* 5 (2004). So do steps
        go together, and targets. Where the path's error is missing the share depends on nothing.
        """
        errors = self.errors[:, :horizon]
        ranks = errors.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")  # NaN comes last
        paths = rng.integers(len(ranks), size=shape)
        even = rng.uniform(size=(*shape, *errors.shape[1:]))
        known = ~np.isnan(errors)
        return np.where(known[paths], (ranks[paths] + even) / np.maximum(known.sum(axis=0), 1), even)


def _quantiles(probabilities: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Of the errors `[path, step]` of one channel, `[step, probability]`."""
    side = np.sign(2 * probabilities - 1)
    even = side * _quantiles_at(np.abs(2 * probabilities - 1), np.abs(errors))
    if len(errors) < MIN_PATHS_PER_TAIL:
        return even
    own = side * np.maximum(side * _quantiles_at(probabilities, errors), 0)
    return np.where(side == 0, 0.0, (even + own) / 2)


def _quantiles_at(shares: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """What lies above each share of `numbers` `[path, step]`, `[step, share]`: of each step, or of all in its size."""
    if (~np.isnan(numbers)).sum(axis=0).min() >= MIN_PATHS_PER_STEP:
        own: np.ndarray = np.nanquantile(numbers, shares, axis=0, method="weibull").T
        return own
    typical = np.maximum(mean_abs_error(np.abs(numbers)), np.finfo(np.float32).tiny)
    shape: np.ndarray = np.nanquantile(numbers / typical, shares, method="weibull")
    return typical[:, None] * shape


def mean_abs_error(sizes: np.ndarray) -> np.ndarray:
    """The mean size of what is known at each step, `[step]`; of a step without any, between the steps beside it."""
    counts = (~np.isnan(sizes)).sum(axis=0)
    if not counts.any():
        raise LengthError("no error is known at any of these steps: calibrate with more windows")
    means = np.nansum(sizes, axis=0) / np.maximum(counts, 1)
    steps = np.arange(len(means))
    filled: np.ndarray = np.interp(steps, steps[counts > 0], means[counts > 0])
    return filled


def calibration_of(
    errors: np.ndarray, spread: np.ndarray, usual: np.ndarray, who: str, targets: Sequence[str], independent: int = 1
) -> Calibration:
    """From errors and spreads, `[series, cutoff, horizon, channel]` or what broadcasts to it; thinned where many.

    An error is NaN where what came is missing; a path without any is left out. targets: the names of the channels.
    """
    still = np.where(errors == 0, 0.0, np.nan)  # a constant series that is forecast as one is no surprise
    scaled = np.divide(errors, spread, out=np.broadcast_to(still, errors.shape).copy(), where=spread > 0)
    paths, missing = (each.reshape(-1, *errors.shape[2:]) for each in (scaled, np.isnan(errors)))
    measured = (np.isfinite(paths) | missing).all(axis=1, keepdims=True)
    paths = np.where(measured, paths, np.nan)
    known = ~np.isnan(paths).all(axis=(1, 2))
    kept = np.linspace(0, known.sum() - 1, min(known.sum(), MAX_PATHS)).round().astype(int)
    errors_kept = paths[known][kept]
    unknown = np.isnan(errors_kept).all(axis=(0, 1))
    if unknown.any():
        raise LengthError(_why_not(who, targets, int(unknown.argmax()), missing))
    return Calibration(errors=errors_kept, usual=usual, independent=independent)


def _why_not(who: str, targets: Sequence[str], channel: int, missing: np.ndarray) -> str:
    """Why the errors of a channel are unknown; missing: whether what came is, `[path, step, channel]`."""
    which = repr(targets[channel]) if len(targets) > 1 else ""
    if missing[:, :, channel].all():
        values = f"value of {which} in" if which else "value of"
        return f"{who} cannot be calibrated: no {values} the tail that is held back is there"
    what = f"{which} varies in no series" if which else "no series varies"
    return f"{who} cannot be calibrated: {what} before the tail that is held back"


def interpolate_quantiles(quantiles: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The values above `shares` `[series, path, step, channel]`.

    quantiles: `[series, step, channel, probability]`, those of PROBABILITY_GRID.
    """
    place = np.clip(
        (shares - PROBABILITY_GRID[0]) / (PROBABILITY_GRID[1] - PROBABILITY_GRID[0]), 0, len(PROBABILITY_GRID) - 1
    )
    left = np.minimum(place.astype(int), len(PROBABILITY_GRID) - 2)
    low, high = (np.take_along_axis(quantiles[:, None], at[..., None], axis=-1)[..., 0] for at in (left, left + 1))
    return low + (place - left) * (high - low)
