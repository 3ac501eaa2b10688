"""Programs that are kept on disk: where, and that a forecast never depends on it."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import pytest

from loopcast import cache
from loopcast.cache import plan, user_folder
from loopcast.kernels import LIBRARY

FORECAST = """
import hashlib, loopcast, numpy as np, pathlib, sys
from loopcast import kernels
if "without-kernels" in sys.argv:
    kernels.LIBRARY = pathlib.Path("nowhere.so")
if "disk-fills" in sys.argv:  # after a thousand bytes of a file, as after the last of a disk
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
panel = loopcast.Panel.from_array(np.sin(np.arange(600, dtype=np.float32) ** 1.5).reshape(20, 30, 1))
model = loopcast.PlainRecurrent(horizon=1, cell="gru", units=(3,), epochs=1, patience=None, show_progress=False)
print(hashlib.sha256(model.fit(panel).predict_panel(panel, 3).values.tobytes()).hexdigest())
"""


def start(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", FORECAST, *arguments],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    """The digest of the forecast; nothing else is printed, no warning either."""
    out, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    return out


def forecast(*arguments, **environment):
    return finish(start(*arguments, **environment))


def kept(folder):
    return {path.name: path.read_bytes() for path in Path(folder).glob("*-cache")}


@pytest.fixture(scope="module")
def plain():
    """The forecast of a process that keeps nothing."""
    return forecast(LOOPCAST_CACHE="off")


@pytest.fixture(scope="module")
def filled(plain, tmp_path_factory):
    """A folder with the programs of a process whose forecast they did not change; copy it to change it."""
    folder = tmp_path_factory.mktemp("programs")
    assert forecast(LOOPCAST_CACHE=str(folder)) == plain
    assert len(kept(folder)) >= 3
    return folder


def test_what_one_process_compiled_another_reads_and_forecasts_the_same_bits(filled, plain):
    first = kept(filled)
    assert forecast(LOOPCAST_CACHE=str(filled)) == plain
    assert kept(filled) == first


@pytest.mark.slow
@pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")
@pytest.mark.parametrize("arguments", [("without-kernels",), ()])
def test_programs_kept_with_some_kernels_serve_others_or_are_not_used(tmp_path, arguments):
    forecast(LOOPCAST_CACHE=str(tmp_path))
    other = {} if arguments else {"LOOPCAST_INSTRUCTIONS": "plain"}
    alone = forecast(*arguments, LOOPCAST_CACHE="off", **other)
    assert forecast(*arguments, LOOPCAST_CACHE=str(tmp_path), **other) == alone


def test_damaged_programs_are_compiled_again_without_a_word(filled, tmp_path, plain):
    for number, (name, content) in enumerate(kept(filled).items()):
        (tmp_path / name).write_bytes((content[: len(content) // 2], b"", b"x" * len(content))[number % 3])
    assert forecast(LOOPCAST_CACHE=str(tmp_path)) == plain


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="limits on files are POSIX's")
def test_a_disk_that_fills_up_costs_the_cache_and_not_the_forecast(tmp_path, plain):
    assert forecast("disk-fills", LOOPCAST_CACHE=str(tmp_path)) == plain
    assert forecast(LOOPCAST_CACHE=str(tmp_path)) == plain


@pytest.mark.slow
def test_processes_that_keep_programs_at_once_do_not_disturb_one_another(tmp_path, plain):
    together = [start(LOOPCAST_CACHE=str(tmp_path)) for _ in range(2)]
    assert {finish(process) for process in together} == {plain}


@pytest.mark.slow
def test_a_cache_that_was_told_to_jax_stays(tmp_path):
    mine, ours = tmp_path / "mine", tmp_path / "ours"
    forecast(LOOPCAST_CACHE=str(ours), JAX_COMPILATION_CACHE_DIR=str(mine))
    assert not ours.exists()


@pytest.mark.parametrize(
    ("environment", "platform", "folder"),
    [
        ({"LOOPCAST_CACHE": "off"}, "linux", None),
        ({"LOOPCAST_CACHE": "/mine", "XDG_CACHE_HOME": "/x"}, "linux", Path("/mine").absolute()),
        ({"XDG_CACHE_HOME": "/x"}, "linux", Path("/x/loopcast")),
        ({"XDG_CACHE_HOME": ""}, "linux", Path.home() / ".cache" / "loopcast"),
        ({}, "linux", Path.home() / ".cache" / "loopcast"),
        ({}, "darwin", Path.home() / "Library" / "Caches" / "loopcast"),
        ({"LOCALAPPDATA": "/local"}, "win32", Path("/local/loopcast")),
    ],
)
def test_the_folder_is_the_usual_one_of_the_system_or_the_one_named(environment, platform, folder):
    assert user_folder(environment, platform) == folder


@pytest.fixture
def jax_as_it_comes():
    """JAX without the folder that an earlier test had it keep programs in."""
    folder = jax.config.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", None)
    yield
    jax.config.update("jax_compilation_cache_dir", folder)


@pytest.mark.usefixtures("jax_as_it_comes")
def test_it_says_why_nothing_is_kept(tmp_path, monkeypatch):
    def why(**environment):
        decided = plan(environment, "linux")
        assert decided.folder is None
        return decided.why_not

    assert plan({"LOOPCAST_CACHE": str(tmp_path / "a" / "b")}, "linux").folder == tmp_path / "a" / "b"
    assert "LOOPCAST_CACHE=off" in why(LOOPCAST_CACHE="off")
    (tmp_path / "file").touch()
    assert "cannot be written to" in why(LOOPCAST_CACHE=str(tmp_path / "file" / "deeper"))
    monkeypatch.setattr(cache, "LEAST_FREE", 2**70)
    assert "less than" in why(LOOPCAST_CACHE=str(tmp_path))
    jax.config.update("jax_enable_compilation_cache", False)
    try:
        assert "JAX was told not" in why(LOOPCAST_CACHE=str(tmp_path))
    finally:
        jax.config.update("jax_enable_compilation_cache", True)
