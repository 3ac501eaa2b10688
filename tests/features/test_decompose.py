"""Level, season and what remains of each row, against plain loops, and as of that row alone."""

import numpy as np
import polars as pl
import pytest

import loopcast
from loopcast import Panel, SeasonalNaive
from loopcast.features.causal.decompose import decompose
from loopcast.features.causal.track import Periods


def negative(length=60, seed=0):
    """A series that is read by a straight line from its first row on."""
    random = np.random.default_rng(seed)
    values = 3 * np.sin(np.arange(length) * np.pi / 2) + random.normal(0, 1, length)
    values[0] = -1.0
    return values


def of(values, season=4, second=0):
    return {name: part[0] for name, part in decompose([values], Periods(season=season, second=second)).items()}


def test_the_level_of_a_series_below_0_is_the_trailing_mean_over_a_season():
    values = negative()
    wanted = [values[max(0, t - 3) : t + 1].mean() for t in range(len(values))]
    np.testing.assert_allclose(of(values)["level"], wanted, atol=1e-12)


def test_the_season_is_what_each_phase_added_by_a_loop():
    values, found = negative(), of(negative())
    level, slow = found["level"], None
    for t in range(len(values)):
        if t < 3:
            assert found["season"][t] == 0
            continue
        if t == 3:
            slow, count = values[:4] - level[3], np.ones(4)
        else:
            count[t % 4] += 1
            rate = min(max(1 / (count[t % 4] - 2 / 3), 0.02), 1.0)
            slow[t % 4] += rate * (values[t] - level[t] - slow[t % 4])
        assert found["season"][t] == pytest.approx(slow[t % 4] - slow.mean(), abs=1e-12)


def test_a_series_that_was_never_negative_has_the_same_on_a_curve():
    values = np.array([4.0, 9.0] * 10)
    found = of(values, season=2)
    size, curve = 0.1 * values.mean(), np.arcsinh(np.array([4.0, 9.0]) / (0.1 * values.mean()))
    assert found["level"][-1] == pytest.approx(size * np.sinh(curve.mean()), rel=0.05)
    np.testing.assert_allclose(found["level"] + found["season"], np.r_[4.0, (found["level"] + found["season"])[1:]])
    np.testing.assert_allclose((found["level"] + found["season"])[-2:], [4.0, 9.0], rtol=0.05)


@pytest.mark.parametrize(("season", "second"), [(1, 0), (4, 0), (4, 20)])
def test_what_comes_later_changes_no_bit(season, second):
    values = np.abs(negative(90)) + 1
    whole, part = of(values, season, second), of(values[:50], season, second)
    assert list(whole) == ["level", "season", "second_season"][: 3 if second else 2]
    for name, each in part.items():
        np.testing.assert_array_equal(whole[name][:50], each)


def test_a_longer_season_is_found_beside_the_shorter_one():
    t = np.arange(400)
    values = 50 * np.sin(t * np.pi / 2) + 20 * (t % 20 < 4) - 200.0
    found = of(values, 4, 20)
    total = found["level"] + found["season"] + found["second_season"]
    np.testing.assert_allclose(total[-40:], values[-40:], atol=0.5)
    np.testing.assert_allclose(found["level"][-20:], values[-20:].mean(), atol=1e-9)
    assert np.ptp(found["second_season"][-20:]) > 10


def test_series_together_are_as_each_alone_and_rows_before_the_first_value_are_said_to_be_nothing():
    long, late = np.abs(negative(60)) + 1, np.r_[np.nan, 0.0, np.abs(negative(30, seed=1)) + 1]
    together = decompose([late, long], Periods(season=4))
    for place, values in enumerate((late, long)):
        for name, part in of(values).items():
            np.testing.assert_array_equal(together[name][place], part)
    assert np.isnan(together["level"][0][0])
    assert together["level"][0][1] == 0


def test_the_table_has_a_row_for_each_time_and_target_and_parts_sum_to_values():
    random = np.random.default_rng(2)
    both = Panel.from_array(random.normal(0, 1, (2, 30, 2)), targets=["a", "b"], ids=["x", "y"])
    table = SeasonalNaive(season=4).fit(both).decompose()
    assert table.columns == ["unique_id", "ds", "target", "y", "level", "season", "remainder"]
    np.testing.assert_allclose(table["level"] + table["season"] + table["remainder"], table["y"], rtol=1e-12)
    np.testing.assert_array_equal(table["y"].to_numpy().reshape(60, 2), both.values)


def test_a_target_called_level_is_refused_with_what_to_do():
    table = pl.DataFrame({"ds": range(9), "level": np.arange(9.0)})
    fitted = loopcast.Naive().fit(table, columns=loopcast.Columns(target="level"))
    with pytest.raises(loopcast.DataError, match="'level' of its own, and the table's target is called so: rename"):
        fitted.decompose()
