"""Model files: one zip of a manifest and the weights, with no code, no class names to import and no series in it.

manifest.json         format and library version, kind and options of the estimator, whose model it has and the facts of
                      that, how the table looked, tags, and the size and SHA-256 of the weights
weights.safetensors   arrays of float32, float64 or int64, all finite

Nothing in a file chooses what code runs: a kind is looked up among the registered ones (`registry`), and what was
learned loads into the types that its class declares (`codec`).
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import safetensors.numpy

from loopcast.errors import ModelFileError, OptionError
from loopcast.public import public
from loopcast.storage import format3
from loopcast.storage.atomic import write_whole
from loopcast.storage.canonical_zip import pack, unpack
from loopcast.storage.codec import encode
from loopcast.storage.registry import kind_of, model_kind_of
from loopcast.storage.strict_json import LARGEST_TEXT, strict_json

MANIFEST, WEIGHTS = "manifest.json", "weights.safetensors"
LARGEST_FILE = 2**30
MOST_TAG = 1000  # characters of a tag
FORMAT = 3
READERS: dict[int, Callable[[dict[str, Any], bytes], Any]] = {FORMAT: format3.read}


class Stored(Protocol):
    """What a model file can hold: an estimator, by its options and its model."""

    @property
    def model(self) -> Any: ...

    def stored_options(self) -> dict[str, Any]: ...


def save(estimator: Stored, path: str | os.PathLike[str], tags: Mapping[str, str] | None = None) -> None:
    """Write a fitted forecaster or imputer to `path`, whole or not at all; see `Estimator.save`.

    OptionError for one of a class that is not registered, for tags that are not text, and for a model too large for it.
    OSError as the system gives it.
    """
    model = estimator.model
    learned = encode(model)
    weights = safetensors.numpy.save(learned.arrays)
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
    if len(text) > LARGEST_TEXT or len(content) > LARGEST_FILE:
        raise OptionError(
            f"a model file is at most {LARGEST_FILE:,} bytes, {LARGEST_TEXT:,} of them for options and facts, and this "
            f"one would have {len(content):,}, {len(text):,} of them: it could not be loaded again"
        )
    write_whole(path, content)


def load(path: str | os.PathLike[str]) -> Any:
    """The forecaster or imputer that `save` wrote to `path`.

    ModelFileError for a file that is damaged in any byte, foreign, or not there, or of another version. OSError when
    it cannot be read. The file may come from anyone: it can hold numbers only, and no more of them than its own size.
    """
    try:
        return from_bytes(read_capped(Path(path)))
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from error


def from_bytes(content: bytes) -> Any:
    """The forecaster or imputer in the bytes of a model file."""
    members = unpack(content, (MANIFEST, WEIGHTS))
    manifest = strict_json(members[MANIFEST])
    try:
        return reader_of(manifest)(manifest, members[WEIGHTS])
    except OptionError as error:
        raise ModelFileError(f"the manifest and the weights do not fit each other: {error}") from error


def reader_of(manifest: Any) -> Callable[[dict[str, Any], bytes], Any]:
    """The reader of the format that a manifest says; ModelFileError where there is none."""
    if not isinstance(manifest, dict) or type(manifest.get("format")) is not int:
        raise ModelFileError("the manifest does not say its format")
    written, by = manifest["format"], str(manifest.get("loopcast"))[:20]
    if written > FORMAT:
        raise ModelFileError(f"format {written}, written by a newer Loopcast ({by}): upgrade to read it")
    if written not in READERS:
        raise ModelFileError(f"format {written}, written by Loopcast {by}, which this one does not read: fit it again")
    return READERS[written]


def read_capped(path: Path) -> bytes:
    """The content of a file, unless it is too large to be a model."""
    if not path.exists():
        raise ModelFileError(f"no such file (looked in {path.absolute().parent})")
    if path.is_dir():
        raise ModelFileError("a folder, and a model is one file")
    with path.open("rb") as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise ModelFileError(f"a model file is at most {LARGEST_FILE:,} bytes")
    return content


def check_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags, if they are short words for short texts; OptionError otherwise."""
    for name, text in tags.items():
        if not isinstance(name, str) or not isinstance(text, str) or max(len(name), len(text)) > MOST_TAG:
            raise OptionError(f"tags are texts of at most {MOST_TAG} characters by name, got {name!r}: {text!r}"[:300])
    return dict(tags)
