"""Names of columns, made and read in one place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcast.columns import Bands, parse_band_column
from loopcast.errors import OptionError

LEVELS = st.lists(st.integers(1, 99) | st.sampled_from([2.5, 97.5, 99.9]), unique=True, max_size=4)
PROBABILITIES = st.lists(st.integers(1, 99).map(lambda percent: percent / 100), unique=True, max_size=4)


@given(LEVELS, PROBABILITIES, st.text(min_size=1))
def test_what_is_named_can_be_read_back(levels, quantiles, name):
    bands = Bands.of(levels, quantiles)
    read = [parse_band_column(column) for column in bands.columns(name)]
    assert [each.model for each in read] == [name] * len(read)
    assert [each.probability for each in read] == list(bands.probabilities)
    assert [each.level for each in read] == [*np.repeat(bands.levels, 2), *[None] * len(bands.quantiles)]


@pytest.mark.parametrize("level", [80, 80.0, np.int64(80), np.float32(80), [80], np.array([80]), (80,)])
def test_a_level_may_be_a_number_a_list_or_an_array(level):
    assert Bands.of(level).columns("Naive") == ("Naive-lo-80", "Naive-hi-80")


@pytest.mark.parametrize("level", [0.8, 0, 100, -5, [80, 80.0], [80, 80.00000001], True, "80", [None], float("nan")])
def test_a_wrong_level_is_told_that_percent_is_meant(level):
    with pytest.raises(OptionError, match="level is percentages from 1 to below 100"):
        Bands.of(level)


@pytest.mark.parametrize("quantiles", [0, 1, 50, [0.5, 0.5], True, "median"])
def test_a_wrong_quantile_is_told_that_a_probability_is_meant(quantiles):
    with pytest.raises(OptionError, match="quantiles is probabilities between 0 and 1"):
        Bands.of(quantiles=quantiles)
