"""A look at a file that is not known yet: how it seems to be written, what its columns are, and what reads it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from loopcast.columns import ID, STANDARD, TARGET, TIME, Columns
from loopcast.data.calendar import to_local, to_ticks, zone_of
from loopcast.data.file_request import FileTable, Request
from loopcast.data.frequency import DAY, Frequency
from loopcast.data.look_closed import Closing, closing_column, is_binary
from loopcast.data.look_words import NO_WORDS, WordColumns, word_columns
from loopcast.data.open_days import never_seen, open_days
from loopcast.data.panel import Panel
from loopcast.data.read import ENDINGS, check_file, ending_of, open_stated, read_whole
from loopcast.data.read_options import USUAL, ReadOptions
from loopcast.data.roles import Roles, roles_of, strip_fields
from loopcast.data.series_index import SeriesIndex
from loopcast.data.sniff import rows_before, sniff
from loopcast.data.tables import Table
from loopcast.data.time_errors import nearest_length
from loopcast.data.time_grid import Gaps
from loopcast.data.times import as_times
from loopcast.errors import DataError, OptionError

EXCEL, UNNAMED = ".xlsx", "__UNNAMED__"  # what its reader calls a column that has no name in the first row
TEXT = (".csv", ".csv.gz", ".tsv", ".tsv.gz")


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """One way to read a file: what `read` takes. closed: weekdays of a daily series that has no rows on them."""

    columns: Columns
    options: ReadOptions
    gaps: Gaps = "error"
    closed: tuple[str, ...] = ()

    @property
    def freq(self) -> Frequency | None:
        """The frequency that the closed days make; None without any."""
        return open_days(self.closed) if self.closed else None


@dataclass(frozen=True, kw_only=True, eq=False)
class Look:
    """What a file seems to be.

    roles: of its columns. proposal: the way to read it that was found to work, with its panel; None where none does,
    and why_not is the last error. words: columns of text that are of use; with_words: the proposal with these as
    covariates, None where there are none or it does not work. closing: a column that says when nothing was counted.
    """

    roles: Roles
    names: tuple[str, ...]
    proposal: Proposal | None = None
    panel: Panel | None = None
    why_not: str | None = None
    words: WordColumns = NO_WORDS
    with_words: Proposal | None = None
    closing: Closing | None = None


def look(path: Path, asked: Columns = STANDARD, stated: ReadOptions = USUAL) -> Look:
    """Look at a file of a kind that `read` takes; DataError where there is no table in it at all.

    asked, stated: what its reader knows already, which stays so.
    """
    check_file(path)
    found, options = _raw(path, stated)
    frame = found.table.native
    roles = roles_of(frame, options, asked.time)
    names = tuple(str(name).strip() if roles.options.strip else str(name) for name in found.table.names)
    fields = strip_fields(frame) if roles.options.strip else frame
    why_not = _without_proposal(frame, roles)
    for proposal in _proposals(path, roles, asked, _with_categories(stated, asked, roles, fields)):
        try:
            panel = _read(path, proposal)
        except (DataError, OptionError) as error:
            why_not = str(error)
            continue
        plain = Look(roles=roles, names=names, proposal=proposal, panel=panel)
        if proposal.options.layout == "wide":
            return plain
        return _besides(path, plain, fields, proposal)
    return Look(roles=roles, names=names, why_not=why_not)


def cure(
    path: Path, asked: Columns, stated: ReadOptions, step: Callable[[Proposal], int | str | Frequency | None]
) -> Proposal | None:
    """What reads a file that could not be read as was stated; None where a look at it finds nothing that does.

    step: of the calendar that its reader states beside a proposal, None for that of the rows: what does not read the
    file on that is no cure.
    """
    try:
        proposal = look(path, asked, stated).proposal
    except DataError:
        return None
    return proposal if proposal is not None and _mends(path, proposal, step) else None


def _mends(path: Path, proposal: Proposal, step: Callable[[Proposal], int | str | Frequency | None]) -> bool:
    try:
        read_whole(path, columns=proposal.columns, freq=step(proposal), gaps=proposal.gaps, options=proposal.options)
    except (DataError, OptionError):
        return False
    return True


def _without_proposal(frame: pl.DataFrame, roles: Roles) -> str:
    """What a table lacks of which no way to read it is made."""
    if not frame.height:
        return "it has no rows below its header"
    lacking = "numbers" if roles.time or roles.likely_time else "times"
    return f"no column seems to hold {lacking}, and a forecast takes a column of times and one of numbers"


def _with_categories(stated: ReadOptions, asked: Columns, roles: Roles, fields: pl.DataFrame) -> ReadOptions:
    """What is stated, with those covariates as categories that seem to be."""
    texts = [name for name in (*asked.past, *asked.future) if name in roles.words]
    few = word_columns(fields, texts, asked.id).categories
    return replace(stated, categories=tuple(dict.fromkeys((*stated.categories, *few))))


def _besides(path: Path, plain: Look, frame: pl.DataFrame, proposal: Proposal) -> Look:
    """The look, with what is in the table besides the series."""
    roles, known = plain.roles, (*proposal.columns.covariates, *proposal.columns.targets)
    words = word_columns(frame, [name for name in roles.words if name not in known], proposal.columns.id)
    numbers = [name for name in roles.numbers if name not in known and is_binary(frame[name])]
    richer = _with_words(path, proposal, words) if words else None
    return replace(plain, words=words, with_words=richer, closing=_closing(path, proposal, [*words.truths, *numbers]))


def _read(path: Path, proposal: Proposal) -> Panel:
    return read_whole(
        path, columns=proposal.columns, freq=proposal.freq, gaps=proposal.gaps, options=proposal.options
    ).panel


def _with_words(path: Path, proposal: Proposal, words: WordColumns) -> Proposal | None:
    """The proposal with columns of text as covariates; None where a fit would not take them."""
    columns, options = proposal.columns, proposal.options
    past, static = (*columns.past, *words.truths, *words.categories), (*columns.static, *words.static)
    richer = replace(
        proposal,
        columns=replace(columns, past=past, static=static),
        options=replace(options, categories=(*options.categories, *words.categories)),
    )
    try:
        _read(path, richer).require_informative()
    except (DataError, OptionError):
        return None
    return richer


def _closing(path: Path, proposal: Proposal, names: Sequence[str]) -> Closing | None:
    """The column of two values, of these, that says when nothing was counted."""
    if not names:
        return None
    columns = replace(proposal.columns, past=tuple(names), future=(), static=())
    options = replace(proposal.options, categories=())
    return closing_column(_read(path, replace(proposal, columns=columns, options=options)))


def _raw(path: Path, stated: ReadOptions) -> tuple[FileTable, ReadOptions]:
    """Every column of a file as it is written, and how that seems to be."""
    ending = ending_of(path)
    request = Request(path=path, ending=ending, columns=STANDARD, options=_only_layout(stated), every=True)
    if ending in TEXT:
        seen = sniff(request.data(), "\t" if ".tsv" in ending else ",")
        request = replace(request, options=_joined(seen, request.options))
    found = ENDINGS[ending](request)
    if ending == EXCEL and request.options.header and any(name.startswith(UNNAMED) for name in found.table.names):
        sheet = ENDINGS[ending](replace(request, options=_joined(request.options, ReadOptions(header=False))))
        titled = ReadOptions(skip_rows=request.options.skip_rows + rows_before(sheet.table.native))
        request = replace(request, options=_joined(request.options, titled))
        found = ENDINGS[ending](request)
    return found, request.options


def _only_layout(stated: ReadOptions) -> ReadOptions:
    """Of what is stated, that by which lines become fields."""
    names = ("separator", "encoding", "header", "skip_rows", "sheet")
    return ReadOptions(**{name: value for name, value in stated.stated().items() if name in names})


def _joined(seen: ReadOptions, stated: ReadOptions) -> ReadOptions:
    """What was seen, but for what was stated."""
    return ReadOptions(**{**seen.stated(), **stated.stated()})


def _proposals(path: Path, roles: Roles, asked: Columns, stated: ReadOptions) -> Iterator[Proposal]:
    """Ways to read a file, the plainest first: as it is, with gaps as missing values, put on a calendar."""
    columns = _columns(roles, asked, stated)
    if columns is None:
        return
    wide = roles.is_wide and columns == replace(columns, id=ID, target=TARGET)
    ours = asked.time != TIME or bool(stated.time_parts)
    seen = replace(
        roles.options,
        time_parts=roles.time if len(roles.time) > 1 and not ours else (),
        layout="wide" if wide else "long",
    )
    theirs = roles.time in ((asked.time,), stated.time_parts)  # which were named, and may be written in a format
    formats = (None,) if (ours and not theirs) or not roles.formats else roles.formats
    each = [_joined(replace(seen, time_format=time_format), stated) for time_format in formats]
    for options in each:
        yield Proposal(columns=columns, options=options)
    for options in each if stated.resample is None else []:
        closed = _closed(path, columns, options)
        if closed:
            yield Proposal(columns=columns, options=options, closed=closed)
            yield Proposal(columns=columns, options=options, closed=closed, gaps="insert")
        yield Proposal(columns=columns, options=options, gaps="insert")
        step = _usual_step(path, columns, options)
        if step is not None:
            yield Proposal(columns=columns, options=replace(options, resample=step, aggregate="mean"))


def _columns(roles: Roles, asked: Columns, stated: ReadOptions) -> Columns | None:
    """What the columns are: as was asked, and else as they seem to be; None where there is no time or no number.

    Where no column can be read as one of these, text with digits is taken for it: its error says what is wrong there.
    """
    likely = roles.time or ((roles.likely_time,) if roles.likely_time else ())
    time = asked.time if asked.time != TIME or len(likely) != 1 else likely[0]
    if asked.target != TARGET or roles.is_wide or stated.layout == "wide":
        target: str | Sequence[str] | None = asked.target
    else:
        target = roles.target or roles.likely_target
    known = bool(likely) or asked.time != TIME or bool(stated.time_parts)
    if target is None or not known:
        return None
    return replace(asked, time=time, target=target, id=asked.id if asked.id != ID else roles.id or ID)


def _times(path: Path, columns: Columns, options: ReadOptions) -> tuple[pl.Series, Table] | None:
    """When rows are, and their table; None where they cannot be read."""
    try:
        found = open_stated(path, columns, options)
        if columns.time not in found.table.names:
            return None
        rows = SeriesIndex.one(columns.time, found.table.native.height, found.source)
        return as_times(found.table.column(columns.time), rows), found.table
    except DataError:
        return None


def _closed(path: Path, columns: Columns, options: ReadOptions) -> tuple[str, ...]:
    """The weekdays on which a daily series seems to be closed."""
    found = _times(path, columns, options)
    if found is None or found[0].dtype.is_integer():
        return ()
    days = to_local(to_ticks(found[0]), zone_of(found[0].dtype)) // DAY
    return never_seen(days)


def _usual_step(path: Path, columns: Columns, options: ReadOptions) -> str | int | None:
    """The step, of those that people use, that is nearest to the usual one between rows; None where there is none."""
    found = _times(path, columns, options)
    if found is None:
        return None
    times, table = found
    keys = [columns.id] if columns.id in table.names else []
    apart = pl.DataFrame({columns.time: to_ticks(times)} | {key: table.column(key) for key in keys})
    steps = (
        apart.sort(columns.time).select(pl.col(columns.time).diff().over(keys or pl.lit(0))).to_series().drop_nulls()
    )
    steps = steps.filter(steps > 0)
    if not len(steps):
        return None
    usual = float(np.median(steps.to_numpy()))
    return max(int(usual), 1) if times.dtype.is_integer() else nearest_length(usual)[1]
