"""Intervals are wider after short histories, by as much as histories that are cut short ask for."""

import math
import pickle

import numpy as np
import pytest

from loopcast import Drift, Naive, OptionError, Panel, Pretrained
from loopcast.columns import Bands
from loopcast.intervals.widening import NO_WIDENING, DeferredWidening, Widening, widened
from loopcast.models.short_histories import short_windows


def walks(series, rows, seed=0):
    """Random walks with a drift of their own, `[series, row, 1]`."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0.2, 0.2, (series, 1)) + rng.normal(size=(series, rows))
    return 100 + np.cumsum(steps, axis=1)[..., None]


def covered(forecaster, values, horizon, rows, level):
    """The share of what came inside of intervals, forecast from the last `rows` rows before it."""
    seen = Panel.from_array(values[:, -horizon - rows : -horizon])
    low, high = forecaster.model.predict_bands(seen, horizon, Bands.of((level,))).interval(level)
    came = values[:, -horizon:]
    return ((came >= low[:, 0]) & (came <= high[:, 0])).mean()


def test_factors_lie_between_those_that_were_measured_as_logarithms_go_and_end_beyond_the_last():
    found = Widening.of({2: 4.0, 8: 1.0, 16: 1.5, 4: 0.3})
    assert found.factors.tolist() == [4.0, 1.0, 1.0, 1.5]
    got = found.at(np.array([1, 2, 3, 4, 8, 16, 20, 24, 25, 1000]))
    share = math.log(3 / 2) / math.log(2)
    at_20 = 1.5 ** (1 - math.log(20 / 16) / math.log(25 / 16))
    at_24 = 1.5 ** (1 - math.log(24 / 16) / math.log(25 / 16))
    np.testing.assert_allclose(got, [4, 4, 4 ** (1 - share), 1, 1, 1.5, at_20, at_24, 1, 1])
    assert NO_WIDENING.at(np.array([0, 1, 5])).tolist() == [1, 1, 1]


def test_a_factor_of_one_leaves_the_bits():
    rng = np.random.default_rng(0)
    center, ends = rng.normal(size=100) * 1e9, rng.normal(size=100)
    np.testing.assert_array_equal(widened(center, ends, np.ones(100)), ends)
    np.testing.assert_allclose(widened(center, ends, np.full(100, 2.0)) - center, 2 * (ends - center))


def test_a_widening_is_measured_once_a_short_history_asks_and_is_the_same_then():
    asked = []
    deferred = DeferredWidening((2, 16), lambda: asked.append(1) or {2: 4.0, 16: 1.5})
    known = Widening.of({2: 4.0, 16: 1.5})
    assert deferred.at(np.array([25, 1000])).tolist() == [1, 1]
    assert asked == []
    rows = np.arange(1, 30)
    np.testing.assert_array_equal(deferred.at(rows), known.at(rows))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(deferred)).factors, known.factors)
    assert asked == [1]


@pytest.mark.parametrize("wrong", [{}, {0: 1.0}])
def test_a_widening_without_rows_is_refused(wrong):
    with pytest.raises(OptionError, match="widening"):
        Widening.of(wrong)


def test_windows_are_the_rows_before_each_cutoff_and_what_came():
    values = np.arange(60.0).reshape(2, 30, 1)
    values[1, 20:24] = np.nan
    found = short_windows(Panel.from_array(values), 4, 3, (6, 3))
    starts = [30 - 6 - 4, 30 - 3 - 4, 30 - 3 - 4]  # the second series has no value before its first cutoff
    series = [0, 0, 1]
    wanted = [values[i, row : row + 4] for i, row in zip(series, starts, strict=True)]
    np.testing.assert_array_equal(found.panel.values, np.concatenate(wanted))
    came = [values[i, row + 4 : row + 7] for i, row in zip(series, starts, strict=True)]
    np.testing.assert_array_equal(found.actual, came)
    assert short_windows(Panel.from_array(values), 28, 3, (6, 3)) is None


@pytest.mark.parametrize("rows", [2, 3, 4, 8])
def test_a_line_through_few_rows_is_known_to_be_one(rows):
    """Without widening, 80 % intervals of Drift cover 48, 58, 66 and 75 % of these."""
    forecaster = Drift(horizon=8, season=1).fit(Panel.from_array(walks(300, 60)[:, :-8]))
    assert 0.74 < covered(forecaster, walks(600, 60, seed=1), 8, rows, 80) < 0.86
    assert forecaster.model.widening.at(np.array(2)) > 1.5


def test_of_a_walk_the_last_value_says_all_there_is_to_say():
    forecaster = Naive(horizon=8, season=1).fit(Panel.from_array(walks(300, 60)))
    assert (forecaster.model.widening.factors < 1.25).all()


@pytest.mark.parametrize("rows", [1, 2, 4, 12, 16])
def test_a_network_covers_what_it_says_after_few_rows_of_a_season(rows):
    """Without widening it covers 26, 46, 58, 90 and 71 % of these."""
    rng, t = np.random.default_rng(0), np.arange(84)
    phases = rng.uniform(0, 2 * np.pi, (400, 1))
    values = np.exp(4 + 0.4 * np.sin(2 * np.pi * t / 12 + phases) + rng.normal(0, 0.1, (400, 84)))[..., None]
    forecaster = Pretrained(horizon=12, season=12, tune=False).fit(Panel.from_array(values[:200]))
    assert 0.74 < covered(forecaster, values[200:], 12, rows, 80) < 0.93


def test_missing_rows_before_the_first_value_are_no_history():
    values = walks(100, 40)
    forecaster = Drift(horizon=4, season=1).fit(Panel.from_array(values))
    late = np.full((1, 30, 1), np.nan)
    late[0, -2:, 0] = [5.0, 6.0]
    ends = [forecaster.predict(4, data=Panel.from_array(each), level=80) for each in (late, late[:, -2:])]
    assert ends[0]["Drift-hi-80"].to_list() == ends[1]["Drift-hi-80"].to_list()
