"""Work in processes: spawned, pinned, replaced once where one ends."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import polars as pl
import pytest

from loopcast import LoopcastError, Panel
from loopcast.parallel.jobs import Job
from loopcast.parallel.places import open_runner
from loopcast.parallel.processes import hand_over

PARENT = """
from loopcast.parallel.jobs import Job
from loopcast.parallel.places import open_runner

jobs = [Job("one", "print(__import__('os').getpid(), flush=True)")]
jobs += [Job("sleep", "__import__('time').sleep(600)") for _ in range(2)]
with open_runner("processes", 2) as runner:
    list(runner.run(eval, jobs))
"""


def run(*texts):
    """What Python gives of each text, in two processes."""
    with open_runner("processes", 2) as runner:
        return dict(runner.run(eval, [Job(text, text) for text in texts]))


def test_each_process_has_cores_of_its_own_before_jax_is_loaded():
    asked = "(sorted(__import__('os').sched_getaffinity(0)), 'jax' in __import__('sys').modules)"
    found = run(*[asked] * 4)
    cores = sorted(os.sched_getaffinity(0))
    assert sorted(found) == [0, 1, 2, 3]
    assert {tuple(pinned) for pinned, _ in found.values()} <= {tuple(cores[::2]), tuple(cores[1::2] or cores)}
    assert not any(loaded for _, loaded in found.values())
    assert sorted(os.sched_getaffinity(0)) == cores


def test_a_process_that_is_killed_is_replaced_and_nothing_is_lost(tmp_path):
    dying = (tmp_path / "died").as_posix()
    once = (
        f"(os := __import__('os')).path.isdir({dying!r}) and 'again' or os.mkdir({dying!r}) or os.kill(os.getpid(), 9)"
    )
    assert run(once, "1", "2", "3", "4") == {0: "again", 1: 1, 2: 2, 3: 3, 4: 4}


def test_a_job_that_ends_two_processes_is_named():
    with pytest.raises(LoopcastError, match=r"^__import__\('os'\)._exit\(9\): the process that did this ended twice"):
        run("__import__('os')._exit(9)")


def test_what_a_job_raises_is_raised_here():
    with pytest.raises(ZeroDivisionError):
        run("1 / 0", "1")


def test_a_process_ends_with_the_one_that_started_it():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    for _ in range(500):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    pytest.fail("it is still there")


def test_a_panel_is_handed_over_whole_as_shared_memory(tmp_path):
    table = pl.DataFrame({"unique_id": ["a"] * 3 + ["b"] * 2, "ds": [1, 2, 3, 1, 2], "y": [1.0, None, 3.0, 4.0, 5.0]})
    panel = Panel.from_table(table)
    one, other = hand_over((panel, panel), tmp_path).value()
    assert one is other
    np.testing.assert_array_equal(one.values, panel.values)
    assert one.ids.equals(panel.ids)
    assert one.starts.equals(panel.starts)
    assert one.schema == panel.schema
    assert not one.values.flags.owndata
    assert not one.values.flags.writeable
