"""What is in the folder of a live state: its parts by name, and what each is to be, down to the byte."""

import json
import os
import re
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from loopcast.errors import ModelFileError, OptionError
from loopcast.live.rules import Rules
from loopcast.storage.strict_json import strict_json

MANIFEST, MODEL = "manifest.json", "model.loopcast"
FORMAT = 1
KEYS = {
    "format",
    "loopcast",
    "rules",
    "model",
    "instructions",
    "generation",
    "segments",
    "seqs",
    "crc32",
}
PART = re.compile(r"(segment-(\d+)-\d+\.safetensors|journal-(\d+)\.log)")


class Snapshot(NamedTuple):
    """What a manifest says."""

    rules: Rules
    model: str  # SHA-256
    generation: int
    segments: tuple[dict[str, Any], ...]
    seqs: dict[str, int]  # of each source of rows, the highest number that they had


def journal_name(generation: int) -> str:
    return f"journal-{generation}.log"


def checksum_of(manifest: Mapping[str, Any]) -> int:
    """Of all that a manifest says, but for this."""
    return zlib.crc32(json.dumps({**manifest, "crc32": None}, sort_keys=True).encode())


def remove_leftovers(folder: Path) -> None:
    """Remove parts of other generations than that of the manifest."""
    with suppress(ModelFileError):
        kept = read_manifest(folder).generation if (folder / MANIFEST).exists() else 0
        for each in list(folder.iterdir()):
            found = PART.fullmatch(each.name)
            if found is not None and int(found[2] or found[3]) != kept:
                each.unlink()


def read_manifest(folder: Path) -> Snapshot:
    """What is in a folder; ModelFileError where it holds no state, or one of another version."""
    try:
        with (folder / MANIFEST).open("rb") as file:
            facts = strict_json(file, os.fstat(file.fileno()).st_size)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelFileError(f"{folder} holds no live state: there is no {MANIFEST}") from error
    if not isinstance(facts, dict) or type(facts.get("format")) is not int:
        raise ModelFileError(f"{folder}: the manifest does not say its format")
    if facts["format"] != FORMAT:
        raise ModelFileError(f"{folder} has format {facts['format']}, and this Loopcast reads {FORMAT}: upgrade it")
    if set(facts) != KEYS or type(facts["generation"]) is not int:
        raise ModelFileError(f"{folder}: the manifest is not as Loopcast writes it")
    sound = facts["crc32"] == checksum_of(facts) and isinstance(facts["seqs"], dict)
    if not sound or not isinstance(facts["segments"], tuple) or not isinstance(facts["rules"], dict):
        raise ModelFileError(f"{folder}: the manifest is not as Loopcast writes it")
    try:
        rules = Rules(**facts["rules"])
    except (OptionError, TypeError) as error:
        raise ModelFileError(f"{folder}: the manifest has rules that mean nothing: {error}") from error
    return Snapshot(rules, str(facts["model"]), facts["generation"], facts["segments"], facts["seqs"])
