"""loopcast stream: lines in, an answer to each out, in order, and a state that survives."""

import gc
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TextIO

from cyclopts import Parameter

import loopcast
from loopcast.cli.interrupts import Terminated
from loopcast.cli.options import Freq, GapsOption, Id, Target, Time, check_output
from loopcast.errors import OptionError
from loopcast.tasks.texts import levels, resolve_columns

if TYPE_CHECKING:
    from loopcast.tasks.stream_answers import Stream

CHUNK = 2**16  # bytes that are read at once


def stream(
    model: Annotated[Path | None, Parameter(help="A model that --save wrote [the pretrained network].")] = None,
    /,
    *,
    state: Annotated[
        Path | None, Parameter(metavar="FOLDER", help="Where all is kept, to go on from [nowhere].")
    ] = None,
    history: Annotated[
        Path | None, Parameter(metavar="FILE", help="What came before, for a state that is new: .csv, .tsv, .parquet.")
    ] = None,
    emit: Annotated[Literal["surprise", "forecast"], Parameter(help="What an answer has.")] = "surprise",
    level: Annotated[str | None, Parameter(metavar="P,P", help="Percentages of the intervals [80,95].")] = None,
    horizon: Annotated[int | None, Parameter(help="Steps ahead [the model's].")] = None,
    season: Annotated[int | None, Parameter(help="Steps in a season, without a MODEL [the calendar's].")] = None,
    lateness: Annotated[int | None, Parameter(metavar="STEPS", help="How late a row may come [0].")] = None,
    late: Annotated[Path | None, Parameter(metavar="FILE", help="Append lines that came later than that.")] = None,
    new: Annotated[Literal["start", "refuse"] | None, Parameter(help="What a series that is new does [start].")] = None,
    gaps: Annotated[
        GapsOption | None, Parameter(help="Steps that were left out: missing, or an error [insert].")
    ] = None,
    longest_gap: Annotated[int | None, Parameter(metavar="STEPS", help="That may be left out [1000].")] = None,
    most_series: Annotated[int | None, Parameter(metavar="N", help="That are followed [1000000].")] = None,
    format_: Annotated[Literal["json", "csv"], Parameter(name="--format", help="Of lines and answers.")] = "json",
    id_: Id = None,
    time: Time = None,
    target: Target = None,
    freq: Freq = None,
) -> None:
    """Follow the series on standard input: a row a line, answered by a line. {"predict": ID} asks for a forecast."""
    rules = {"level": None if level is None else levels(level), "lateness": lateness, "new": new, "gaps": gaps}
    rules |= {"longest_gap": longest_gap, "most_series": most_series}
    given = {name: value for name, value in rules.items() if value is not None}
    if late is not None:
        check_output("--late", late, None)
    columns = loopcast.load(model).model.schema.columns if model is not None else resolve_columns(id_, time, target)
    if model is not None and resolve_columns(id_, time, target, columns) != columns:
        raise OptionError("--id, --time and --target are as the model has them: leave them out")
    panel = None if history is None else loopcast.read(history, columns=columns, freq=freq, gaps=gaps or "insert")
    from loopcast.tasks.stream import StreamTask
    from loopcast.tasks.stream_answers import Stream

    with appending(late) as to_late:
        task = StreamTask(
            model=model, state=state, history=panel, columns=columns, freq=freq, horizon=horizon, season=season,
            rules=given, emit=emit, format=format_, late=to_late,
        )  # fmt: skip
        run(Stream(task))


@contextmanager
def appending(path: Path | None) -> Iterator[Any]:
    """What appends a line to a file, or does nothing."""
    if path is None:
        yield lambda line: None
        return
    with path.open("a", encoding="utf-8") as file:
        yield lambda line: append(file, line)


def append(file: TextIO, line: str) -> None:
    file.write(line + "\n")
    file.flush()


def run(stream: "Stream") -> None:
    """Answer what is there, settle, give the answers, wait for more; Terminated after SIGTERM, all settled."""
    stop = Stop()
    gc.freeze()  # what is loaded stays: a collection would look through all of it again and again
    with stop.listening():
        for lines in stop.chunks():
            answers = stream.answers(lines)
            stream.settle()
            sys.stdout.write("".join(f"{answer}\n" for answer in answers))
            sys.stdout.flush()
    if stop.asked:
        raise Terminated
    stream.end()


class Stop:
    """SIGTERM: lines that are being answered are, and no more are read."""

    def __init__(self) -> None:
        self.asked = False
        self._wake = -1

    @contextmanager
    def listening(self) -> Iterator[None]:
        """While SIGTERM only asks to stop; where input is waited for, a signal is too."""
        before = signal.signal(signal.SIGTERM, self._ask)
        self._wake, write = os.pipe()
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, before)
            os.close(write)
            os.close(self._wake)

    def _ask(self, *_: object) -> None:
        self.asked = True

    def chunks(self) -> Iterator[list[bytes]]:
        """The lines of standard input, as many as are there."""
        from loopcast.tasks.stream_lines import LARGEST_LINE

        rest = b""
        while part := self._read():
            *lines, rest = (rest + part).split(b"\n")
            rest = rest[: LARGEST_LINE + 1]  # enough to see that it is too long
            if lines:
                yield [line.removesuffix(b"\r") for line in lines]
        if rest and not self.asked:
            yield [rest]

    def _read(self) -> bytes:
        """What is there, once something is; empty at the end, or after SIGTERM."""
        source = sys.stdin.fileno()
        if os.name != "nt":  # where files cannot be selected
            select.select([source, self._wake], [], [])
        return b"" if self.asked else os.read(source, CHUNK)
