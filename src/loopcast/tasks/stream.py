"""Follow series line by line: what `loopcast stream` does between its input and its output."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import polars as pl

from loopcast.columns import Columns
from loopcast.data.panel import Panel
from loopcast.errors import DataError, LoopcastError, ModelFileError, OptionError, quote
from loopcast.live.checks import Id
from loopcast.live.folder import holds
from loopcast.live.live import Live
from loopcast.live.manifest import MANIFEST
from loopcast.live.resume import resume
from loopcast.live.tables import only_id
from loopcast.models.forecaster import Forecaster
from loopcast.models.load import load
from loopcast.models.pretrained.forecaster import Pretrained
from loopcast.tasks.stream_lines import ENCODER, cell, cells_of, decoded, facts, forecast_facts, number, parsed

FEWEST_ENTRIES = 50_000  # of a journal before a snapshot makes it short again; to do them again takes a second
CSV_ANSWER = ("status", "surprise", "drift", "error")


@dataclass(frozen=True, kw_only=True)
class StreamTask:
    """What is followed, and how.

    model: a file; None is the pretrained network. state: the folder that all is kept in; None keeps nothing. history:
    of a state that is new, by which nothing is judged. columns, freq: of the lines, where there is no model. rules: the
    options of `Forecaster.live` that were asked for. late: takes the lines that came too late.
    """

    model: Path | None = None
    state: Path | None = None
    history: Panel | None = None
    columns: Columns
    freq: str | int | None = None
    horizon: int | None = None
    season: int | None = None
    rules: Mapping[str, Any]
    emit: Literal["surprise", "forecast"] = "surprise"
    format: Literal["json", "csv"] = "json"
    late: Callable[[str], None] = lambda line: None

    def __post_init__(self) -> None:
        if self.format == "csv" and self.emit == "forecast":
            raise OptionError("--emit forecast writes lists of numbers, which --format csv has no place for: take json")

    def open(self) -> Live | None:
        """The live state, resumed or new; None where the first row has to say what kind of times there are."""
        if self.state is not None and (self.state / MANIFEST).exists():
            return self._resumed(self.state)
        if self.model is None and self.history is None:
            if self.freq is None:
                raise OptionError("without a MODEL, give --history, or state the step between rows, as in --freq h")
            return None
        return self.start(self._forecaster(self.history))

    def _resumed(self, folder: Path) -> Live:
        if self.model is not None and not holds(folder, self._loaded(self.model)):
            raise ModelFileError(f"{folder} holds the state of another model than {self.model}: name another folder")
        live = resume(folder, journal=True)
        asked = replace(live.rules, **self.rules)
        if asked != live.rules:
            live.close()
            raise OptionError(
                f"{folder} was made by other rules, {live.rules}, and not {asked}: leave those options out"
            )
        return live

    def _loaded(self, path: Path) -> Forecaster:
        """A model, as far ahead as was asked."""
        found = load(path)
        if self.horizon is None:
            return found
        return found.with_options(horizon=self.horizon).set_model(replace(found.model, horizon=self.horizon))

    def _forecaster(self, panel: Panel | None) -> Forecaster:
        if self.model is not None:
            return self._loaded(self.model)
        return Pretrained(horizon=self.horizon, season=self.season, tune=0).fit(panel)

    def start(self, forecaster: Forecaster) -> Live:
        """A new state, kept where that was asked for."""
        live: Live = forecaster.live(self.history, **self.rules)
        if self.state is None:
            return live
        live.save(self.state)
        return resume(self.state, journal=True)

    def start_at(self, time: Any) -> Live:
        """A new state of the pretrained network for times such as this one."""
        names = self.columns
        table = pl.DataFrame({names.time: [time], names.one_target: [1.0]})
        columns = Columns(time=names.time, target=names.target)
        panel = Panel.from_table(table, columns, freq=self.freq)
        schema = replace(panel.schema, columns=names, has_id=True)
        return self.start(self._forecaster(replace(panel, schema=schema)))


class Stream:
    """Answers lines, one for each, in their order; a bad line is answered by an error, and the next one is read."""

    def __init__(self, task: StreamTask) -> None:
        self.task, self.live = task, task.open()
        self._line = 0
        self._header: list[str] | None = None
        self._names = self.live.schema.columns if self.live is not None else task.columns
        self._target = self._names.one_target

    def answer(self, line: bytes) -> str:
        """The answer to a line, without its end."""
        self._line += 1
        try:
            if self.task.format == "csv" and self._header is None:
                return self._headed(line)
            return self._written(self._answered(line))
        except (LoopcastError, RecursionError) as error:
            text = "the line is nested too deeply" if isinstance(error, RecursionError) else str(error)
            return self._written({"line": self._line, "error": text})

    def settle(self) -> None:
        """After some lines and before their answers are given: all that they brought survives a power cut."""
        live = self.live
        if live is None or self.task.state is None:
            return
        live.sync()
        if live.journaled >= max(FEWEST_ENTRIES, 10 * len(live)):
            live.save(self.task.state)

    def end(self) -> None:
        """When all lines are answered: the next start has no journal to do again."""
        if self.live is not None and self.task.state is not None:
            if self.live.journaled:
                self.live.save(self.task.state)
            self.live.close()

    def _headed(self, line: bytes) -> str:
        """The header of the answers, for that of the lines."""
        self._header = cells_of(decoded(line))
        return ",".join((self._names.id, self._names.time, *CSV_ANSWER))

    def _answered(self, line: bytes) -> Mapping[str, Any]:
        text = decoded(line)
        if self.task.format == "csv":
            return self._row(self._cells(text), text)
        said = parsed(text)
        if "predict" in said:
            return self._predicted(said["predict"])
        if "advance" in said:
            self._known().advance(said["advance"])
            return {"advance": said["advance"], "status": "advanced"}
        return self._row(said, text)

    def _cells(self, text: str) -> dict[str, Any]:
        """The cells of a line of CSV by their names; an empty one is missing."""
        header, cells = self._header or [], cells_of(text)
        if len(cells) != len(header):
            raise DataError(f"the header has {len(header)} names, and this line {len(cells)} cells")
        row: dict[str, Any] = dict(zip(header, cells, strict=True))
        if self._target in row:
            row[self._target] = number(row[self._target])
        return row

    def _row(self, said: Mapping[str, Any], text: str) -> Mapping[str, Any]:
        names = self._names
        for name in (names.time, self._target):
            if name not in said:
                raise DataError(f"the line has no {quote(name)}: a row is such as {self._example()}")
        if self.live is None:
            self.live = self.task.start_at(said[names.time])
        id_ = self._id(said)
        seen = self.live.update_one(id_, said[names.time], said[self._target])
        if seen.status == "late":
            self.task.late(text)
        echo = {name: said[name] for name in (names.id, names.time) if name in said}
        ahead = self._forecast(id_) if self.task.emit == "forecast" else {}
        return {**echo, **facts(seen), **ahead}

    def _example(self) -> str:
        names = self._names
        return json.dumps({names.id: "pump-17", names.time: "2026-11-25T12:00:00Z", self._target: 41.2})

    def _id(self, said: Mapping[str, Any]) -> Id:
        """The id of a row, of the kind that the others have; the only one where rows have none."""
        if self._names.id not in said:
            live, only = self._known(), only_id(self._known().schema)
            if live.first_id not in (only, None) or len(live) > 1:
                raise DataError(f"the line has no {quote(self._names.id)}, which tells series apart")
            return only
        return self._like_others(said[self._names.id])

    def _like_others(self, id_: Any) -> Id:
        if isinstance(id_, bool) or not isinstance(id_, str | int):
            raise DataError(f"an id is text or a whole number, got {quote(id_)}")
        numbers = isinstance(self._known().first_id, int)
        if numbers and isinstance(id_, str) and id_.removeprefix("-").isdecimal() and len(id_) < 19:
            return int(id_)
        return id_ if numbers or isinstance(id_, str) else str(id_)

    def _known(self) -> Live:
        if self.live is None:
            raise OptionError("no series is followed yet")
        return self.live

    def _predicted(self, id_: Any) -> Mapping[str, Any]:
        return {self._names.id: id_, **self._forecast(self._like_others(id_))}

    def _forecast(self, id_: Id) -> Mapping[str, Any]:
        """What comes after a series, under the names that tables have; null where it has no value yet."""
        live = self._known()
        try:
            return forecast_facts(live.predict_one(id_), live.name, live.levels)
        except DataError:
            return {live.name: None}

    def _written(self, facts: Mapping[str, Any]) -> str:
        if self.task.format == "json":
            return ENCODER.encode(facts)
        return self._csv(facts)

    def _csv(self, facts: Mapping[str, Any]) -> str:
        names = (self._names.id, self._names.time, *CSV_ANSWER)
        row = {"status": "error"} | dict(facts) if "error" in facts else dict(facts)
        return ",".join(cell(row.get(name)) for name in names)
