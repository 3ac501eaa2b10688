"""SIGTERM, for a command that ends in order."""

import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stop:
    """SIGTERM only asks to stop: what is in hand is done, and no more is read."""

    def __init__(self) -> None:
        self._asked = False
        self._wake = -1

    def asked(self) -> bool:
        """Whether it came."""
        return self._asked

    @contextmanager
    def listening(self) -> Iterator[None]:
        """While SIGTERM only asks to stop; where input is waited for, a signal is too."""
        before = signal.signal(signal.SIGTERM, self._ask)
        self._wake, write = os.pipe()
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, before)
            os.close(write)
            os.close(self._wake)

    def _ask(self, *_: object) -> None:
        self._asked = True

    def pause(self, seconds: float) -> bool:
        """Wait so long, or until SIGTERM; whether to go on."""
        if os.name != "nt":
            select.select([self._wake], [], [], seconds)
        else:
            time.sleep(seconds)
        return not self._asked

    def read(self, source: int, most: int) -> bytes:
        """What is there, at most so many bytes, once something is; empty at the end, or after SIGTERM."""
        if os.name != "nt":  # where files cannot be selected
            select.select([source, self._wake], [], [])
        return b"" if self._asked else os.read(source, most)
