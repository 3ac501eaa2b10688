"""Arrays in the safetensors format, read by their header first: nothing is allocated that the file does not hold.

Eight bytes with the length of the header, the header in JSON (for each array its dtype, shape, and where its bytes
begin and end), then the arrays end to end. `safetensors` writes it.
"""

import math
from collections.abc import Mapping
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import safetensors.numpy

from loopcast.errors import ModelFileError
from loopcast.storage.strict_json import strict_json

DTYPES: dict[Any, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8"), "I64": np.dtype("<i8")}
MOST_AXES = 8
LENGTH = 8  # bytes that say how long the header is


class Tensor(NamedTuple):
    """An array of a file: its bytes are `begin:end` of those after the header."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int
    end: int


def write(arrays: Mapping[str, np.ndarray]) -> bytes:
    """The arrays as a safetensors file."""
    return safetensors.numpy.save(dict(arrays))


def read_header(file: BinaryIO, start: int, size: int) -> tuple[dict[str, Tensor], int]:
    """The arrays of a safetensors file of `size` bytes from byte `start` on, and at which byte the first one begins.

    ModelFileError where it is none, or its arrays are not those bytes end to end.
    """
    file.seek(start)
    length = int.from_bytes(file.read(min(LENGTH, size)), "little")
    if size < LENGTH or length > size - LENGTH:
        raise ModelFileError("the weights are not a safetensors file")
    header = strict_json(file, length)
    if not isinstance(header, dict):
        raise ModelFileError("the weights are not a safetensors file: its header is no table")
    tensors = {name: _tensor(name, entry) for name, entry in header.items()}
    at = 0
    for name, tensor in sorted(tensors.items(), key=lambda each: (each[1].begin, each[1].end)):
        if tensor.begin != at:
            raise ModelFileError(f"the weights {name[:80]!r} do not begin where others end")
        at = tensor.end
    if at != size - LENGTH - length:
        raise ModelFileError("the weights are not as many bytes as their header says")
    return tensors, start + LENGTH + length


def read_arrays(file: BinaryIO, tensors: Mapping[str, Tensor], start: int) -> dict[str, np.ndarray]:
    """The arrays, read-only, all of them parts of the same bytes."""
    content = np.empty(max((tensor.end for tensor in tensors.values()), default=0), np.uint8)
    file.seek(start)
    if file.readinto(content.data) != len(content):  # type: ignore[attr-defined]
        raise ModelFileError("the weights end too early")
    content.setflags(write=False)
    return {name: content[t.begin : t.end].view(t.dtype).reshape(t.shape) for name, t in tensors.items()}


def require_finite(arrays: Mapping[str, np.ndarray]) -> None:
    """ModelFileError where one is not."""
    for name, array in arrays.items():
        # The least and the largest of numbers among which is NaN are NaN; a mask would be as long as they are.
        if array.size and not (np.isfinite(array.min()) and np.isfinite(array.max())):
            raise ModelFileError(f"the weights {name} hold NaN or infinity")


def _tensor(name: str, entry: Any) -> Tensor:
    """What a header says of an array; ModelFileError for anything but a dtype, a shape and bytes that fit it."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise ModelFileError(f"an array is a dtype, a shape and data_offsets, {name[:80]!r} is {str(entry)[:80]}")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise ModelFileError(f"weights are {' or '.join(DTYPES)}, {name[:80]!r} is {str(dtype)[:80]}")
    if not (_are_counts(shape) and _are_counts(offsets)) or len(offsets) != 2 or len(shape) > MOST_AXES:
        raise ModelFileError(f"the weights {name[:80]!r} have no shape of at most {MOST_AXES} axes, or no bytes")
    tensor = Tensor(DTYPES[dtype], shape, *offsets)
    largest = math.prod(max(axis, 1) for axis in shape) * tensor.dtype.itemsize  # NumPy refuses some empty ones too
    if tensor.end - tensor.begin != math.prod(shape) * tensor.dtype.itemsize or largest >= 2**62:
        raise ModelFileError(f"the weights {name[:80]!r} are not as many bytes as their shape says")
    return tensor


def _are_counts(value: Any) -> bool:
    return isinstance(value, tuple) and all(type(each) is int and each >= 0 for each in value)
