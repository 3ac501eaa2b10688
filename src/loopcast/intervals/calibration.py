"""Intervals from errors on a held-back tail: split conformal prediction, pooled over series by scale.

Vovk, Gammerman & Shafer, *Algorithmic Learning in a Random World* (2005), section 4.1; the scale makes it the
"locally weighted" kind of Lei et al., "Distribution-free predictive inference for regression", *JASA* 113 (2018),
section 5.2. Errors of a forecaster on rows that it learned from are never used.
"""

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass

import numpy as np

from loopcast.data.missing import forward_fill
from loopcast.data.panel import Panel
from loopcast.errors import LengthError, OptionError

TARGET_PATHS = 1000  # errors of a step that calibration looks for, where series are long enough
MAX_PATHS = 4096  # kept: more would make a model file large and no quantile better
MAX_HOLDOUT_DIVISOR = 3  # at most one row in so many is held back
RECENT_SEASONS, MIN_RECENT_STEPS = 8, 12  # seasons, but at least so many steps, that say how much a series changes
MIN_PATHS_PER_STEP = 400  # with as many paths each step has its own quantiles; with fewer the steps share a shape
PROBABILITY_GRID = np.linspace(0.005, 0.995, 199)  # shares at which a distribution is read to draw from it


@dataclass(frozen=True, kw_only=True, eq=False)
class Calibration:
    """How wrong a forecaster was on a tail that it had not seen.

    errors: float32 `[path, step, channel]`, what came less its forecast, in units of the spread of its series; a path
        is a series at a cutoff. NaN where what came is missing, or the spread of that channel is 0; every path and
        every channel has a number.
    """

    errors: np.ndarray

    @property
    def horizon(self) -> int:
        return self.errors.shape[1]

    @property
    def channels(self) -> int:
        """How many targets it is of."""
        return self.errors.shape[2]

    def to_file(self, name: str) -> dict[str, np.ndarray]:
        """The arrays of a model file, in which no number is NaN: the errors, and where some are missing which are not.

        >>> list(Calibration(errors=np.float32([[[1], [np.nan]]])).to_file("calibration"))
        ['calibration', 'calibration.known']
        """
        missing = np.isnan(self.errors)
        known = {f"{name}.known": (~missing).astype(np.float32)} if missing.any() else {}
        return {name: np.where(missing, np.float32(0), self.errors)} | known

    @classmethod
    def of_file(cls, arrays: MutableMapping[str, np.ndarray], name: str) -> "Calibration | None":
        """From the arrays of a model file, which it takes out of them; OptionError where they cannot be one."""
        errors, known = arrays.pop(name, None), arrays.pop(f"{name}.known", None)
        if errors is None:
            if known is not None:
                raise OptionError("a calibration without errors cannot be")
            return None
        if errors.ndim != 3 or 0 in errors.shape or errors.dtype != np.float32:
            raise OptionError(
                f"a calibration is float32 [path, step, channel], got {errors.dtype} of shape {errors.shape}"
            )
        if known is not None and (known.shape != errors.shape or not np.isin(known, (0, 1)).all()):
            raise OptionError(f"what is known of a calibration is 0 or 1 at each of its errors, got {known.shape}")
        made = cls(errors=errors if known is None else np.where(known == 1, errors, np.float32(np.nan)))
        there = ~np.isnan(made.errors)
        if not there.any(axis=(1, 2)).all() or not there.any(axis=(0, 1)).all():
            raise OptionError("a calibration knows an error of every path and of every channel")
        return made

    def quantiles(self, probabilities: np.ndarray, horizon: int) -> np.ndarray:
        """The error below which each share of errors lies, float64 `[step, channel, probability]`.

        In units of the spread, and of each channel by its own errors.
        Both tails count as one: an interval is symmetric about the forecast. The k-th smallest of n sizes of errors
        stands for a share of k / (n + 1), so that with exchangeable errors an interval covers no less than it says;
        a share beyond n / (n + 1) is that of the largest error seen. Errors that are missing do not count; a step of
        which none is known has the typical size between those of the steps beside it.
        """
        sizes = np.abs(self.errors[:, :horizon].astype(np.float64))
        shares = np.abs(2 * np.asarray(probabilities) - 1)
        signs = np.sign(2 * np.asarray(probabilities) - 1)
        each = [signs * _size_at(shares, sizes[:, :, channel]) for channel in range(self.channels)]
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


def _size_at(shares: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The size below which each share of `sizes` `[path, step]` lies, `[step, probability]`."""
    if (~np.isnan(sizes)).sum(axis=0).min() >= MIN_PATHS_PER_STEP:
        own: np.ndarray = np.nanquantile(sizes, shares, axis=0, method="weibull").T
        return own
    typical = np.maximum(mean_abs_error(sizes), np.finfo(np.float32).tiny)
    shape: np.ndarray = np.nanquantile(sizes / typical, shares, method="weibull")
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


def calibration_of(errors: np.ndarray, spread: np.ndarray, who: str, targets: Sequence[str]) -> Calibration:
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
    made = Calibration(errors=paths[known][kept].astype(np.float32))
    unknown = np.isnan(made.errors).all(axis=(0, 1))
    if unknown.any():
        raise LengthError(_why_not(who, targets, int(unknown.argmax()), missing))
    return made


def _why_not(who: str, targets: Sequence[str], channel: int, missing: np.ndarray) -> str:
    """Why the errors of a channel are unknown; missing: whether what came is, `[path, step, channel]`."""
    which = repr(targets[channel]) if len(targets) > 1 else ""
    if missing[:, :, channel].all():
        values = f"value of {which} in" if which else "value of"
        return f"{who} cannot be calibrated: no {values} the tail that is held back is there"
    what = f"{which} varies in no series" if which else "no series varies"
    return f"{who} cannot be calibrated: {what} before the tail that is held back"


def why_no_tail(panel: Panel, horizon: int, least: int) -> str | None:
    """Why no series can hold a tail back to calibrate from, in a sentence; None where one can."""
    longest = int(panel.observed_lengths.max())
    if longest >= horizon + least:
        return None
    return (
        f"calibrating intervals takes {horizon} rows and {least} before them, and the longest series has {longest}: "
        "give longer series, a shorter horizon, or no level"
    )


def calibration_cutoffs(panel: Panel, horizon: int, least: int, windows: int | None) -> tuple[int, ...]:
    """How many of the last rows are to come at each cutoff to calibrate from, fewer from one to the next.

    Enough cutoffs for PATHS errors a step, a horizon apart or nearer, within one row in SHARE; the earliest leaves
    `least` rows to at least one series. LengthError where not even one does.
    """
    short = why_no_tail(panel, horizon, least)
    if short is not None:
        raise LengthError(short)
    longest, typical = int(panel.observed_lengths.max()), int(np.median(panel.observed_lengths))
    count = -(-TARGET_PATHS // panel.n_series) if windows is None else windows
    room = (
        max(min(typical // MAX_HOLDOUT_DIVISOR, typical - least) - horizon, 0)
        if windows is None
        else longest - least - horizon
    )
    count = min(count, room + 1)
    step = max(1, min(horizon, room // max(count - 1, 1)))
    return tuple(horizon + step * back for back in reversed(range(count)))


def long_enough(panel: Panel, rows: int) -> Panel:
    """The series of at least so many rows from their first value on; LengthError where there is none."""
    lengths = panel.observed_lengths
    if lengths.max() < rows:
        raise LengthError(f"no series has {rows} rows (the longest has {lengths.max()}): ask for fewer steps")
    return panel if lengths.min() >= rows else panel.select(lengths >= rows)


def interpolate_quantiles(quantiles: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The values above `shares` `[series, sample, step, channel]`, from quantiles `[series, step, channel, PROBABILITY_GRID]`."""
    place = np.clip(
        (shares - PROBABILITY_GRID[0]) / (PROBABILITY_GRID[1] - PROBABILITY_GRID[0]), 0, len(PROBABILITY_GRID) - 1
    )
    left = np.minimum(place.astype(int), len(PROBABILITY_GRID) - 2)
    low, high = (np.take_along_axis(quantiles[:, None], at[..., None], axis=-1)[..., 0] for at in (left, left + 1))
    return (low + (place - left) * (high - low)).astype(np.float32)


def check_level(level: Sequence[float]) -> tuple[float, ...]:
    """The levels of intervals in percent, ascending; OptionError unless each is between 0 and 100, and there once.

    >>> check_level([95, 80])
    (80, 95)
    """
    usable = [isinstance(each, int | float) and not isinstance(each, bool) and 0 < each < 100 for each in level]
    if not usable or not all(usable) or len(set(level)) < len(level):
        raise OptionError(f"level is percentages between 0 and 100, each once, such as [80, 95]; got {list(level)}")
    return tuple(sorted(level))


def interval_probabilities(level: Sequence[float]) -> np.ndarray:
    """The probabilities at the ends of each level's interval: lower ends first, then upper ends, level by level."""
    shares = np.asarray(level, np.float64) / 100
    return np.concatenate([(1 - shares) / 2, (1 + shares) / 2])


def naive_scale(panel: Panel, season: int, cutoffs: Sequence[int]) -> np.ndarray:
    """The mean |y_t - y_{t-season}| of each series before each cutoff, float64 `[series, cutoff, 1, channel]`.

    Of the latest seasons alone: how much a series changes changes too. Of steps where a series is no longer than a
    season at the first cutoff, or repeats itself from season to season; 0 where it is constant or has one row.
    Pairs of which one is missing do not count; steps are from one value that is there to the next. Where the latest
    seasons have none, all before the cutoff count.
    """
    back = np.asarray(cutoffs)
    return np.stack([_series_scale(panel.series(i), season, back) for i in range(panel.n_series)])[:, :, None]


def _series_scale(values: np.ndarray, season: int, cutoffs: np.ndarray) -> np.ndarray:
    begun = np.logical_or.accumulate(~np.isnan(values), axis=0)
    latest = np.where(begun, forward_fill(values, np.array([0, len(values)])), np.float32(np.nan))
    steps = _changes(values, latest, 1, season, cutoffs)
    if season == 1 or len(values) - cutoffs[0] <= season:
        return steps
    seasonal = _changes(values, values, season, season, cutoffs)
    return np.where(seasonal > 0, seasonal, steps)


def _changes(values: np.ndarray, before: np.ndarray, apart: int, season: int, cutoffs: np.ndarray) -> np.ndarray:
    """The mean change from `before` to what is `apart` rows later, before each cutoff, `[cutoff, channel]`."""
    changes = np.abs(values[apart:].astype(np.float64) - before[: len(values) - apart])
    nothing = np.zeros((1, values.shape[1]))
    sums = np.cumsum(np.concatenate([nothing, np.nan_to_num(changes)]), axis=0)
    known = np.cumsum(np.concatenate([nothing, ~np.isnan(changes)]), axis=0)
    counts = np.maximum(len(values) - cutoffs - apart, 0)
    earlier = np.maximum(counts - max(RECENT_SEASONS * season, MIN_RECENT_STEPS), 0)
    recent = known[counts] > known[earlier]
    sum_before, known_before = (np.where(recent, part[earlier], 0.0) for part in (sums, known))
    mean: np.ndarray = (sums[counts] - sum_before) / np.maximum(known[counts] - known_before, 1)
    return mean
