"""Where compiled programs are kept from one process to the next: JAX's own cache, in a folder of the user's.

Decided once, before Loopcast compiles its first program. A forecast needs none of it: what cannot be kept or read is
compiled again.
"""

import os
import shutil
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jax

from loopcast.forks import check_not_forked

VARIABLE, OFF = "LOOPCAST_CACHE", "off"
LEAST_FREE = 64 * 2**20  # bytes on the disk; a program takes some ten thousand


@dataclass(frozen=True, kw_only=True)
class CompileCache:
    """Where compiled programs are kept.

    folder: None where JAX's own settings hold, or where none are kept at all.
    why_not: why there is no folder, as a sentence; None where there is one.
    """

    folder: Path | None
    why_not: str | None


def enable_compile_cache() -> CompileCache:
    """Have JAX keep what it compiles from now on, unless it has been told what to keep where, or cannot.

    Stands before every program that runs: LoopcastError in a process that was forked after one had.
    """
    check_not_forked()
    return _enabled()


@cache
def _enabled() -> CompileCache:
    programs = plan(os.environ, sys.platform)
    if programs.folder is not None:
        config: Any = jax.config
        config.update("jax_compilation_cache_dir", str(programs.folder))
        config.update("jax_persistent_cache_min_compile_time_secs", 0.0)  # ours take less than JAX's one second
        # A full disk, or a file that another process is still writing: the program is compiled, and nobody need act.
        warnings.filterwarnings("ignore", "Error (reading|writing) persistent compilation cache entry", UserWarning)
    return programs


def plan(environment: Mapping[str, str], platform: str) -> CompileCache:
    """What `enable_compile_cache` does in this environment; nothing is changed."""
    folder = user_folder(environment, platform)
    why_not = _why_not(folder)
    return CompileCache(folder=None if why_not else folder, why_not=why_not)


def user_folder(environment: Mapping[str, str], platform: str) -> Path | None:
    """The folder that LOOPCAST_CACHE names, or the usual one of the system; None where it says `off`.

    >>> user_folder({"XDG_CACHE_HOME": "/var/mine"}, "linux").as_posix()
    '/var/mine/loopcast'
    """
    chosen = environment.get(VARIABLE, "")
    if chosen:
        return None if chosen == OFF else Path(chosen).absolute()
    if platform == "win32":
        usual = Path(environment.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif platform == "darwin":
        usual = Path.home() / "Library" / "Caches"
    else:
        usual = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return usual / "loopcast"


def _why_not(folder: Path | None) -> str | None:
    config: Any = jax.config
    if config.jax_compilation_cache_dir is not None:
        return f"JAX keeps them in {config.jax_compilation_cache_dir}, as it was told"
    if not config.jax_enable_compilation_cache:
        return "JAX was told not to keep any"
    if folder is None:
        return f"{VARIABLE}={OFF}"
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return f"{there} cannot be written to; {VARIABLE} can name another folder"
    if shutil.disk_usage(there).free < LEAST_FREE:
        return f"the disk of {there} has less than {LEAST_FREE >> 20} MiB left"
    return None
