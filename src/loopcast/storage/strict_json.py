"""JSON from a file that anyone may have written."""

import json
import math
from typing import Any, BinaryIO, NoReturn

from loopcast.errors import ModelFileError

LARGEST_TEXT = 2**20  # bytes; a model's facts are some thousand, and numbers are in arrays
LARGEST_NUMBER = 2**53  # past it JSON readers disagree


def strict_json(file: BinaryIO, size: int) -> Any:
    """The next `size` bytes as JSON without what the standard leaves open.

    No NaN, no infinity, no key twice, no number past 2**53. Lists come back as tuples, so that options compare equal to
    what they were. ModelFileError for anything else, and for more than LARGEST_TEXT bytes before one is read.
    """
    if size > LARGEST_TEXT:
        raise ModelFileError(f"facts of a model are at most {LARGEST_TEXT:,} bytes of JSON, got {size:,}")
    try:
        return tuples(
            json.loads(
                file.read(size),
                parse_constant=refuse,
                parse_float=bounded,
                parse_int=whole,
                object_pairs_hook=reject_duplicates,
            )
        )
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"the file holds no JSON as Loopcast writes it: {str(error)[:200]}") from error


def refuse(word: str) -> NoReturn:
    raise ModelFileError(f"the file holds {word}, which is no JSON number")


def bounded(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ModelFileError(f"the file holds {digits[:80]}, which is too large a number")
    return number


def whole(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > LARGEST_NUMBER:
        raise ModelFileError(f"the file holds a whole number of {len(digits)} digits, which is too large")
    return int(digits)


def reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ModelFileError("the file holds a key twice")
    return members


def tuples(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(tuples(item) for item in value)
    if isinstance(value, dict):
        return {key: tuples(item) for key, item in value.items()}
    return value
