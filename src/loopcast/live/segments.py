"""Some thousand live series as one safetensors file, field by field, and back."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, Self

import numpy as np

from loopcast.errors import DataError, ModelFileError
from loopcast.live.checks import Id
from loopcast.live.engine import LINE, records_of, ring_rows
from loopcast.live.known_fields import known_fields, known_shapes, restore_known
from loopcast.live.series import Channel, Series
from loopcast.live.state import State
from loopcast.storage import tensors

SERIES = 4096  # of a segment
NUMBERS = ("rows", "judged", "seen")
WORD = 8
COPIES = ("record.", "anchor0.", "anchor1.")
OTHER_FIELDS = "a segment of the state has other fields than this version writes"
NO_SERIES = "a segment of the state has a series twice, or one that cannot be"


def segments_of(state: State) -> Iterator[Mapping[str, np.ndarray]]:
    """The series of a state, in their order: int64 arrays whose first axis, but for the ids', is the series."""
    items = iter(state.series.items())
    while part := list(islice(items, SERIES)):
        yield _fields(state, [id_ for id_, _ in part], [series for _, series in part])


def _fields(state: State, ids: Sequence[Id], series: Sequence[Series]) -> dict[str, np.ndarray]:
    starts = [each.phase.tick(each.first.head.start) for each in series]
    fields = {"ids": _packed(json.dumps(list(ids)).encode()), "start": np.array(starts, np.int64)}
    for target, prefix in enumerate(_prefixes(state)):
        found = _of_target(state, [each.channels[target] for each in series])
        fields |= {prefix + name: array for name, array in found.items()}
    return fields


def _prefixes(state: State) -> list[str]:
    """What the fields of each target begin with."""
    return ["", *(f"target{place}." for place in range(1, len(state.targets)))]


def _of_target(state: State, channels: Sequence[Channel]) -> dict[str, np.ndarray]:
    blocks = np.stack([state.records.block(each.block) for each in channels])
    numbers = {name: np.array([getattr(each.head, name) for each in channels], np.int64) for name in NUMBERS}
    places = {name: np.ascontiguousarray(blocks[:, place]).view(np.int64) for name, place in _places(state).items()}
    return numbers | known_fields(state, channels) | places


def _places(state: State) -> dict[str, slice]:
    """Where each field of a block lies in it: the latest values, and those of the record and of its copies."""
    lateness, engine = state.rules.lateness, state.engines[0]
    found = {"values": slice(LINE, LINE + ring_rows(lateness) * WORD)}
    for copy, prefix in enumerate(COPIES[: records_of(lateness)]):
        begin = engine.record_at + copy * engine.record_bytes
        found |= {
            prefix + name: slice(begin + place.start, begin + place.stop) for name, place in engine.fields.items()
        }
    return found


def _packed(text: bytes) -> np.ndarray:
    """Text as whole numbers, filled up with spaces, which JSON allows."""
    return np.frombuffer(text + b" " * (-len(text) % WORD), np.int64)


def write(fields: Mapping[str, np.ndarray]) -> bytes:
    """A segment's file."""
    return tensors.write(fields)


def read_into(state: State, content: bytes) -> None:
    """Start the series of a segment; ModelFileError for one that does not fit the state, or is none."""
    file = io.BytesIO(content)
    found, start = tensors.read_header(file, 0, len(content))
    fields = tensors.read_arrays(file, found, start)
    ids, starts = _ids(fields.pop("ids", None)), fields.pop("start", np.zeros(0))
    _check(starts, (len(ids),))
    each = [_part(state, len(ids), fields, prefix) for prefix in _prefixes(state)]
    if fields:
        raise ModelFileError(OTHER_FIELDS)
    for at, id_ in enumerate(ids):
        _start(state, id_, int(starts[at]), [part.of(at) for part in each])


class Part(NamedTuple):
    """A target of the series of a segment, or of one of them: their blocks, and fields besides."""

    blocks: np.ndarray
    fields: Mapping[str, np.ndarray]

    def of(self, at: int) -> Self:
        return self._replace(blocks=self.blocks[at], fields={name: each[at] for name, each in self.fields.items()})


def _part(state: State, count: int, fields: dict[str, np.ndarray], prefix: str) -> Part:
    """One target's, taken out of all fields."""
    known = {name.removeprefix(prefix): array for name, array in fields.items() if name.startswith(prefix)}
    places = _places(state)
    wanted: dict[str, tuple[int, ...]] = dict.fromkeys(NUMBERS, (count,))
    wanted |= {name: (count, (place.stop - place.start) // WORD) for name, place in places.items()}
    wanted |= known_shapes(state, count, known)
    for name, shape in wanted.items():
        if name.startswith(COPIES):  # of a field that a version added, the records of earlier ones have zeros
            fields.setdefault(prefix + name, np.zeros(shape, np.int64))
        _check(fields.get(prefix + name), shape)
    taken = {name: fields.pop(prefix + name) for name in wanted}
    blocks = np.zeros((count, state.records.size), np.uint8)
    for name, place in places.items():
        blocks[:, place] = np.ascontiguousarray(taken.pop(name)).view(np.uint8).reshape(count, -1)
    return Part(blocks, taken)


def _check(array: np.ndarray | None, shape: tuple[int, ...]) -> None:
    if array is None or array.shape != shape or array.dtype != np.int64:
        raise ModelFileError(OTHER_FIELDS)


def _ids(packed: np.ndarray | None) -> list[Id]:
    if packed is None:
        raise ModelFileError("a segment of the state has no ids")
    try:
        ids = json.loads(packed.tobytes())
    except (ValueError, RecursionError) as error:
        raise ModelFileError("a segment of the state has ids that cannot be read") from error
    if not isinstance(ids, list) or any(isinstance(each, bool) or not isinstance(each, str | int) for each in ids):
        raise ModelFileError("a segment of the state has ids that are no text and no whole numbers")
    return ids


def _start(state: State, id_: Id, start: int, parts: Sequence[Part]) -> None:
    if id_ in state.series:
        raise ModelFileError(NO_SERIES)
    found: Series | None = None
    for target, part in enumerate(parts):
        rows, judged, seen = (int(part.fields[name]) for name in NUMBERS)
        if rows < 1 or judged < 0 or seen not in (0, 1) or rows != int(parts[0].fields["rows"]):
            raise ModelFileError(NO_SERIES)
        found = _begin(state, id_, start, rows) if found is None else found
        channel = found.channels[target]
        state.records.block(channel.block)[LINE:] = part.blocks[LINE:]
        channel.head.rows, channel.head.judged, channel.head.seen = rows, judged, seen
        if not state.engines[target].intact(channel.at):
            raise ModelFileError("a segment of the state has a record that cannot be")
        restore_known(state, channel, part.fields)


def _begin(state: State, id_: Id, start: int, rows: int) -> Series:
    try:
        phase = state.clock.phase(start)
        step = phase.step(start) or 0
        phase.tick(step + rows)
    except (DataError, OverflowError, ValueError) as error:
        raise ModelFileError(f"a series of the state is on no calendar of its model: {error}") from error
    return state.start(id_, phase, step)
