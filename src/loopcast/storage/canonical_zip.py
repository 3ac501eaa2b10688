"""A zip archive with one possible byte sequence for its content, so that damage anywhere shows.

Members are stored uncompressed, with no time stamps, comments or extra fields: the plainest archive of
APPNOTE.TXT 6.3, sections 4.3.7 (local header), 4.3.12 (central directory) and 4.3.16 (its end). Any zip program
opens it. Reading takes the members from where they must lie, and demands that writing them again gives the
same bytes: every header, name, length and checksum has been compared when it returns, and nothing larger than
the file itself was allocated.
"""

import struct
import zlib

from loopcast.errors import ModelFileError

LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
VERSION, FLAGS, STORED, TIME, DATE = 20, 0, 0, 0, 0x21  # 1980-01-01, the first day a zip knows
UNIX, READABLE = 3 << 8, 0o100644 << 16
SIZE_AT = 18  # where a local header holds the size of its member, in 4 bytes


def pack(members: dict[str, bytes]) -> bytes:
    """The archive of these members, in this order; names in ASCII."""
    body, directory = b"", b""
    for name, content in members.items():
        size = len(content)
        facts = (FLAGS, STORED, TIME, DATE, zlib.crc32(content), size, size, len(name), 0)
        directory += CENTRAL.pack(b"PK\1\2", UNIX | VERSION, VERSION, *facts, 0, 0, 0, READABLE, len(body))
        directory += name.encode("ascii")
        body += LOCAL.pack(b"PK\3\4", VERSION, *facts) + name.encode("ascii") + content
    count = len(members)
    return body + directory + END.pack(b"PK\5\6", 0, 0, count, count, len(directory), len(body), 0)


def unpack(archive: bytes, names: tuple[str, ...]) -> dict[str, bytes]:
    """The members of an archive that `pack` made with these names; ModelFileError for any other bytes."""
    members, at = {}, 0
    for name in names:
        start = at + LOCAL.size + len(name)
        at = start + int.from_bytes(archive[at + SIZE_AT : at + SIZE_AT + 4], "little")
        members[name] = archive[start:at]
    if pack(members) != archive:
        raise ModelFileError("damaged, or not a model file of Loopcast")
    return members
