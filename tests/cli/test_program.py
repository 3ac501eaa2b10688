"""The installed program, as a shell runs it."""

import os
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import jax
import pytest

import loopcast

AIR = Path(__file__).parents[2] / "examples" / "air_passengers.csv"


def program(*arguments):
    code = "from loopcast.cli.main import main; main()"
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)


def test_version_is_the_packages():
    done = program("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{loopcast.__version__}\n", "")


def test_verbose_version_says_what_runs_where_and_where_programs_are_kept(tmp_path):
    (tmp_path / "jit_one-cache").write_bytes(b"x" * 2000)
    code = "from loopcast.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--version", "--verbose"],
        env=os.environ | {"LOOPCAST_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    first, *rest = done.stdout.splitlines()
    facts = dict(line.split(maxsplit=1) for line in rest)
    assert first == loopcast.__version__
    assert facts["kernels"] in {"avx512", "avx2", "plain"} or "not built" in facts["kernels"]
    assert f"jax {metadata.version('jax')}, " in facts["libraries"]
    assert f"keras {metadata.version('keras')}, " in facts["libraries"]
    assert facts["devices"].startswith(jax.devices()[0].platform)
    assert facts["cache"] == f"{tmp_path}: 1 programs, 2 kB"
    assert done.stderr == ""


def test_verbose_belongs_to_version():
    done = program("--verbose")
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("arguments", [["--help"], ["forecast", "--help"], ["predict", "--help"]])
def test_help_gives_an_example_or_the_commands(arguments):
    done = program(*arguments)
    assert done.returncode == 0
    assert ("Example: loopcast" in done.stdout) if len(arguments) > 1 else ("forecast" in done.stdout)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["forecast", "--help"], ["predict", "--help"]])
def test_help_and_version_load_no_heavy_library(arguments):
    code = (
        f"import sys; from loopcast.cli.main import run; run({arguments});"
        "assert not {'jax', 'keras', 'polars', 'plotly', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_wrong_file_gives_two_lines_and_no_traceback():
    done = program("forecast", "no_such.csv", "--horizon", "3")
    assert done.returncode == 2
    assert "no such file" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_output_that_nobody_reads_to_the_end_is_no_error_message():
    code = "from loopcast.cli.main import main; main()"
    done = subprocess.run(
        f'"{sys.executable}" -c "{code}" --help | true', shell=True, capture_output=True, text=True, check=True
    )
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="SIGINT to a child is POSIX's")
def test_ctrl_c_in_training_ends_with_130_in_one_line():
    code = "from loopcast.cli.main import main; main()"
    arguments = ["forecast", str(AIR), "--horizon", "12", "--no-check", "--updates", "1000000", "--units", "200"]
    with subprocess.Popen([sys.executable, "-c", code, *arguments], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "Training" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130
    assert rest == "loopcast: interrupted\n"
