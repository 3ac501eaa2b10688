"""A server in a process of its own, and a client of it."""

import re
import signal
import subprocess
import sys
import time

import httpx

CSV = {"content-type": "text/csv"}


class Served:
    """`loopcast serve` with a folder; `http` talks to it."""

    def __init__(self, folder, *options):
        self.folder, self.options = folder, options
        self.start()

    def start(self):
        """Start it, and wait until it is ready."""
        command = [
            sys.executable,
            "-m",
            "loopcast",
            "serve",
            "--models",
            str(self.folder),
            "--port",
            "0",
            "--workers",
            "1",
        ]
        self.process = subprocess.Popen([*command, *self.options], stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        found = re.search(r"http://\S+", line)
        assert found, line + self.process.stderr.read()
        self.url = found[0]
        self.http = httpx.Client(base_url=self.url, timeout=60)
        while self.http.get("/v2/health/ready").status_code != 200:
            time.sleep(0.02)

    def end(self, how=signal.SIGTERM):
        """End it; what it said on standard error."""
        self.http.close()
        self.process.send_signal(how)
        return self.process.communicate(timeout=60)[1]

    def ended_job(self, job):
        """A job, once it has ended."""
        while (facts := self.http.get(f"/v1/jobs/{job}").json())["state"] in ("queued", "running"):
            time.sleep(0.05)
        return facts
