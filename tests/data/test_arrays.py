"""What arrays hold is what panels and tables hold: masks are missing values, and no array is shared."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from loopcast.data.arrays import plain_numbers
from loopcast.data.convert import as_panel
from loopcast.data.fill_table import filled_table
from loopcast.data.output import forecast_table, sample_table
from loopcast.data.panel import Panel
from loopcast.errors import DataError

MASKED = np.ma.masked_array([1.0, 2.0, 3.0], mask=[False, True, False])
ONE_MISSING = [1.0, np.nan, 3.0]
ENTRIES = {
    "from_array": lambda a: Panel.from_array(a[None, :, None]),
    "from_array, nested": lambda a: Panel.from_array([a[:, None]]),
    "as_panel of series": lambda a: as_panel(a[None, :, None]),
    "as_panel of one series": as_panel,
    "from_series": Panel.from_series,
    "from_series, a list": lambda a: Panel.from_series(list(a)),
    "from_table, pandas": lambda a: Panel.from_table(pd.DataFrame({"ds": [1, 2, 3], "y": a})),
    "from_table, polars": lambda a: Panel.from_table(pl.DataFrame({"ds": [1, 2, 3], "y": a})),
    "from_wide": lambda a: Panel.from_wide(pd.DataFrame({"ds": [1, 2, 3], "a": a})),
}


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("dtype", ["f8", "f4", "i4", "u1"])
def test_what_a_mask_hides_is_missing_in_every_entry(entry, dtype):
    np.testing.assert_equal(ENTRIES[entry](MASKED.astype(dtype)).values[:, 0], ONE_MISSING)


def test_masks_of_arrays_in_lists_of_lists_are_kept():
    np.testing.assert_equal(plain_numbers([[MASKED, MASKED]]), [[ONE_MISSING, ONE_MISSING]])


def test_a_mask_that_hides_nothing_changes_nothing():
    whole = np.ma.masked_array([1, 2], mask=[False, False])
    np.testing.assert_array_equal(plain_numbers(whole), [1, 2])
    assert plain_numbers(whole).dtype == whole.dtype


def test_forecasts_samples_and_what_fills_gaps_may_be_masked():
    panel = Panel.from_array(np.array([1.0, np.nan, 3.0]).reshape(1, 3, 1), ids=["a"])
    forecasts = forecast_table(panel, {"m": MASKED[None]})["m"].to_list()
    samples = sample_table(panel, "m", MASKED[None, None])["m"].to_list()
    np.testing.assert_equal([forecasts, samples], [ONE_MISSING, ONE_MISSING])
    marks = np.isnan(panel.values)
    with pytest.raises(DataError, match="take the mark off"):
        filled_table(panel, MASKED[:, None], marks)


def test_long_doubles_and_half_floats_are_numbers():
    for dtype in (np.longdouble, np.float16):
        numbers = np.arange(4).astype(dtype)
        assert Panel.from_array(numbers.reshape(1, 4, 1)).values[:, 0].tolist() == [0, 1, 2, 3]
        assert Panel.from_series(numbers).values[:, 0].tolist() == [0, 1, 2, 3]


def test_sequences_of_unequal_lengths_are_refused():
    with pytest.raises(DataError, match="unequal lengths"):
        Panel.from_array([[[1.0], [2.0]], [[3.0]]])


@pytest.mark.parametrize(
    "make",
    [
        lambda a: Panel.from_array(a.reshape(1, 3, 1)),
        Panel.from_series,
        lambda a: Panel.from_series(pd.Series(a, copy=False)),
        lambda a: Panel.from_series(pl.Series(a)),
    ],
)
def test_a_panel_does_not_change_with_the_array_that_it_came_from(make):
    array = np.zeros(3)
    panel = make(array)
    array[:] = 9.0
    assert panel.values.max() == 0
