"""Parts of the service, each by itself."""

import asyncio
import io
import sqlite3
from importlib import import_module

import pytest

from loopcast.cli.main import run as command
from loopcast.errors import DataError, LoopcastError, OptionError
from loopcast.service import blobs, bodies, frames, tokens
from loopcast.service.estimate import Estimate
from loopcast.service.gate import Gate, check_site
from loopcast.service.jobs import Jobs
from loopcast.service.kserve import SeriesInput, panel_of, step_of
from loopcast.service.limits import Limits, Settings
from loopcast.service.metrics import Metrics
from loopcast.service.problems import Problem, problem_of
from loopcast.service.recent import OneRow, Recent
from loopcast.service.server import check_host
from loopcast.service.spool import Spool
from loopcast.service.store import Store
from loopcast.service.watch import Watchers, changed
from loopcast.service.worker import interrupted_an_import
from loopcast.service.workers import WorkerPool


@pytest.fixture
def store(tmp_path):
    """The tables of a server that is new."""
    made = Store(tmp_path / "service")
    yield made
    made.close()


def test_a_token_does_what_its_scope_says_and_only_its_hash_is_kept(store):
    guard = tokens.Guard(store)
    guard.check(None, "admin")  # nobody made a token
    token = tokens.make(store, "grafana", "read")
    guard._version = -1  # as after the change of another process
    guard.check(f"Bearer {token}", "read")
    for sent, scope, status in (None, "read", 401), ("Bearer x", "read", 401), (f"Bearer {token}", "run", 403):
        with pytest.raises(Problem) as caught:
            guard.check(sent, scope)
        assert caught.value.status == status
    [kept] = store.rows("SELECT * FROM tokens")
    assert token not in str(kept)
    with pytest.raises(OptionError, match="already"):
        tokens.make(store, "grafana", "run")
    tokens.end(store, "grafana")
    with pytest.raises(OptionError, match="no token"):
        tokens.end(store, "grafana")


def test_a_token_that_another_process_makes_is_known_at_once(store, tmp_path):
    guard = tokens.Guard(store)
    assert guard.open
    other = Store(tmp_path / "service")
    token = tokens.make(other, "ada", "admin")
    other.close()
    guard.check(f"Bearer {token}", "admin")
    assert not guard.open


def test_a_server_lets_others_in_only_once_there_is_a_token(tmp_path):
    settings = Settings(folder=tmp_path / "service")
    assert check_host("127.0.0.1", settings)
    with pytest.raises(OptionError, match="loopcast token NAME"):
        check_host("0.0.0.0", settings)
    store = Store(settings.folder)
    tokens.make(store, "ada", "run")
    store.close()
    assert not check_host("0.0.0.0", settings)


def test_a_row_is_whole_or_not_there(store):
    store.insert("tokens", {"hash": "a", "name": "a", "scope": "run", "created": 0.0})
    with pytest.raises(sqlite3.IntegrityError):
        store.insert("tokens", {"hash": "a", "name": "b", "scope": "run", "created": 0.0})
    assert len(store.rows("SELECT * FROM tokens")) == 1


def test_contents_are_named_by_what_they_are(tmp_path):
    name = blobs.put(tmp_path, b"forecast")
    assert blobs.put(tmp_path, b"forecast") == name
    assert blobs.place(tmp_path, name).read_bytes() == b"forecast"
    assert blobs.old(tmp_path) == set()
    assert blobs.old(tmp_path, seconds=-1) == {name}


def test_a_frame_is_read_as_it_was_packed_and_half_a_frame_is_none():
    whole = frames.pack({"state": "done"}, b"body")
    assert frames.read(io.BytesIO(whole)) == ({"state": "done"}, b"body")
    assert frames.read(io.BytesIO(whole[:-1])) is None
    assert frames.read(io.BytesIO(b"")) is None


def test_a_problem_names_no_path_and_knows_what_the_caller_can_mend():
    assert problem_of(OptionError("no /srv/x/series.csv"), "/srv/x").facts()["detail"] == "no series.csv"
    assert problem_of(DataError("bad")).status == 422
    assert problem_of(LoopcastError("bad")).status == 422
    hidden = problem_of(RuntimeError("secret /srv/x"))
    assert (hidden.status, "secret" in hidden.detail) == (500, False)


@pytest.mark.parametrize("content", [b'{"a": NaN}', b'{"a": Infinity}', b"1e400", b"{", b"\xff", b"[" * 10**5])
def test_json_is_finite_or_refused(content):
    with pytest.raises(DataError):
        bodies.parse_json(content)


def test_rows_are_objects_of_plain_values():
    for rows in [], {}, [1], [{"a": [1]}], [{"a": {}}], None:
        with pytest.raises(DataError):
            bodies.table_of(rows)
    assert bodies.table_of([{"a": 1}, {"a": 2.5}])["a"].to_list() == [1, 2.5]


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {"host": "localhost:8000", "origin": "https://evil.example"}, None),
        ("POST", {"host": "localhost:8000"}, None),
        ("POST", {"host": "localhost:8000", "origin": "http://localhost:8000"}, None),
        ("POST", {"host": "localhost:8000", "origin": "null"}, 403),
        ("POST", {"host": "localhost:8000", "sec-fetch-site": "cross-site"}, 403),
        ("GET", {"host": "evil.example:8000"}, 421),
    ],
)
def test_pages_of_other_sites_change_nothing_and_see_nothing(method, headers, status):
    if status is None:
        check_site(method, headers, local=True)
        return
    with pytest.raises(Problem) as caught:
        check_site(method, headers, local=True)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("frequency", "start", "step"),
    [
        ("H", None, "h"),
        ("week", "2024-01-03", "7D"),
        ("M", "2024-01-31", "ME"),
        ("M", "2024-01-15", "MS-15"),
        ("Q", "2024-02-01", "QS-FEB"),
        ("Y", "2024-12-31", "YE-DEC"),
    ],
)
def test_kserve_s_frequencies_are_counted_from_the_day_of_the_start(frequency, start, step):
    assert step_of(SeriesInput(name="a", series=[1.0], frequency=frequency, start_timestamp=start)) == step


def test_an_estimate_is_as_long_for_each_part_that_remains_as_for_those_that_are_done():
    told, now = [], [0.0]
    estimate = Estimate(told.append, lambda: now[0])
    estimate.tell({"doing": "a", "done": 0, "total": 4, "depth": 0})
    now[0] = 2.0
    estimate.tell({"doing": "b", "done": 1, "total": 4, "depth": 0})
    now[0] = 3.0
    estimate.tell({"doing": "c", "done": 1, "total": 2, "depth": 1})
    assert [each["seconds_left"] for each in told] == [None, 6.0, 5.0]
    assert told[2] == {"doing": "c", "done": 1, "total": 4, "seconds_left": 5.0}


def test_the_last_rows_of_a_stream_are_remembered_and_no_others():
    recent = Recent()
    for i in range(6000):
        recent.add(OneRow(f"s{i % 2}", str(i), "taken", [float(i), -float(i)], [None] * 2, [False] * 2))
    assert recent.count == 6000
    assert [row["time"] for row in recent.of("s1", 0, 0, 3)] == ["5995", "5997", "5999"]
    assert len(recent.of("s0", 0, 0, 10_000)) == 2500
    assert [row["value"] for row in recent.of("s0", 0, 5996, 300)] == [5996, 5998]
    assert [row["value"] for row in recent.of("s0", 1, 5996, 300)] == [-5996, -5998]


def test_who_watches_is_told_of_what_he_watches_alone():
    async def watched():
        watchers = Watchers()
        with watchers.watching("a") as one, watchers.watching("b") as other:
            watchers.tell("a")
            assert [sign async for sign in changed(one)] == []
            assert not other.is_set()
        watchers.tell("a")

    asyncio.run(watched())


def test_a_body_is_neither_too_large_nor_too_slow_whatever_its_head_says():
    async def passed(*messages, seconds=5.0):
        """What a gate sends, where an application reads the whole body."""
        sent, coming = [], iter(messages)

        async def app(scope, receive, send):
            while (await receive()).get("more_body"):
                pass
            await send({"type": "http.response.start", "status": 200, "headers": []})

        async def receive():
            message = next(coming, None)
            if message is None:
                await asyncio.sleep(60)
            return {"type": "http.request", "body": message, "more_body": True}

        async def send(message):
            sent.append(message)

        gate = Gate(app, Limits(body=10, upload=seconds), Metrics(), local=False)
        await gate({"type": "http", "method": "POST", "headers": []}, receive, send)
        return sent[0]["status"]

    assert asyncio.run(passed(b"12345", b"67890", b"1")) == 413
    assert asyncio.run(passed(b"12345", seconds=0.05)) == 408


class Slow:
    """A worker that takes a while."""

    def __init__(self, seconds=0.05):
        self.seconds = seconds

    async def start(self):
        pass

    async def run(self, asked, tell):
        await asyncio.sleep(self.seconds)
        return {"state": "done"}, b""

    async def stop(self):
        pass


async def asked(pool):
    """What becomes of a request."""
    pool.admit()
    return await pool.run({})


@pytest.mark.parametrize(("requests", "queue", "most"), [(30, 20, 20), (200, 100, 60)])
def test_a_burst_may_fill_the_queue_and_what_goes_on_coming_may_not(requests, queue, most):
    async def pressed():
        pool = WorkerPool([Slow(seconds=60)], queue)
        await pool.start()
        coming = [asyncio.create_task(asked(pool)) for _ in range(requests)]
        turned_away, taken = await asyncio.wait(coming, return_when=asyncio.FIRST_COMPLETED)
        for each in taken:
            each.cancel()
        await asyncio.gather(*taken, return_exceptions=True)
        return len(taken), {type(each.exception()) for each in turned_away}

    taken, why = asyncio.run(pressed())
    assert taken - 1 == queue if most == queue else taken - 1 <= most
    assert why == {Problem}


def test_who_goes_away_while_he_waits_leaves_the_worker_to_the_next():
    async def leaving():
        pool = WorkerPool([Slow()], queue=3)
        await pool.start()
        all_of_them = [asyncio.create_task(pool.run({"place": place})) for place in range(4)]
        await asyncio.sleep(0.01)
        all_of_them[1].cancel()
        await all_of_them[0]
        all_of_them[2].cancel()  # as the worker was handed over to it
        return await asyncio.gather(*all_of_them, return_exceptions=True), await pool.run({})

    told, after = asyncio.run(leaving())
    assert [isinstance(each, asyncio.CancelledError) for each in told] == [False, True, True, False]
    assert after == told[0]


def test_a_worker_that_was_interrupted_in_an_import_says_that_it_is_spoilt(tmp_path, monkeypatch):
    (tmp_path / "half_loaded.py").write_text("raise KeyboardInterrupt")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(KeyboardInterrupt) as within:
        import_module("half_loaded")
    assert interrupted_an_import(within.value)
    with pytest.raises(KeyboardInterrupt) as outside:
        next(iter(interrupted()))
    assert not interrupted_an_import(outside.value)


def interrupted():
    raise KeyboardInterrupt
    yield


def test_who_waits_for_a_worker_beyond_the_queue_is_told_when_to_come_again():
    async def crowd():
        pool = WorkerPool([Slow()], queue=1)
        await pool.start()
        answers = await asyncio.gather(*(pool.run({}) for _ in range(3)), return_exceptions=True)
        with pytest.raises(Problem) as late:
            await pool.run({}, seconds=0.01)
        return answers, late.value.status

    answers, late = asyncio.run(crowd())
    [turned_away] = [each for each in answers if isinstance(each, Problem)]
    assert (turned_away.status, int(turned_away.headers["Retry-After"]) >= 1, late) == (429, True, 504)


class Endless:
    """A pool whose worker never comes to an end."""

    workers = (None,)

    async def run(self, asked, tell):
        tell({"doing": "a", "done": 1, "total": 2, "depth": 0})
        await asyncio.Event().wait()


def job(store, spool, pool=None):
    """A server's jobs, and one that waits."""
    jobs = Jobs(store, spool, pool or Endless(), Limits())
    body = blobs.put(store.blobs, b"ds,y\n1,2\n")
    row = {"id": "a", "task": "forecast", "options": "{}", "asked": "{}", "body": body, "ending": ".csv", "name": ""}
    store.insert("jobs", {**row, "series": 1, "rows": 1, "state": "queued", "created": 0.0})
    return jobs


def test_a_job_that_runs_when_a_server_ends_in_order_waits_for_the_next_start(store, tmp_path):
    async def ended():
        jobs = job(store, Spool(tmp_path / "spool"))
        jobs.start()
        while jobs.facts(jobs.find("a"))["progress"] is None:
            await asyncio.sleep(0.01)
        assert jobs.counts()["running"] == 1
        await jobs.close()
        return jobs.find("a")

    row = asyncio.run(ended())
    assert (row["state"], row["attempts"]) == ("queued", 0)


def test_a_job_is_begun_again_after_a_crash_but_not_for_ever(store, tmp_path):
    jobs = job(store, Spool(tmp_path / "spool"))
    for attempts, state in (1, "queued"), (3, "failed"):
        store.change("UPDATE jobs SET state = 'running', attempts = ?", (attempts,))
        jobs.recover()
        assert jobs.find("a")["state"] == state
    assert "3 times" in jobs.facts(jobs.find("a"))["problem"]["detail"]


def test_a_running_job_is_cancelled_and_then_removed_with_its_blobs(store, tmp_path):
    async def cancelled():
        jobs = job(store, Spool(tmp_path / "spool"))
        jobs.start()
        while jobs.facts(jobs.find("a"))["progress"] is None:
            await asyncio.sleep(0.01)
        row = await jobs.cancel("a")
        assert await jobs.cancel("a") is None
        await jobs.close()
        return row

    assert asyncio.run(cancelled())["state"] == "cancelled"
    assert store.rows("SELECT * FROM jobs") == []


def test_the_command_prints_a_token_once_and_refuses_a_server_for_others_without_one(tmp_path, capsys):
    folder = str(tmp_path / "forecasts")
    assert command(["serve", "--models", folder, "--host", "0.0.0.0"]) == 2
    assert "no token was made yet" in capsys.readouterr().err
    assert command(["token", "ada", "--models", folder, "--scope", "read"]) == 0
    assert capsys.readouterr().out.startswith("loopcast_")
    assert command(["token", "ada", "--models", folder]) == 2
    assert command(["token", "ada", "--models", folder, "--end"]) == 0
    capsys.readouterr()
    assert command(["serve", "--models", folder, "--queue", "0"]) == 2
    assert "--queue is above 0" in capsys.readouterr().err


@pytest.mark.parametrize("series", [[], [[]], [[], []], [[1.0], [1.0, 2.0]], [1e39], [[1.0], None]])
def test_a_series_of_kserve_s_that_holds_no_values_is_refused(series):
    kind = "multivariate_time_series" if any(isinstance(each, list) for each in series) else "univariate_time_series"
    with pytest.raises(ValueError, match=r"series|validation"):
        panel_of(SeriesInput(type=kind, name="a", series=series, frequency="D"))
