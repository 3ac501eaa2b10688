"""Writing whole files: where they go, what they keep of those that they replace, and what they never replace."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from loopcast.errors import OptionError
from loopcast.storage.atomic import write_whole

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links, modes and pipes are POSIX's")


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o200])
def test_a_file_that_is_replaced_keeps_its_mode(mode, tmp_path):
    path = tmp_path / "model"
    path.touch()
    path.chmod(mode)
    write_whole(path, b"new")
    assert mode_of(path) == mode
    path.chmod(0o600)
    assert path.read_bytes() == b"new"


def test_a_new_file_has_the_mode_that_the_user_gives_new_files(tmp_path):
    (tmp_path / "usual").touch()
    write_whole(tmp_path / "model", b"new")
    assert mode_of(tmp_path / "model") == mode_of(tmp_path / "usual")


def test_a_link_stays_one_and_its_target_is_written(tmp_path):
    (tmp_path / "away").mkdir()
    target, link, chain = tmp_path / "away" / "target", tmp_path / "link", tmp_path / "chain"
    target.write_bytes(b"old")
    link.symlink_to(target)
    chain.symlink_to(link)
    write_whole(chain, b"new")
    assert link.is_symlink()
    assert chain.is_symlink()
    assert target.read_bytes() == b"new"
    assert names_in(tmp_path) == ["away", "chain", "link"]


def test_a_link_to_nothing_makes_its_target(tmp_path):
    (tmp_path / "link").symlink_to("target")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "target").read_bytes() == b"new"
    assert (tmp_path / "link").is_symlink()


def pipe(path):
    os.mkfifo(path)


def loop(path):
    path.symlink_to(path.name)


def link_to_device(path):
    path.symlink_to("/dev/full")


def folder(path):
    path.mkdir()


def read_only(path):
    path.write_bytes(b"old")
    path.chmod(0o400)


@pytest.mark.parametrize("make", [pipe, loop, link_to_device, folder, read_only])
def test_what_is_no_file_to_be_written_is_refused_and_left(make, tmp_path):
    path = tmp_path / "model"
    make(path)
    before = path.lstat()
    with pytest.raises(OptionError, match="name another"):
        write_whole(path, b"new")
    assert path.lstat() == before
    assert names_in(tmp_path) == ["model"]


def test_a_device_is_not_replaced():
    with pytest.raises(OptionError, match="device"):
        write_whole("/dev/full", b"new")
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


def test_what_a_killed_process_left_is_removed_by_the_next_write_and_what_another_writes_is_not(tmp_path):
    path = tmp_path / "model"
    code = (
        "import os, sys; from loopcast.storage import atomic\n"
        "def stop(_): print('here', flush=True); sys.stdin.read()\n"
        "atomic.os.fsync = stop\n"
        f"atomic.write_whole({str(path)!r}, b'killed')"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        write_whole(path, b"first")
        assert len(names_in(tmp_path)) == 2
        process.kill()
    (tmp_path / ".model.mine.tmp").touch()
    (tmp_path / ".other.01234567.tmp").touch()
    write_whole(path, b"second")
    assert names_in(tmp_path) == [".model.mine.tmp", ".other.01234567.tmp", "model"]
    assert path.read_bytes() == b"second"
