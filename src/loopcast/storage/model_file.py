"""Model files: one zip of a manifest and the weights, with no code, no class names to import and no series in it.

manifest.json         format and library version, kind and options of the estimator, whose model it has and the facts of
                      that, how the table looked, tags, and the size and SHA-256 of the weights
weights.safetensors   arrays of float32, float64 or int64, all finite

Nothing in a file chooses what code runs: a kind is looked up among the registered ones (`registry`), and what was
learned loads into the types that its class declares (`codec`).
"""

import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from loopcast.errors import ModelFileError, OptionError
from loopcast.public import public
from loopcast.storage import format3, tensors
from loopcast.storage.atomic import write_whole
from loopcast.storage.canonical_zip import Member, chunks, locate, pack
from loopcast.storage.codec import encode
from loopcast.storage.registry import kind_of, model_kind_of
from loopcast.storage.strict_json import LARGEST_TEXT, strict_json

MANIFEST, WEIGHTS = "manifest.json", "weights.safetensors"
LARGEST_FILE = 2**30
MOST_HOLES = 2**24  # bytes up to which it is no matter whether they were ever written
MOST_TAG = 1000  # characters of a tag
MOST_SAID = 1000  # characters of an error: the names in a file may be long and many
FORMAT = 3
Reader = Callable[[dict[str, Any], BinaryIO, Member], Any]
READERS: dict[int, Reader] = {FORMAT: format3.read}


class Stored(Protocol):
    """What a model file can hold: an estimator, by its options and its model."""

    @property
    def model(self) -> Any: ...

    def stored_options(self) -> dict[str, Any]: ...

    def parts(self) -> Sequence["Stored"]: ...


def save(estimator: Stored, path: str | os.PathLike[str], tags: Mapping[str, str] | None = None) -> None:
    """Write a fitted forecaster or imputer to `path`, whole or not at all; see `Estimator.save`.

    OptionError for one of a class that is not registered, for tags that are not text, and for what `load` would refuse,
    such as a model too large for a file: it is loaded before it is written.
    OSError as the system gives it.
    """
    write_whole(path, to_bytes(estimator, tags))


def to_bytes(estimator: Stored, tags: Mapping[str, str] | None = None) -> bytes:
    """A model file, which `load` was seen to read; errors are those of `save`."""
    model = estimator.model
    for part in estimator.parts():
        kind_of(part)
    learned = encode(model)
    weights = tensors.write(learned.arrays)
    manifest = {
        "format": FORMAT,
        "loopcast": public("__version__"),
        "kind": kind_of(estimator),
        "options": encode(estimator.stored_options()).facts,
        "model_of": model_kind_of(model),
        "model": learned.facts,
        "schema": model.schema.to_json(),
        "tags": check_tags(model.tags if tags is None else tags),
        "weights": format3.describe_weights(weights),
    }
    text = json.dumps(manifest, indent=1, allow_nan=False)
    content = pack({MANIFEST: text.encode(), WEIGHTS: weights})
    try:
        from_bytes(content)
    except ModelFileError as error:
        raise OptionError(f"this model could not be loaded again, and is not written: {error}") from error
    return content


def load(path: str | os.PathLike[str]) -> Any:
    """The forecaster or imputer that `save` wrote to `path`.

    ModelFileError for a file that is damaged in any byte, foreign, or not there, or of another version. OSError when
    it cannot be read. The file may come from anyone: it can hold numbers only, and no more of them than its own size.
    """
    try:
        with open_file(Path(path)) as file:
            return read(file, size_of(file))
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {str(error)[:MOST_SAID]}") from error


def from_bytes(content: bytes) -> Any:
    """The forecaster or imputer in the bytes of a model file."""
    return read(io.BytesIO(content), len(content))


def read(file: BinaryIO, size: int) -> Any:
    """The forecaster or imputer in a file of `size` bytes: headers first, then facts, then numbers."""
    if size > LARGEST_FILE:
        raise ModelFileError(f"a model file is at most {LARGEST_FILE:,} bytes, got {size:,}")
    members = locate(file, size, (MANIFEST, WEIGHTS))
    manifest = read_manifest(file, members[MANIFEST])
    try:
        return reader_of(manifest)(manifest, file, members[WEIGHTS])
    except OptionError as error:
        raise ModelFileError(f"the manifest and the weights do not fit each other: {error}") from error
    except RecursionError as error:
        raise ModelFileError("the file holds models within models, more of them than Loopcast writes") from error


def read_manifest(file: BinaryIO, member: Member) -> Any:
    """The facts of a model file."""
    if member.size > LARGEST_TEXT:
        raise ModelFileError(f"a manifest is at most {LARGEST_TEXT:,} bytes, got {member.size:,}")
    text = b"".join(chunks(file, member))
    return strict_json(io.BytesIO(text), len(text))


def reader_of(manifest: Any) -> Reader:
    """The reader of the format that a manifest says; ModelFileError where there is none."""
    if not isinstance(manifest, dict) or type(manifest.get("format")) is not int:
        raise ModelFileError("the manifest does not say its format")
    written, by = manifest["format"], str(manifest.get("loopcast"))[:20]
    if written > FORMAT:
        raise ModelFileError(f"format {written}, written by a newer Loopcast ({by}): upgrade to read it")
    if written not in READERS:
        raise ModelFileError(f"format {written}, written by Loopcast {by}, which this one does not read: fit it again")
    return READERS[written]


def open_file(path: Path) -> BinaryIO:
    """A file for reading; ModelFileError for what is none: a pipe would be waited for, a device never ends."""
    if not path.exists():
        raise ModelFileError(f"no such file (looked in {path.absolute().parent})")
    if not path.is_file():
        raise ModelFileError(f"a {'folder' if path.is_dir() else 'device or a pipe'}, and a model is one file")
    return path.open("rb")


def size_of(file: BinaryIO) -> int:
    """The bytes of a file; ModelFileError where most are holes, which take room in memory but none on a disk."""
    status = os.fstat(file.fileno())
    if status.st_size > MOST_HOLES and 512 * getattr(status, "st_blocks", status.st_size) < status.st_size // 2:
        raise ModelFileError("most of the file are holes, and a model file has none")
    return status.st_size


def check_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags, if they are short words for short texts; OptionError otherwise."""
    for name, text in tags.items():
        if not isinstance(name, str) or not isinstance(text, str) or max(len(name), len(text)) > MOST_TAG:
            raise OptionError(f"tags are texts of at most {MOST_TAG} characters by name, got {name!r}: {text!r}"[:300])
    return dict(tags)
