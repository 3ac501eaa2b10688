"""What a plot shows, and the files it becomes."""

import datetime as dt
import re
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from loopcast.data.panel import Panel
from loopcast.errors import OptionError
from loopcast.report import matplotlib_renderer as static
from loopcast.report.plots import RENDERERS, plot


def panel(series=1, length=40):
    return Panel.from_array(np.arange(series * length, dtype=float).reshape(series, length, 1))


def ahead(series=1, horizon=3, value=7.0):
    return np.full((series, horizon), value)


def test_a_chart_shows_the_end_of_the_history_and_the_steps_after_it():
    (chart,) = plot(panel(), {"Model": ahead()}, tail=5).charts
    assert chart.history.times == [35, 36, 37, 38, 39]
    np.testing.assert_array_equal(chart.history.values, [35, 36, 37, 38, 39])
    assert chart.forecasts[0].name == "Model"
    assert chart.forecasts[0].times == [40, 41, 42]
    assert chart.truth is None


def test_a_chart_shows_what_came_where_that_is_known():
    (chart,) = plot(panel(), {"A": ahead(), "B": ahead()}, truth=ahead(value=9.0)).charts
    np.testing.assert_array_equal(chart.truth.values, [9, 9, 9])
    assert [curve.name for curve in chart.forecasts] == ["A", "B"]


def test_a_history_shorter_than_the_tail_is_shown_whole():
    assert len(plot(panel(length=4), {"Model": ahead()}, tail=100).charts[0].history.times) == 4


def test_dates_stay_dates_with_names_of_the_table():
    dates = pl.date_range(pl.date(2020, 1, 1), pl.date(2020, 12, 1), "1mo", eager=True)
    table = pl.DataFrame({"unique_id": ["a"] * 12, "ds": dates, "y": range(12)})
    picture = plot(Panel.from_table(table), {"Model": ahead()})
    assert picture.charts[0].forecasts[0].times[0] == dt.date(2021, 1, 1)
    assert (picture.time, picture.target, picture.charts[0].title) == ("ds", "y", "a")


def test_many_series_are_capped_and_that_is_said():
    picture = plot(panel(series=20), {"Model": ahead(series=20)}, most=4)
    assert len(picture.charts) == 4
    assert picture.title == "Forecast of 3 steps (4 of 20 series)"
    assert plot(panel(), {"Model": ahead()}).title == "Forecast of 3 steps"


@pytest.mark.parametrize(
    ("forecasts", "match"),
    [
        ({}, "one horizon"),
        ({"A": ahead(), "B": ahead(horizon=4)}, "one horizon"),
        ({"A": ahead(series=2)}, "for 1 series, got shape"),
        ({"A": np.zeros((1, 0))}, "got shape"),
        ({"A": np.zeros((1, 3, 2))}, "got shape"),
    ],
)
def test_forecasts_that_do_not_fit_are_refused(forecasts, match):
    with pytest.raises(OptionError, match=match):
        plot(panel(), forecasts)


def test_another_ending_is_refused_before_drawing(tmp_path):
    with pytest.raises(OptionError, match=r"ending in \.png, \.svg, \.html"):
        plot(panel(), {"Model": ahead()}).save(tmp_path / "plot.jpeg")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", RENDERERS)
@pytest.mark.parametrize("series", [1, 3, 7])
def test_every_renderer_draws_every_number_of_series_gaps_included(ending, series, tmp_path):
    forecast = ahead(series=series)
    forecast[0, 1] = np.nan
    path = tmp_path / f"plot{ending}"
    plot(panel(series=series), {"$Model_1$": forecast}, truth=ahead(series=series)).save(path)
    assert path.stat().st_size > 1000


def test_a_png_is_a_png_and_an_svg_well_formed_xml(tmp_path):
    picture = plot(panel(), {"Model": ahead()})
    picture.save(tmp_path / "plot.PNG")
    assert (tmp_path / "plot.PNG").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    picture.save(tmp_path / "plot.svg")
    assert ET.parse(tmp_path / "plot.svg").getroot().tag.endswith("svg")


def test_an_html_page_loads_nothing_and_holds_names_as_text(tmp_path):
    evil = "</script><script>alert(1)</script>"
    table = pl.DataFrame({"unique_id": [evil] * 9, "ds": range(9), "y": range(9)})
    plot(Panel.from_table(table), {evil: ahead()}).save(tmp_path / "plot.html")
    page = (tmp_path / "plot.html").read_text(encoding="utf-8")
    assert "alert(1)</script>" not in page
    assert "alert(1)" in page
    assert not re.search(r"<(script|link|img|iframe)\b[^>]*\b(src|href)=", page)


def test_times_in_a_zone_are_drawn_as_its_clocks_show_them():
    berlin = [dt.datetime(2024, 7, 1, hour, tzinfo=ZoneInfo("Europe/Berlin")) for hour in range(6)]
    table = pl.DataFrame({"ds": berlin, "y": np.arange(6.0)})
    axes = static.draw(plot(table, {"Model": ahead(horizon=18)})).axes[0]
    labels = axes.xaxis.get_major_formatter().format_ticks([axes.lines[0].get_xdata(orig=False)[3]])
    assert labels == ["03:00"]
