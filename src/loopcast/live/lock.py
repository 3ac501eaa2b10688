"""The lock of a folder: one process writes to it, or several read."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loopcast.errors import OptionError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

LOCK = "lock"


@contextmanager
def locked(folder: Path, *, shared: bool) -> Iterator[None]:
    """While none writes to the folder (shared), or uses it at all."""
    file = lock(folder, shared=shared)
    try:
        yield
    finally:
        os.close(file)


def lock(folder: Path, *, shared: bool) -> int:
    """An open file that holds the lock of a folder; OptionError where another process has it."""
    file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if fcntl is not None:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(file)
        raise OptionError(f"{folder} is in use by another process, which is to end first") from error
    return file
