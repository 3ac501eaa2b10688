"""What networks cost in ONNX Runtime, beside a live state, and how many rows a stream takes from an MQTT broker.

Run it with the packages of the tests and with mosquitto:
PYTHONPATH=tests .venv/bin/python benchmarks/elsewhere.py > benchmarks/results/elsewhere.txt
"""

import datetime as dt
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

import numpy as np
import onnxruntime

from loopcast import Panel, Pretrained
from loopcast.kernels import instructions
from reference.broker import Beside, Mosquitto

STEPS, ROWS, MESSAGES, TURNS = 24, 300, 5000, 5
START, HOUR = dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.timedelta(hours=1)


def say(what: str, figure: str) -> None:
    print(f"{what:70} {figure}", flush=True)


def fitted(seasons):
    values = np.random.default_rng(0).normal(50, 5, (1, 500, 1))
    panel = Panel.from_array(values, ids=["a"], start=START, freq="h")
    return Pretrained(seasons=seasons, horizon=STEPS, tune=0).fit(panel)


def least_cpu(run, times):
    """Seconds of CPU time of one run, the least of some turns."""
    each = []
    for _ in range(TURNS):
        began = time.process_time()
        for turn in range(times):
            run(turn)
        each.append((time.process_time() - began) / times)
    return min(each)


def session_of(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options)


def onnx(folder: Path) -> None:
    for seasons in ((4,), (24, 168)):
        model = fitted(seasons)
        for raw in (True, False):
            path = folder / "m.onnx"
            model.to_onnx(path, raw=raw)
            session = session_of(path)
            what = f"seasons {seasons}, {'values in' if raw else 'encoded rows in'}, {STEPS} steps"
            say(f"{what}: size", f"{path.stat().st_size / 1000:7.0f} kB")
            for batch in (1, 1024):
                given = fresh(session, batch)
                cost = least_cpu(
                    lambda _, session=session, given=given: session.run(None, given), max(ROWS // batch, 5)
                )
                say(f"{what}: a row of each of {batch:,} series", f"{cost / batch * 1e6:7.1f} us a series")
        live, hours = model.live(), count()

        def row(turn, live=live, hours=hours):
            live.update_one("a", START + next(hours) * HOUR, 50.0 + turn % 4)
            live.predict_one("a")

        say(
            f"seasons {seasons}, model.live(): update_one, predict_one",
            f"{least_cpu(row, ROWS) * 1e6:7.1f} us a series",
        )


def fresh(session, batch):
    kinds = {"tensor(float)": np.float32, "tensor(double)": np.float64}
    shapes = {
        port.name: [{"batch": batch, "step": STEPS}.get(size, size) for size in port.shape]
        for port in session.get_inputs()
    }
    return {port.name: np.ones(shapes[port.name], kinds[port.type]) for port in session.get_inputs()}


def mqtt(folder: Path) -> None:
    lines = [
        json.dumps({"unique_id": f"s{i % 100}", "ds": (START + i // 100 * HOUR).isoformat(), "y": float(i % 24)})
        for i in range(MESSAGES)
    ]
    kept = "max_queued_messages 0"
    with Mosquitto(folder / "broker", kept) as broker, Beside(broker, "answers") as beside:
        command = [sys.executable, "-m", "loopcast", "stream", "--freq", "h", "--horizon", "3", "--state",
                   str(folder / "s"), "--mqtt", broker.address("rows"), "--mqtt-answers", "answers"]  # fmt: skip
        beside.publish("rows", '{"after": "nobody"}', retain=True)
        for turn in range(2):  # the first has the broker know the session
            following = subprocess.Popen(command)
            beside.hear(1)
            began = time.perf_counter()
            if turn:
                beside.hear(MESSAGES - 1)
                rate = (MESSAGES - 1) / (time.perf_counter() - began)
                say("a stream from a broker on this machine, answers to a topic", f"{rate:7,.0f} messages/s")
            following.terminate()
            following.wait()
            if not turn:
                beside.publish("rows", "", retain=True)
                beside.publish("rows", *lines)


if __name__ == "__main__":
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} processors, {platform.machine()}, {instructions()}; load {load:.1f} before")
    with tempfile.TemporaryDirectory() as temporary:
        onnx(Path(temporary))
        mqtt(Path(temporary))
