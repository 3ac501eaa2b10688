"""What is done to a live state, written before it is done: rows, not records.

A file begins with a header (MAGIC, its generation, the CRC-32 of both), then come entries: 20 bytes of length, number,
the CRC-32 of the body and that of the head itself; then the body. What a killed process wrote of its last entry is cut
off; anything else that is not as it was written is a ModelFileError.
"""

import json
import math
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

from loopcast.errors import ModelFileError
from loopcast.live.answers import NO_SEQS
from loopcast.live.checks import Id
from loopcast.live.covariates import Given

MAGIC = b"loopcast"
HEADER, CHECKSUM = struct.Struct("<8sQ"), struct.Struct("<I")
ENTRY = struct.Struct("<IQI")  # length, number, checksum of the body
ROW = struct.Struct("<cqd")
IS_ROW, IS_END, IS_SEQ = b"r", b"f", b"s"
IS_KNOWN, IS_AHEAD = b"k", b"a"  # a row with covariates; future covariates of a step to come
IS_SEVERAL = b"m"  # a row with several values, and covariates or none

# A row (id, tick, values, and covariates where there are some), the id of a series that ended, or the highest number
# that a source's rows have had so far, or future covariates (id, tick, by name).
Entry = tuple[Id, int, tuple[float, ...], Given | None] | Id | tuple[str, int] | tuple[Id, int, Given]


class Journal:
    """A file that entries are appended to.

    Each reaches the system before the call returns, and so survives the end of the process; `sync` has them survive a
    power cut.
    """

    def __init__(self, path: Path, generation: int) -> None:
        self.path, self._number = path, 0
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        self._size = os.fstat(self._file).st_size
        if not self._size:
            self._append(header(generation))

    def skip(self, entries: int) -> None:
        """Go on after so many, which are there."""
        self._number += entries

    def rows(
        self,
        rows: Iterable[tuple[Id, int, tuple[float, ...]]],
        seqs: Mapping[str, int] = NO_SEQS,
        covariates: Sequence[Given | None] = (),
    ) -> None:
        """What will be taken in, with the covariates of each, and the highest number of each source after that."""
        each = zip(rows, covariates, strict=True) if any(covariates) else zip(rows, repeat(None))
        bodies = [_body(id_, tick, values, given) for (id_, tick, values), given in each]
        self._entries([*bodies, *(IS_SEQ + json.dumps(each).encode() for each in seqs.items())])

    def known(self, id_: Id, tick: int, future: Given) -> None:
        """Future covariates that will be known."""
        self._entries([ROW.pack(IS_AHEAD, tick, 0.0) + json.dumps([id_, _plain(future)]).encode()])

    def forget(self, ids: Iterable[Id]) -> None:
        """What will be ended."""
        self._entries(IS_END + id_bytes(each) for each in ids)

    @property
    def entries(self) -> int:
        """How many there are."""
        return self._number

    def sync(self) -> None:
        """Have what was written survive a power cut."""
        getattr(os, "fdatasync", os.fsync)(self._file)

    def close(self) -> None:
        """Write no more."""
        os.close(self._file)

    def _entries(self, bodies: Iterable[bytes]) -> None:
        parts = [entry(self._number + i, body) for i, body in enumerate(bodies)]
        self._append(b"".join(parts))
        self._number += len(parts)

    def _append(self, content: bytes) -> None:
        """All of it or nothing: what does not fit on the disk is cut off again."""
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(self._file, left) :]
        except BaseException:
            os.ftruncate(self._file, self._size)
            raise
        self._size += len(content)


def header(generation: int) -> bytes:
    """How the journal of a generation begins."""
    start = HEADER.pack(MAGIC, generation)
    return start + CHECKSUM.pack(zlib.crc32(start))


def entry(number: int, body: bytes) -> bytes:
    """An entry as it is written."""
    head = ENTRY.pack(len(body), number, zlib.crc32(body))
    return head + CHECKSUM.pack(zlib.crc32(head)) + body


@lru_cache(maxsize=2**16, typed=True)
def id_bytes(id_: Id) -> bytes:
    return json.dumps(id_).encode()


def entries_of(content: bytes, generation: int) -> tuple[list[Entry], int]:
    """The entries of a file, and how many of its bytes are whole; ModelFileError for damage."""
    start = header(generation)
    if len(content) < len(start):
        if start.startswith(content):
            return [], 0
        raise ModelFileError("the journal is not one of this state")
    if not content.startswith(start):
        raise ModelFileError("the journal is not one of this state")
    found, whole = [], len(start)
    for body in _bodies(content, whole):
        found.append(_read(body))
        whole += ENTRY.size + CHECKSUM.size + len(body)
    return found, whole


def _bodies(content: bytes, at: int) -> Iterator[bytes]:
    number, head_size = 0, ENTRY.size + CHECKSUM.size
    while at + head_size <= len(content):
        head = content[at : at + ENTRY.size]
        length, its_number, checksum = ENTRY.unpack(head)
        if CHECKSUM.unpack_from(content, at + ENTRY.size)[0] != zlib.crc32(head) or its_number != number:
            raise ModelFileError(f"the journal is damaged at byte {at}")
        body = content[at + head_size : at + head_size + length]
        if len(body) < length:
            return
        if zlib.crc32(body) != checksum:
            raise ModelFileError(f"the journal is damaged at byte {at + head_size}")
        yield body
        at, number = at + head_size + length, number + 1


def _read(body: bytes) -> Entry:
    try:
        if body[:1] == IS_END:
            return _id(body[1:])
        if body[:1] == IS_SEQ:
            return _seq(body[1:])
        kind, tick, y = ROW.unpack_from(body)
        if kind == IS_SEVERAL:
            id_, values, given = json.loads(body[ROW.size :])
            numbers = tuple(math.nan if each is None else float(each) for each in values)
            return _checked_id(id_), tick, numbers, None if given is None else _by_name(given)
        if kind in (IS_KNOWN, IS_AHEAD):
            id_, given = json.loads(body[ROW.size :])
            covariates = _by_name(given)
            return (
                (_checked_id(id_), tick, (y,), covariates) if kind == IS_KNOWN else (_checked_id(id_), tick, covariates)
            )
        if kind != IS_ROW:
            raise ModelFileError("the journal has an entry that this version does not know: upgrade to read it")
        return _id(body[ROW.size :]), tick, (y,), None
    except (struct.error, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ModelFileError(f"the journal has an entry that cannot be read: {error}") from error


def _by_name(given: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in given.items()}


def _seq(text: bytes) -> tuple[str, int]:
    seq = json.loads(text)
    if not isinstance(seq, list) or [type(each) for each in seq] != [str, int]:
        raise ModelFileError("the journal has a number of a source that is none")
    return seq[0], seq[1]


def _id(text: bytes) -> Id:
    return _checked_id(json.loads(text))


def _body(id_: Id, tick: int, values: tuple[float, ...], given: Given | None) -> bytes:
    """A row as it is written."""
    if len(values) > 1:
        numbers = [None if math.isnan(each) else each for each in values]
        return ROW.pack(IS_SEVERAL, tick, 0.0) + json.dumps([id_, numbers, given and _plain(given)]).encode()
    if given:
        return ROW.pack(IS_KNOWN, tick, values[0]) + json.dumps([id_, _plain(given)]).encode()
    return ROW.pack(IS_ROW, tick, values[0]) + id_bytes(id_)


def _plain(given: Given | None) -> dict[str, Any]:
    """Covariates as JSON has them; a number that is missing is null."""
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in (given or {}).items()}
    return {name: None if value != value else value for name, value in plain.items()}  # noqa: PLR0124 - NaN


def _checked_id(id_: Any) -> Id:
    if isinstance(id_, bool) or not isinstance(id_, str | int):
        raise ModelFileError("the journal has an id that is no text and no whole number")
    return id_
