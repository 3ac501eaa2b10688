"""A request as a worker gets it: files, options by name, and what they mean."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loopcast.errors import DataError, OptionError, quote
from loopcast.service import bodies
from loopcast.service.catalog import file_of, loaded
from loopcast.service.limits import Limits
from loopcast.service.options import OPTIONS, RequestOptions, TableOptions, validated

Status = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Work:
    """A request as a worker gets it.

    path, future: the files that hold its table and what is known ahead. root: the folder of the server, for its
    models; model: the file of one that was found already. name: of the file, as its sender calls it. status: is told
    what happens now.
    """

    task: str
    options: Mapping[str, Any]
    path: Path
    limits: Limits
    future: Path | None = None
    root: Path | None = None
    model: Path | None = None
    name: str = ""
    status: Status = field(default=lambda message: None)

    def opened(self) -> "Work":
        """The same, with what a body of JSON holds: options beside rows, and rows as a file of their own."""
        if self.path.suffix == ".arrows":
            return self._with(path=bodies.stream_file(self.path))
        if self.path.suffix == ".ndjson":
            lines = [bodies.parse_json(line) for line in self.path.read_bytes().splitlines() if line.strip()]
            return self._with(path=bodies.typed_file(self.path, lines))
        if self.path.suffix != ".json":
            return self
        said = bodies.object_in(self.path)
        if "rows" not in said:
            raise DataError('a body of JSON has its table in "rows", a list of objects, and options beside it')
        rows, ahead = said.pop("rows"), said.pop("future", None)
        future = None if ahead is None else bodies.typed_file(self.path, ahead, "future")
        return self.with_options(said)._with(path=bodies.typed_file(self.path, rows), future=future)

    def with_options(self, more: Mapping[str, Any]) -> "Work":
        """The same with more options; OptionError for one that is there already."""
        twice = next((name for name in more if name in self.options), None)
        if twice is not None:
            raise OptionError(f"{twice} is in the address and in the body: give it once")
        return self._with(options={**self.options, **more})

    def _with(self, **changes: Any) -> "Work":
        return Work(**{**vars(self), **changes})

    def model_file(self, name: str) -> Path:
        """The file of a model of the server; OptionError where there is none."""
        if self.model is not None:
            return self.model
        if self.root is None:
            raise OptionError(f"there is no model {quote(name)}")
        return file_of(self.root, name)

    def like(self, model: Path | None) -> dict[str, Any]:
        """How a model takes its tables: columns and step, where there is one."""
        if model is None:
            return {}
        schema = loaded(model).model.schema
        return {"columns": schema.columns, "freq": schema.freq.alias}

    def asked(self) -> RequestOptions:
        """The options of the task."""
        return validated(OPTIONS[self.task], self.options)

    def whole(self, asked: TableOptions, *, every: bool = False, **like: Any) -> Any:
        """The table of the body, as `bodies.read_body`."""
        return bodies.read_body(self.path, asked, self.limits, every=every, **like)
