"""A live state in a folder: a snapshot, and a journal of what came since.

manifest.json                     what is there: format, rules, sizes and checksums of all parts
model.loopcast                    the model file
segment-GENERATION-N.safetensors  some thousand series each
journal-GENERATION.log            what was done since the snapshot
lock                              held by the one process that writes

A snapshot is there once the manifest is renamed; parts of other generations are left over, and removed.
"""

import hashlib
import json
import os
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from loopcast.errors import LoopcastError, ModelFileError, OptionError
from loopcast.kernels import instructions
from loopcast.live import segments
from loopcast.live.journal import Journal, entries_of
from loopcast.live.lock import LOCK, lock, locked
from loopcast.live.manifest import (
    FORMAT,
    MANIFEST,
    MODEL,
    PART,
    checksum_of,
    journal_name,
    read_manifest,
    remove_leftovers,
)
from loopcast.live.model import LiveModel
from loopcast.live.state import State
from loopcast.models.forecaster import Forecaster
from loopcast.models.load import load
from loopcast.public import public
from loopcast.storage import model_file
from loopcast.storage.atomic import sync_folder, write_whole


def save(model: LiveModel, state: State, path: str | os.PathLike[str]) -> None:
    """See `Live.save`."""
    folder = Path(path)
    if isinstance(state.log, FolderLog) and state.log.is_in(folder):
        state.log.snapshot(model, state)
        return
    make_folder(folder)
    with locked(folder, shared=False):
        write_snapshot(model, state, folder)


def make_folder(folder: Path) -> None:
    """A folder for a state; OptionError where a file is there, or a folder of something else."""
    if folder.is_dir():
        if not (folder / MANIFEST).exists() and any(each.name != LOCK for each in folder.iterdir()):
            raise OptionError(f"{folder} is a folder that holds something else: name another")
        return
    if os.path.lexists(folder):
        raise OptionError(f"{folder} is there and no folder, and a live state is one: name another")
    folder.mkdir()


def write_snapshot(model: LiveModel, state: State, folder: Path) -> int:
    """Put the state into a folder that is locked; its generation. What was there stays until all is written."""
    old = read_manifest(folder) if (folder / MANIFEST).exists() else None
    content = model_file.to_bytes(model.forecaster)
    digest = hashlib.sha256(content).hexdigest()
    if old is not None and (old.rules != model.rules or not _is_model(folder, old.model, content)):
        raise ModelFileError(f"{folder} holds the state of another model, or by other rules: name another folder")
    generation = 1 if old is None else old.generation + 1
    try:
        if old is None or old.model != digest:
            write_whole(folder / MODEL, content)
        parts = [_write_segment(folder, generation, k, part) for k, part in enumerate(segments.segments_of(state))]
        journal = Journal(folder / journal_name(generation), generation)
        journal.sync()
        journal.close()
        manifest = {
            "format": FORMAT,
            "loopcast": public("__version__"),
            "rules": asdict(model.rules),
            "model": digest,
            "instructions": instructions(),
            "generation": generation,
            "segments": parts,
            "seqs": state.seqs,
        }
        text = json.dumps(manifest | {"crc32": checksum_of(manifest)}, indent=1)
        write_whole(folder / MANIFEST, text.encode())
        sync_folder(folder)
    finally:
        remove_leftovers(folder)
    return generation


def holds(folder: Path, forecaster: Forecaster) -> bool:
    """Whether the state in a folder is one of this forecaster."""
    return _is_model(folder, read_manifest(folder).model, model_file.to_bytes(forecaster))


def _is_model(folder: Path, digest: str, content: bytes) -> bool:
    """Whether the model of a folder is the one of this file; another version of Loopcast may have written it."""
    if digest == hashlib.sha256(content).hexdigest():
        return True
    return model_file.to_bytes(load(folder / MODEL)) == content


def _write_segment(folder: Path, generation: int, k: int, fields: Any) -> dict[str, Any]:
    name, content = f"segment-{generation}-{k}.safetensors", segments.write(fields)
    write_whole(folder / name, content)
    return {"name": name, "size": len(content), "crc32": zlib.crc32(content)}


class Opened(NamedTuple):
    """A state out of a folder: of which generation, how many entries its journal has, how many bytes are whole."""

    model: LiveModel
    state: State
    generation: int
    entries: int
    whole: int


def read(folder: Path) -> Opened:
    """What is in a folder that is locked; ModelFileError for damage."""
    try:
        snapshot = read_manifest(folder)
        content = _content(folder / MODEL)
        if hashlib.sha256(content).hexdigest() != snapshot.model:
            raise ModelFileError(f"{folder / MODEL} is damaged, or another model's")
        model = LiveModel(load(folder / MODEL), snapshot.rules)
        state = model.new_state()
        state.seqs = dict(snapshot.seqs)
        for part in snapshot.segments:
            segments.read_into(state, _segment(folder, part))
        log = _content(folder / journal_name(snapshot.generation))
        entries, whole = entries_of(log, snapshot.generation)
        _replay(state, entries)
    except (ModelFileError, OptionError) as error:
        raise ModelFileError(f"{folder}: {error}") from error
    return Opened(model, state, snapshot.generation, len(entries), whole)


def _replay(state: State, entries: list[Any]) -> None:
    """Do again what a journal says."""
    try:
        for each in entries:
            if not isinstance(each, tuple):
                state.forget([each])
                continue
            if len(each) == 2:
                state.seqs[each[0]] = each[1]
                continue
            id_, tick = each[:2]
            found = state.series.get(id_)
            step = (state.clock.phase(tick) if found is None else found.phase).step(tick)
            if step is None or (found is None and len(each) == 3):
                raise ModelFileError("the journal has a row that is not on the calendar")
            if len(each) == 3:
                state.know_step(state.find(id_), step, each[2], (id_, tick))
            else:
                _replay_row(state, step, each)
    except (LoopcastError, OverflowError) as error:
        raise ModelFileError(f"the journal does not fit the snapshot: {error}") from error


def _replay_row(state: State, step: int, row: Any) -> None:
    id_, tick, values, given = row
    if len(values) != len(state.targets):
        raise ModelFileError(
            f"the journal has a row of {len(values)} values, and there are {len(state.targets)} targets"
        )
    state.place(id_, tick, step, values, state.checked_again(id_, given, values))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ModelFileError(f"{path.name} is missing") from error


def _segment(folder: Path, part: Any) -> bytes:
    if not isinstance(part, dict) or set(part) != {"name", "size", "crc32"} or not PART.fullmatch(str(part["name"])):
        raise ModelFileError("the manifest names a segment that is none")
    content = _content(folder / part["name"])
    if len(content) != part["size"] or zlib.crc32(content) != part["crc32"]:
        raise ModelFileError(f"{part['name']} is damaged")
    return content


def open_for_writing(folder: Path) -> Opened:
    """What is in a folder, whose lock this process keeps; what is done to the state from here on is in its journal."""
    file = lock(folder, shared=False)
    try:
        opened = read(folder)
        os.truncate(folder / journal_name(opened.generation), opened.whole)
        opened.state.log = FolderLog(folder, file, opened.generation, opened.entries)
    except BaseException:
        os.close(file)
        raise
    return opened


class FolderLog:
    """The journal of a folder that this process writes to, and its lock."""

    def __init__(self, folder: Path, file: int, generation: int, entries: int) -> None:
        self.folder, self._lock = folder, file
        self._journal = Journal(folder / journal_name(generation), generation)
        self._journal.skip(entries)
        self._use(self._journal)

    def _use(self, journal: Journal) -> None:
        self.rows, self.known, self.forget, self.sync = journal.rows, journal.known, journal.forget, journal.sync

    @property
    def entries(self) -> int:
        """How many a resume would have to do again."""
        return self._journal.entries

    def is_in(self, folder: Path) -> bool:
        """Whether it writes to this folder."""
        return folder.is_dir() and folder.samefile(self.folder)

    def snapshot(self, model: LiveModel, state: State) -> None:
        """A snapshot, after which the journal is empty; where that fails, both go on as they were."""
        generation = write_snapshot(model, state, self.folder)
        self._journal.close()
        self._journal = Journal(self.folder / journal_name(generation), generation)
        self._use(self._journal)

    def close(self) -> None:
        """Write no more, and let others use the folder."""
        self._journal.close()
        os.close(self._lock)
