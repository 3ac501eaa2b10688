"""Contents in a folder, each named by its SHA-256: what is there never changes, and the same is there once."""

import hashlib
import os
import re
import time
from pathlib import Path

from loopcast.storage.atomic import sync_folder, write_whole

NAME = re.compile(r"[0-9a-f]{64}")


def put(folder: Path, content: bytes) -> str:
    """Keep some content, so that it survives a power cut; its name."""
    name = hashlib.sha256(content).hexdigest()
    path = place(folder, name)
    if path.exists():
        os.utime(path)  # it is new again to whoever removes what nobody needs
    else:
        path.parent.mkdir(exist_ok=True)
        write_whole(path, content)
        sync_folder(path.parent)
    return name


def place(folder: Path, name: str) -> Path:
    """Where the content of a name is."""
    return folder / name[:2] / name


def remove(folder: Path, name: str) -> None:
    """Keep a content no longer."""
    place(folder, name).unlink(missing_ok=True)


def old(folder: Path, seconds: float = 3600.0) -> set[str]:
    """The names of contents that have been there for so long: who put a newer one may not have said yet what it is."""
    until = time.time() - seconds
    return {path.name for path in folder.glob("??/*") if NAME.fullmatch(path.name) and path.stat().st_mtime < until}
