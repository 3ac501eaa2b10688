"""Ctrl-C at any moment ends a command with exit code 130 and one line, and never with a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

AIR = Path(__file__).parents[2] / "examples" / "air_passengers.csv"
PROGRAM = """
import atexit, os, signal, sys

moment = sys.argv.pop(1)

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)

class Interrupting:  # as a module begins to load
    def find_spec(self, name, path=None, target=None):
        if name == moment:
            sys.meta_path.remove(self)
            interrupt()

class Dying:
    def __del__(self):
        interrupt()

sys.meta_path.insert(0, Interrupting())
from loopcast.__main__ import main
if moment == "exit":
    atexit.register(interrupt)
if moment in ("callback", "disguise", "panic"):
    import loopcast.cli.show, loopcast.storage.model_file
    def load(path):
        try:
            Dying() if moment == "callback" else interrupt()
            while True:
                pass
        except KeyboardInterrupt as error:
            if moment == "panic":
                os.write(2, b"thread '<unnamed>' panicked at array.rs:141:14")
            raise error if moment == "callback" else RuntimeError("INTERNAL: KeyboardInterrupt")
    loopcast.storage.model_file.load = load
main()
"""


def interrupted(moment, *arguments):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, moment, *arguments], capture_output=True, text=True, check=False
    )


pytestmark = pytest.mark.skipif(os.name == "nt", reason="SIGINT to a process is POSIX's")


@pytest.mark.parametrize(
    "moment",
    ["loopcast.cli.main", "cyclopts", "loopcast.cli.forecast", "rich.console", "numpy", "polars", "jax",
     "loopcast.tasks.forecast", "loopcast.models.network.learn"],
)  # fmt: skip
def test_while_a_library_loads(moment):
    done = interrupted(moment, "forecast", str(AIR), "--horizon", "2", "--updates", "1", "--units", "2", "--quiet")
    assert (done.returncode, done.stderr) == (130, "loopcast: interrupted\n")


@pytest.mark.parametrize("moment", ["callback", "disguise", "panic"])
def test_where_a_library_ignores_it_makes_an_error_of_it_or_writes_of_it(moment):
    done = interrupted(moment, "show", "model")
    assert (done.returncode, done.stderr) == (130, "loopcast: interrupted\n")


def test_when_all_is_done():
    done = interrupted("exit", "--version")
    assert (done.returncode, done.stderr) == (130, "loopcast: interrupted\n")


def test_a_library_that_loads_is_not_interrupted_in_the_midst_but_right_after(tmp_path):
    body = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nfor _ in range(1000):\n    pass\nwhole = True\n"
    (tmp_path / "loading.py").write_text(body)
    program = (
        "import sys, time; from loopcast.cli.interrupts import raise_interrupt; raise_interrupt()\n"
        "try:\n    import loading; time.sleep(60)\n"
        "except KeyboardInterrupt:\n    print(sys.modules['loading'].whole)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "True\n"
