"""Text files as tables of text, with errors that name the line."""

import codecs
import csv
import io
import shlex
from dataclasses import dataclass

import polars as pl

from loopcast.data.file_request import FileTable, Request
from loopcast.data.read_options import ReadOptions
from loopcast.data.series_index import Source
from loopcast.data.sniff import split_fields
from loopcast.data.tables import Table
from loopcast.errors import DataError, quote, reason

BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # of UTF-8, which some spreadsheets write
OTHERS = {b"PK\x03\x04": "an Excel file (.xlsx)", b"PAR1": "Parquet (.parquet)", b"ARROW1": "Arrow (.feather)"}
SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}


def read_text(request: Request) -> FileTable:
    """The fields of a file as text, null where empty; DataError where it is not encoded as stated, or not a table."""
    options, path = request.options, request.name
    separator = options.separator or ("\t" if ".tsv" in request.ending else ",")
    data = request.data()
    _check_no_other(data, path)
    data = as_utf8(data, options.encoding, path)
    data = _without_empty_end(_skipped(data, options.skip_rows, path), separator)
    header = data.split(b"\n", 1)[0].decode().rstrip("\r")
    if "\r" in header:
        raise DataError(
            f"line {options.skip_rows + 1} of {path} ends in CR alone, as on old Macs: save it with LF or CR LF at the "
            "line ends"
        )
    fields = split_fields([header], separator, path)[0]
    fields = [field.strip() for field in fields] if options.strip else fields
    names = fields if options.header else [f"column_{i + 1}" for i in range(len(fields))]
    _check_separator(header, names, request, separator)
    places = [i for i, name in enumerate(names) if request.wants(name) or i == len(names) - 1]
    lines = _Lines(data=data, width=len(names), separator=separator, first=options.skip_rows + 1, path=path)
    try:  # the last column shows lines that are too short
        frame = pl.read_csv(data, infer_schema=False, separator=separator, columns=places, has_header=options.header)
    except pl.exceptions.PolarsError as error:
        raise DataError(lines.uneven(options) or f"{path}: {reason(error)}") from error
    if len(set(names)) == len(names):  # else a name that comes twice is an error, where it is wanted
        frame.columns = [names[i] for i in places]
    lines.check_short(frame, options)
    source = Source(str(request.path), lines=True, first=options.skip_rows + 1 + options.header)
    return FileTable(table=Table(frame, "polars", names), source=source)


def _check_no_other(data: bytes, path: str) -> None:
    """Refuse what is a table of another kind under the name of a text file."""
    kind = next((kind for start, kind in OTHERS.items() if data.startswith(start)), None)
    if kind is not None:
        raise DataError(f"{path} is no text but {kind} by its first bytes: give it that ending")


def as_utf8(data: bytes, encoding: str, path: str) -> bytes:
    """Text in UTF-8, without a mark of its byte order; DataError where it is not encoded as stated."""
    if codecs.lookup(encoding).name in ("utf-8", "utf-8-sig"):
        data = data.removeprefix(BYTE_ORDER_MARK)
        _check_utf8(data, path)
        return data
    try:
        return data.decode(encoding).removeprefix("\ufeff").encode()
    except UnicodeError as error:
        raise DataError(
            f"{path} is no text in {encoding} ({reason(error)}): name another encoding (--encoding)"
        ) from error


def _skipped(data: bytes, rows: int, path: str) -> bytes:
    """What comes after the first lines."""
    parts = data.split(b"\n", rows)
    if len(parts) <= rows or not parts[-1].strip():
        if rows:
            raise DataError(f"{path} has no more than {rows} lines, and so many are skipped: skip fewer (--skip-rows)")
        raise DataError(f"{path} is empty: a panel needs a header and at least one row")
    return parts[-1]


def _without_empty_end(data: bytes, separator: str) -> bytes:
    """Text without the lines at its end in which there is nothing, or nothing but separators, and one line end."""
    something = len(data.rstrip(b"\r\n" + separator.encode()))
    end = data.find(b"\n", something)
    return (data if end < 0 else data[:end].removesuffix(b"\r")) + b"\n"


def _check_utf8(data: bytes, path: str) -> None:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:4096]:
        raise DataError(
            f"{path} is UTF-16 or no text at all, and a text file is UTF-8: where it is UTF-16, state "
            "encoding='utf-16' (--encoding utf-16)"
        )
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"line {line} of {path}: byte 0x{data[error.start]:02X} is not UTF-8; the file looks like Windows-1252 "
            "(Latin-1): state encoding='cp1252' (--encoding cp1252), or save it as UTF-8"
        ) from error


def _check_separator(header: str, names: list[str], request: Request, separator: str) -> None:
    if request.knows(names):
        return
    for other, called in SEPARATORS.items():
        there = split_fields([header], other, request.name)[0]
        if other != separator and (request.knows(there) or (len(names) == 1 and len(there) > 1)):
            raise DataError(
                f"line {request.options.skip_rows + 1} of {request.name}: {called} separates the fields, and "
                f"{SEPARATORS.get(separator, quote(separator))} was expected; state separator={quote(other)} "
                f"(--separator {shlex.quote(other)}), and decimal=',' (--decimal ,) where it writes 1,5"
            )


@dataclass(frozen=True, kw_only=True)
class _Lines:
    """The lines of a text: how many fields a line has, what separates them, and which line of the file the first is."""

    data: bytes
    width: int
    separator: str
    first: int
    path: str

    def check_short(self, frame: pl.DataFrame, options: ReadOptions) -> None:
        """Refuse lines with too few fields, which polars fills with nulls."""
        if not frame.width or not frame[:, -1].null_count():
            return
        separators = (frame.height + options.header) * (self.width - 1)
        even = self.data.count(self.separator.encode()) == separators and self.width > 1
        if (even and b'"' not in self.data) or (uneven := self.uneven(options)) is None:
            return
        raise DataError(uneven)

    def uneven(self, options: ReadOptions) -> str | None:
        """What is wrong with the first line that has more or fewer fields than the header; None where none has."""
        reader = csv.reader(io.StringIO(self.data.decode(), newline=""), delimiter=self.separator, strict=True)
        line, head = 0, "the header" if options.header else "the first line"
        try:
            for fields in reader:
                if len(fields) != self.width:
                    return (
                        f"line {self.first + line} of {self.path} has {len(fields)} fields and {head} has "
                        f"{self.width}: {_cure(fields, self.width)}"
                    )
                line = reader.line_num
        except csv.Error as error:
            return (
                f"line {self.first + line} of {self.path} has a quote that is not closed, or closed too early "
                f"({reason(error)}): correct the quotes"
            )
        return None


def _cure(fields: list[str], width: int) -> str:
    if len(fields) > width:
        return "write decimals with a point, and quote a field that holds a separator"
    return "complete the line (leave a missing value empty, between its separators) or remove it"
