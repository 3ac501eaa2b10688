"""What the server and its workers say to one another: a JSON head and a body of bytes, lengths first."""

import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

LENGTHS = struct.Struct("<II")


def pack(head: Mapping[str, Any], body: bytes = b"") -> bytes:
    """A frame as bytes."""
    text = json.dumps(head).encode()
    return LENGTHS.pack(len(text), len(body)) + text + body


def read(file: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    """The next frame of a pipe; None at its end, also in the middle of a frame."""
    lengths = file.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    text_length, body_length = LENGTHS.unpack(lengths)
    content = file.read(text_length + body_length)
    if len(content) < text_length + body_length:
        return None
    return json.loads(content[:text_length]), content[text_length:]
