"""Ctrl-C: one line on standard error and exit code 130, whenever it comes, and never a traceback."""

import os
import signal
import sys
from types import FrameType, SimpleNamespace
from typing import Any, NoReturn

INTERRUPTED, TERMINATED = 130, 143
SOON, AGAIN = 0.05, 1.0  # seconds until Ctrl-C is looked at again
_ctrl_c = SimpleNamespace(came=False, errors=2)


class Terminated(BaseException):
    """SIGTERM came to a command that ends in order: all is kept."""


def end_at_once() -> None:
    """From now on Ctrl-C ends the process: while libraries load, and when all is done, there is nothing to clear up."""
    _handle(end)


def raise_interrupt() -> None:
    """From now on Ctrl-C raises KeyboardInterrupt, so that what is half done is cleared up."""
    sys.unraisablehook = _report_others
    _handle(_raise)


def was_interrupted() -> bool:
    """Whether Ctrl-C came: a library may turn its KeyboardInterrupt into an error of its own."""
    return bool(_ctrl_c.came)


def _handle(handler: Any) -> None:
    signal.signal(signal.SIGINT, handler)
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, handler)


def end(*_: object) -> NoReturn:
    """Say so and end: threads of JAX may be at work, and would run on in an interpreter that is gone."""
    os.write(_ctrl_c.errors, b"loopcast: interrupted\n")
    os._exit(INTERRUPTED)


def _raise(_: int, frame: FrameType | None) -> None:
    """And again after a second, for where it was raised an exception may be ignored, as in JAX's callbacks.

    Not while a compiled library loads: an exception in the midst of that would crash the process.
    """
    _ctrl_c.came = True
    timer = getattr(signal, "setitimer", None)
    if timer is not None and _loads_library(frame):
        timer(signal.ITIMER_REAL, SOON)
        return
    if timer is not None:
        timer(signal.ITIMER_REAL, AGAIN)
    _silence_libraries()
    raise KeyboardInterrupt


def _silence_libraries() -> None:
    """Compiled libraries may say at length what Python raised in the midst of them; `sys.stderr` writes as before."""
    if _ctrl_c.errors != 2 or sys.stderr is None:
        return
    _ctrl_c.errors = os.dup(2)
    sys.stderr = os.fdopen(os.dup(2), "w", errors="backslashreplace", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _loads_library(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_name in ("create_module", "exec_module") and "importlib" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False


def _report_others(ignored: "sys.UnraisableHookArgs") -> None:
    if ignored.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(ignored)
