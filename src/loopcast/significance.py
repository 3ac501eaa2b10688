"""Whether one model's errors are smaller than another's by more than noise: the Diebold-Mariano test."""

from dataclasses import dataclass

import numpy as np

from loopcast.errors import OptionError
from loopcast.validation import check_positive

NOISE = 0.05  # a p-value of this or more is what noise often gives
# A spread this small beside the mean is what rounding leaves of no spread at all.
ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What the test found.

    mean: of the loss differentials, in units of the loss; below 0 the first model is better.
    statistic: of Student's t with `freedom` degrees of freedom; p_value: two-sided. None where there is no test.
    says: how it was tested, or why it could not be.
    """

    mean: float | None
    statistic: float | None = None
    freedom: int | None = None
    p_value: float | None = None
    says: str


def diebold_mariano(differentials: np.ndarray, *, horizon: int, step: int = 1) -> Comparison:
    """Test whether the mean loss differential is 0, from `differentials` `[series, cutoff]`.

    Each is the loss of the first model less that of the second, averaged over the times of one series and cutoff;
    NaN where there is none. Cutoffs are in order and evenly spaced. The loss is any: |y - f| / s for MASE.
    horizon, step: how far ahead each forecast goes, and how many steps apart cutoffs are; they say which overlap.

    Several series: each one's mean over its cutoffs, d_i, is one observation, and t = d̄ / √(Σ (d_i - d̄)² / (n (n - 1)))
    has n - 1 degrees of freedom, n the number of series: errors of one series may depend on each other in any way
    (a variance clustered by series). Series are taken as independent: where one shock moves all of them, p is too
    small.

    One series: over its T cutoffs, with h = ⌈horizon / step⌉ and c_k the autocovariance of lag k, divided by T,
    t = d̄ / √((c_0 + 2 Σ_{k<h} c_k) / T) · √((T + 1 - 2h + h (h - 1) / T) / T), with T - 1 degrees of freedom.
    Diebold & Mariano (1995), "Comparing predictive accuracy", *Journal of Business & Economic Statistics* 13; the
    second root and Student's t are those of Harvey, Leybourne & Newbold (1997), "Testing the equality of prediction
    mean squared errors", *International Journal of Forecasting* 13, equations 8 and 9. A cutoff without a differential
    counts for no lag.

    There is no test, and `says` why, for one series with no more than h cutoffs (so for one cutoff: errors at the
    steps of one forecast say nothing of the next), where every differential is the same, or where the
    variance comes out as 0 or less. All differentials 0: p is 1. Raises OptionError for another shape or infinity.

    >>> found = diebold_mariano(np.array([[-1.0], [-2.0], [-3.0]]), horizon=4)
    >>> round(found.statistic, 3), found.freedom, round(found.p_value, 3)
    (-3.464, 2, 0.074)
    """
    table = np.asarray(differentials, np.float64)
    if table.ndim != 2 or np.isinf(table).any():
        raise OptionError(f"differentials are finite numbers [series, cutoff], NaN where missing, got {table.shape}")
    overlap = -(-check_positive("horizon", horizon) // check_positive("step", step))
    table = table[~np.isnan(table).all(axis=1)]
    if not len(table):
        return Comparison(mean=None, says="no series has both models' errors")
    means = np.nanmean(table, axis=1)
    if not np.nan_to_num(table).any():
        return Comparison(mean=0.0, p_value=1.0, says="both models have the same errors everywhere")
    return _over_series(means) if len(table) > 1 else _over_cutoffs(table[0], overlap)


def _over_series(means: np.ndarray) -> Comparison:
    mean, n = float(means.mean()), len(means)
    return _compare(mean, float(means.var(ddof=1)) / n, n - 1, f"Diebold-Mariano over {n} series")


def _over_cutoffs(differentials: np.ndarray, overlap: int) -> Comparison:
    there = ~np.isnan(differentials)
    mean, n = float(differentials[there].mean()), int(there.sum())
    if n <= overlap:
        needed = f"{overlap + 1} are needed" + (" as forecasts overlap" if overlap > 1 else "")
        return Comparison(mean=mean, says=f"one series with {n} cutoff{'s' if n > 1 else ''} allows no test: {needed}")
    variance = long_run_variance(np.where(there, differentials - mean, 0.0), n, overlap)
    correction = (n + 1 - 2 * overlap + overlap * (overlap - 1) / n) / n
    # multiplying the statistic by the root of the correction is dividing the variance by it
    return _compare(mean, variance / n / correction, n - 1, f"Diebold-Mariano over {n} cutoffs of one series")


def long_run_variance(deviations: np.ndarray, n: int, overlap: int) -> float:
    """c_0 + 2 Σ c_k over the lags below `overlap`, from deviations of which `n` are not missing (0)."""
    lags = range(1, min(overlap, len(deviations)))
    return float(deviations @ deviations + 2 * sum(deviations[k:] @ deviations[:-k] for k in lags)) / n


def _compare(mean: float, variance: float, freedom: int, says: str) -> Comparison:
    """The test of `mean` against 0, with the variance of that mean."""
    from scipy.special import stdtr  # Student's t: P(T < t)

    if variance <= (ROUNDING * mean) ** 2:
        return Comparison(mean=mean, says="no test: differences do not vary, or their autocorrelation cancels them out")
    statistic = mean / float(np.sqrt(variance))
    p_value = float(2 * stdtr(freedom, -abs(statistic)))
    return Comparison(mean=mean, statistic=statistic, freedom=freedom, p_value=p_value, says=says)
