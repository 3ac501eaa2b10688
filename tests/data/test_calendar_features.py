"""What a calendar shows of times, for every frequency."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from loopcast import Columns, Panel
from loopcast.data.calendar_features import CalendarFeatures, resolve_features
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
    width = CalendarFeatures.of(columns, resolve_features(columns, panel.schema.freq)).size
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
    there = CalendarFeatures(parts=("hour", "weekday")).encode(times, "Europe/Berlin")[0]
    np.testing.assert_allclose(there[[0, 3]], [0, 1], atol=1e-6)  # midnight
    assert there[6:].tolist() == [0, 1, 0, 0, 0, 0, 0]  # of a Tuesday


def test_the_year_goes_round():
    days = pl.Series([dt.date(2023, 1, 1), dt.date(2023, 7, 2), dt.date(2023, 12, 31)])
    month = CalendarFeatures(parts=("month",)).encode(days, None)
    assert month[0].tolist() == [0, 0, 1, 1]
    np.testing.assert_allclose(month[1], [0, 0, -1, 1], atol=0.03)
    np.testing.assert_allclose(month[2], month[0], atol=0.05)


@pytest.mark.parametrize(("where", "holiday"), [("DE", True), ("US", False), ("US-CA", False)])
def test_holidays_are_those_of_the_country(where, holiday):
    days = pl.Series([dt.date(2024, 10, 3), dt.date(2024, 10, 4)])
    assert shown_holidays(days, [where]).ravel().tolist() == [float(holiday), 0]


@pytest.mark.parametrize("where", ["XX", "utils", "HolidayBase", "US-XX", "Germany"])
def test_a_place_that_is_not_known_is_refused(where):
    with pytest.raises(OptionError, match=f"holidays is a country .*'{where}'"):
        shown_holidays(pl.Series([dt.date(2024, 10, 3)]), [where])


def shown_holidays(days, countries, window=0):
    return CalendarFeatures(parts=("holiday",), countries=tuple(countries), window=window).encode(days, None)


def test_a_country_that_is_not_known_is_refused_whatever_model_would_see_it():
    table = pl.DataFrame({"ds": [dt.date(2024, 1, day) for day in (1, 2, 3)], "y": [1.0, 2.0, 3.0]})
    with pytest.raises(OptionError, match=r"holidays is a country .*'XX'"):
        Panel.from_table(table, Columns(holidays="XX"))


def test_each_country_has_its_own_holidays_and_each_day_around_them_a_number():
    days = pl.date_range(dt.date(2023, 12, 20), dt.date(2024, 1, 10), "1d", eager=True)
    shown = shown_holidays(days, ["DE", "FR"], window=2)
    dates = {"DE": {dt.date(2023, 12, 25), dt.date(2023, 12, 26), dt.date(2024, 1, 1)}}
    dates["FR"] = dates["DE"] - {dt.date(2023, 12, 26)}
    expected = [
        [day - dt.timedelta(shift) in dates[country] for country in dates for shift in (-2, -1, 0, 1, 2)]
        for day in days
    ]
    np.testing.assert_array_equal(shown, expected)


def test_the_hours_of_a_day_have_what_the_day_has():
    hours = pl.datetime_range(dt.datetime(2024, 10, 2), dt.datetime(2024, 10, 4, 23), "1h", eager=True)  # noqa: DTZ001
    shown = shown_holidays(hours, ["DE"], window=1)
    np.testing.assert_array_equal(shown, np.repeat(np.eye(3), 24, axis=0))


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
