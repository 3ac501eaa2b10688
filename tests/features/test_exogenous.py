"""How covariates become numbers: scaled, with what is missing said beside them; never from what comes later."""

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopcast import Columns, Panel
from loopcast.errors import ModelFileError, OptionError
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.standardize import Standardization
from loopcast.storage.codec import Encoded, decode, encode

COLUMNS = Columns(past=["visits"], future=["price"], static=["region", "size"], calendar=["weekday"])


def panel(seed=0, share=0.0, days=12, regions=("north", "south", "north")):
    rng = np.random.default_rng(seed)
    tables = []
    for i, region in enumerate(regions):
        visits, price = rng.normal(5, 2, days), rng.normal(3, 1, days)
        visits = np.where(rng.random(days) < share, np.nan, visits)
        tables.append(
            pl.DataFrame(
                {
                    "unique_id": [f"s{i}"] * days,
                    "ds": [dt.date(2024, 1, 1) + dt.timedelta(days=t) for t in range(days)],
                    "y": rng.normal(size=days),
                    "visits": visits,
                    "price": price,
                    "region": [region] * days,
                    "size": [float(i)] * days,
                }
            )
        )
    return Panel.from_table(pl.concat(tables), columns=COLUMNS)


def rows_of(encoding, panel):
    return encoding.rows(panel, encoding.ahead(panel, 0))


def test_numbers_are_scaled_by_the_rows_of_the_fit():
    made = panel()
    encoding = ExogenousEncoder.of(made, unknown=False)
    rows = rows_of(encoding, made)
    assert rows.shape == (36, encoding.width) == (36, 3 + 1 + 2 + 3 + 7)
    np.testing.assert_allclose(rows[:, [0, 6]].mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(rows[:, [0, 6]].std(axis=0), 1, atol=1e-5)
    np.testing.assert_allclose(rows[:, 3], np.repeat([-1, 0, 1] / np.std([0, 1, 2]), 12), atol=1e-5)
    np.testing.assert_array_equal(rows[:, 9:].sum(axis=1), 1)
    assert encoding.of_series(made)[:, 1:].tolist() == [[1, 0], [0, 1], [1, 0]]


def test_what_is_beyond_the_end_does_not_move_the_scale():
    whole, cut = panel(), panel().drop_last(4)
    changed = whole.covariates.future.copy()
    changed[8::12] = 1e6
    other = replace(whole, covariates=replace(whole.covariates, future=changed)).drop_last(4)
    np.testing.assert_array_equal(*(ExogenousEncoder.of(each, unknown=False).past.mean for each in (cut, other)))


@given(seed=st.integers(0, 1000), share=st.sampled_from([0.2, 0.7]))
@settings(deadline=None, max_examples=20)
def test_a_covariate_with_gaps_shows_its_last_value_and_how_old_it_is(seed, share):
    made = panel(seed, share)
    encoding = ExogenousEncoder.of(made, unknown=False)
    rows = rows_of(encoding, made)
    assert np.isfinite(rows).all()
    values, last, since = made.covariates.past[:, 0], 0.0, 0
    for row, value in enumerate(encoding.past.scaled(values[:, None])[:, 0]):
        if row % 12 == 0:
            last, since = 0.0, 0
        last, since = (value, 0) if not np.isnan(value) else (last, since + 1)
        np.testing.assert_allclose(rows[row, :3], [last, float(since == 0), np.log1p(since)], rtol=1e-5, atol=1e-6)


@given(seed=st.integers(0, 1000))
@settings(deadline=None, max_examples=10)
def test_later_rows_change_nothing_of_earlier_ones(seed):
    made = panel(seed, 0.4)
    encoding = ExogenousEncoder.of(made, unknown=False)
    past = made.covariates.past.copy()
    past[6:12] += 100
    changed = replace(made, covariates=replace(made.covariates, past=past))
    np.testing.assert_array_equal(rows_of(encoding, made)[:6], rows_of(encoding, changed)[:6])


def test_a_category_that_was_not_there_is_an_error_or_unknown():
    other = panel(regions=("north", "east", "south"))
    with pytest.raises(OptionError, match=r"'s1': 'region' is 'east', .*known: 'north', 'south'"):
        ExogenousEncoder.of(panel(), unknown=False).of_series(other)
    encoding = ExogenousEncoder.of(panel(), unknown=True)
    assert encoding.of_series(other)[:, 1:].tolist() == [[1, 0], [0, 0], [0, 1]]


def test_columns_without_covariates_or_a_calendar_have_no_encoding():
    assert ExogenousEncoder.of(Panel.from_array(np.zeros((1, 5, 1))), unknown=False) is None


@pytest.mark.parametrize(
    "change",
    [
        {"categories": [["north"]]},
        {"categories": [["north", "north"], None]},
        {"categories": [[1], None]},
        {"parts": ["decade"]},
        {"parts": ["weekday", "weekday"]},
        {"allow_unknown": 1},
        {"columns": {}},
        {"more": 1},
        {"past": {"mean": "float32 2", "spread": "float32 1"}},
    ],
)
def test_a_file_gives_back_the_same_encoding_or_is_refused(change):
    encoding = ExogenousEncoder.of(panel(0, 0.2), unknown=True)
    encoded = encode(encoding)
    facts = json.loads(json.dumps(encoded.facts))
    same = decode(ExogenousEncoder, Encoded(facts, encoded.arrays))
    np.testing.assert_array_equal(rows_of(same, panel(1, 0.2)), rows_of(encoding, panel(1, 0.2)))
    with pytest.raises((OptionError, ModelFileError)):
        decode(ExogenousEncoder, Encoded(facts | change, encoded.arrays))


@pytest.mark.parametrize("spread", [np.ones(2, np.float32), np.zeros(1, np.float32)])
def test_scales_that_do_not_fit_are_refused(spread):
    encoding = ExogenousEncoder.of(panel(), unknown=False)
    with pytest.raises(OptionError, match="the scale of 1 columns"):
        replace(encoding, past=encoding.past._replace(spread=spread))


def test_a_constant_and_what_hardly_changes_have_a_scale_of_one():
    columns = np.array([[2, 1, 1000.0], [2, np.nan, 1000.0 + 1e-6], [2, 3, 1000.0]])
    assert Standardization.of(columns).spread.tolist() == [1, 1, 1]


def test_encoders_of_other_rows_see_the_same_by_another_scale():
    one, again, other = (ExogenousEncoder.of(panel(seed), unknown=True) for seed in (0, 0, 1))
    assert one.sees_as(other)
    assert (one.shows_as(again), one.shows_as(other)) == (True, False)
    assert not one.sees_as(replace(one, columns=replace(COLUMNS, calendar=())))
