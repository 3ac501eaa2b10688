"""Text files as tables of text, with errors that name the line."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl

from loopcast.columns import Columns
from loopcast.data.tables import Table
from loopcast.errors import DataError, printable, quote, reason

BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # of UTF-8, which some spreadsheets write
MAX_UNPACKED = 2**32  # bytes of a compressed file; a thousandth of them can hold so many
CHUNK = 2**20
SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}


def read_text(
    path: Path, columns: Columns, separator: str, *, every: bool = False, max_unpacked: int = MAX_UNPACKED
) -> Table:
    """The fields of a file as text, null where empty; DataError where it is not UTF-8 or not a table.

    every: all columns, and not only those that `columns` names. max_unpacked: bytes that a compressed file may become.
    """
    data = _bytes(path, max_unpacked).removeprefix(BYTE_ORDER_MARK).rstrip(b"\r\n") + b"\n"
    _check_encoding(data, path)
    header = data.split(b"\n", 1)[0].decode().rstrip("\r")
    if "\r" in header:
        raise DataError(
            f"line 1 of {printable(str(path))} ends in CR alone, as on old Macs: save it with LF or CR LF at the line "
            "ends"
        )
    names = next(csv.reader([header], delimiter=separator), [])
    _check_separator(header, names, columns, separator, path)
    wanted = {columns.id, columns.time, *columns.targets, *columns.covariates}
    places = [
        i for i, name in enumerate(names) if every or name in wanted or i == len(names) - 1
    ]  # the last shows short lines
    try:
        frame = pl.read_csv(data, infer_schema=False, separator=separator, columns=places)
    except pl.exceptions.PolarsError as error:
        raise DataError(
            _uneven(data, len(names), separator, path) or f"{printable(str(path))}: {reason(error)}"
        ) from error
    _check_short_lines(frame, data, len(names), separator, path)
    return Table(frame, "polars", names)


def _bytes(path: Path, max_unpacked: int) -> bytes:
    if path.suffix.lower() != ".gz":
        return path.read_bytes()
    try:
        with gzip.open(path) as file:
            parts = list(_up_to(max_unpacked, cast(BinaryIO, file), path))
        return b"".join(parts)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(
            f"{printable(str(path))} is no gzip file, or not a whole one ({reason(error)}): is its ending right?"
        ) from error


def _up_to(most: int, file: BinaryIO, path: Path) -> Iterator[bytes]:
    """What a file holds, part by part; DataError as soon as that is more than so many bytes."""
    size = 0
    while part := file.read(CHUNK):
        size += len(part)
        if size > most:
            raise DataError(
                f"{path} has more than {most:,} bytes once it is unpacked: give read a larger max_unpacked, or "
                "unpack it first"
            )
        yield part


def _check_encoding(data: bytes, path: Path) -> None:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:4096]:
        raise DataError(
            f"{printable(str(path))} is UTF-16 or no text at all, and a text file is UTF-8: save it as UTF-8"
        )
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"line {line} of {printable(str(path))}: byte 0x{data[error.start]:02X} is not UTF-8; the file looks like "
            "Latin-1 "
            "(Windows-1252): save it as UTF-8"
        ) from error


def _check_separator(header: str, names: list[str], columns: Columns, separator: str, path: Path) -> None:
    if columns.time in names:
        return
    for other, called in SEPARATORS.items():
        there = next(csv.reader([header], delimiter=other), [])
        if columns.time in there or (len(names) == 1 and len(there) > 1):
            raise DataError(
                f"line 1 of {printable(str(path))}: {called} separates the fields, and {path.suffix} expects "
                f"{SEPARATORS[separator]}; "
                f"save it so, or read it with pl.read_csv(path, separator={quote(other)}) (and decimal_comma=True "
                "where it writes 1,5) and give the table"
            )


def _check_short_lines(frame: pl.DataFrame, data: bytes, width: int, separator: str, path: Path) -> None:
    """Refuse lines with too few fields, which polars fills with nulls."""
    if not frame.width or not frame[:, -1].null_count():
        return
    even = data.count(separator.encode()) == (frame.height + 1) * (width - 1) and width > 1
    if (even and b'"' not in data) or (uneven := _uneven(data, width, separator, path)) is None:
        return
    raise DataError(uneven)


def _uneven(data: bytes, width: int, separator: str, path: Path) -> str | None:
    """What is wrong with the first line that has more or fewer fields than the header; None where none has."""
    reader = csv.reader(io.StringIO(data.decode(), newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for fields in reader:
            if len(fields) != width:
                return (
                    f"line {line} of {printable(str(path))} has {len(fields)} fields and the header has {width}: "
                    f"{_cure(fields, width)}"
                )
            line = reader.line_num + 1
    except csv.Error as error:
        return (
            f"line {line} of {printable(str(path))} has a quote that is not closed, or closed too early "
            f"({reason(error)}): correct the quotes"
        )
    return None


def _cure(fields: list[str], width: int) -> str:
    if len(fields) > width:
        return "write decimals with a point, and quote a field that holds a separator"
    return "complete the line (leave a missing value empty, between its separators) or remove it"
