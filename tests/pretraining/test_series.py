"""The synthetic series are of every kind, and the same seed gives the same ones."""

import numpy as np
import pytest

from loopcast import OptionError, synthetic_series


@pytest.mark.parametrize(("season", "second"), [(1, 0), (4, 0), (12, 0), (24, 168), (7, 182)])
def test_values_are_finite_or_missing_and_some_of_each_kind(season, second):
    series = synthetic_series(300, 400, season, seed=1, second_season=second)
    assert series.shape == (300, 400)
    assert not np.isinf(series).any()
    holes = np.isnan(series).mean(axis=1)
    assert 0.1 < (holes > 0).mean() < 0.4
    assert holes.max() < 0.9
    negative = (np.nan_to_num(series) < 0).any(axis=1).mean()
    assert 0.02 < negative < 0.3
    assert (series == 0).mean() > 0.001


def test_the_same_seed_gives_the_same_series_and_another_one_others():
    one, same, other = (synthetic_series(5, 50, 12, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(np.nan_to_num(one), np.nan_to_num(other))


def test_most_series_with_a_season_have_one():
    series = np.nan_to_num(synthetic_series(400, 240, 12, seed=0))
    moved = np.diff(series, axis=1)
    moved = moved - moved.mean(axis=1, keepdims=True)
    size = (moved**2).sum(axis=1)
    lag = (moved[:, 12:] * moved[:, :-12]).sum(axis=1) / np.where(size > 0, size, 1)
    assert (lag > 0.3).mean() > 0.4


@pytest.mark.parametrize("wrong", [{"n": 0}, {"length": -1}, {"season": 0}, {"seed": -1}])
def test_numbers_that_mean_nothing_are_refused(wrong):
    with pytest.raises(OptionError):
        synthetic_series(**({"n": 2, "length": 10} | wrong))
