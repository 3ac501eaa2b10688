"""Pictures of sums, and the sections of a page that show them."""

import re
from xml.etree import ElementTree as ET

import numpy as np
import polars as pl
import pytest

from loopcast import Drift, Linear, OptionError, Panel, Pretrained, SeasonalNaive, forecast_page
from loopcast.data.explanation import Explanation
from loopcast.report.sums import MOST_BARS, RENDERERS, plot_decomposition, plot_explanation, shown, stacked
from report.made import made_panel
from report.test_page import EVIL, Page


def explained(ids=("a", "b", "c")):
    panel = made_panel(ids=ids)
    forecaster = Linear(horizon=6).fit(panel)
    return panel, forecaster, forecaster.model.explain(panel, 6), forecaster.model.decompose(panel)


def test_bars_stand_on_the_level_and_reach_the_forecast():
    level, parts = np.array([10.0, 10.0]), {"up": np.array([3.0, -1.0]), "down": np.array([-2.0, -4.0])}
    bars = stacked(level, parts)
    np.testing.assert_array_equal([bars[0].low, bars[0].high], [[10, 9], [13, 10]])
    np.testing.assert_array_equal([bars[1].low, bars[1].high], [[8, 5], [10, 9]])
    _, forecaster, found, _ = explained()
    [lane] = plot_explanation(forecaster).charts[0].lanes
    added = sum(each.added for each in lane.bars)
    np.testing.assert_allclose(lane.lines[0].curve.values + added, lane.lines[1].curve.values)
    np.testing.assert_allclose(lane.lines[1].curve.values, found.forecast[0, :, 0])


def test_the_smallest_of_many_features_are_drawn_as_one():
    panel = Panel.from_series([1.0, 2.0])
    many = {"level": np.ones((1, 3, 1))} | {f"x{k}": np.full((1, 3, 1), float(k)) for k in range(15)}
    parts = shown(Explanation.of("Model", panel, many))
    assert len(parts) == MOST_BARS
    np.testing.assert_array_equal(parts["6 others"], np.full((1, 3), sum(range(6))))


def test_a_decomposition_has_a_lane_for_values_with_their_level_and_one_for_each_other_part():
    panel = made_panel()
    [chart] = plot_decomposition(SeasonalNaive(season=12).fit(panel), ids=["b"], tail=20).charts
    assert chart.title == "b"
    assert [lane.name for lane in chart.lanes] == ["y", "season", "remainder"]
    assert [line.curve.name for line in chart.lanes[0].lines] == ["y", "level"]
    np.testing.assert_array_equal(chart.lanes[0].lines[0].curve.values, panel.series(1)[-20:, 0])


def test_pictures_say_how_many_of_how_many_they_show():
    _, forecaster, _, _ = explained()
    assert plot_explanation(forecaster, most=2).title.endswith("6 steps is made of (2 of 3 series)")
    assert plot_explanation(forecaster).title.endswith("is made of")
    assert plot_decomposition(forecaster, most=1).title.endswith("(1 of 3 series)")


@pytest.mark.parametrize("ending", RENDERERS)
@pytest.mark.parametrize("plot", [plot_explanation, plot_decomposition])
def test_pictures_become_files(tmp_path, ending, plot):
    panel = made_panel(ids=("<b>$x$</b>", "b"))
    path = tmp_path / f"picture{ending}"
    plot(Linear(horizon=6).fit(panel)).save(path)
    content = path.read_bytes()
    starts = {".png": b"\x89PNG", ".svg": b"<?xml", ".html": b"<!doctype html>"}
    assert content.startswith(starts[ending])
    if ending == ".html":
        assert b"<b>$x$" not in content
        assert not re.search(rb'src="https?:', content)


def test_times_with_a_zone_and_a_single_step_are_drawn(tmp_path):
    hours = pl.datetime_range(pl.date(2024, 3, 30), pl.date(2024, 4, 1), "1h", eager=True)
    times = hours.dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Berlin")
    table = pl.DataFrame({"ds": times, "y": np.arange(len(times)) % 24 + 1.0})
    forecaster = SeasonalNaive(season=24).fit(table)
    for horizon in (1, 5):
        plot_explanation(forecaster, horizon=horizon).save(tmp_path / "picture.png")
    plot_decomposition(forecaster).save(tmp_path / "picture.svg")


def test_a_picture_with_another_ending_says_which_there_are(tmp_path):
    with pytest.raises(OptionError, match=r"\.png, \.svg, \.html"):
        plot_explanation(Drift(horizon=2).fit([1.0, 2.0])).save(tmp_path / "picture.pdf")


def test_a_page_shows_what_was_explained_and_nothing_of_it_otherwise():
    panel, forecaster, found, parts = explained()
    table = forecaster.predict()
    whole = forecast_page(panel, table, explanation=found, decomposition=parts)
    plain = forecast_page(panel, table)
    assert "What the forecasts are made of" in whole.decode()
    assert "Level, season and what remains" in whole.decode()
    assert "What the forecasts are made of" not in plain.decode()
    assert found.sentences(1)[0] in whole.decode()
    assert len(Page(whole).all("svg")) > len(Page(plain).all("svg"))
    assert not Page(whole).open


def test_hostile_names_are_text_in_these_sections():
    panel, forecaster, found, parts = explained(ids=EVIL)
    page = Page(forecast_page(panel, forecaster.predict(), explanation=found, decomposition=parts))
    assert not page.open
    assert len(page.all("script")) == len(Page(forecast_page(panel, forecaster.predict())).all("script"))
    assert not page.all("img")


def test_pictures_in_a_page_are_well_formed_and_have_gaps_where_nothing_is_known():
    panel = made_panel()
    values = panel.values.copy()
    values[20:25] = np.nan
    gappy = Panel.from_array(values[:60].reshape(1, 60, 1))
    forecaster = Pretrained(horizon=3, season=12, tune=0).fit(gappy)
    page = forecast_page(
        gappy, forecaster.predict(), explanation=forecaster.explanation(), decomposition=forecaster.decomposition()
    ).decode()
    for picture in re.findall(r'<svg class="sums".*?</svg>', page):
        root = ET.fromstring(picture)
        assert root.get("role") == "img"
        assert "nan" not in picture


def test_sentences_sum_up_with_as_many_decimals_as_say_something():
    panel = Panel.from_series([1.0, 2.0], name="sales")
    found = Explanation.of("Model", panel, {"trend": np.full((1, 2, 1), -3.04), "level": np.full((1, 2, 1), 431.0)})
    assert found.sentences(5) == ["sales: 428.0 = level 431.0, trend -3.0"]
    tiny = Explanation.of("Model", panel, {"level": np.full((1, 1, 1), 0.00123), "rest": np.zeros((1, 1, 1))})
    assert tiny.sentences(5) == ["sales: 0.001230 = level 0.001230, rest +0.000000"]
