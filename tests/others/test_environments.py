"""What is for other libraries, tried beside them, each in an environment of its own, which `make others` makes."""

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mlflow", "sktime", "hierarchicalforecast"])
def test_what_is_for_another_library_works_beside_it(name):
    python = ROOT / "build" / "peers" / name / "bin" / "python"
    if not python.is_file():
        pytest.skip(f"there is no environment of {name}: make others")
    paths = os.pathsep.join([str(ROOT / "src"), sysconfig.get_path("purelib")])  # ours first, then what it adds
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-rs", "-m", "slow or not slow", f"tests/others/test_{name}.py"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout
