"""Pages as a browser shows them: they draw, answer to the keyboard, and load nothing."""

import re
from pathlib import Path

import numpy as np
import pytest

from loopcast import Imputer
from loopcast.columns import Bands
from loopcast.data.output import forecast_table
from loopcast.data.panel import Panel
from loopcast.evaluation.backtest import backtest
from loopcast.evaluation.leaderboard import leaderboard
from loopcast.live.anomalies import judge
from loopcast.models.baselines import Drift, Naive, SeasonalNaive
from loopcast.report import sums_plotly
from loopcast.report.anomalies_page import anomalies_page
from loopcast.report.gaps_page import gaps_page
from loopcast.report.page import backtest_page, forecast_page
from loopcast.report.plotly_renderer import html
from loopcast.report.plots import plot
from loopcast.report.sums import plot_explanation
from reference.chromium import until, violations
from report.made import made_backtest, made_leaderboard, made_panel

DRAWN = "#fan .main-svg"
EVIL = ("</script><script>window.hurt=1</script>", '"><img src=x onerror=window.hurt=1>', "<b>bold</b> %{y} 🦜\u2028'")


def targets_page():
    """Two targets of two series."""
    values = np.random.default_rng(0).normal(size=(2, 60, 2)).cumsum(axis=1)
    panel = Panel.from_array(values, ids=["north", "south"], start="2020-01-01", freq="D", targets=["pm25", "no2"])
    done = backtest([Naive(), Drift()], panel, 3, n_windows=2, level=[80])
    return backtest_page(done, leaderboard(done))


def made_gaps_page():
    """Two targets with gaps."""
    random = np.random.default_rng(0)
    given = np.sin(np.arange(200) / 4)[None, :, None] + np.array([0.0, 5.0])
    given[random.uniform(size=given.shape) < 0.1] = np.nan
    panel = Panel.from_array(given, targets=("co", "no2"))
    imputer = Imputer(units=(4,), updates=2, show_progress=False).fit(panel)
    return gaps_page(imputer, panel, imputer.fill_panel(panel, Bands.of(90)), command="loopcast impute air.csv")


def made_anomalies_page():
    """A series of which some rows stand out."""
    values = 20 + np.random.default_rng(0).normal(size=120)
    values[[90, 110]] += 60
    fitted = Naive(horizon=2).fit(values)
    return anomalies_page(judge(fitted), description=fitted.describe(), command="loopcast anomalies pump.csv")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Pages that are made once, by name."""
    folder = tmp_path_factory.mktemp("pages")
    panel = made_panel(ids=tuple(f"shop {i}" for i in range(15)))
    names = (*EVIL, "Naive")
    line = panel.last(3)[:, :, 0]
    table = forecast_table(panel, {"Net": line, "Net-lo-80": line - 5, "Net-hi-80": line + 5})
    seasonal = SeasonalNaive(horizon=3, season=12).fit(panel)
    explained = {"explanation": seasonal.explanation(), "decomposition": seasonal.decomposition()}
    pages = {
        "backtest": backtest_page(made_backtest(panel), made_leaderboard(), command="loopcast backtest shops.csv"),
        "forecast": forecast_page(panel, table, leaderboard=made_leaderboard(), **explained),
        "hostile": backtest_page(
            made_backtest(made_panel(ids=EVIL), names=names, notes=EVIL), made_leaderboard(names, verdict=EVIL[0])
        ),
        "targets": targets_page(),
        "gaps": made_gaps_page(),
        "anomalies": made_anomalies_page(),
        "notebook": f"<!doctype html><title>cell</title>{plot(panel, table)._repr_html_()}".encode(),
        "picture": html(plot(panel, table)),
        "explained": sums_plotly.html(plot_explanation(seasonal)),
    }
    for name, page in pages.items():
        (folder / f"{name}.html").write_bytes(page)
    return {name: (folder / f"{name}.html").as_uri() for name in pages}


# What a visitor may have changed, put back as it was when the page opened.
RESET = """() => {
    document.activeElement.blur();
    for (const details of document.querySelectorAll("details")) details.open = false;
    window.opened ??= [...document.querySelectorAll("select, input")].map((each) => [each, each.value, each.checked]);
    for (const [each, value, checked] of window.opened) {
        Object.assign(each, { value, checked });
        each.dispatchEvent(new Event("change"));
    }
}"""


class Visits:
    """Pages that stay open, as reading Plotly takes a second or more each time; each visit finds them as new."""

    def __init__(self, browser, files):
        self.browser, self.files, self.pages = browser, files, {}
        self.complaints, self.requests = [], []

    def open(self, name, drawn, options):
        page = self.browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options).new_page()
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(self.files[name])
        page.wait_for_selector(drawn)
        return page

    def __call__(self, name="backtest", *, drawn=DRAWN, **options):
        key = (name, str(options))
        if key not in self.pages:
            self.pages[key] = self.open(name, drawn, options)
        page = self.pages[key]
        page.mouse.move(0, 0)
        page.emulate_media(media="screen", color_scheme="light")
        page.evaluate(RESET)
        return page


@pytest.fixture(scope="module")
def visits(browser, files):
    """All visits of this file."""
    return Visits(browser, files)


@pytest.fixture
def visit(visits):
    """Visit a page; it may complain of nothing, and ask for no file but itself."""
    yield visits
    assert visits.complaints == []
    assert set(visits.requests) <= set(visits.files.values()) | {"data:,"}


def hover(page):
    """Put the mouse over the last dot of the last model, and read the label that appears."""
    dot = page.locator("#fan .scatterlayer .trace").last.locator(".points path").last
    dot.scroll_into_view_if_needed()
    box = dot.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(box["x"] + box["width"] / 2 + 1, box["y"] + box["height"] / 2)
    return page.wait_for_selector("#fan .hoverlayer .hovertext", timeout=5000).text_content()


def traces(page, chart="fan"):
    return page.evaluate(f"document.getElementById('{chart}').data.map((t) => [t.name, t.fill ?? '', t.y])")


def lines(page):
    return [name for name, fill, _ in traces(page) if fill != "toself"]


def caption(page):
    return page.inner_text("#fan-caption")


@pytest.mark.parametrize("name", ["backtest", "forecast", "hostile"])
def test_every_chart_draws_lines_without_a_complaint_or_a_request(visit, name):
    page = visit(name)
    for chart in page.query_selector_all(".chart"):
        assert chart.query_selector_all("path.js-line")
        assert len(chart.get_attribute("aria-label")) > 30


def test_a_fan_has_two_bands_for_each_model_shown_under_what_came(visit):
    found = traces(visit())
    assert [fill for _, fill, _ in found] == ["toself"] * 4 + [""] * 4
    assert [name for name, fill, _ in found if not fill] == ["history", "what came", "Recurrent", "SeasonalNaive"]


def test_hovering_shows_the_value_and_its_interval(visit):
    label = hover(visit())
    assert "SeasonalNaive" in label
    assert re.search("Dec (1, )?2019", label)
    assert re.search(r"80 %: [\d.]+ to [\d.]+", label)


def test_another_series_is_chosen_by_keyboard(visit):
    page = visit()
    before, values = caption(page), traces(page)
    page.focus("#series")
    page.keyboard.press("ArrowDown")
    until(page, f"document.getElementById('fan-caption').textContent !== {before!r}")
    assert traces(page) != values
    name = re.match(r"Series (shop \d+) \(best\)", caption(page))[1]
    assert f"Chart of series {name}:" in page.get_attribute("#fan", "aria-label")


def test_a_series_is_found_by_a_part_of_its_name(visit):
    page = visit()
    page.fill("#find", "SHOP 14")
    page.keyboard.press("Enter")
    assert caption(page).startswith("Series shop 14")
    page.fill("#find", "nowhere")
    page.keyboard.press("Enter")
    assert page.inner_text("#found") == "This page has no such series."
    assert caption(page).startswith("Series shop 14")


def test_a_model_comes_and_goes_with_its_box(visit):
    page = visit()
    page.get_by_label("Naive", exact=True).focus()
    page.keyboard.press("Space")
    assert lines(page)[-1] == "Naive"
    page.get_by_label("Recurrent", exact=True).uncheck()
    assert lines(page) == ["history", "what came", "SeasonalNaive", "Naive"]
    assert not page.is_visible("#fan-legend li:has-text('Recurrent')")


def test_all_cutoffs_or_one_of_them_can_be_shown(visit):
    page = visit()
    page.select_option("#cutoff", "all")
    assert sum(value is not None for value in traces(page)[-1][2]) == 18
    assert "3 cutoffs" in caption(page)
    page.select_option("#cutoff", "0")
    assert sum(value is not None for value in traces(page)[-1][2]) == 6
    assert "the cutoff 2018-06-01" in caption(page)


def test_the_numbers_of_the_chart_are_a_table_of_what_is_shown(visit):
    page = visit()
    page.click("#fan-data summary")
    page.wait_for_selector("#fan-table tbody tr")
    assert page.locator("#fan-table tbody tr").count() == 6
    heads = page.locator("#fan-table th[scope=col]").all_inner_texts()
    assert heads[:5] == ["Cutoff", "ds", "What came", "Recurrent", "Recurrent, 80 %"]
    shown = float(page.locator("#fan-table tbody tr").first.locator("td").nth(2).inner_text())
    assert shown == pytest.approx(traces(page)[-2][2][0], rel=1e-5)


def test_the_leaderboard_sorts_by_any_column_and_back(visit):
    page = visit()
    first = "#leaderboard-title ~ .scroll tbody tr:first-child th"
    button = page.get_by_role("button", name="Skill")
    button.press("Enter")
    assert "Naive" in page.inner_text(first)
    assert page.locator("th[aria-sort]").all_inner_texts() == ["Skill"]
    button.press("Enter")
    assert "Recurrent" in page.inner_text(first)
    assert "SeasonalNaive" in page.inner_text("#leaderboard-title ~ .scroll tbody tr:last-child th")


@pytest.mark.parametrize("name", ["backtest", "forecast", "hostile"])
def test_on_a_narrow_screen_the_page_scrolls_in_one_direction_only(visit, name):
    page = visit(name)
    page.set_viewport_size({"width": 360, "height": 740})
    until(page, "document.getElementById('fan').querySelector('.main-svg').clientWidth <= 360")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_phone_shows_the_page_at_its_own_width(visit):
    page = visit(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    assert page.evaluate("innerWidth") == 360
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator("#fan .main-svg").first.bounding_box()["width"] <= 360


@pytest.mark.parametrize(
    ("name", "drawn"), [pytest.param("forecast", "svg.sums", marks=pytest.mark.slow), ("gaps", "svg.gaps")]
)
def test_a_phone_shows_the_texts_of_pictures_large_enough_to_read_and_apart(visit, name, drawn):
    page = visit(name, drawn=drawn, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    for picture in page.locator(drawn).all():
        boxes = [text.bounding_box() for text in picture.locator("text:visible").all()]
        assert len(boxes) >= 4
        for k, box in enumerate(boxes):
            assert box["height"] >= 10
            assert 0 <= box["x"] <= box["x"] + box["width"] <= 360
            assert all(apart(box, other) for other in boxes[:k])


def apart(one, other):
    """Whether two boxes have nothing in common, but for a pixel."""
    beside = any(a["x"] + a["width"] <= b["x"] + 1 for a, b in ((one, other), (other, one)))
    return beside or any(a["y"] + a["height"] <= b["y"] + 1 for a, b in ((one, other), (other, one)))


def test_charts_follow_the_colour_scheme_also_when_it_changes(visit):
    page = visit()
    paper = "document.getElementById('fan').layout.paper_bgcolor"
    light, background = page.evaluate(paper), "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    until(page, f"{paper} !== '{light}'")
    assert page.evaluate(background) == "rgb(20, 23, 27)"
    assert page.evaluate("document.getElementById('error').layout.font.color") == "#e9ecf0"


def test_paper_has_light_charts_that_fit_and_no_controls(visit):
    page = visit()
    page.emulate_media(color_scheme="dark")
    page.emulate_media(media="print")
    until(page, "document.getElementById('fan').layout.width === 670")
    assert page.evaluate("document.getElementById('fan').layout.paper_bgcolor") == "#ffffff"
    for hidden in (".controls", ".skip", "details", ".hint"):
        assert not page.locator(hidden).first.is_visible()
    assert page.locator("#fan-legend").is_visible()
    page.emulate_media(media="screen")
    until(page, "document.getElementById('fan').layout.width === undefined")


def test_the_keyboard_reaches_every_control_and_focus_can_be_seen(visit):
    page = visit(reduced_motion="reduce")  # a page of its own: where Tab starts from cannot be put back
    reached = []
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert reached[0] == "skip"
    assert [name for name in reached if name in ("series", "find", "cutoff")] == ["series", "find", "cutoff"]
    page.focus("#series")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_hostile_names_run_nothing_and_are_shown_as_they_are(visit):
    page = visit("hostile")
    seen = set()
    for option in page.locator("#series option").all():
        page.select_option("#series", value=option.get_attribute("value"))
        seen |= {name for name in EVIL if page.text_content("#fan-caption").startswith(f"Series {name}")}
    assert seen == set(EVIL)
    assert page.evaluate("window.hurt") is None
    assert page.locator("img").count() == 0
    assert page.text_content(".verdict") == EVIL[0]
    page.click("#fan-data summary")
    page.wait_for_selector("#fan-table tbody tr")
    assert EVIL[0] in page.text_content("#fan-table thead")


def test_names_in_a_hover_label_are_text_too(visit):
    assert '"><img src=x' in hover(visit("hostile"))


@pytest.mark.parametrize("name", ["notebook", "picture"])
def test_a_picture_draws_itself_in_a_notebook_and_in_a_file(visit, name):
    page = visit(name, drawn=".js-plotly-plot .main-svg")
    assert len(page.query_selector_all("path.js-line")) >= 9


def test_a_picture_of_what_a_forecast_is_made_of_draws_its_bars(visit):
    page = visit("explained", drawn=".js-plotly-plot .main-svg")
    assert page.query_selector_all(".barlayer path")


def test_every_file_is_small_enough_to_send(files):
    for name, uri in files.items():
        assert Path(uri.removeprefix("file://")).stat().st_size < 1_500_000, name


def test_a_forecast_page_has_no_cutoffs_to_choose(visit):
    page = visit("forecast")
    assert page.locator("#cutoff").count() == 0
    assert lines(page) == ["history", "Net"]
    assert np.isfinite(traces(page)[-1][2][:3]).all()


def test_a_chart_of_several_targets_names_its_own_and_their_errors_sort_by_name(visit):
    page = visit("targets")
    for name in ("south, no2", "north, pm25"):
        found = "(all, name) => all.find((each) => each.text.includes(name)).value"
        place = page.locator("#series option").evaluate_all(found, name)
        page.select_option("#series", place)
        until(page, f"document.querySelector('#fan .ytitle').textContent === {name.split(', ')[1]!r}")
    table = page.locator("table.sortable").nth(1)
    table.get_by_role("button", name="Target").click()
    assert table.locator("tbody td:first-child").all_inner_texts() == ["no2", "no2", "pm25", "pm25"]


@pytest.mark.parametrize(
    ("name", "drawn"),
    [("backtest", DRAWN), ("forecast", DRAWN), ("gaps", "svg.gaps"), ("anomalies", "svg.gaps")],
)
def test_axe_finds_nothing_wrong_with_a_page_light_or_dark(visit, name, drawn):
    assert violations(visit(name, drawn=drawn)) == []
