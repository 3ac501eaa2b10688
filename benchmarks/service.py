"""The service beside its bars: start, latency, streams, overload, kill -9, and what a fuzzer finds.

Run it on a quiet machine: .venv/bin/python benchmarks/service.py > benchmarks/results/service.txt
With the path of an environment that has schemathesis as its argument it fuzzes, too.
"""

import datetime as dt
import http.client
import io
import json
import os
import platform
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import polars as pl

from loopcast.kernels import instructions

KILLS, SECONDS = int(os.environ.get("KILLS", "50")), float(os.environ.get("OVERLOADED", "60"))
HOUR = dt.timedelta(hours=1)
START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
RANDOM = np.random.default_rng(0)
JSON = {"content-type": "application/json"}
CSV = {"content-type": "text/csv"}


def say(what: str, figure: str) -> None:
    print(f"{what:78} {figure}", flush=True)


class Server:
    """`loopcast serve` on a folder."""

    def __init__(self, folder: Path, *options: str) -> None:
        began = time.perf_counter()
        command = [sys.executable, "-m", "loopcast", "serve", "--models", str(folder), "--port", "0", *options]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.url = re.search(r"http://\S+", self.process.stderr.readline())[0]
        assert Client(self).ask("GET", "/v2/health/ready")[0] == 200
        self.seconds = time.perf_counter() - began
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def cpu(self) -> np.ndarray:
        """Seconds of processor time so far: of the server, and of its workers."""
        pids = [self.process.pid, *children(self.process.pid)]
        each = [sum(map(int, Path(f"/proc/{pid}/stat").read_text().split(") ")[1].split()[11:13])) for pid in pids]
        return np.array([each[0], sum(each[1:])]) / os.sysconf("SC_CLK_TCK")

    def end(self, how: int = signal.SIGTERM) -> None:
        self.process.send_signal(how)
        self.process.wait()


def children(pid: int) -> list[int]:
    return [int(each) for path in Path(f"/proc/{pid}/task").glob("*/children") for each in path.read_text().split()]


class Client:
    """One connection that stays open."""

    def __init__(self, server: Server) -> None:
        parts = urlsplit(server.url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict | None = None) -> tuple[int, bytes]:
        self.connection.request(method, path, body, headers or {})
        answer = self.connection.getresponse()
        return answer.status, answer.read()


def with_cpu(server: Server, clients: int, count: int, ask) -> str:
    """Latencies, and the processor time of a call, which other programs disturb less."""
    before = server.cpu()
    told = timed(server, clients, count, ask)
    mine, workers = (server.cpu() - before) * 1000 / (clients * (count + 20))
    return f"{milliseconds(told)}; processor: server {mine:.1f}, workers {workers:.1f} ms"


def milliseconds(each: list[float]) -> str:
    p50, p99 = np.quantile(each, [0.5, 0.99]) * 1000
    return f"p50 {p50:.1f} ms, p99 {p99:.1f} ms"


def timed(server: Server, clients: int, count: int, ask) -> list[float]:
    """How long each of `count` calls of each client took, after some to warm up."""
    found: list[float] = []

    def run(place: int) -> None:
        client, mine = Client(server), []
        for i in range(count + 20):
            began = time.perf_counter()
            ask(client, place, i)
            mine.append(time.perf_counter() - began)
        found.extend(mine[20:])

    threads = [threading.Thread(target=run, args=(place,)) for place in range(clients)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return found


def waves(rows: int) -> np.ndarray:
    return 50 + 10 * np.sin(np.arange(rows) * np.pi / 12) + RANDOM.normal(size=rows)


def bodies_of(series: list[float]) -> dict[str, bytes]:
    """A forecast of a series of hours, asked for in several ways."""
    given = {"name": "a", "series": series, "frequency": "H", "start_timestamp": "2024-01-01T00:00:00"}
    asked = {"model": "pretrained", "inputs": [given], "options": {"horizon": 24, "quantiles": [0.1, 0.5, 0.9]}}
    times = [(START.replace(tzinfo=None) + i * HOUR).isoformat() for i in range(len(series))]
    table = pl.DataFrame({"ds": times, "y": series})
    rows = {"rows": table.to_dicts(), "horizon": 24}
    return {
        "array": json.dumps(asked).encode(),
        "rows": json.dumps(rows).encode(),
        "csv": table.write_csv().encode(),
    }


def forecasts(server: Server) -> None:
    bodies = [bodies_of(waves(1000).round(3).tolist()) for _ in range(50)]  # none is asked twice in a row

    def asker(name: str, path: str, kind: dict) -> Callable[[Client, int, int], None]:
        def ask(client: Client, place: int, i: int) -> None:
            assert client.ask("POST", path, bodies[(25 * place + i) % 50][name], kind)[0] == 200

        return ask

    asks = {
        "an array, KServe's way": asker("array", "/v1/timeseries/forecast", JSON),
        "rows of JSON": asker("rows", "/v1/forecast", JSON),
        "CSV": asker("csv", "/v1/forecast?horizon=24", CSV),
    }
    for name, ask in asks.items():
        for clients in (1, 2):
            told = with_cpu(server, clients, 150, ask)
            say(
                f"forecast of one series of 1,000 rows, 24 steps, {name}, {clients} clients (bar 5/25 ms)",
                told,
            )


def row(place: int, i: int) -> bytes:
    y = 40 + 5 * np.sin(i / 4)
    return json.dumps({"rows": [{"unique_id": f"s{place}", "ds": (START + i * HOUR).isoformat(), "y": y}]}).encode()


def streams(server: Server) -> None:
    assert Client(server).ask("PUT", "/v1/streams/bench?freq=h&horizon=24&most_series=100000")[0] == 201

    def both(client: Client, place: int, i: int) -> None:
        assert client.ask("POST", "/v1/streams/bench/update", row(place, i), JSON)[0] == 200
        assert client.ask("GET", f"/v1/streams/bench/series/s{place}/forecast")[0] == 200

    for clients in (1, 2):
        say(
            f"a row taken in and a forecast of 24 steps read, {clients} clients (bar 3/15 ms)",
            with_cpu(server, clients, 400, both),
        )
    ids = [f"batch{i}" for i in range(1000)]
    for name, kind in (("JSON", JSON), ("Arrow", {"content-type": "application/vnd.apache.arrow.stream"})):
        client, bodies = Client(server), []
        for step in range(20):
            at = START + (step + (20 if name == "Arrow" else 0)) * HOUR
            table = pl.DataFrame({"unique_id": ids, "ds": [at] * 1000, "y": waves(1000)})
            buffer = io.BytesIO()
            table.write_ipc_stream(buffer)
            rows = table.with_columns(pl.col("ds").dt.to_string("iso:strict")).to_dicts()
            bodies.append(json.dumps({"rows": rows}).encode() if name == "JSON" else buffer.getvalue())
        began = time.perf_counter()
        for body in bodies:
            code, told = client.ask("POST", "/v1/streams/bench/update", body, kind)
            assert code == 200, told
        say(
            f"rows a second in batches of 1,000, {name} (bar 100,000)", f"{20_000 / (time.perf_counter() - began):,.0f}"
        )


HEAVY = "/v1/backtest?horizon=12&models=Naive,Pretrained,Linear&n_windows=3&level=none"
AIR = (Path(__file__).parents[1] / "examples" / "air_passengers.csv").read_bytes()


def memory(server: Server) -> float:
    """MB of the server and its workers; what they share counts once."""
    pids = [server.process.pid, *children(server.process.pid)]
    rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids]
    return sum(int(re.search(r"Pss: +(\d+)", each)[1]) for each in rollups) / 1024


def heavy(client: Client) -> tuple[int, float]:
    """The status of an answer, and how long it took."""
    began = time.perf_counter()
    code, told = client.ask("POST", HEAVY, AIR, CSV)
    assert code == 429 or json.loads(told)["leaderboard"], told
    return code, time.perf_counter() - began


def overload(server: Server) -> None:
    """Ten times as many requests as two workers answer, evenly, for a minute."""
    client = Client(server)
    alone = [heavy(client)[1] for _ in range(150)][50:]
    began, done = time.perf_counter(), timed(server, 2, 100, lambda client, place, i: heavy(client))
    capacity = len(done) / (time.perf_counter() - began)
    before, clients = memory(server), 64
    pause = clients / (10 * capacity)
    found: dict[int, list[float]] = {200: [], 429: [], 0: []}
    until = time.monotonic() + SECONDS

    def run(place: int) -> None:
        client, due = Client(server), time.monotonic() + pause * place / clients
        while due < until:
            time.sleep(max(0.0, due - time.monotonic()))
            due = max(due + pause, time.monotonic())
            try:
                code, seconds = heavy(client)
            except (OSError, http.client.HTTPException):
                code, seconds, client = 0, 0.0, Client(server)
            found[code].append(seconds)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(clients)]
    for each in threads:
        each.start()
    most = 0.0
    while any(each.is_alive() for each in threads):
        most = max(most, memory(server))
        time.sleep(1)
    offered = sum(map(len, found.values())) / SECONDS / capacity
    say("overload: requests a second that two clients get answered", f"{capacity:.0f}")
    say("  one client alone", milliseconds(alone))
    counts = f"{len(found[200]):,} and {len(found[429]):,}"
    say(f"  {offered:.1f} times as many for {SECONDS:g} s: answered and turned away", counts)
    say("  those that were answered (bar 2 times the p99 of one alone)", milliseconds(found[200]))
    say("  those that were turned away (bar p99 50 ms)", milliseconds(found[429]))
    say("  connections lost (bar 0)", str(len(found[0])))
    say("  memory before and at most (bar +10 %)", f"{before:.0f} and {most:.0f} MB, {most / before - 1:+.0%}")


HEAD = b"POST /v1/forecast?horizon=2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
MIB, SLOW = 8, 2.0  # of a body, and seconds for its head and for all of it
BODIES = {  # what is sent: a head, then a part again and again, so often, with a pause after each
    "a length over the limit": (HEAD + b"Content-Length: 999999999\r\n\r\n", b"x", 1, 0.0),
    "chunks without a length, ten times the limit": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
        b"10000\r\n" + b"1" * 2**16 + b"\r\n",
        10 * MIB * 16,
        0.0,
    ),
    "a length of which half comes": (HEAD + b"Content-Length: 1000\r\n\r\n", b"1" * 500, 1, 0.0),
    "a length of which more comes": (HEAD + b"Content-Length: 10\r\n\r\n", b"1" * 500, 1, 0.0),
    "a head that comes byte by byte": (b"", b"P", 1000, 0.1),
    "a body that comes byte by byte": (HEAD + b"Content-Length: 1000\r\n\r\n", b"1", 1000, 0.1),
}


def answered(server: Server, head: bytes, part: bytes, times: int, pause: float) -> tuple[str, float]:
    """The status of what a socket is answered, or that it was closed; and after how many seconds."""
    parts, began = urlsplit(server.url), time.perf_counter()
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as sent:
        try:
            sent.sendall(head)
            for _ in range(times):
                sent.sendall(part)
                if select.select([sent], [], [], pause)[0]:
                    break
        except OSError:
            pass  # it was closed while we wrote: what was answered before can be read
        try:
            told = sent.recv(2**16)
        except OSError:
            told = b""
    return (told.split(b" ")[1].decode() if told else "closed"), time.perf_counter() - began


def bodies(folder: Path) -> None:
    """Bodies that are too large, too slow, or say a false length; a bar for memory is four times the limit."""
    limits = ("--most-body", str(MIB), "--header-seconds", str(SLOW), "--body-seconds", str(SLOW))
    server = Server(folder, *limits)
    time.sleep(2)
    for name, sent in BODIES.items():
        before = most = memory(server)
        found: list[tuple[str, float]] = []
        collect = partial(lambda found, sent: found.append(answered(server, *sent)), found, sent)
        threads = [threading.Thread(target=collect) for _ in range(8)]
        for each in threads:
            each.start()
        while any(each.is_alive() for each in threads):
            most = max(most, memory(server))
            time.sleep(0.05)
        codes = ", ".join(f"{code}: {count}" for code, count in Counter(code for code, _ in found).items())
        slowest = max(seconds for _, seconds in found)
        say(f"eight times {name}", f"{codes}; after {slowest:.1f} s at most, memory {most - before:+.1f} MB")
    assert Client(server).ask("GET", "/v2/health/ready")[0] == 200
    server.end()


def kills(folder: Path) -> None:
    """kill -9 in the midst of updates and jobs; what was acknowledged has to be there."""
    server = Server(folder)
    assert Client(server).ask("PUT", "/v1/streams/kept?freq=h&horizon=2")[0] == 201
    acknowledged, jobs, lost, step = 0, [], 0, 0
    table = pl.DataFrame({"ds": list(range(300)), "y": waves(300)}).write_csv().encode()
    for _ in range(KILLS):
        threading.Timer(float(RANDOM.uniform(0.5, 2.0)), server.end, [signal.SIGKILL]).start()
        client = Client(server)
        try:
            while True:
                if client.ask("POST", "/v1/streams/kept/update", row(0, step), JSON)[0] == 200:
                    acknowledged, step = acknowledged + 1, step + 1
                if step % 100 == 50:
                    code, told = client.ask("POST", "/v1/jobs?task=anomalies", table, CSV)
                    jobs += [json.loads(told)["id"]] if code == 202 else []
        except (OSError, http.client.HTTPException):
            pass
        server = Server(folder)
        client = Client(server)
        if step:
            _, told = client.ask("POST", "/v1/streams/kept/update", row(0, step - 1), JSON)
            lost += json.loads(told)["status"] not in (["duplicate"], ["late"])
        known = json.loads(client.ask("GET", "/v1/streams/kept")[1])["health"]["rows"]
        lost += max(0, step - known)
        step = max(step, known)
    ended = Counter()
    for job in jobs:
        while (state := json.loads(client.ask("GET", f"/v1/jobs/{job}")[1])["state"]) in ("queued", "running"):
            time.sleep(0.05)
        ended[state] += 1
    server.end()
    say(f"kill -9 x {KILLS}: rows acknowledged and lost", f"{acknowledged:,} and {lost}")
    say("  jobs acknowledged, and what became of them", f"{len(jobs)}: {dict(ended)}")


def fuzz(environment: Path, server: Server, folder: Path) -> None:
    """What schemathesis sends, with the checks of `peers/fuzz_hooks.py`."""
    counted, peers = folder / "counted.json", Path(__file__).parent / "peers"
    hooks = {
        "SCHEMATHESIS_HOOKS": "fuzz_hooks",
        "PYTHONPATH": str(peers),
        "SERVED": str(folder),
        "COUNTED": str(counted),
    }
    program = str(environment / "bin" / "schemathesis")
    command = [program, "run", f"{server.url}/openapi.json", "--checks", "tells_nothing", "--continue-on-failure"]
    options = ["--max-examples", "200", "--phases", "examples,coverage,fuzzing", "--exclude-path-regex", "events"]
    done = subprocess.run(
        [*command, *options, "--request-timeout", "60", "--no-color"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | hooks,
    )
    say("schemathesis, all routes but event streams: answers by status", counted.read_text())
    for line in [line.strip() for line in done.stdout.splitlines() if line.strip()][-8:]:
        say(f"  {line}", "")


def main() -> None:
    say(
        f"{platform.machine()}, kernels for {instructions()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", ""
    )
    with tempfile.TemporaryDirectory() as folder:
        starts = []
        for i in range(3):
            server = Server(Path(folder) / f"start{i}")
            starts.append(server.seconds)
            server.end()
        say("from the command to ready, of three starts (bar 2.5 s)", f"{min(starts):.2f} to {max(starts):.2f} s")
        server = Server(Path(folder) / "warm")
        time.sleep(3)
        for part in (forecasts, streams, overload):
            part(server)
        if len(sys.argv) > 1:
            fuzz(Path(sys.argv[1]), server, Path(folder) / "warm")
        server.end()
        bodies(Path(folder) / "bodies")
        kills(Path(folder) / "killed")


if __name__ == "__main__":
    main()
