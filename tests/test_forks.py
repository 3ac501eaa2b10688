"""A process that was forked after Loopcast had computed says so at once, where it would wait for ever."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, sys, warnings

warnings.simplefilter("ignore")  # JAX and polars warn of the fork
import numpy as np
import polars as pl
import loopcast

TABLE = pl.DataFrame({"ds": range(60), "y": np.sin(np.arange(60.0))})
QUICK = loopcast.PlainRecurrent(horizon=2, units=(2,), epochs=1, show_progress=False)
BEFORE = {
    "nothing": lambda: None,
    "a table": lambda: loopcast.Panel.from_table(TABLE),
    "an array": lambda: loopcast.Panel.from_array(np.ones((2, 9, 1))),
    "a fit": lambda: loopcast.Linear(horizon=2).fit(TABLE),
    "a network": lambda: QUICK.fit(TABLE),
}
AFTER = {
    "a table": lambda done: loopcast.Panel.from_table(TABLE),
    "a series": lambda done: loopcast.Panel.from_series([1.0, 2.0]),
    "a file": lambda done: loopcast.read(sys.argv[2]),
    "a fit": lambda done: loopcast.Linear(horizon=2).fit(TABLE).predict(),
    "a network": lambda done: QUICK.fit(TABLE).predict(),
    "a forecast": lambda done: done.predict(),
    "features": lambda done: done.features(),
    "an imputer": lambda done: loopcast.Imputer(units=(2,), updates=2, show_progress=False).fit(TABLE),
}


def child(after, done):  # its exit code: 3 where `after` is refused in the right words
    if process := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    try:
        AFTER[after](done)
        os._exit(0)
    except loopcast.LoopcastError as error:
        os._exit(3 if "spawn or forkserver" in str(error) else 4)


done = BEFORE[sys.argv[1]]()
print([child(after, done) for after in sys.argv[3:]])
"""


def children_of(before, *after):
    """The exit codes of children that each do one of `after`, forked from a process that did `before`."""
    air = Path(__file__).parents[1] / "examples" / "air_passengers.csv"
    command = [sys.executable, "-c", PROGRAM, before, str(air), *after]
    return json.loads(subprocess.run(command, check=True, timeout=300, capture_output=True, text=True).stdout)


pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")


def test_after_a_table_was_read_every_door_is_closed_to_a_child():
    doors = ("a table", "a series", "a file", "a fit", "a network", "an imputer")
    assert children_of("a table", *doors) == [3] * len(doors)


@pytest.mark.parametrize("before", ["an array", "a fit"])
def test_whatever_was_computed_closes_the_doors(before):
    assert children_of(before, "a fit") == [3]


def test_what_was_fitted_before_the_fork_is_not_used_after_it():
    assert children_of("a network", "a forecast", "features", "a fit") == [3] * 3


def test_a_fork_before_anything_was_computed_computes():
    assert children_of("nothing", "a fit", "a network") == [0, 0]
