"""Where bodies lie while they are worked on: each in a folder of its own, under a name that we choose."""

import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from loopcast.service.bodies import NAME, TYPES
from loopcast.service.problems import Problem

ENDINGS = (".csv", ".tsv", ".parquet", ".feather", ".xlsx")  # of files in a form
CHUNK = 2**20
MOST_NAME = 100  # characters of a file's name that are shown


class Spool:
    """A folder of folders, which are empty when a server starts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A new folder, which is removed in the end."""
        path = self._folder / secrets.token_hex(8)
        path.mkdir()
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


class Upload:
    """What came with a request: its table, what is known ahead, options, and the name that its sender gives it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file, self.name = "", ""
        self.future: str | None = None
        self.options: dict[str, str] = {}

    @property
    def ending(self) -> str:
        """Of the file, which says how it is written."""
        return self.file.removeprefix(NAME)


async def receive(request: Request, folder: Path, *, needed: bool = True) -> Upload:
    """Take the body of a request into a folder; Problem 415 for a type that is no table's, 400 for an option twice.

    needed: whether there has to be one; a request without any type of a body has an empty one.
    """
    upload = Upload(folder)
    upload.options = options_in(request)
    upload.name = shown_name(upload.options.pop("name", ""))
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        await _receive_form(request, upload)
        return upload
    ending = TYPES.get(kind) if kind or needed else ".csv"
    if ending is None:
        known = ", ".join(TYPES)
        raise Problem(415, f"Content-Type says how the table is written: {known}; or send multipart/form-data")
    upload.file = f"{NAME}{ending}"
    await write(folder / upload.file, request.stream())
    return upload


def options_in(request: Request) -> dict[str, str]:
    """The options in the address of a request; Problem 400 for one that is there twice."""
    found = dict(request.query_params)
    if len(found) < len(request.query_params.multi_items()):
        raise Problem(400, "an option is in the address twice: give it once, several values with commas between")
    return {name.replace("-", "_"): value for name, value in found.items()}


async def write(path: Path, chunks: AsyncIterator[bytes]) -> None:
    """Write what comes to a file."""
    with path.open("wb") as file:
        async for chunk in chunks:
            file.write(chunk)


async def _receive_form(request: Request, upload: Upload) -> None:
    try:
        async with request.form(max_files=2, max_fields=60) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    await _receive_file(name, value, upload)
                elif name in upload.options:
                    raise Problem(400, f"the option {name[:40]!r} is there twice: give it once")
                else:
                    upload.options[name.replace("-", "_")] = value
    except MultiPartException as error:
        raise Problem(400, f"the form cannot be read: {error.message[:200]}") from error
    if upload.future not in (None, f"future{upload.ending}"):
        raise Problem(400, "file and future are written alike: send both as CSV, or both as Parquet")
    if not upload.file:
        raise Problem(400, "the form has no file: send the table as file=@sales.csv")


async def _receive_file(name: str, value: UploadFile, upload: Upload) -> None:
    if name not in ("file", "future"):
        raise Problem(400, f"the files of a form are file and future, got {name[:40]!r}")
    given = (value.filename or "").lower()
    ending = next((each for each in ENDINGS if given.endswith(each)), None)
    if ending is None:
        raise Problem(415, f"the name of a file says how it is written, and ends in {', '.join(ENDINGS)}")
    if name == "file":
        upload.file, upload.name = f"{NAME}{ending}", upload.name or shown_name(value.filename or "")
    else:
        upload.future = f"future{ending}"
    await write(upload.folder / f"{NAME if name == 'file' else 'future'}{ending}", _chunks(value))


async def _chunks(value: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await value.read(CHUNK):
        yield chunk


def shown_name(name: str) -> str:
    """The name of a file as it is shown: it is never one on this machine.

    >>> shown_name("../../etc/pass" + chr(10) + "wd.csv"), shown_name("C:" + chr(92) + "sales.csv")
    ('passwd.csv', 'sales.csv')
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(each for each in last if each.isprintable())[:MOST_NAME]
