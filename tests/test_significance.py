"""The Diebold-Mariano test, against loops, cases worked by hand, and its own promise under the null."""

import math

import numpy as np
import pytest
from scipy import stats

from loopcast.errors import OptionError
from loopcast.significance import diebold_mariano


def slow_over_cutoffs(d, h):
    """Harvey, Leybourne & Newbold's statistic and p-value, term by term."""
    T = len(d)
    mean = sum(d) / T
    autocovariance = [sum((d[t] - mean) * (d[t - k] - mean) for t in range(k, T)) / T for k in range(h)]
    statistic = mean / math.sqrt((autocovariance[0] + 2 * sum(autocovariance[1:])) / T)
    statistic *= math.sqrt((T + 1 - 2 * h + h * (h - 1) / T) / T)
    return statistic, 2 * stats.t.cdf(-abs(statistic), T - 1)


def slow_over_series(table):
    """The statistic from the cluster-robust variance of a mean, with n / (n - 1), and its p-value."""
    means = [np.mean([d for d in row if not math.isnan(d)]) for row in table]
    n = len(means)
    mean = sum(means) / n
    variance = sum((each - mean) ** 2 for each in means) / n**2 * n / (n - 1)
    statistic = mean / math.sqrt(variance)
    return statistic, 2 * stats.t.cdf(-abs(statistic), n - 1)


def test_one_series_worked_by_hand():
    # deviations -1.5, -0.5, 0.5, 1.5: c_0 = 1.25, c_1 = 0.3125; 2.5 / √(1.875 / 4) · √(1.5 / 4) = √5
    found = diebold_mariano(np.array([[1.0, 2.0, 3.0, 4.0]]), horizon=2)
    t = math.sqrt(5)
    beyond = 0.5 - ((t / math.sqrt(3)) / (1 + t**2 / 3) + math.atan(t / math.sqrt(3))) / math.pi
    assert found.statistic == pytest.approx(t, rel=1e-12)
    assert found.p_value == pytest.approx(2 * beyond, rel=1e-9)
    assert (found.mean, found.freedom) == (2.5, 3)


def test_two_series_worked_by_hand():
    # means 1 and 3: 2 / √(2 / 2) = 2 with one degree of freedom, a Cauchy variable
    found = diebold_mariano(np.array([[0.0, 2.0], [3.0, 3.0]]), horizon=5)
    assert found.statistic == pytest.approx(2.0)
    assert found.p_value == pytest.approx(1 - 2 * math.atan(2) / math.pi)


@pytest.mark.parametrize(("horizon", "step", "h"), [(1, 1, 1), (4, 1, 4), (4, 2, 2), (5, 2, 3), (3, 7, 1)])
def test_one_series_is_as_a_loop_has_it(horizon, step, h):
    d = np.random.default_rng(0).normal(size=30).cumsum() * 0.1 + 0.3
    found = diebold_mariano(d[None], horizon=horizon, step=step)
    assert (found.statistic, found.p_value) == pytest.approx(slow_over_cutoffs(d, h), rel=1e-9)


def test_windows_that_do_not_overlap_are_a_t_test():
    d = np.random.default_rng(1).normal(size=12)
    found, theirs = diebold_mariano(d[None], horizon=3, step=3), stats.ttest_1samp(d, 0)
    assert (found.statistic, found.p_value) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-9)


def test_several_series_are_as_a_loop_has_it_with_missing_cutoffs():
    table = np.random.default_rng(2).normal(size=(7, 5)) + 0.2
    table[1, 2:] = table[4, 0] = np.nan
    found = diebold_mariano(table, horizon=3)
    assert (found.statistic, found.p_value) == pytest.approx(slow_over_series(table), rel=1e-9)
    assert found.freedom == 6


def test_a_series_without_a_differential_is_no_cluster():
    table = np.random.default_rng(3).normal(size=(4, 3))
    more = np.vstack([table, np.full((1, 3), np.nan)])
    assert diebold_mariano(more, horizon=2) == diebold_mariano(table, horizon=2)


def test_a_missing_cutoff_keeps_the_lags_of_the_others():
    d = np.array([1.0, 2.0, np.nan, 5.0, 4.0])
    mean, there = 3.0, [-2.0, -1.0, 0.0, 2.0, 1.0]
    lag = sum(there[t] * there[t - 1] for t in range(1, 5)) / 4
    variance = (10 / 4 + 2 * lag) / 4
    expected = mean / math.sqrt(variance) * math.sqrt((4 + 1 - 4 + 2 / 4) / 4)
    assert diebold_mariano(d[None], horizon=2).statistic == pytest.approx(expected, rel=1e-12)


def test_the_first_model_is_better_where_the_statistic_is_negative():
    table = np.random.default_rng(4).normal(size=(9, 3)) - 1
    one, other = diebold_mariano(table, horizon=1), diebold_mariano(-table, horizon=1)
    assert one.statistic < 0
    assert (one.statistic, one.p_value) == (-other.statistic, other.p_value)


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (5, 1), (5, 3)])
def test_the_same_forecasts_have_a_p_of_one(shape):
    found = diebold_mariano(np.zeros(shape), horizon=2)
    assert (found.mean, found.statistic, found.p_value) == (0.0, None, 1.0)


@pytest.mark.parametrize("table", [np.full((1, 6), 0.1), np.full((7, 2), -0.1)])
def test_a_difference_that_never_varies_allows_no_test(table):
    found = diebold_mariano(table, horizon=1)
    assert found.p_value is None
    assert "do not vary" in found.says


def test_a_variance_below_zero_allows_no_test():
    found = diebold_mariano(np.array([[1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.5]]), horizon=2)
    assert found.p_value is None
    assert "autocorrelation" in found.says


@pytest.mark.parametrize(
    ("cutoffs", "horizon", "says"),
    [
        (1, 8, "one series with 1 cutoff allows no test: 9 are needed as forecasts overlap"),
        (1, 1, "one series with 1 cutoff allows no test: 2 are needed"),
        (3, 3, "one series with 3 cutoffs allows no test: 4 are needed as forecasts overlap"),
    ],
)
def test_too_few_cutoffs_of_one_series_allow_no_test(cutoffs, horizon, says):
    found = diebold_mariano(np.arange(1.0, cutoffs + 1)[None], horizon=horizon)
    assert (found.p_value, found.says) == (None, says)


def test_nothing_at_all_allows_no_test():
    found = diebold_mariano(np.full((2, 3), np.nan), horizon=1)
    assert (found.mean, found.p_value) == (None, None)


@pytest.mark.parametrize("table", [np.zeros(3), np.zeros((1, 2, 3)), np.array([[np.inf, 1.0]])])
def test_another_shape_or_infinity_is_refused(table):
    with pytest.raises(OptionError, match=r"finite numbers \[series, cutoff\]"):
        diebold_mariano(table, horizon=1)


def rejections(tables, **options):
    return np.mean([diebold_mariano(table, **options).p_value < 0.05 for table in tables])


@pytest.mark.parametrize("n", [4, 30])
def test_series_whose_cutoffs_depend_on_each_other_are_rejected_one_time_in_twenty(n):
    rng = np.random.default_rng(5)
    tables = rng.normal(size=(3000, n, 1)) + 0.5 * rng.normal(size=(3000, n, 6))
    assert rejections(tables, horizon=4) == pytest.approx(0.05, abs=0.01)


def test_one_series_without_overlap_is_rejected_one_time_in_twenty():
    tables = np.random.default_rng(6).normal(size=(3000, 1, 12))
    assert rejections(tables, horizon=1) == pytest.approx(0.05, abs=0.01)


def test_one_series_with_overlap_is_rejected_about_one_time_in_twenty():
    shocks = np.random.default_rng(7).normal(size=(3000, 1, 102))
    overlapping = shocks[:, :, 2:] + shocks[:, :, 1:-1] + shocks[:, :, :-2]
    assert rejections(overlapping, horizon=3) == pytest.approx(0.06, abs=0.02)
    assert rejections(overlapping, horizon=1) > 0.2  # what leaving the overlap out would do
