"""The page of a server as a browser shows it: by mouse, by keyboard, on a phone, and quietly."""

import datetime as dt

import pytest

from reference.chromium import until, violations

DAYS = [dt.date(2024, 1, 1) + dt.timedelta(days=i) for i in range(60)]
GERMAN = "Datum;Filiale;Umsatz\n" + "".join(
    f"{day:%d.%m.%Y};Köln {k};1.{100 + 10 * (i % 7) + k},5\n" for k in (1, 2) for i, day in enumerate(DAYS)
)
EVIL = '<img src=x onerror="window.hurt=1">'
HOSTILE = "unique_id,ds,y\n" + "".join(
    f'"{EVIL.replace(chr(34), chr(34) * 2)}",{day},{i % 7}\n' for i, day in enumerate(DAYS)
)
GAPS = "ds,y\n" + "".join(f"{day},{'' if i % 9 == 4 else i % 7}\n" for i, day in enumerate(DAYS))


@pytest.fixture
def visit(browser, served):
    """Opens the page; it may complain of nothing, and ask nobody but its server."""
    complaints, requests, contexts = [], [], []

    def opened(path="/", **options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(served.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    answered = "the server responded with a status of 4"  # what a browser says of every problem that is an answer
    assert [each for each in complaints if answered not in each] == []
    assert [url for url in requests if not url.startswith((served.url, "data:,", "blob:"))] == []


def give(page, name, text, encoding="utf-8"):
    """Choose a file, and wait until it was looked at."""
    file = {"name": name, "mimeType": "text/csv", "buffer": text.encode(encoding)}
    page.set_input_files("#file", files=[file])
    page.wait_for_selector("#seen:not([hidden])")


def result(page):
    """Wait for what came of it, all of it: the focus goes there then."""
    page.wait_for_selector("#result-title:focus", timeout=60000)


def test_a_file_of_another_country_becomes_a_forecast_with_all_that_belongs_to_it(visit):
    page = visit()
    give(page, "verkauf.csv", GERMAN, "cp1252")
    assert "2 series, 120 rows from 2024-01-01 to 2024-02-29, frequency D" in page.inner_text("#seen-facts")
    assert "';' between fields, decimal comma" in page.inner_text("#seen-notes")
    assert page.locator("#columns tbody td:nth-child(2)").all_inner_texts() == ["time", "id", "target"]
    assert violations(page) == []
    page.select_option("#model", "pretrained")
    page.fill("#horizon", "5")
    page.click("#go")
    result(page)
    assert page.inner_text("#result-title") == "Forecast of verkauf.csv"
    assert page.locator("#chart polygon.band").count() == 2
    assert page.locator("#chart polyline.ahead").count() == 1
    assert page.inner_text("#command").startswith("loopcast forecast verkauf.csv --id Filiale --time Datum")
    assert page.inner_text("#python").startswith("import loopcast")
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="CSV", exact=True).click()
    assert downloaded.value.suggested_filename == "verkauf-forecast.csv"
    lines = downloaded.value.path().read_text(encoding="utf-8").splitlines()
    assert lines[0] == "Filiale,Datum,Pretrained,Pretrained-lo-80,Pretrained-hi-80,Pretrained-lo-95,Pretrained-hi-95"
    assert len(lines) == 11
    page.click("#after")
    assert page.inner_text("#chart figcaption") == "Köln 2"
    page.reload()
    result(page)
    assert page.inner_text("#result-title") == "Forecast of verkauf.csv"
    assert violations(page) == []
    page.click("#nav-jobs")
    page.wait_for_selector("#job-list table")
    assert violations(page) == []


@pytest.mark.slow
def test_the_best_of_several_comes_with_a_leaderboard_and_a_verdict(visit):
    page = visit()
    give(page, "shop.csv", GERMAN.replace("Köln", "Bonn"))
    page.click("#go")
    result(page)
    assert page.inner_text("#verdict")
    assert violations(page) == []
    assert "Linear" in page.locator("#board tbody th").all_inner_texts()


@pytest.mark.slow
def test_gaps_are_filled_and_anomalies_found(visit):
    page = visit()
    give(page, "sensor.csv", GAPS)
    assert "7 values missing" in page.inner_text("#seen-facts")
    page.check("[value=anomalies]")
    assert page.inner_text("#go") == "Find anomalies"
    page.fill("#strange-level", "60")
    page.click("#go")
    result(page)
    assert "rows are outside" in page.inner_text("#verdict")
    assert violations(page) == []
    assert page.locator("#strange tbody tr").count() == page.locator("#chart figure > svg circle.mark").count() > 0


@pytest.mark.slow
def test_gaps_are_filled_by_a_network(visit):
    page = visit()
    give(page, "sensor.csv", GAPS)
    page.check("[value=impute]")
    page.click("#go")
    result(page)
    assert page.inner_text("#verdict") == "Filled 7 of 60 values in 1 series."
    assert page.locator("#chart polyline.ahead").count() > 3


@pytest.mark.slow
def test_what_a_column_is_can_be_changed_and_a_wrong_choice_is_explained(visit):
    page = visit()
    give(page, "shop.csv", GERMAN)
    page.get_by_label("Take Umsatz as").select_option("time")
    page.wait_for_selector("#said.failed")
    assert violations(page) == []
    assert page.is_hidden("#ask")
    page.get_by_label("Take Umsatz as").select_option("target")
    page.wait_for_selector("#ask:not([hidden])")


@pytest.mark.slow
def test_a_table_too_short_to_compare_models_on_says_why_and_keeps_the_form(visit):
    page = visit()
    give(page, "short.csv", "ds,y\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n")
    page.check("[value=backtest]")
    page.click("#go")
    page.wait_for_selector("#doing.failed", timeout=60000)
    assert page.inner_text("#work-title") == "Nothing came of it"
    assert violations(page) == []
    assert page.is_visible("#go")


@pytest.mark.slow
def test_a_job_is_cancelled_with_a_button(visit):
    page = visit()
    give(page, "shop.csv", GERMAN)
    page.select_option("#model", "Recurrent")
    page.click("#go")
    page.click("#cancel")
    page.wait_for_selector("#doing.failed")
    assert page.inner_text("#doing") == "Cancelled."


def test_everything_is_reached_by_keyboard_and_the_chart_is_read_step_by_step(visit):
    page = visit()
    give(page, "shop.csv", GERMAN)
    page.select_option("#model", "pretrained")
    page.focus("#go")
    page.keyboard.press("Enter")
    result(page)
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert "series" in reached
    slider = page.get_by_label("Step of the chart")
    before = slider.get_attribute("aria-valuetext")
    assert "Pretrained" in before
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert slider.get_attribute("aria-valuetext").startswith("2024-02-29: known")
    assert page.inner_text("#chart .readout") == slider.get_attribute("aria-valuetext")
    assert "Chart of Köln 1 from" in page.get_attribute("#chart svg", "aria-label")
    page.click("#chart summary")
    page.wait_for_selector("#chart table tbody tr")
    assert page.locator("#chart table tbody tr").count() > 20


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_a_phone_shows_it_at_its_own_width_in_either_scheme(visit, scheme):
    page = visit(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True, color_scheme=scheme)
    give(page, "shop.csv", GERMAN)
    page.select_option("#model", "pretrained")
    page.click("#go")
    result(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}[scheme]


def test_every_control_has_a_name_and_every_id_is_there_once(visit):
    page = visit()
    give(page, "shop.csv", GERMAN)
    nameless = page.evaluate(
        """[...document.querySelectorAll("button, select, input, a, summary")].filter((each) => !(each.labels?.length ||
        each.getAttribute("aria-label") || each.textContent.trim())).map((each) => each.outerHTML)"""
    )
    assert nameless == []
    twice = "[...document.querySelectorAll('[id]')].map((e) => e.id).filter((id, i, all) => all.indexOf(id) !== i)"
    assert page.evaluate(twice) == []
    assert page.evaluate("document.documentElement.lang") == "en"


@pytest.mark.slow
def test_names_of_others_run_nothing(visit):
    page = visit()
    give(page, "<b>x.csv", HOSTILE)
    page.select_option("#model", "pretrained")
    page.click("#go")
    result(page)
    assert page.inner_text("#chart figcaption") == EVIL
    assert page.evaluate("window.hurt") is None
    assert page.locator("main img").count() == 0


def test_a_stream_moves_as_rows_come_and_alarms_are_said(visit, served):
    for name in ("pumps", "later"):
        served.http.put(f"/v1/streams/{name}?freq=D&horizon=3")
    rows = [{"unique_id": "pump", "ds": str(day), "y": float(i % 7)} for i, day in enumerate(DAYS)]
    served.http.post("/v1/streams/pumps/update", json={"rows": rows})
    page = visit("/#live")
    page.wait_for_selector("#followed:not([hidden])")
    page.select_option("#stream", "pumps")
    page.wait_for_selector("#live-chart polyline.past")
    until(page, "document.querySelector('#live-chart svg').getAttribute('aria-label').startsWith('Chart of pump')")
    assert "Chart of pump from" in page.get_attribute("#live-chart svg", "aria-label")
    alarms = page.locator("#alarms li").count()
    strange = {"unique_id": "pump", "ds": "2024-03-01", "y": 400.0}
    served.http.post("/v1/streams/pumps/update", json={"rows": [strange]})
    until(page, f"document.querySelectorAll('#alarms li').length > {alarms}")
    assert page.locator("#alarms li").first.inner_text().startswith("2024-03-01: 400")
    assert page.locator("#tiles dd").first.inner_text() == "400"
    assert violations(page) == []
    page.select_option("#stream", "later")
    until(page, "document.querySelectorAll('#tiles dd').length == 0")
    served.http.post("/v1/streams/later/update", json={"rows": rows})
    page.wait_for_selector("#tiles dd")
    assert page.input_value("#stream-series") == "pump"
    for name in ("pumps", "later"):
        served.http.delete(f"/v1/streams/{name}")


@pytest.mark.slow
def test_a_server_with_tokens_is_asked_with_one(visit, served):
    from loopcast.service import tokens
    from loopcast.service.store import Store

    store = Store(served.folder)
    token = tokens.make(store, "page", "run")
    page = visit("/#jobs")
    page.wait_for_selector("#login[open]")
    assert violations(page) == []
    page.fill("#token", token)
    page.keyboard.press("Enter")
    page.wait_for_selector("#job-list table, #job-list p")
    tokens.end(store, "page")
    store.close()
