"""Lines of a stream as plain values, and what is said of them."""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any, NoReturn

from loopcast.columns import Bands, Columns
from loopcast.errors import DataError, quote
from loopcast.live.answers import Ahead
from loopcast.live.engine import STATUSES

LARGEST_LINE = 2**20  # bytes

Verdicts = Sequence[Sequence[float]]  # of each target: the surprise, and 1 where there is a drift


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
        said, end = DECODER.raw_decode(text) if text.startswith("{") else (None, -1)  # as it comes, without spaces
        if end < len(text):
            said = DECODER.decode(text)
    except ValueError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"the line is no JSON: {error}"[:200]) from error
    if not isinstance(said, dict):
        raise DataError(f"a line is a JSON object, got {quote(said)}")
    for name, value in said.items():
        if value.__class__ is dict or value.__class__ is list:
            raise DataError(f"a row has plain values, and {quote(name)} holds several")
    return said


def number(text: str) -> float | None:
    """A number of a CSV file; empty is missing."""
    if text.strip() in ("", "NaN", "nan"):
        return None
    try:
        return float(text)
    except ValueError as error:
        raise DataError(f"{quote(text)} is no number") from error


def forecast_facts(ahead: Ahead, name: str, levels: Sequence[float], targets: Sequence[str]) -> dict[str, Any]:
    """A forecast as plain values: a list of each column, of several targets one of each by its name.

    null for a target that has no value yet.
    """
    cutoff = ahead.cutoff if isinstance(ahead.cutoff, int) else ahead.cutoff.isoformat()
    ends = [end[place] for place in range(len(levels)) for end in (ahead.low, ahead.high)]
    columns = (name, *Bands(levels=tuple(levels)).columns(name))
    lists: list[Any] = [each.tolist() for each in (ahead.values, *ends)]
    if len(targets) > 1:
        lists = [{name: _steps(of_each) for name, of_each in zip(targets, each, strict=True)} for each in lists]
    return {"cutoff": cutoff, **dict(zip(columns, lists, strict=True))}


def _steps(values: Sequence[float]) -> Sequence[float] | None:
    return None if values[0] != values[0] else values


class JsonAnswers:
    """Answers as lines of JSON: of a row what is echoed of it comes first, then what is said of it."""

    def __init__(self, names: Columns) -> None:
        self._keys = [(name, f"{ENCODER.encode(name)}: ") for name in (names.id, names.time)]
        self._targets = [f"{ENCODER.encode(name)}: " for name in names.targets]

    def echo(self, said: Mapping[str, Any]) -> str:
        """The begin of the answer to a row."""
        return "".join([key + _json(said[name]) + ", " for name, key in self._keys if name in said])

    def row(self, echo: str, status: int, verdicts: Verdicts, ahead: Mapping[str, Any]) -> str:
        """The answer to a row."""
        surprise = self._of_each([repr(each[0]) if each[0] == each[0] else "null" for each in verdicts])
        drift = self._of_each(["true" if each[1] == 1.0 else "false" for each in verdicts])
        more = ", " + ENCODER.encode(ahead)[1:] if ahead else "}"
        return f'{{{echo}"status": "{STATUSES[status]}", "surprise": {surprise}, "drift": {drift}{more}'

    def _of_each(self, said: Sequence[str]) -> str:
        """What is said of the target; of several, by their names."""
        if len(said) == 1:
            return said[0]
        return "{" + ", ".join(map(str.__add__, self._targets, said)) + "}"

    def skipped(self, echo: str) -> str:
        """The answer to a row that was taken in before, as its number says."""
        return f'{{{echo}"status": "skipped", "surprise": null, "drift": false}}'

    def facts(self, facts: Mapping[str, Any]) -> str:
        """The answer to another line."""
        return ENCODER.encode(facts)


def _json(value: str | int) -> str:
    return encode_basestring(value) if isinstance(value, str) else ENCODER.encode(value)


class CsvAnswers:
    """Answers as lines of CSV: of several targets each has a surprise and a drift of its own."""

    def __init__(self, names: Columns) -> None:
        self._keys, targets = (names.id, names.time), names.targets
        said = [f"{each}-{name}" if len(targets) > 1 else each for each in ("surprise", "drift") for name in targets]
        self._targets = len(targets)
        self.header = ",".join(map(cell, (*self._keys, "status", *said, "error")))

    def echo(self, said: Mapping[str, Any]) -> str:
        """The begin of the answer to a row."""
        return "".join([cell(said.get(name)) + "," for name in self._keys])

    def row(self, echo: str, status: int, verdicts: Verdicts, ahead: Mapping[str, Any]) -> str:
        """The answer to a row."""
        surprise = [None if math.isnan(each[0]) else each[0] for each in verdicts]
        drift = [each[1] == 1.0 for each in verdicts]
        return echo + ",".join(map(cell, (STATUSES[status], *surprise, *drift, None)))

    def skipped(self, echo: str) -> str:
        """The answer to a row that was taken in before, as its number says."""
        return echo + ",".join(map(cell, ("skipped", *self._of_none(None), *self._of_none(False), None)))

    def facts(self, facts: Mapping[str, Any]) -> str:
        """The answer to another line, which is an error."""
        return ",".join(map(cell, (None, None, "error", *self._of_none(None), *self._of_none(None), facts["error"])))

    def _of_none(self, value: Any) -> list[Any]:
        return [value] * self._targets


def cell(value: Any) -> str:
    """A value in a line of CSV."""
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\n\r') else text
