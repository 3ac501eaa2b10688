"""What pages hold, without a browser."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import polars as pl
import pytest

from loopcast.data.output import forecast_table
from loopcast.data.panel import Panel
from loopcast.data.prediction_table import read_predictions
from loopcast.errors import OptionError
from loopcast.report.page import backtest_page, forecast_page
from loopcast.report.payload import Charts, format_times, numbers, safe_json
from report.made import NAMES, made_backtest, made_leaderboard, made_panel

EVIL = ("</script><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "<!--<script>", "🦜\u2028'&amp;")
VOID = {"meta", "link", "br", "img", "input", "hr", "line"}


class Page(HTMLParser):
    """A page taken apart: elements with their attributes, the text in each kind of element, what was left open."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.open, self.texts = [], [], {}
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def data(self):
        return json.loads(self.texts["script"][0])


def page(backtest=None, leaderboard=None, **options):
    return Page(backtest_page(backtest or made_backtest(), leaderboard or made_leaderboard(), **options))


def forecasts(panel):
    line = panel.last(3)[:, :, 0]
    return forecast_table(panel, {"Net": line, "Net-lo-80": line - 5, "Net-hi-80": line + 5, "Naive": line * 0})


def hostile():
    """A backtest in which every name that a user chooses is hostile."""
    names = (*EVIL, "%{x} $y$")
    backtest = made_backtest(made_panel(ids=EVIL), names=names, failures=(EVIL[0],), notes=(EVIL[1],))
    return backtest, made_leaderboard(names, verdict=EVIL[0], notes=EVIL)


def test_a_page_is_whole_html_in_which_every_element_is_closed_and_every_id_there_once():
    for found in (page(), Page(forecast_page(made_panel(), forecasts(made_panel())))):
        assert found.open == []
        ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        named = {attributes["aria-labelledby"] for attributes in found.all("section")}
        assert named <= set(ids)
        assert {attributes["for"] for attributes in found.all("label") if "for" in attributes} <= set(ids)


def test_headings_go_down_one_level_at_a_time_from_one_title():
    levels = [int(tag[1]) for tag, _ in page().elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert max(np.diff(levels)) == 1


def test_sections_come_in_the_order_in_which_they_are_read():
    assert page().texts["h2"] == [
        "Leaderboard",
        "Forecasts, series by series",
        "Error by steps ahead",
        "Coverage by steps ahead",
        "What was run",
        "Run it again",
    ]


def test_a_page_names_nothing_to_load_and_forbids_loading():
    found = page()
    addresses = [a[key] for _, a in found.elements for key in ("src", "href", "action", "data") if key in a]
    assert sorted(addresses) == ["#main", "data:,"]
    policy = next(a["content"] for a in found.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert not re.search(r"url\(|@import", "".join(found.texts["style"]))


def test_hostile_names_stay_text_everywhere():
    backtest, board = hostile()
    found = page(backtest, board, command=EVIL[0], series=[EVIL[3]])
    assert found.open == []
    assert len(found.all("script")) == 3
    assert not found.all("img")
    assert found.texts["p"][0] == EVIL[0]
    assert found.data["series"][0]["id"] == EVIL[3]
    assert {each["id"] for each in found.data["series"]} == set(EVIL)
    assert [each["name"] for each in found.data["models"]] == [ran.name for ran in backtest.models]


def test_json_in_a_script_holds_none_of_the_signs_that_could_end_it():
    text = safe_json({"</script>": "<!-- & \u2028\u2029"})
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == {"</script>": "<!-- & \u2028\u2029"}
    with pytest.raises(ValueError, match="JSON"):
        safe_json(float("nan"))


def test_the_leaderboard_says_its_numbers_in_order_and_leaves_out_columns_without_any():
    found = page()
    heads = [text for text in found.texts["th"] if text.strip()]
    assert heads[:4] == ["Model", "MASE", "sMAPE", "MAE"]
    assert "Seed spread" not in heads
    assert [text for text in found.texts["td"] if text.strip()][:7] == [
        "0.610",
        "4.20",
        "3.100",
        "4.400",
        "0.2",
        "+14.0%",
        "0.012",
    ]
    assert found.texts["caption"][0] == "Models, best first, by MASE: less is better."


def test_the_page_says_verdict_notes_command_code_and_failures():
    backtest = made_backtest(failures=("2019-06-01: no memory",), notes=("One series was left out.",))
    text = backtest_page(
        backtest, made_leaderboard(notes=("Same windows.",)), command="loopcast backtest a.csv"
    ).decode()
    for part in ("by 14.1%", "One series was left out.", "Same windows.", "2019-06-01: no memory"):
        assert part in text
    for part in ("loopcast backtest a.csv", "loopcast.Linear(horizon=6)", "because the season is 12", "12,345"):
        assert part in text


def test_a_chart_holds_history_what_came_and_each_forecast_with_its_bounds():
    backtest = made_backtest()
    data = page(backtest, series=["b"]).data
    series = data["series"][0]
    times = data["calendars"][series["calendar"]]
    assert (series["id"], len(series["cuts"])) == ("b", 3)
    rows = backtest.table.filter(unique_id="b")
    for k, cut in enumerate(series["cuts"]):
        part = rows[6 * k : 6 * k + 6]
        assert times[cut["at"] - 1] == str(part["cutoff"][0])
        assert times[cut["at"] : cut["at"] + 6] == [str(each) for each in part["ds"]]
        values, narrow, wide = cut["fans"][NAMES.index("Linear")]
        np.testing.assert_allclose(values, part["Linear"], atol=0.01)
        np.testing.assert_allclose(narrow[0], part["Linear-lo-80"], atol=0.01)
        np.testing.assert_allclose(wide[1], part["Linear-hi-95"], atol=0.01)
        np.testing.assert_allclose(series["values"][cut["at"] : cut["at"] + 6], part["y"], atol=0.01)


def test_missing_values_and_models_that_failed_are_gaps():
    backtest = made_backtest()
    table = backtest.table.with_columns(
        y=pl.when(pl.int_range(pl.len()) != 1).then("y"), Naive=pl.when(pl.int_range(pl.len()) >= 6).then("Naive")
    )
    panel = replace(backtest.panel, values=np.where(np.arange(180)[:, None] == 43, np.nan, backtest.panel.values))
    predictions = tuple(replace(each, panel=panel) for each in read_predictions(table, backtest.panel))
    found = page(replace(backtest, predictions=predictions), series=["a"])
    series = found.data["series"][0]
    cut = series["cuts"][0]
    assert series["values"][cut["at"] + 1] is None
    assert cut["fans"][NAMES.index("Naive")] is None
    assert any("Naive has an error at 48 of 54 rows" in text for text in found.texts["p"])


def test_without_intervals_the_page_says_so():
    found = page(made_backtest(level=()), made_leaderboard(level=()))
    assert "No intervals were forecast." in found.texts["p"]
    assert not [a for a in found.all("div") if a.get("id", "").startswith("coverage-")]


def test_times_are_drawn_as_dates_numbers_or_clocks():
    assert format_times(Panel.from_array(np.zeros((1, 2, 1))).starts) == [0]
    assert format_times(Panel.from_series([0.0], start="2024-02-29", freq="D").starts) == ["2024-02-29"]
    hours = made_panel(freq="h", start="2024-02-29T05:00:00")
    assert page(made_backtest(hours)).data["calendars"][0][-1] == "2024-03-02 16:00"
    numbered = Panel.from_array(np.random.default_rng(0).normal(size=(2, 60, 1)))
    assert page(made_backtest(numbered)).data["axis"] == "linear"


def test_numbers_keep_a_ten_thousandth_of_the_range():
    assert numbers(np.array([1.23456789, np.nan, np.inf]), 3) == [1.235, None, None]
    assert numbers(np.array([123456.0]), -2) == [123500]


@pytest.mark.slow
def test_a_thousand_series_make_a_page_under_two_and_a_half_megabytes_that_says_how_many_it_holds():
    panel = made_panel(ids=tuple(f"series {i}" for i in range(1000)), length=150)
    backtest = made_backtest(panel, horizon=24, windows=4)
    made = backtest_page(backtest, made_leaderboard(), series=["series 500"])
    assert len(made) < 2_500_000
    found = Page(made)
    count = len(found.data["series"])
    assert 50 < count < 1000
    assert any(f"This page holds {count} of 1,000 series" in text for text in found.texts["p"])
    assert [each["label"] for each in found.data["series"]][:4] == ["asked for", "worst", "median", "best"]
    errors = sorted(each["error"] for each in found.data["series"])
    assert errors[len(errors) // 2] == pytest.approx(found.data["series"][2]["error"], rel=0.2)


def test_of_very_many_cutoffs_the_last_are_shown_and_that_is_said():
    panel = made_panel(ids=("a",), length=2100)
    series = page(made_backtest(panel, horizon=2, windows=2000, step=1)).data["series"][0]
    assert series["leftOut"] == 500
    assert len(series["cuts"]) == 1500


def test_the_first_chart_is_taken_whatever_its_size():
    from loopcast.report.fans import future_chart

    panel, charts = made_panel(), Charts(budget=10)
    read = read_predictions(forecasts(panel), panel)
    charts.take((lambda i=i: future_chart(panel, read, (80.0,), i)) for i in range(3))
    assert len(charts.encoded) == 1


def test_an_id_that_is_not_there_and_foreign_models_are_refused():
    with pytest.raises(OptionError, match="no series 'z'"):
        page(series=["z"])
    with pytest.raises(OptionError, match="other models"):
        page(leaderboard=made_leaderboard(("X", "Y")))


def test_a_forecast_page_shows_what_comes_and_every_model_of_the_leaderboard():
    panel = made_panel()
    made = forecast_page(panel, forecasts(panel), leaderboard=made_leaderboard(), descriptions={"Net": "An LSTM."})
    found = Page(made)
    series = found.data["series"][0]
    assert found.data["calendars"][0][series["cuts"][0]["at"] :] == ["2020-01-01", "2020-02-01", "2020-03-01"]
    assert series["values"][-3:] == [None] * 3
    assert {"SeasonalNaive", "Recurrent "} <= set(found.texts["span"])
    assert "An LSTM." in found.texts["p"]


def test_a_forecast_page_takes_arrays_and_one_series_without_an_id():
    found = Page(forecast_page(np.arange(40.0), {"Naive": np.full((1, 2), 39.0)}, command="loopcast forecast a.csv"))
    assert found.data["series"][0]["id"] == "y"
    assert found.texts["code"] == ["loopcast forecast a.csv"]


def test_with_many_seeds_the_page_says_that_it_shows_the_first():
    backtest = made_backtest()
    found = page(replace(backtest, seeds=(backtest.table, backtest.table)))
    assert "3; the charts show the first" in found.texts["dd"]
