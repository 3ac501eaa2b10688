"""What a calendar shows of times, for every frequency."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from loopcast import Columns, Panel
from loopcast.data.calendar_features import encode, n_features, resolve_features
from loopcast.data.frequency import Frequency
from loopcast.errors import OptionError
from loopcast.features.exogenous import ExogenousEncoder

PARTS = {
    "min": ("hour", "weekday", "month"),
    "15min": ("hour", "weekday", "month"),
    "h": ("hour", "weekday", "month"),
    "6h": ("hour", "weekday", "month"),
    "D": ("weekday", "month"),
    "B": ("weekday", "month"),
    "5B": ("month",),
    "7B": ("weekday", "month"),
    "7D": ("month",),
    "W-SUN": ("month",),
    "MS": ("month",),
    "ME": ("month",),
    "QS": ("month",),
    "YS": (),
}


@pytest.mark.parametrize(("freq", "parts"), list(PARTS.items()))
def test_auto_takes_what_changes_and_comes_again(freq, parts):
    assert resolve_features(Columns(calendar="auto"), Frequency.parse(freq)) == parts


@pytest.mark.parametrize("freq", [*PARTS, 1, 7])
def test_a_panel_of_any_frequency_has_a_calendar(freq):
    start = 5 if isinstance(freq, int) else dt.datetime(2024, 3, 1)  # noqa: DTZ001
    start = dt.datetime(2024, 3, 31) if freq in ("ME", "W-SUN") else start  # noqa: DTZ001
    start = dt.datetime(2024, 1, 1) if freq in ("YS", "QS") else start  # noqa: DTZ001
    panel = Panel.from_array(np.arange(60.0).reshape(2, 30, 1), start=start, freq=freq)
    columns = Columns(calendar="auto")
    shown_panel = Panel(**(vars(panel) | {"schema": _with(panel.schema, columns)}))
    encoding = ExogenousEncoder.of(shown_panel, unknown=False)
    width = n_features(resolve_features(columns, panel.schema.freq))
    if not width:
        assert encoding is None
        return
    ahead = encoding.ahead(shown_panel, 4)
    assert ahead.values.shape == (68, width)
    assert np.abs(ahead.values).max() <= 1
    # The calendar goes on after the end of a series as it would have in a longer one.
    longer = Panel.from_array(np.zeros((2, 34, 1)), start=start, freq=freq)
    longer = Panel(**(vars(longer) | {"schema": _with(longer.schema, columns)}))
    np.testing.assert_array_equal(ahead.values, encoding.ahead(longer, 0).values)


def _with(schema, columns):
    from dataclasses import replace

    return replace(schema, columns=columns)


def test_the_hours_are_those_on_the_wall():
    times = pl.Series([dt.datetime(2024, 7, 1, 22)]).dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Berlin")  # noqa: DTZ001
    there = encode(times, ("hour", "weekday"), "Europe/Berlin", None)[0]
    np.testing.assert_allclose(there[[0, 3]], [0, 1], atol=1e-6)  # midnight
    assert there[6:].tolist() == [0, 1, 0, 0, 0, 0, 0]  # of a Tuesday


def test_the_year_goes_round():
    days = pl.Series([dt.date(2023, 1, 1), dt.date(2023, 7, 2), dt.date(2023, 12, 31)])
    month = encode(days, ("month",), None, None)
    assert month[0].tolist() == [0, 0, 1, 1]
    np.testing.assert_allclose(month[1], [0, 0, -1, 1], atol=0.03)
    np.testing.assert_allclose(month[2], month[0], atol=0.05)


@pytest.mark.parametrize(("where", "holiday"), [("DE", True), ("US", False), ("US-CA", False)])
def test_holidays_are_those_of_the_country(where, holiday):
    days = pl.Series([dt.date(2024, 10, 3), dt.date(2024, 10, 4)])
    assert encode(days, ("holiday",), None, where).ravel().tolist() == [float(holiday), 0]


@pytest.mark.parametrize("where", ["XX", "utils", "HolidayBase", "US-XX", "Germany"])
def test_a_place_that_is_not_known_is_refused(where):
    with pytest.raises(OptionError, match=f"holidays is a country .*'{where}'"):
        encode(pl.Series([dt.date(2024, 10, 3)]), ("holiday",), None, where)


@pytest.mark.parametrize(
    ("columns", "freq", "part"),
    [
        (Columns(calendar=["hour"]), "D", "'hour' says nothing at times of frequency D: take some of weekday, month"),
        (Columns(calendar=["weekday"]), "MS", "'weekday' says nothing"),
        (Columns(holidays="DE"), "MS", "holidays are days"),
    ],
)
def test_parts_that_say_nothing_are_refused(columns, freq, part):
    with pytest.raises(OptionError, match=part):
        resolve_features(columns, Frequency.parse(freq))
