"""Follow series line by line: what `loopcast stream` does between its input and its output."""

import json
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np

from loopcast.errors import DataError, LoopcastError, OptionError, quote
from loopcast.live.answers import Rows
from loopcast.live.checks import Id
from loopcast.live.engine import LATE
from loopcast.live.live import Live
from loopcast.live.tables import only_id
from loopcast.tasks.stream import StreamTask
from loopcast.tasks.stream_lines import CsvAnswers, JsonAnswers, cells_of, decoded, forecast_facts, number, parsed

FEWEST_ENTRIES = 50_000  # of a journal before a snapshot makes it short again; to do them again takes a second
MOST_TIMES = 10_000  # whose ticks are remembered: many series have rows at one time


SEQ, SOURCE, AFTER = "seq", "source", "after"

Seq = tuple[str, int]  # a source of rows, and the number of one of them
# A row that waits for the others of its chunk: its line's number, id, tick, values, what is echoed of it, the line, and
# its number, and its covariates.
Row = tuple[int, Id, int, tuple[float, ...], str, str, Seq | None, Mapping[str, Any] | None]


class Stream:
    """Answers lines, one for each, in their order; a bad line is answered by an error, and the next one is read."""

    def __init__(self, task: StreamTask) -> None:
        self.task, self.live = task, task.open()
        self._line = 0
        self._header: list[str] | None = None
        names = self.live.schema.columns if self.live is not None else task.columns
        self._besides, self._coming = (names.covariates, names.future) if self.live is not None else ((), ())
        self._id_name, self._time_name, self._targets = names.id, names.time, names.targets
        self._written = JsonAnswers(names) if task.format == "json" else CsvAnswers(names)
        self._ticks: dict[Any, int] = {}
        self._waiting: list[Row] = []
        self._seqs = {} if self.live is None else dict(self.live.seqs)  # with those of rows that wait
        self._answers: dict[int, str] = {}
        self._number: Seq | None = None  # of the line that is read, where its source numbers it
        self._numbers: bool | None = None  # whether ids are whole numbers; None while no series is there to say

    @property
    def seqs(self) -> Mapping[str, int]:
        """Of each source of numbered rows, the highest number that came."""
        return self._seqs

    def begin_file(self) -> None:
        """The next line names the columns of those after it, in CSV."""
        self._header = None

    def answers(self, lines: Sequence[bytes], seqs: Sequence[Seq | None] = ()) -> list[str]:
        """The answers to some lines, without their ends; seqs: the sources and numbers of rows that say none."""
        first, self._answers = self._line, {}
        for line, self._number in zip_longest(lines, seqs):
            self._line += 1
            try:
                self._read(line)
            except (LoopcastError, RecursionError) as error:
                text = "the line is nested too deeply" if isinstance(error, RecursionError) else str(error)
                self._fail(self._line, text)
        self._take()
        return [self._answers[line] for line in range(first + 1, self._line + 1)]

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

    def _read(self, line: bytes) -> None:
        """Have a row wait, or answer what is none."""
        text = decoded(line)
        if isinstance(self._written, CsvAnswers):
            if self._header is None:
                self._header = cells_of(text)
                self._answers[self._line] = self._written.header
                return
            self._wait(self._cells(text), text)
            return
        said = parsed(text)
        if "predict" in said:
            self._take()
            self._answers[self._line] = self._written.facts(self._predicted(said["predict"]))
        elif "advance" in said:
            self._take()
            self._known().advance(said["advance"])
            self._answers[self._line] = self._written.facts({"advance": said["advance"], "status": "advanced"})
        elif AFTER in said:
            self._take()
            source = _source(said[AFTER])
            self._answers[self._line] = self._written.facts({AFTER: source, SEQ: self._seqs.get(source)})
        else:
            self._wait(said, text)

    def _cells(self, text: str) -> dict[str, Any]:
        """The cells of a line of CSV by their names; an empty one is missing."""
        header, cells = self._header or [], cells_of(text)
        if len(cells) != len(header):
            raise DataError(f"the header has {len(header)} names, and this line {len(cells)} cells")
        row: dict[str, Any] = dict(zip(header, cells, strict=True))
        numbers = self._targets if self.live is None else self.live.numbers
        return row | {name: number(row[name]) for name in numbers if name in row}

    def _wait(self, said: Mapping[str, Any], text: str) -> None:
        if self._coming and self._time_name in said and not any(name in said for name in self._targets):
            self._know(said)
            return
        for name in (self._time_name, *self._targets):
            if name not in said:
                raise DataError(f"the line has no {quote(name)}: a row is such as {self._example()}")
        seq = _seq(said) or self._number
        if seq is not None and seq[1] <= self._seqs.get(seq[0], -1):
            self._answers[self._line] = self._written.skipped(self._written.echo(said))
            return
        time = said[self._time_name]
        if self.live is None:
            self.live = self.task.start_at(time)
        tick = self._ticks.get(time) if type(time) is str else None
        if tick is None:
            tick = self._tick(self.live, time)
        id_, values = self._id(said), self._values(self.live, said)
        self._waiting.append(
            (self._line, id_, tick, values, self._written.echo(said), text, seq, self._covariates(said))
        )
        if seq is not None:
            self._seqs[seq[0]] = seq[1]
        if self.task.emit == "forecast":
            self._take()

    def _values(self, live: Live, said: Mapping[str, Any]) -> tuple[float, ...]:
        """Those of a row."""
        if len(self._targets) == 1:
            return live.values(said[self._targets[0]])
        return live.values({name: said[name] for name in self._targets})

    def _know(self, said: Mapping[str, Any]) -> None:
        """A row without a value: future covariates of a step to come."""
        self._take()
        future = {name: said[name] for name in self._coming if name in said}
        self._known().know(self._id(said), said[self._time_name], future)
        echo = {name: said[name] for name in (self._id_name, self._time_name) if name in said}
        self._answers[self._line] = self._written.facts({**echo, "status": "known"})

    def _covariates(self, said: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Those of the model that a row has."""
        return {name: said[name] for name in self._besides if name in said} if self._besides else None

    def _tick(self, live: Live, time: Any) -> int:
        """That of a time, which the next lines may have too."""
        tick = live.tick(time)
        if len(self._ticks) >= MOST_TIMES:
            self._ticks.clear()
        if type(time) is str:
            self._ticks[time] = tick
        return tick

    def _take(self) -> None:
        """Take in what waits, and answer it."""
        waiting, self._waiting = self._waiting, []
        while waiting:
            _, ids, ticks, values, _, _, seqs, covariates = zip(*waiting, strict=True)
            rows = Rows(ids, np.array(ticks, np.int64), np.array(values), covariates, seqs)
            taken, error = self._known().take_until(rows)
            statuses, verdicts = taken.statuses.tolist(), taken.verdicts[:, :, :2].tolist()
            for (line, id_, _, _, echo, text, _, _), status, verdict in zip(waiting, statuses, verdicts, strict=False):
                if status == LATE:
                    self.task.late(text)
                ahead = self._forecast(id_) if self.task.emit == "forecast" else {}
                self._answers[line] = self._written.row(echo, status, verdict, ahead)
            waiting = waiting[len(statuses) :]
            if error is not None:
                self._fail(waiting.pop(0)[0], str(error))

    def _example(self) -> str:
        values = dict.fromkeys(self._targets, 41.2)
        return json.dumps({self._id_name: "pump-17", self._time_name: "2026-11-25T12:00:00Z"} | values)

    def _id(self, said: Mapping[str, Any]) -> Id:
        """The id of a row, of the kind that the others have; the only one where rows have none."""
        if self._id_name not in said:
            self._take()
            live, only = self._known(), only_id(self._known().schema)
            if live.first_id not in (only, None) or len(live) > 1:
                raise DataError(f"the line has no {quote(self._id_name)}, which tells series apart")
            return only
        return self._like_others(said[self._id_name])

    def _like_others(self, id_: Any) -> Id:
        if isinstance(id_, bool) or not isinstance(id_, str | int):
            raise DataError(f"an id is text or a whole number, got {quote(id_)}")
        if self._numbers is None:
            first = self._known().first_id
            self._numbers = None if first is None else isinstance(first, int)
        if self._numbers and isinstance(id_, str) and id_.removeprefix("-").isdecimal() and len(id_) < 19:
            return int(id_)
        return id_ if self._numbers or isinstance(id_, str) else str(id_)

    def _known(self) -> Live:
        if self.live is None:
            raise OptionError("no series is followed yet")
        return self.live

    def _predicted(self, id_: Any) -> Mapping[str, Any]:
        return {self._id_name: id_, **self._forecast(self._like_others(id_))}

    def _forecast(self, id_: Id) -> Mapping[str, Any]:
        """What comes after a series, under the names that tables have; null where it has no value yet."""
        live = self._known()
        try:
            return forecast_facts(live.predict_one(id_), live.name, live.levels, self._targets)
        except DataError:
            return {live.name: None}

    def _fail(self, line: int, text: str) -> None:
        self._answers[line] = self._written.facts({"line": line, "error": text})


def _seq(said: Mapping[str, Any]) -> Seq | None:
    """The source and the number of a row; None where it has none."""
    if SEQ not in said:
        return None
    number = said[SEQ]
    if isinstance(number, str) and number.isdecimal() and len(number) < 19:
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**63:
        raise DataError(f"{quote(SEQ)} is a whole number of at least 0, got {quote(said[SEQ])}")
    return _source(said.get(SOURCE, "")), number


def _source(name: Any) -> str:
    if not isinstance(name, str):
        raise DataError(f"a source of rows is named by text, got {quote(name)}")
    return name
