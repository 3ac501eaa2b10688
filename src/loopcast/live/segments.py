"""Some thousand live series as one safetensors file, field by field, and back."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import numpy as np

from loopcast.errors import DataError, ModelFileError
from loopcast.live.checks import Id
from loopcast.live.engine import LINE, records_of, ring_rows
from loopcast.live.known_fields import known_fields, known_shapes, restore_known
from loopcast.live.series import Series
from loopcast.live.state import State
from loopcast.storage import tensors

SERIES = 4096  # of a segment
NUMBERS = ("rows", "judged", "seen")
WORD = 8
COPIES = ("record.", "anchor0.", "anchor1.")


def segments_of(state: State) -> Iterator[Mapping[str, np.ndarray]]:
    """The series of a state, in their order: int64 arrays whose first axis, but for the ids', is the series."""
    items = iter(state.series.items())
    while part := list(islice(items, SERIES)):
        yield _fields(state, [id_ for id_, _ in part], [series for _, series in part])


def _fields(state: State, ids: Sequence[Id], series: Sequence[Series]) -> dict[str, np.ndarray]:
    blocks = np.stack([state.records.block(each.block) for each in series])
    numbers = {name: np.array([getattr(each.head, name) for each in series], np.int64) for name in NUMBERS}
    numbers["ids"] = _packed(json.dumps(list(ids)).encode())
    numbers["start"] = np.array([each.phase.tick(each.head.start) for each in series], np.int64)
    places = {name: np.ascontiguousarray(blocks[:, place]).view(np.int64) for name, place in _places(state).items()}
    return numbers | known_fields(state, series) | places


def _places(state: State) -> dict[str, slice]:
    """Where each field of a block lies in it: the latest values, and those of the record and of its copies."""
    lateness, engine = state.rules.lateness, state.engine
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
    ids = _ids(fields.get("ids"))
    wanted: dict[str, tuple[int, ...]] = {name: (len(ids),) for name in (*NUMBERS, "start")}
    wanted |= {name: (len(ids), (place.stop - place.start) // WORD) for name, place in _places(state).items()}
    wanted |= known_shapes(state, len(ids), fields)
    added = {name: np.zeros(shape, np.int64) for name, shape in wanted.items() if name.startswith(COPIES)}
    fields = added | fields  # of a field that a version added, the records of earlier ones have zeros
    shapes = {name: array.shape for name, array in fields.items() if name != "ids"}
    if shapes != wanted or any(array.dtype != np.int64 for array in fields.values()):
        raise ModelFileError("a segment of the state has other fields than this version writes")
    blocks = np.zeros((len(ids), state.records.size), np.uint8)
    for name, place in _places(state).items():
        blocks[:, place] = np.ascontiguousarray(fields[name]).view(np.uint8).reshape(len(ids), -1)
    others = {name: fields[name] for name in wanted if name not in _places(state)}
    for at, id_ in enumerate(ids):
        _start(state, id_, blocks[at], {name: array[at] for name, array in others.items()})


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


def _start(state: State, id_: Id, block: np.ndarray, fields: Mapping[str, np.ndarray]) -> None:
    rows, judged, seen, start = (int(fields[name]) for name in (*NUMBERS, "start"))
    if id_ in state.series or rows < 1 or judged < 0 or seen not in (0, 1):
        raise ModelFileError("a segment of the state has a series twice, or one that cannot be")
    try:
        phase = state.clock.phase(start)
        step = phase.step(start) or 0
        phase.tick(step + rows)
    except (DataError, OverflowError, ValueError) as error:
        raise ModelFileError(f"a series of the state is on no calendar of its model: {error}") from error
    found = state.start(id_, phase, step)
    state.records.block(found.block)[LINE:] = block[LINE:]
    head = found.head
    head.rows, head.judged, head.seen = rows, judged, seen
    if not state.engine.intact(found.at):
        raise ModelFileError("a segment of the state has a record that cannot be")
    restore_known(state, found, fields)
