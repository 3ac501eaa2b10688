"""A file that grows, line by line, and the file that takes its place; lines have numbers, to go on after them."""

import os
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import BinaryIO, NamedTuple

LONGEST = 2**20 + 2  # bytes of a line: what is longer comes in pieces, each of which is an error
CHUNK = 2**16  # bytes of lines that are given at once


class NumberedLine(NamedTuple):
    """seq: which file it is of, and at which byte it begins; None for the names of columns."""

    text: bytes
    seq: tuple[str, int] | None


class GrowingFile:
    """The file at a path, from its begin, or after the last line that was taken in of it.

    wait: called where there is no more; once it says False, no more is waited for. taken: of each file the number of
    that line, as it is by now. header: whether files begin with a line that names their columns. A file that was
    renamed or cut short is read to its end, and then what is at the path.
    """

    def __init__(self, path: Path, wait: Callable[[], bool], taken: Mapping[str, int], *, header: bool) -> None:
        self._path, self._wait, self._taken, self._header = path, wait, taken, header

    def lines(self) -> Iterator[list[NumberedLine]]:
        """As many as are there; OSError where there is no file to begin with."""
        names = self._header
        while True:
            with self._path.open("rb") as file:
                source, begin = self._begin(file)
                if self._header:
                    first = file.readline(LONGEST)
                    if names and first.endswith(b"\n"):
                        yield [NumberedLine(_text(first), None)]
                        names = False
                file.seek(max(begin, file.tell()))
                yield from self._grown(file, source)
                if not self._replaced(file):
                    return

    def _grown(self, file: BinaryIO, source: str) -> Iterator[list[NumberedLine]]:
        """Until the file is replaced, or no more is waited for."""
        while True:
            replaced = self._replaced(file)  # asked before the rest is read, for that may come in between
            while found := _lines_there(file, source, whole=not replaced):
                yield found
            if replaced or not self._wait():
                return

    def _replaced(self, file: BinaryIO) -> bool:
        """Whether another file is at the path, or this one is shorter than what was read of it."""
        ours = os.fstat(file.fileno())
        if file.tell() > ours.st_size:
            return True
        return self._path.exists() and not os.path.samestat(ours, self._path.stat())

    def _begin(self, file: BinaryIO) -> tuple[str, int]:
        """What the file is called, each time that it was cut short anew, and where what was not taken in begins."""
        about = os.fstat(file.fileno())
        for turn in count():
            source, later = (f"file {about.st_dev}:{about.st_ino}:{each}" for each in (turn, turn + 1))
            last = self._taken.get(source)
            if last is None:
                return source, 0
            if last < about.st_size and later not in self._taken:
                return source, _after_line(file, last)
        raise RuntimeError("numbers do not end")


def _after_line(file: BinaryIO, begin: int) -> int:
    """Where the line after the one at a place begins; the file stays at its begin."""
    file.seek(begin)
    file.readline(LONGEST)
    end = file.tell()
    file.seek(0)
    return end


def _lines_there(file: BinaryIO, source: str, *, whole: bool) -> list[NumberedLine]:
    """The next ones, CHUNK bytes of them; whole: those alone that have an end, for the last one may yet grow."""
    found: list[NumberedLine] = []
    begin = at = file.tell()
    while at - begin < CHUNK and (line := file.readline(LONGEST)):
        if whole and not line.endswith(b"\n") and len(line) < LONGEST:
            file.seek(at)
            break
        found.append(NumberedLine(_text(line), (source, at)))
        at += len(line)
    return found


def _text(line: bytes) -> bytes:
    return line.removesuffix(b"\n").removesuffix(b"\r")
