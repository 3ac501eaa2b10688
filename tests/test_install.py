"""What `pip` makes of the sources, with a C++ compiler and without one, and that both forecast."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = ("CMakeLists.txt", "LICENSE", "README.md", "native", "pyproject.toml", "src")
KERNELS = "loopcast/native/loopcast_kernels.so"
BUILDS = {"with a compiler": {}, "without one": {"CXX": "/bin/false"}}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("cmake") is None and find_spec("cmake") is None, reason="there is no CMake"),
    pytest.mark.skipif(os.name == "nt", reason="the kernels are built with GCC or Clang"),
]


def pip(*arguments, **environment):
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    subprocess.run(command, env=os.environ | environment, check=True, capture_output=True)


@pytest.fixture(scope="module", params=list(BUILDS))
def installed(request, tmp_path_factory):
    """How it was built, the wheel, and the folder into which it is installed."""
    folder = tmp_path_factory.mktemp("install")
    sources = folder / "sources"
    sources.mkdir()
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, sources / name)
    shutil.rmtree(sources / "src" / "loopcast" / "native", ignore_errors=True)
    offline = ("--no-deps", "--no-index", "--no-build-isolation")
    pip("wheel", *offline, "--wheel-dir", folder, sources, **BUILDS[request.param])
    (wheel,) = folder.glob("*.whl")
    pip("install", *offline, "--target", folder / "target", wheel)
    return request.param, wheel, folder / "target"


def program(target, *arguments):
    """The program of that folder: without `site`, so that no editable install of the sources comes before it."""
    code = f"import loopcast; assert loopcast.__file__.startswith({str(target)!r})\n"
    code += "from loopcast.cli.main import main; main()"
    ours = [str(ROOT), *(str(ROOT / folder) for folder in ("src", "tests"))]  # and not an environment that lies there
    paths = os.pathsep.join([str(target), *(path for path in sys.path if path and path not in ours)])
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, *arguments],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_wheel_holds_the_library_and_the_kernels_if_they_could_be_built(installed):
    how, wheel, _ = installed
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
        kernels = file.read(KERNELS) if KERNELS in names else b""
    assert (KERNELS in names) == (how == "with a compiler")
    assert wheel.name.startswith("loopcast-")
    assert "-py3-none-" in wheel.name
    assert b"PyObject" not in kernels  # so that it serves every version of Python
    python = {str(path.relative_to(ROOT / "src")) for path in (ROOT / "src" / "loopcast").rglob("*.py")}
    assert python <= names
    assert all(name.startswith(("loopcast/", "loopcast-")) for name in names)
    assert [name for name in names if name.endswith((".so", ".pyc", ".a"))] == ([KERNELS] if kernels else [])


def test_what_was_installed_says_which_kernels_it_has(installed):
    how, _, target = installed
    lines = program(target, "--version", "--verbose").splitlines()
    kernels = next(line for line in lines if line.startswith("kernels"))
    assert ("none: the kernels are not built" in kernels) == (how == "without one")


def test_what_was_installed_forecasts(installed):
    _, _, target = installed
    air = str(ROOT / "examples" / "air_passengers.csv")
    printed = program(target, "forecast", air, "--horizon", "3", "--no-check", "--updates", "1", "--quiet", "--json")
    told = json.loads(printed)
    assert [300 < row["Recurrent"] < 600 for row in told["forecast"]] == [True] * 3
