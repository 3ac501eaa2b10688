"""JSON from a file that anyone may have written."""

import json
import math
from typing import Any, NoReturn

from loopcast.errors import ModelFileError

LARGEST_TEXT = 2**24  # over 200,000 epochs of a training's history
LARGEST_NUMBER = 2**53  # past it JSON readers disagree


def strict_json(text: bytes) -> Any:
    """JSON without what the standard leaves open: no NaN, no infinity, no key twice, no number past 2**53.

    Lists come back as tuples, so that options compare equal to what they were.
    """
    if len(text) > LARGEST_TEXT:
        raise ModelFileError(f"a manifest is at most {LARGEST_TEXT:,} bytes, got {len(text):,}")
    try:
        return tuples(
            json.loads(
                text, parse_constant=refuse, parse_float=bounded, parse_int=whole, object_pairs_hook=reject_duplicates
            )
        )
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"the manifest is not JSON as Loopcast writes it: {error}") from error


def refuse(word: str) -> NoReturn:
    raise ModelFileError(f"the manifest holds {word}, which is no JSON number")


def bounded(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ModelFileError(f"the manifest holds {digits}, which is too large a number")
    return number


def whole(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > LARGEST_NUMBER:
        raise ModelFileError(f"the manifest holds a whole number of {len(digits)} digits, which is too large")
    return int(digits)


def reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ModelFileError("the manifest holds a key twice")
    return members


def tuples(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(tuples(item) for item in value)
    if isinstance(value, dict):
        return {key: tuples(item) for key, item in value.items()}
    return value
