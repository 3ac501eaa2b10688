"""A file that grows, line by line, and the file that takes its place; lines have numbers, to go on after them."""

import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

LONGEST = 2**20 + 2  # bytes of a line: what is longer comes in pieces, each of which is an error
CHUNK = 2**16  # bytes of lines that are given at once


class NumberedLine(NamedTuple):
    """seq: which file it is of, and at which byte it begins; None for the names of columns, which begin a file."""

    text: bytes
    seq: tuple[str, int] | None


class GrowingFile:
    """The file at a path, from its begin, or after the last line that was taken in of it.

    wait: called where there is no more; once it says False, no more is waited for. taken: of each file the number of
    that line, as it is by now; a file is known by its first lines too, since another may take its place on the disk.
    header: whether files begin with a line that names their columns. A file that was renamed or cut short is read to
    its end, and then what is at the path.
    """

    def __init__(self, path: Path, wait: Callable[[], bool], taken: Mapping[str, int], *, header: bool) -> None:
        self._path, self._wait, self._taken, self._header = path, wait, taken, header

    def lines(self) -> Iterator[list[NumberedLine]]:
        """As many as are there; OSError where there is no file to begin with."""
        while True:
            with self._path.open("rb") as file:
                first = self._first_lines(file)
                if self._header and _is_whole(first[0]):
                    yield [NumberedLine(_text(first[0]), None)]
                source = self._source(file, first)
                file.seek(self._begin(file, source, len(first[0]) if self._header else 0))
                yield from self._grown(file, source)
                if not self._replaced(file):
                    return
            while not self._path.exists():
                if not self._wait():
                    return

    def _first_lines(self, file: BinaryIO) -> list[bytes]:
        """Those that a file is known by, once they are whole; as they are where no more of them will come."""
        while True:
            ended = self._replaced(file)
            file.seek(0)
            first = [file.readline(LONGEST) for _ in range(1 + self._header)]
            if ended or all(_is_whole(line) for line in first) or not self._wait():
                return first

    def _source(self, file: BinaryIO, first: list[bytes]) -> str:
        """What the file is called."""
        about = os.fstat(file.fileno())
        return f"file {about.st_dev}:{about.st_ino}:{zlib.crc32(b''.join(first)):08x}"

    def _begin(self, file: BinaryIO, source: str, begin: int) -> int:
        """Where what was not taken in begins."""
        last = self._taken.get(source)
        if last is None:
            return begin
        file.seek(last)
        file.readline(LONGEST)
        return file.tell()

    def _grown(self, file: BinaryIO, source: str) -> Iterator[list[NumberedLine]]:
        """Until the file is replaced, or no more is waited for."""
        while True:
            ended = self._replaced(file)  # asked before the rest is read, for that may come in between
            while found := _lines_there(file, source, whole=not ended):
                yield found
            if ended or not self._wait():
                return

    def _replaced(self, file: BinaryIO) -> bool:
        """Whether another file is at the path, or this one is shorter than what was read of it."""
        ours = os.fstat(file.fileno())
        if file.tell() > ours.st_size:
            return True
        return self._path.exists() and not os.path.samestat(ours, self._path.stat())


def _lines_there(file: BinaryIO, source: str, *, whole: bool) -> list[NumberedLine]:
    """The next ones, CHUNK bytes of them; whole: those alone that have an end, for the last one may yet grow."""
    found: list[NumberedLine] = []
    begin = at = file.tell()
    while at - begin < CHUNK and (line := file.readline(LONGEST)):
        if whole and not _is_whole(line):
            file.seek(at)
            break
        found.append(NumberedLine(_text(line), (source, at)))
        at += len(line)
    return found


def _is_whole(line: bytes) -> bool:
    return line.endswith(b"\n") or len(line) == LONGEST


def _text(line: bytes) -> bytes:
    return line.removesuffix(b"\n").removesuffix(b"\r")
