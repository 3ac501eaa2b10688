"""A zip archive with one possible byte sequence for its content, so that damage anywhere shows.

Members are stored uncompressed, with no time stamps, comments or extra fields: the plainest archive of
APPNOTE.TXT 6.3, sections 4.3.7 (local header), 4.3.12 (central directory) and 4.3.16 (its end). Any zip program
opens it. `locate` compares every header, name and length with what `pack` writes and reads no content; `chunks` reads
the content of a member, a little at a time, and compares its checksum. So nothing larger than a chunk is allocated for
a file that turns out to be none of ours.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from loopcast.errors import ModelFileError

LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
VERSION, FLAGS, STORED, TIME, DATE = 20, 0, 0, 0, 0x21  # 1980-01-01, the first day a zip knows
UNIX, READABLE = 3 << 8, 0o100644 << 16
CHUNK = 2**20
DAMAGED = "damaged, or not a model file of Loopcast"


class Member(NamedTuple):
    """Where the content of a member lies in a file, and its CRC-32."""

    start: int
    size: int
    checksum: int


def pack(members: dict[str, bytes]) -> bytes:
    """The archive of these members, in this order; names in ASCII."""
    parts, places, at = [], {}, 0
    for name, content in members.items():
        places[name] = Member(at + LOCAL.size + len(name), len(content), zlib.crc32(content))
        parts += [_local(name, places[name]), content]
        at = places[name].start + len(content)
    return b"".join([*parts, _directory(places, at)])


def locate(file: BinaryIO, size: int, names: tuple[str, ...]) -> dict[str, Member]:
    """Where the members lie in an archive of `size` bytes that `pack` made with these names.

    ModelFileError for any other headers than it writes.
    """
    places, at = {}, 0
    for name in names:
        header = _read(file, at, LOCAL.size + len(name))
        checksum, length = LOCAL.unpack_from(header)[6:8]
        places[name] = Member(at + len(header), length, checksum)
        _require(header == _local(name, places[name]))
        at = places[name].start + length
    directory = _directory(places, at)
    _require(at + len(directory) == size and _read(file, at, len(directory)) == directory)
    return places


def chunks(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """The content of a member, a chunk at a time; ModelFileError after the last where the checksum is another."""
    file.seek(member.start)
    checksum, left = 0, member.size
    while left:
        part = file.read(min(left, CHUNK))
        _require(bool(part))
        checksum, left = zlib.crc32(part, checksum), left - len(part)
        yield part
    _require(checksum == member.checksum)


def _facts(name: str, member: Member) -> tuple[int, ...]:
    return FLAGS, STORED, TIME, DATE, member.checksum, member.size, member.size, len(name), 0


def _local(name: str, member: Member) -> bytes:
    return LOCAL.pack(b"PK\3\4", VERSION, *_facts(name, member)) + name.encode("ascii")


def _directory(places: dict[str, Member], at: int) -> bytes:
    """The central directory and its end, which begin at byte `at`."""
    entries = [
        CENTRAL.pack(
            b"PK\1\2", UNIX | VERSION, VERSION, *_facts(name, member), 0, 0, 0, READABLE,
            member.start - LOCAL.size - len(name),
        )
        + name.encode("ascii")
        for name, member in places.items()
    ]  # fmt: skip
    directory = b"".join(entries)
    return directory + END.pack(b"PK\5\6", 0, 0, len(entries), len(entries), len(directory), at, 0)


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    content = file.read(size)
    _require(len(content) == size)
    return content


def _require(holds: bool) -> None:
    if not holds:
        raise ModelFileError(DAMAGED)
