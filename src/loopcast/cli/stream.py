"""loopcast stream: lines in, an answer to each out, in order, and a state that survives."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TextIO

from cyclopts import Parameter

import loopcast
from loopcast.cli.growing_file import CHUNK, GrowingFile
from loopcast.cli.interrupts import Terminated
from loopcast.cli.options import Freq, GapsOption, Id, Target, Time, check_output
from loopcast.cli.stop import Stop
from loopcast.errors import OptionError, printable
from loopcast.tasks.texts import levels, resolve_columns

if TYPE_CHECKING:
    from loopcast.tasks.mqtt import Broker
    from loopcast.tasks.stream_answers import Stream

POLL = 0.1  # seconds between looks at a file that grows


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
    follow: Annotated[
        Path | None, Parameter(metavar="FILE", help="Rows are the lines of a file that grows [standard input].")
    ] = None,
    mqtt: Annotated[
        str | None,
        Parameter(metavar="URL", help="Rows are messages of a broker: mqtt://host:1883/plant/#, or mqtts:// [stdin]."),
    ] = None,
    mqtt_answers: Annotated[
        str | None, Parameter(metavar="TOPIC", help="Publish answers there [standard output].")
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
    """Follow series: a row a line of standard input, answered by a line. {"predict": ID} asks for a forecast."""
    rules = {"level": None if level is None else levels(level), "lateness": lateness, "new": new, "gaps": gaps}
    rules |= {"longest_gap": longest_gap, "most_series": most_series}
    given = {name: value for name, value in rules.items() if value is not None}
    broker = broker_of(mqtt, mqtt_answers, state, format_)
    if follow is not None and broker is not None:
        raise OptionError("rows come from --follow or from --mqtt: give one of them")
    if follow is not None and not follow.exists():
        raise OptionError(f"--follow {follow}: there is no such file")
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
        run(Stream(task), broker, follow)


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


def run(stream: "Stream", broker: "Broker | None", follow: Path | None) -> None:
    """Answer what is there, settle, give the answers, wait for more; Terminated after SIGTERM, all settled."""
    stop = Stop()
    gc.freeze()  # what is loaded stays: a collection would look through all of it again and again
    with stop.listening(), broker or nullcontext() as source:
        if follow is not None:
            answer_file(stream, stop, follow)
        else:
            for lines in standard_lines(stop) if source is None else source.chunks(stop.asked):
                answers = stream.answers(lines)
                stream.settle()
                (write if source is None else source.give)(answers)
    if stop.asked():
        raise Terminated
    stream.end()


def answer_file(stream: "Stream", stop: Stop, path: Path) -> None:
    """The same of the lines of a file that grows, each of which is numbered by where it begins."""
    file, begun = GrowingFile(path, lambda: stop.pause(POLL), stream.seqs, header=stream.task.format == "csv"), False
    for lines in file.lines():
        texts, seqs = zip(*lines, strict=True)
        if seqs[0] is None:
            stream.begin_file()
        answers = stream.answers(texts, seqs)
        stream.settle()
        write(answers if seqs[0] is not None or not begun else [])  # the names of what is answered, once
        begun = True


def write(answers: list[str]) -> None:
    sys.stdout.write("".join(f"{answer}\n" for answer in answers))
    sys.stdout.flush()


def standard_lines(stop: Stop) -> Iterator[list[bytes]]:
    """The lines of standard input, as many as are there."""
    from loopcast.tasks.stream_lines import LARGEST_LINE

    rest = b""
    while part := stop.read(sys.stdin.fileno(), CHUNK):
        *lines, rest = (rest + part).split(b"\n")
        rest = rest[: LARGEST_LINE + 1]  # enough to see that it is too long
        if lines:
            yield [line.removesuffix(b"\r") for line in lines]
    if rest and not stop.asked():
        yield [rest]


def broker_of(mqtt: str | None, answers: str | None, state: Path | None, format_: str) -> "Broker | None":
    """The broker of --mqtt, not asked yet; None where rows come by standard input. OptionError for what cannot be."""
    if mqtt is None:
        if answers is not None:
            raise OptionError("--mqtt-answers is where answers to the rows of --mqtt go: give that too")
        return None
    if format_ == "csv":
        raise OptionError("--format csv begins with a line of names, which messages of --mqtt have not: take json")
    from loopcast.tasks.mqtt import Broker
    from loopcast.tasks.mqtt_address import MqttAddress, answers_topic, session_of

    address = MqttAddress.parse(mqtt, os.environ)
    session = None if state is None else session_of(state)
    to = write if answers is None else answers_topic(answers)
    return Broker(address, session=session, answers=to, say=tell)


def tell(news: str) -> None:
    print(f"loopcast: {printable(news)}", file=sys.stderr, flush=True)
