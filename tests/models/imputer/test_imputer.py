"""Gaps filled: what is known stays, nothing leaks, and intervals hold what they say."""

import numpy as np
import polars as pl
import pytest

from loopcast.data.panel import Panel
from loopcast.errors import LengthError, NotFittedError, OptionError, ValuesError
from loopcast.models.imputer.imputer import Imputer
from loopcast.models.imputer.scores import Scores
from models.imputer.made import QUICK, ends, filled, waves


@pytest.fixture(scope="module")
def trained():
    """One imputer that has learned something, its whole series and those with gaps."""
    whole, given = waves(series=4, steps=400)
    return Imputer(units=(24,), updates=250, window=48, show_progress=False).fit(given), whole, given


def test_known_values_come_back_bit_for_bit_and_every_gap_is_filled(trained):
    imputer, _, given = trained
    got = filled(imputer, Panel.from_array(given)).reshape(given.shape)
    known = ~np.isnan(given)
    np.testing.assert_array_equal(got[known], given[known])
    assert np.isfinite(got).all()


def test_it_fills_waves_much_better_than_straight_lines_and_says_so(trained):
    imputer, whole, given = trained
    got, gaps = filled(imputer, Panel.from_array(given)).reshape(given.shape), np.isnan(given)
    lines = np.stack([each for series in given for each in [lined(series)]])
    assert np.abs(got - whole)[gaps].mean() < 0.6 * np.abs(lines - whole)[gaps].mean()
    assert "the network was best for 2 of 2 targets" in imputer.describe()
    best = imputer.scores.group_by("target", maintain_order=True).first()
    assert best["method"].to_list() == ["network", "network"]
    assert best["fills"].to_list() == [4, 4]


def lined(series):
    out = np.array(series, np.float64)
    for column in out.T:
        known = np.flatnonzero(~np.isnan(column))
        column[:] = np.interp(np.arange(len(column)), known, column[known])
    return out


def test_intervals_hold_about_their_share_of_values_that_nothing_was_learned_from(trained):
    imputer, _, _ = trained
    whole, given = waves(series=6, steps=400, seed=9)
    panel, gaps = Panel.from_array(given), np.isnan(given)
    levels = {level: ends(imputer, panel, level) for level in (50, 90)}
    shares = {}
    for level, both in levels.items():
        low, high = (end.reshape(given.shape) for end in both)
        shares[level] = ((whole >= low) & (whole <= high))[gaps].mean()
        assert np.isnan(low[~gaps]).all()
    assert 0.38 < shares[50] < 0.62
    assert 0.82 < shares[90] < 0.97


def test_series_do_not_change_one_another_and_their_order_is_no_matter():
    _, given = waves()
    imputer = Imputer(**QUICK).fit(given)
    alone = filled(imputer, Panel.from_array(given[1:2]))
    together = filled(imputer, Panel.from_array(given[[2, 1, 0]]))
    np.testing.assert_allclose(together[300:600], alone, rtol=1e-4, atol=1e-5)


def test_far_away_values_do_not_change_how_a_gap_of_a_long_series_is_filled():
    _, given = waves(series=1, steps=1500)
    imputer = Imputer(window=48, **QUICK).fit(given)
    changed = given.copy()
    changed[:, :700] = np.where(np.isnan(given[:, :700]), np.nan, -1.0)
    got, other = (filled(imputer, Panel.from_array(each)) for each in (given, changed))
    np.testing.assert_array_equal(got[900:], other[900:])


def test_a_straight_line_is_filled_by_one():
    line = np.arange(400.0)[None, :, None] * np.array([1.0, -2.0])
    given = np.where(np.random.default_rng(0).uniform(size=line.shape) < 0.2, np.nan, line)
    got = filled(Imputer(**QUICK).fit(given), Panel.from_array(given)).reshape(line.shape)
    np.testing.assert_allclose(got[:, 5:-5], line[:, 5:-5], rtol=1e-4)


def test_a_channel_of_one_value_is_filled_and_described():
    _, given = waves(series=1)
    given[0, 1:, 1] = np.nan
    imputer = Imputer(best=True, **QUICK).fit(given)
    assert np.isfinite(filled(imputer, Panel.from_array(given))).all()
    assert "of 2 targets" in imputer.describe()


def test_the_same_seed_fills_with_the_same_bits_and_another_does_not():
    _, given = waves()
    panel = Panel.from_array(given)
    one, same, other = (filled(Imputer(seed=seed, **QUICK).fit(given), panel) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_the_gaps_to_learn_from_may_be_those_of_other_data():
    whole, given = waves()
    imputer = Imputer(**QUICK).fit(whole, gaps_like=given[:2, :100])
    assert np.isfinite(filled(imputer, Panel.from_array(given))).all()
    with pytest.raises(OptionError, match="gaps_like has 1 channels, and the data 2"):
        Imputer(**QUICK).fit(whole, gaps_like=given[:, :, :1])


def test_series_without_gaps_teach_how_to_fill_some():
    whole, given = waves(channels=1)
    imputer = Imputer(**QUICK).fit(whole)
    assert np.isfinite(filled(imputer, Panel.from_array(given))).all()


def test_a_channel_that_is_missing_throughout_a_series_of_the_fitted_kind_is_filled_from_the_others():
    _, given = waves(series=1)
    imputer = Imputer(**QUICK).fit(given)
    empty = given.copy()
    empty[:, :, 1] = np.nan
    assert np.isfinite(filled(imputer, Panel.from_array(empty))).all()


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"mode": "both"}, "mode is"),
        ({"cell": "transformer"}, "cell is one of"),
        ({"updates": 0}, "updates is a whole number"),
        ({"window": 0}, "window is a whole number"),
        ({"units": (0,)}, "units is a whole number"),
        ({"units": ()}, "units is a tuple"),
        ({"units": 5}, "units is a tuple"),
        ({"best": 1}, "best is True or False"),
        ({"seed": -1}, "seed is a whole number"),
        ({"learning_rate": -1.0}, "learning_rate is a number above 0"),
    ],
)
def test_options_that_mean_nothing_are_refused(options, match):
    with pytest.raises(OptionError, match=match):
        Imputer(**options)


def test_bad_data_is_refused_by_name():
    _, given = waves()
    empty = given.copy()
    empty[1, :, 0] = np.nan
    with pytest.raises(ValuesError, match="series 1 has no value in 'y0'"):
        Imputer(**QUICK).fit(empty)
    with pytest.raises(LengthError, match="series of 8 rows, and the longest has 5"):
        Imputer(**QUICK).fit(given[:, :5])
    imputer = Imputer(**QUICK).fit(given)
    with pytest.raises(OptionError, match="fitted on 2 channels, got 1"):
        filled(imputer, Panel.from_array(given[:, :, :1]))
    with pytest.raises(OptionError, match="go up to 99%"):
        ends(imputer, Panel.from_array(given), 99.9)
    with pytest.raises(NotFittedError, match="call fit"):
        filled(Imputer(), Panel.from_array(given))


def test_the_best_way_is_chosen_series_by_series_where_enough_of_each_was_hidden():
    rng = np.random.default_rng(0)
    t = np.arange(600)
    whole = np.stack(
        [0.01 * t + rng.normal(size=600).cumsum() if i % 2 else np.tile(rng.normal(size=12), 50) for i in range(4)]
    )
    given = np.where(rng.uniform(size=whole.shape) < 0.2, np.nan, whole)[..., None]
    imputer = Imputer(best=True, season=12, **QUICK).fit(given)
    learned = imputer.model
    ways = list(learned.scores.mae)
    assert [ways[place] for place in learned.methods[:, 0]] == ["seasonal", "linear", "seasonal", "linear", "seasonal"]
    got = filled(imputer, Panel.from_array(given)).reshape(4, 600)
    np.testing.assert_allclose(got[[0, 2]], whole[[0, 2]], atol=1e-5)
    assert imputer.scores.filter(pl.col("method") == "linear")["fills"].to_list() == [2]
    lines = np.isnan(given[1, :, 0])
    np.testing.assert_allclose(got[1, lines], lined(given[1])[lines, 0], rtol=1e-5)
    turned = filled(imputer, Panel.from_array(given[::-1])).reshape(4, 600)  # other data: as the channel, on the whole
    assert not np.allclose(turned[2], got[1])


def test_without_best_the_network_fills_and_it_is_said_plainly_where_a_simple_way_was_better():
    scores = Scores(
        mae={"network": np.array([0.5, 0.1]), "linear": np.array([0.4, 0.3]), "mean": np.array([1.0, np.nan])},
        p_values={"linear": np.array([0.01, 0.2]), "mean": np.array([0.01, np.nan])},
    )
    said = scores.verdict(("co", "no2"), best=False)
    assert "a simple way did better than the network for 1 of 2 targets (linear for co)" in said
    assert "best takes the simple way" in said
    assert "best for 1 of 2 targets (for 1 of them by no more than noise may give)" in said
    assert "fills them" in scores.verdict(("co", "no2"), best=True)
    assert scores.ranked(1) == [("network", 0.1), ("linear", 0.3)]
    nothing = Scores(mae={"network": np.array([np.nan])}, p_values={})
    assert "nothing says how far off" in nothing.verdict(("co",), best=False)
    assert nothing.table(("co",), np.zeros((1, 1), int)).height == 0


def test_of_equal_ways_the_simple_one_is_named_and_it_is_said_that_they_are_equal():
    scores = Scores(
        mae={"network": np.array([0.0]), "last value": np.array([0.0])}, p_values={"last value": np.array([1.0])}
    )
    assert "a simple way did as well as the network for 1 of 1 targets" in scores.verdict(("co",), best=False)


def test_where_nothing_could_be_held_back_the_ends_of_intervals_are_missing():
    given = waves(series=1)[1][:, :30]
    given[0, 10:14] = np.nan
    low, high = ends(Imputer(**QUICK).fit(given), Panel.from_array(given), 90)
    assert np.isnan(low).all()
    assert np.isnan(high).all()


def test_fills_of_what_was_never_negative_are_not_and_those_of_counts_are_whole():
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.5, (1, 300, 1)).astype(float)
    given = np.where(rng.uniform(size=counts.shape) < 0.2, np.nan, counts)
    low, high = ends(Imputer(**QUICK, integer=True, upper=9).fit(given), Panel.from_array(given), 90)
    missing = np.isnan(given)[0]
    for end in (low[missing], high[missing]):
        assert ((end >= 0) & (end <= 9) & (end == np.rint(end))).all()
    free = ends(Imputer(**QUICK, lower=None).fit(given), Panel.from_array(given), 90)[0][missing]
    assert free.min() < 0


def test_a_gap_longer_than_any_known_stretch_is_said_to_be_beyond_trying():
    _, given = waves(series=1)
    assert "could not be tried" not in Imputer(**QUICK).fit(given).describe()
    given = np.full_like(given, np.nan)
    given[0, ::12] = given[0, 1::12] = 1.0 + np.arange(25)[:, None] % 3
    said = Imputer(**QUICK).fit(given).describe()
    assert "could not be tried" in said
    assert "(10 rows, and 2)" in said
