"""A forecast that trains no network is made without JAX, whose import takes longer than all of the rest."""

import subprocess
import sys
from pathlib import Path

import pytest

from loopcast.kernels import LIBRARY

AIR = Path(__file__).parents[1] / "examples" / "air_passengers.csv"
PROGRAM = """
import sys
from loopcast import Pretrained, read
from loopcast.cli.main import run

table = sys.argv[1]
assert len(Pretrained(horizon=12).fit(read(table)).predict(level=[80])) == 12
for model in ("Pretrained", "Auto"):
    assert run(["forecast", table, "--horizon", "12", "--model", model, "--explain"]) == 0
loaded = {"jax", "keras"} & set(sys.modules)
assert not loaded, loaded
"""


@pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")
def test_the_pretrained_network_and_a_choice_on_few_values_load_no_jax():
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(AIR)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
