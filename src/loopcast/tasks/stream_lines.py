"""Lines of a stream as plain values, and what is said of them."""

import csv
import json
import math
from collections.abc import Sequence
from typing import Any, NoReturn

from loopcast.columns import Bands
from loopcast.errors import DataError, quote
from loopcast.live.state import Ahead, Seen

LARGEST_LINE = 2**20  # bytes


def refuse(word: str) -> NoReturn:
    raise DataError(f"{word} is no JSON number: a missing value is null")


DECODER, ENCODER = json.JSONDecoder(parse_constant=refuse), json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def decoded(line: bytes) -> str:
    """A line as text; DataError for a long one, and for what is none."""
    if len(line) > LARGEST_LINE:
        raise DataError(f"a line has at most {LARGEST_LINE:,} bytes")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"the line is not UTF-8: {error.reason} at byte {error.start}") from error


def cells_of(text: str) -> list[str]:
    """The cells of a line of CSV."""
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise DataError(f"the line is no CSV: {error}") from error


def parsed(text: str) -> dict[str, Any]:
    """A line of JSON; DataError where it is no object of plain values."""
    try:
        said = DECODER.decode(text)
    except ValueError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"the line is no JSON: {error}"[:200]) from error
    if not isinstance(said, dict):
        raise DataError(f"a line is a JSON object, got {quote(said)}")
    nested = next((name for name, value in said.items() if isinstance(value, dict | list)), None)
    if nested is not None:
        raise DataError(f"a row has plain values, and {quote(nested)} holds several")
    return said


def number(text: str) -> float | None:
    """A number of a CSV file; empty is missing."""
    if text.strip() in ("", "NaN", "nan"):
        return None
    try:
        return float(text)
    except ValueError as error:
        raise DataError(f"{quote(text)} is no number") from error


def facts(seen: Seen) -> dict[str, Any]:
    """What is said of a row, as plain values."""
    surprise = None if math.isnan(seen.surprise) else seen.surprise
    return {"status": seen.status, "surprise": surprise, "drift": seen.drift}


def forecast_facts(ahead: Ahead, name: str, levels: Sequence[float]) -> dict[str, Any]:
    """A forecast as plain values."""
    cutoff = ahead.cutoff if isinstance(ahead.cutoff, int) else ahead.cutoff.isoformat()
    ends = [end.tolist() for place in range(len(levels)) for end in (ahead.low[place], ahead.high[place])]
    columns = Bands(levels=tuple(levels)).columns(name)
    return {"cutoff": cutoff, name: ahead.values.tolist(), **dict(zip(columns, ends, strict=True))}


def cell(value: Any) -> str:
    """A value in a line of CSV."""
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\n\r') else text
