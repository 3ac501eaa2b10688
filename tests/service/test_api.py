"""What a server answers, over HTTP."""

import io
import json
import signal
import time
from pathlib import Path

import polars as pl
import pytest

from loopcast.cli.main import run as command
from loopcast.service.documents import CSV as EXAMPLE_CSV
from loopcast.service.kserve import EXAMPLE
from service.served import CSV

AIR = Path(__file__).parents[2] / "examples" / "air_passengers.csv"
ROWS = pl.read_csv(AIR)
PARQUET, ARROW = "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"
PROBLEM = "application/problem+json"


def printed(capsys, *arguments):
    """What a command prints with --json."""
    assert command([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def written(write):
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def post(served, path, **options):
    """An answer that is no problem, as JSON."""
    answer = served.http.post(path, **options)
    assert answer.status_code < 300, answer.text
    return answer.json()


def test_a_forecast_is_what_the_command_prints(served, capsys):
    answer = post(served, "/v1/forecast?horizon=3", content=AIR.read_bytes(), headers=CSV)
    told = printed(capsys, "forecast", str(AIR), "--horizon", "3", "--model", "Pretrained", "--no-check")
    assert answer["forecast"] == told["forecast"]
    assert set(answer) == set(told)
    answer = post(served, "/v1/forecast?horizon=3&explain=true", content=AIR.read_bytes(), headers=CSV)
    told = printed(capsys, "forecast", str(AIR), "--horizon", "3", "--model", "Pretrained", "--no-check", "--explain")
    assert answer["explanation"] == told["explanation"]


def test_a_backtest_and_anomalies_are_what_the_commands_print(served, capsys):
    options = {"horizon": "6", "models": "Naive,Drift", "n_windows": "2", "level": "none"}
    answer = post(served, "/v1/backtest", params=options, content=AIR.read_bytes(), headers=CSV)
    told = printed(
        capsys, "backtest", str(AIR), "--horizon=6", "--models=Naive,Drift", "--n-windows=2", "--level=none", "--quiet"
    )
    seconds = ("fit_seconds", "predict_seconds")
    for board in (answer["leaderboard"], told["leaderboard"]):
        for row in board:
            for name in seconds:
                row.pop(name, None)
    assert answer["leaderboard"] == told["leaderboard"]
    assert answer["verdict"] == told["verdict"]
    found = post(served, "/v1/anomalies?level=95", content=AIR.read_bytes(), headers=CSV)
    assert found == printed(capsys, "anomalies", str(AIR), "--level", "95")


def test_every_way_to_write_a_table_gives_the_same_forecast(served):
    dated = ROWS.with_columns(pl.col("ds").str.to_date())
    ways = [
        {"content": AIR.read_bytes(), "headers": CSV, "params": {"horizon": 2}},
        {"content": written(dated.write_parquet), "headers": {"content-type": PARQUET}, "params": {"horizon": 2}},
        {"content": written(dated.write_ipc_stream), "headers": {"content-type": ARROW}, "params": {"horizon": 2}},
        {"json": {"rows": ROWS.to_dicts(), "horizon": 2}},
        {"files": {"file": ("../../air.csv", AIR.read_bytes())}, "data": {"horizon": "2"}},
    ]
    answers = [post(served, "/v1/forecast", **way)["forecast"] for way in ways]
    assert all(each == answers[0] for each in answers)


def test_a_look_names_the_options_that_read_the_table(served):
    german = "Tag;Umsatz\n" + "".join(f"{day}.2.2024;1.{day:03d},5\n" for day in range(1, 29))
    found = post(served, "/v1/look", content=german.encode(), headers=CSV)
    assert found["columns"] == {"Tag": "time", "Umsatz": "target"}
    read = {"horizon": 2, **found["options"]}
    unread = served.http.post("/v1/forecast?horizon=2", content=german.encode(), headers=CSV)
    assert (unread.status_code, unread.json()["cure"]) == (422, found["options"])
    assert post(served, "/v1/forecast", params=read, content=german.encode(), headers=CSV)["forecast"]


@pytest.mark.parametrize("options", [{"layout": "wide"}, {"time": "nothing"}])
def test_a_look_that_finds_no_way_to_read_a_table_says_so(served, options):
    found = post(served, "/v1/look", params=options, content=EXAMPLE_CSV.encode(), headers=CSV)
    assert found["next"] is None
    assert found["why_not"]
    assert "/" not in found["why_not"]


@pytest.mark.parametrize(
    ("code", "said", "path", "given"),
    [
        (422, "a comma separates", "/v1/forecast?horizon=2&separator=;", {"content": AIR.read_bytes(), "headers": CSV}),
        (422, "NaN is no JSON number", "/v1/forecast", {"content": b'{"rows": [{"y": NaN}], "horizon": 2}'}),
        (422, "too large a number", "/v1/forecast", {"content": b'{"rows": [{"y": 1e999}], "horizon": 2}'}),
        (422, "nested too deeply", "/v1/forecast", {"content": b"[" * 100_000}),
        (400, "horizon", "/v1/forecast", {"content": AIR.read_bytes(), "headers": CSV}),
        (400, "colour", "/v1/forecast?horizon=2&colour=red", {"content": AIR.read_bytes(), "headers": CSV}),
        (400, "twice", "/v1/forecast?horizon=2&horizon=3", {"content": AIR.read_bytes(), "headers": CSV}),
        (400, "at most 10,000 steps", "/v1/forecast?horizon=10001", {"content": AIR.read_bytes(), "headers": CSV}),
        (400, "no model 'none'", "/v1/forecast?horizon=2&model=none", {"content": AIR.read_bytes(), "headers": CSV}),
        (422, "is no text", "/v1/look", {"content": b"\xc2\xb3p\0\0", "headers": CSV}),
        (422, "quote that is not closed", "/v1/look", {"content": b'ds,"' + b"y" * 200_000, "headers": CSV}),
        (415, "Content-Type", "/v1/forecast?horizon=2", {"content": b"x", "headers": {"content-type": "text/plain"}}),
        (415, "not unpacked", "/v1/forecast", {"content": b"x", "headers": CSV | {"content-encoding": "gzip"}}),
        (415, "ends in", "/v1/forecast?horizon=2", {"files": {"file": ("a.csv.gz", b"x")}}),
        (413, "at most 33,554,432 bytes", "/v1/forecast", {"content": b"1" * (2**25 + 1), "headers": CSV}),
        (403, "other sites", "/v1/forecast", {"content": b"x", "headers": CSV | {"origin": "https://evil.example"}}),
        (421, "localhost", "/v1/forecast", {"content": b"x", "headers": CSV | {"host": "evil.example"}}),
        (404, "nothing at this address", "/v1/nothing", {}),
    ],
)
def test_what_is_wrong_is_said_as_a_problem_without_a_path_of_the_machine(served, code, said, path, given):
    given = ({"headers": {"content-type": "application/json"}} if "content" in given else {}) | given
    answer = served.http.post(path, **given)
    assert answer.status_code == code, answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert said in answer.json()["detail"]
    assert str(served.folder) not in answer.text
    assert "Traceback" not in answer.text


def test_kserve_s_series_are_forecast_in_its_shape(served):
    answer = post(served, "/v1/timeseries/forecast", json=dict(EXAMPLE))
    [output] = answer["outputs"]
    [told] = output["content"]
    assert (told["type"], told["name"], told["frequency"]) == ("univariate_time_series", "sales", "M")
    assert told["start_timestamp"] == "2025-01-01T00:00:00"
    assert len(told["mean_forecast"]) == 3
    assert sorted(told["quantiles"]) == ["0.1", "0.5", "0.9"]
    assert told["quantiles"]["0.5"] == pytest.approx(told["mean_forecast"])
    many = {**EXAMPLE["inputs"][0], "type": "multivariate_time_series", "series": [[1, 2], [3, None], [5, 6], [7, 8]]}
    both = post(served, "/v1/timeseries/forecast", json={**EXAMPLE, "inputs": [many]})
    assert [len(step) for step in both["outputs"][0]["content"][0]["mean_forecast"]] == [2, 2, 2]


def test_a_job_is_watched_to_its_end_and_leaves_files_and_a_model_that_serves(served, capsys):
    options = {"task": "forecast", "horizon": 12, "model": "Auto", "name": "../air.csv"}
    answer = served.http.post("/v1/jobs", params=options, content=AIR.read_bytes(), headers=CSV)
    assert (answer.status_code, answer.headers["location"]) == (202, f"/v1/jobs/{answer.json()['id']}")
    job = answer.json()["id"]
    with served.http.stream("GET", f"/v1/jobs/{job}/events") as events:
        told = [json.loads(line[6:]) for line in events.iter_lines() if line.startswith("data: ")]
    assert told[-1]["state"] == "done"
    assert any(each["progress"] and each["progress"]["total"] for each in told)
    files = {name: served.http.get(path) for name, path in told[-1]["files"].items()}
    assert set(files) == {"result.json", "table.csv", "charts.json", "report.html", "model.loopcast"}
    told = printed(capsys, "forecast", str(AIR), "--horizon", "12", "--model", "Auto", "--quiet")
    result = files["result.json"].json()
    assert result["forecast"] == told["forecast"]
    assert result["check"]["verdict"] == told["check"]["verdict"]
    assert result["same"]["command"] == "loopcast forecast air.csv --horizon 12 --model Auto"
    assert pl.read_csv(files["table.csv"].content)["Auto"].to_list() == pytest.approx(
        [row["Auto"] for row in told["forecast"]]
    )
    assert "sandbox" in files["report.html"].headers["content-security-policy"]
    assert served.http.put("/v1/models/air/versions/3", content=files["model.loopcast"].content).status_code == 201
    assert served.http.put("/v1/models/air/versions/3", content=files["model.loopcast"].content).status_code == 200
    assert served.http.put("/v1/models/air/versions/4", content=b"PK").status_code == 422
    assert served.http.get("/v2/models/air").json()["versions"] == ["3"]
    for name in ("air", "air@3"):
        params = {"horizon": 12, "model": name}
        rows = post(served, "/v1/forecast", params=params, content=AIR.read_bytes(), headers=CSV)["forecast"]
        assert [row["Auto"] for row in rows] == pytest.approx([row["Auto"] for row in told["forecast"]])
    assert served.http.delete("/v1/models/air/versions/3").status_code == 204
    assert served.http.get("/v2/models/air/ready").status_code == 404
    assert served.http.delete(f"/v1/jobs/{job}").status_code == 204
    assert served.http.get(f"/v1/jobs/{job}").status_code == 404


def test_a_job_that_cannot_be_read_is_refused_at_once_and_one_that_runs_can_be_ended(served):
    refused = served.http.post("/v1/jobs?task=forecast&horizon=2", content=b"a,b\n1,2\n", headers=CSV)
    assert refused.status_code == 422
    slow = {"task": "backtest", "horizon": 3, "models": "Recurrent", "n_windows": 9, "refit": "always"}
    job = served.http.post("/v1/jobs", params=slow, content=AIR.read_bytes(), headers=CSV).json()["id"]
    while served.http.get(f"/v1/jobs/{job}").json()["progress"] is None:
        time.sleep(0.05)
    assert served.http.delete(f"/v1/jobs/{job}").json()["state"] == "cancelled"
    assert served.http.get(f"/v1/jobs/{job}/table.csv").status_code == 404


def row(day, value, name="shop"):
    return {"unique_id": name, "ds": f"2024-01-{day:02d}", "y": value}


@pytest.mark.slow
def test_a_stream_goes_on_where_it_was_after_the_server_was_killed(served):
    assert served.http.put("/v1/streams/shops?freq=D&horizon=2").status_code == 201
    for day in range(1, 9):
        answer = post(served, "/v1/streams/shops/update", json={"rows": [row(day, day % 3)]})
        assert (answer["status"], answer["drift"]) == (["taken"], [False])
    table = "unique_id,ds,y\nshop,2024-01-09,0\nmall,2024-01-09,\n"
    answer = post(served, "/v1/streams/shops/update", content=table, headers=CSV)
    assert answer["status"] == ["taken", "taken"]
    off = served.http.post("/v1/streams/shops/update", json={"rows": [row(10, 1), row(9, "x", "mall")]})
    assert off.status_code == 422
    job = {"task": "anomalies", "level": 90}
    kept = served.http.post("/v1/jobs", params=job, content=AIR.read_bytes(), headers=CSV).json()["id"]
    before = served.http.get("/v1/streams/shops/series/shop/forecast").json()
    served.end(signal.SIGKILL)
    served.start()
    assert served.http.get("/v1/streams/shops/series/shop/forecast").json() == before
    again = post(served, "/v1/streams/shops/update", json={"rows": [row(9, 0), row(10, 1)]})
    assert again["status"] == ["duplicate", "taken"]
    assert served.ended_job(kept)["state"] == "done"
    assert served.http.get("/v1/streams/shops").json()["health"]["series"] == 2
    assert served.http.get("/v1/streams/shops/series/nowhere/forecast").status_code == 404
    assert served.http.delete("/v1/streams/shops").status_code == 204
    assert served.http.get("/v1/streams/shops").status_code == 404


@pytest.mark.parametrize("wrong", ["freq=xyz", "freq=h&season=-4", "freq=h&lateness=-1"])
def test_a_stream_that_could_take_no_row_is_not_begun(served, wrong):
    answer = served.http.put(f"/v1/streams/never?{wrong}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert served.http.get("/v1/streams/never").status_code == 404


def test_a_stream_of_several_targets_names_each_in_its_answers(served):
    assert served.http.put("/v1/streams/plant?freq=h&horizon=2&target=flow,level").status_code == 201
    rows = [
        {"unique_id": "a", "ds": f"2024-01-01T{hour:02}:00:00", "flow": 1 + hour % 3, "level": 1 + hour}
        for hour in range(12)
    ]
    many = post(served, "/v1/streams/plant/update", json={"rows": rows[:11]})
    assert {name: len(each) for name, each in many["surprise"].items()} == {"flow": 11, "level": 11}
    one = post(served, "/v1/streams/plant/update", json={"rows": rows[11:]})
    assert one["status"] == ["taken"]
    assert one["surprise"].keys() == one["drift"].keys() == {"flow", "level"}
    ahead = served.http.get("/v1/streams/plant/series/a/forecast").json()
    assert {name: len(each) for name, each in ahead["Pretrained"].items()} == {"flow": 2, "level": 2}
    about = served.http.get("/v1/streams/plant").json()
    assert about["targets"] == ["flow", "level"]
    assert [about["health"][name] for name in ("series", "rows", "judged")] == [1, 12, 22]
    where = "/v1/streams/plant/events?series=a&target="
    with served.http.stream("GET", where + "level") as events:
        view = next(line for line in events.iter_lines() if line.startswith("data"))
    view = json.loads(view.removeprefix("data: "))
    assert [row["value"] for row in view["rows"]] == list(range(1, 13))
    assert view["forecast"]["Pretrained"] == ahead["Pretrained"]["level"]
    assert served.http.get(where + "heat").status_code == 404
    lacking = served.http.post("/v1/streams/plant/update", json={"rows": [{"ds": "2024-01-02T00:00:00", "flow": 1}]})
    assert (lacking.status_code, "level" in lacking.text) == (422, True)


def test_a_stream_that_begins_with_a_table_is_watched_as_rows_come(served):
    begun = served.http.put("/v1/streams/air?horizon=3", content=AIR.read_bytes(), headers=CSV)
    assert begun.status_code == 201
    assert served.http.put("/v1/streams/air?horizon=3", content=AIR.read_bytes(), headers=CSV).status_code == 200
    assert served.http.put("/v1/streams/air?horizon=4", content=AIR.read_bytes(), headers=CSV).status_code == 409
    with served.http.stream("GET", "/v1/streams/air/events?series=air_passengers") as events:
        lines = (json.loads(line[6:]) for line in events.iter_lines() if line.startswith("data: "))
        assert len(next(lines)["forecast"]["Pretrained"]) == 3
        new = {"unique_id": "air_passengers", "ds": "1961-01-01", "y": 445}
        post(served, "/v1/streams/air/update", json={"rows": [new]})
        [came] = next(lines)["rows"]
        assert (came["value"], came["status"]) == (445, "taken")
        table = "unique_id,ds,y\nother,1961-01-01,1\nair_passengers,1961-02-01,420\nair_passengers,1961-03-01,\n"
        post(served, "/v1/streams/air/update", content=table, headers=CSV)
        came = next(lines)["rows"]
        assert [(row["time"], row["value"]) for row in came] == [("1961-02-01", 420), ("1961-03-01", None)]
        assert {row["series"] for row in came} == {"air_passengers"}


@pytest.mark.slow
def test_every_example_of_the_description_runs(served):
    described = served.http.get("/openapi.json").json()
    for path, methods in described["paths"].items():
        for method, about in methods.items():
            content = about.get("requestBody", {}).get("content", {})
            example = content.get("application/json", {}).get("example")
            if example is not None and path not in ("/v1/jobs", "/v1/streams/{name}/update"):
                answer = served.http.request(method, path.replace("{name}", "example"), json=example)
                assert answer.status_code < 300, (path, answer.text)
    rows = {"unique_id": "shop", "ds": "2024-01-15", "y": 5.0}
    assert post(served, "/v1/streams/example/update", json={"rows": [rows]})["status"] == ["taken"]
    job = post(served, "/v1/jobs?task=forecast&horizon=3", content=EXAMPLE_CSV, headers=CSV)
    assert served.ended_job(job["id"])["state"] == "done"


def test_metrics_name_routes_and_never_what_somebody_chose(served):
    text = served.http.get("/metrics").text
    assert 'loopcast_request_seconds_bucket{code="200",le="0.001",route="/v2/health/ready"}' in text
    assert 'loopcast_jobs{state="queued"} 0.0' in text
    assert "loopcast_queue_seconds_count" in text
    for name in ("shops", "air_passengers", "nowhere"):
        assert name not in text


def test_the_page_loads_only_what_is_ours_and_says_so(served):
    page = served.http.get("/")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert served.http.get("/static/page.js").status_code == 200
    assert served.http.get("/static/app.py").status_code == 404
