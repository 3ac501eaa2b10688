"""Files that are written whole or not at all."""

import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from loopcast.errors import OptionError

try:
    import fcntl
except ImportError:  # Windows, where a file that is open cannot be removed
    fcntl = None  # type: ignore[assignment]

WRITABLE = 0o222


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Put `content` at `path`: whoever looks, at any moment, finds the old file or the new one, whole.

    Written beside it under a temporary name, flushed to the disk, then renamed. Through a symbolic link its target is
    written; a file that was there leaves the new one its mode. What killed processes left of earlier writes is removed.
    OptionError for what `target_of` refuses. OSError as the system gives it, with the temporary file removed and what
    was at `path` untouched.
    """
    target = target_of(path)
    _remove_leftovers(target)
    with _open_temporary(target) as file:
        temporary = Path(file.name)
        try:
            if target.exists():
                _take_mode(target, temporary)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            file.close()  # Windows renames, and removes, no open file
            temporary.replace(target)
        finally:
            file.close()
            temporary.unlink(missing_ok=True)


def sync_folder(path: Path) -> None:
    """Have the names in a folder, as they are now, survive a power cut, where the system can."""
    if os.name == "nt":
        return
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def target_of(path: str | os.PathLike[str]) -> Path:
    """The file that writing to `path` replaces or makes, links followed.

    OptionError where that is a folder, a device or a pipe, or a file that nobody may write.
    """
    target = Path(os.path.realpath(path))
    if not os.path.lexists(target):
        return target
    mode = target.lstat().st_mode
    if not stat.S_ISREG(mode):
        kind = "folder" if stat.S_ISDIR(mode) else "device, a pipe or a link to itself"
        raise OptionError(f"{path} is a {kind}, and what is written is a file: name another")
    if not mode & WRITABLE or not os.access(target, os.W_OK):
        raise OptionError(f"{path} is there and read-only: make it writable, or name another file")
    return target


def _take_mode(target: Path, temporary: Path) -> None:
    """Give a file the owner and mode of the one that it replaces, before anything is in it."""
    there = target.stat()
    if hasattr(os, "chown"):
        with suppress(PermissionError):  # only root may give files away: written by another, it is theirs
            os.chown(temporary, there.st_uid, there.st_gid)
    temporary.chmod(stat.S_IMODE(there.st_mode))


def _open_temporary(target: Path) -> BinaryIO:
    """A new file beside `target`, locked as long as it is open, so that none takes it for a leftover."""
    while True:
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
        file = temporary.open("xb")
        if fcntl is None:
            return file
        with suppress(OSError):  # a file system without locks: there nothing can be told to be a leftover
            fcntl.flock(file, fcntl.LOCK_EX)
        if temporary.exists():  # and was not removed before it was locked
            return file
        file.close()


def _remove_leftovers(target: Path) -> None:
    """Remove temporary files of this target that nobody writes any more."""
    name = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{8}}\.tmp")
    for path in target.parent.iterdir():
        if name.fullmatch(path.name) and path.is_file():
            with suppress(OSError), path.open("rb") as file:  # locked, or another's: it stays
                if fcntl is not None:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
