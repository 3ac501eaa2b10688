"""The page of filled gaps: what it says, that it loads nothing, and that names stay text."""

import re

import numpy as np
import pytest
from markupsafe import escape

import loopcast
from loopcast.columns import Bands
from loopcast.models.fill_gaps import FilledGaps
from loopcast.report.gap_chart import svg
from loopcast.report.gaps import plot_gaps
from loopcast.report.svg_canvas import TICKS, ticks


@pytest.fixture(scope="module")
def page():
    rng = np.random.default_rng(0)
    given = np.sin(np.arange(200) / 4)[None, :, None] + np.array([0.0, 5.0])
    given[rng.uniform(size=given.shape) < 0.1] = np.nan
    panel = loopcast.Panel.from_array(given, targets=("<b>co</b>", "no2"))
    imputer = loopcast.Imputer(units=(4,), updates=5, show_progress=False).fit(panel)
    filled = imputer.fill_panel(panel, Bands.of(90))
    return loopcast.gaps_page(imputer, panel, filled, command="loopcast impute 'a&b.csv'").decode(), imputer


def test_it_says_who_was_best_and_how_far_off_every_way_is(page):
    text, imputer = page
    assert f'<p class="verdict">{escape(imputer.model.scores.verdict(imputer.targets, best=False))}</p>' in text
    for way in imputer.model.scores.mae:
        assert f'<th scope="col" class="number">{way}</th>' in text
    best = imputer.scores.filter(imputer.scores["target"] == "no2").row(0, named=True)
    assert f'<td class="number best">{best["mae"]:#.3g}</td>' in text
    assert "loopcast impute &#39;a&amp;b.csv&#39;" in text


def test_it_loads_nothing_runs_no_script_and_names_are_text(page):
    text, _ = page
    assert "<b>" not in text
    assert "&lt;b&gt;co&lt;/b&gt;" in text
    assert "<script" not in text
    assert not re.findall(r"(?:src|href)=[\"'](?!#|data:)", text)
    assert len(text) < 200_000


def test_a_chart_has_a_line_for_each_stretch_a_dot_for_a_lone_value_and_a_band_for_each_gap():
    given = np.array([1.0, 2, np.nan, 4, np.nan, np.nan, 7, 8]).reshape(1, 8, 1)
    filled = np.arange(1, 9, dtype=np.float32).reshape(8, 1)
    gaps = np.isnan(given.reshape(8, 1))
    ends = np.stack([np.where(gaps, filled + step, np.nan) for step in (-1, 1)], axis=-1)
    done = FilledGaps(values=filled, marks=gaps, bands=Bands.of(90), ends=ends)
    drawn = svg(plot_gaps(given, done).charts[0], "its gaps")
    assert drawn.count('<polygon class="band"') == 2
    assert drawn.count('<polyline class="known"') == 3
    assert drawn.count('<circle class="known"') == 1
    assert drawn.count('<polyline class="filled"') == 1
    assert "nan" not in drawn


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3.2e6, 8.1e6), (1e-7, 3e-7), (0.999, 1.001), (-500, -1)])
def test_numbers_on_the_axis_are_few_even_and_inside(low, high):
    found = ticks(low, high)
    assert TICKS - 3 <= len(found) <= TICKS + 4
    assert low <= found[0] <= found[-1] <= high
    np.testing.assert_allclose(np.diff(found), found[1] - found[0])


def test_series_without_any_gap_are_shown_as_they_are():
    whole = np.sin(np.arange(100) / 4)[None, :, None]
    panel = loopcast.Panel.from_array(whole)
    imputer = loopcast.Imputer(units=(4,), updates=5, show_progress=False).fit(panel)
    text = loopcast.gaps_page(imputer, panel, imputer.fill_panel(panel)).decode()
    assert "0 of 100 values" in text
    assert text.count('<svg class="gaps"') == 1
