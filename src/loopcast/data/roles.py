"""What the columns of a table seem to be: a proposal to its reader."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import polars as pl

from loopcast.columns import ID, TARGET, TIME
from loopcast.data.dates_as_numbers import stated_format
from loopcast.data.number_format import number_pattern
from loopcast.data.number_text import MISSING
from loopcast.data.read_options import PARTS, ReadOptions
from loopcast.data.sniff import notation_of, with_notation
from loopcast.data.time_text import formats_of, is_iso, offset_formats, reading

TIME_WORDS = re.compile(
    r"^(ds|date|datum|time|timestamp|datetime|zeit|day|tag|month|monat|period|year|jahr|fecha|data)", re.I
)
ID_WORDS = re.compile(
    r"(^|_)(unique_id|id|key|name|shop|store|site|station|series|item|product|region|sensor)s?($|_)", re.I
)
TARGET_WORDS = re.compile(
    r"^(y|value|values|target|sales|sold|count|amount|quantity|demand|load|wert|menge|umsatz)$", re.I
)
PART_WORDS = dict(
    zip(PARTS, ("year|jahr", "month|monat|mon", "day|tag", "hour|stunde|hr", "minute|min", "second|sec"), strict=True)
)
WITHIN_YEAR = {
    "week|woche|kw|calendar_?week|iso_?week": ("%G %V", "%G W%V"),
    "quarter|quartal|qtr|q": ("%Y %q", "%Y Q%q"),
    PART_WORDS["month"]: ("%Y %B",),
}
CLOCK = r"^\d{1,2}(:\d{2}(:\d{2})?( ?[AaPp][Mm])?|\.\d{2}\.\d{2})$"


@dataclass(frozen=True, kw_only=True)
class Roles:
    """What the columns of a table seem to be.

    time: one column, or several that make it up; formats: in which all of its texts are times, empty for ISO 8601.
    options: how numbers are written, what is missing, whether fields have spaces around them. figures: those of words
    in most of whose fields there are digits. keys: columns that only together tell rows of the same time apart.
    """

    time: tuple[str, ...]
    formats: tuple[str, ...]
    id: str | None
    numbers: tuple[str, ...]
    words: tuple[str, ...]
    options: ReadOptions
    figures: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def likely_time(self) -> str | None:
        """The column of text that is most likely to be of times, though it is not read as such."""
        return min(self.figures, key=lambda name: TIME_WORDS.match(name) is None, default=None)

    @property
    def likely_target(self) -> str | None:
        """The column of text that is most likely to be of numbers, though it is not read as such."""
        others = [name for name in self.figures if self.time or name != self.likely_time]
        return min(others, key=lambda name: TARGET_WORDS.match(name) is None, default=None)

    @property
    def target(self) -> str | None:
        """The column of numbers that is most likely to be forecast."""
        named = [name for name in self.numbers if TARGET_WORDS.match(name)]
        return TARGET if TARGET in self.numbers else next(iter([*named, *self.numbers]), None)

    @property
    def is_wide(self) -> bool:
        """Whether each of several columns of numbers seems to be a series: none has a target's name, all are alike."""
        stems = {re.sub(r"[\d_\s-]*\d+$", "", name) for name in self.numbers}
        named = any(TARGET_WORDS.match(name) for name in self.numbers)
        return self.id is None and not self.words and len(self.numbers) > 1 and len(stems) == 1 and not named


def roles_of(frame: pl.DataFrame, options: ReadOptions, named: str = TIME) -> Roles:
    """What the columns of a table seem to be, in a table whose lines are read as `options` say.

    named: the column of times, where its reader said so.
    """
    spaces = any(name != name.strip() for name in frame.columns) or any(
        (frame[name].str.strip_chars() != frame[name]).any() for name in _texts(frame)
    )
    frame = strip_fields(frame) if spaces else frame
    time, formats = _time(frame.select(named) if named in frame.columns else frame)
    others = [name for name in frame.columns if name not in time and name and not _is_empty(frame[name])]
    notation = notation_of([frame[name] for name in others if frame[name].dtype == pl.String])
    pattern = number_pattern(*notation)
    missing = {name: _words_for_missing(frame[name], pattern) for name in others}
    numbers = [name for name in others if _is_number(frame[name], pattern, missing[name])]
    words = [name for name in others if name not in numbers]
    key = _id(frame, time, [*words, *(name for name in numbers if ID_WORDS.search(name))])
    numbers = [name for name in numbers if name != key]
    numbers.sort(key=lambda name: _counts_rows(frame[name]))  # what numbers rows is the last to be forecast
    na = sorted({word for name in numbers for word in missing[name]})
    return Roles(
        time=time,
        formats=formats,
        id=key,
        numbers=tuple(numbers),
        words=tuple(name for name in words if name != key),
        options=with_notation(_with(options, strip=spaces, na=tuple(na)), notation),
        figures=tuple(name for name in words if name != key and _has_digits(frame[name])),
        keys=_keys(frame, time, [*words, *(name for name in numbers if ID_WORDS.search(name))]) if key is None else (),
    )


def strip_fields(frame: pl.DataFrame) -> pl.DataFrame:
    """A table without spaces around names and fields."""
    return frame.rename(str.strip).with_columns(pl.col(pl.String).str.strip_chars())


def _with(options: ReadOptions, **changes: object) -> ReadOptions:
    return ReadOptions(**{**options.stated(), **changes})


def _texts(frame: pl.DataFrame) -> list[str]:
    return [name for name, dtype in frame.schema.items() if dtype == pl.String]


def _is_empty(column: pl.Series) -> bool:
    return column.null_count() == len(column)


def _words_for_missing(column: pl.Series, pattern: str) -> set[str]:
    """The words of a column of text that say that a value is missing."""
    if column.dtype != pl.String:
        return set()
    others = column.drop_nulls()
    others = others.filter(~others.str.contains(pattern)).unique()
    return {
        word for word in others if word.strip().casefold() in MISSING | {"#n/a", "#na"} and word.casefold() != "nan"
    }


def _is_number(column: pl.Series, pattern: str, missing: set[str]) -> bool:
    if column.dtype != pl.String:
        return column.dtype.is_numeric()
    there = column.drop_nulls().filter(~column.drop_nulls().is_in(pl.Series([*missing], dtype=pl.String).implode()))
    return bool(len(there)) and bool((there.str.contains(pattern) | (there.str.to_lowercase() == "nan")).all())


def _has_digits(column: pl.Series) -> bool:
    """Whether most fields of a column of text have digits."""
    return column.dtype == pl.String and 2 * int(column.str.contains(r"\d").sum()) > len(column.drop_nulls())


def _counts_rows(column: pl.Series) -> bool:
    """Whether a column says which row each is."""
    numbers = column.cast(pl.Int64, strict=False)
    return len(column) > 2 and not numbers.null_count() and bool((numbers.diff().drop_nulls() == 1).all())


def _time(frame: pl.DataFrame) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The column of times, or those that make it up, and the formats in which all of it can be read."""
    parts = _parts(frame)
    if len(parts) > 1:
        return parts, ()
    if parts and (within := next(_within_year(frame, parts[0]), None)) is not None:
        return (*parts, within[0]), (within[1],)
    names = sorted(frame.columns, key=lambda name: (name != TIME, TIME_WORDS.match(name) is None))
    for name, formats in _timely(frame, names):
        clock = next((each for each in (*_clocks(frame), *_hours(frame)) if each != name), None)
        if clock is not None and _has_no_clock(frame[name], formats):
            joined = frame.select(pl.concat_str([name, clock], separator=" ")).to_series().drop_nulls()
            return (name, clock), tuple(formats_of(joined))
        return (name,), tuple(formats)
    whole = next((name for name in names if TIME_WORDS.match(name) and _is_whole(frame[name])), None)
    return ((whole,), _formats_of_numbers(frame[whole])) if whole else ((), ())


def _formats_of_numbers(column: pl.Series) -> tuple[str, ...]:
    """The format in which whole numbers are to be read as times, where there is one."""
    stated = stated_format(column.drop_nulls().cast(pl.Int64, strict=False).drop_nulls())
    return () if stated is None else (stated,)


def _timely(frame: pl.DataFrame, names: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """The columns that are times by their values, with the formats of those that are no ISO 8601."""
    for name in names:
        column = frame[name].drop_nulls()
        if column.dtype.is_temporal():
            yield name, []
        elif column.dtype == pl.String and len(column):
            if is_iso(column):
                yield name, offset_formats(column)
            elif not column.str.contains(r"^\d+([.,]\d+)?$").all() and (formats := formats_of(column)):
                yield name, formats


def _has_no_clock(column: pl.Series, formats: Sequence[str]) -> bool:
    """Whether a column of times names days and no hours."""
    if column.dtype != pl.String:
        return False
    return not any("%H" in each or "%I" in each for each in formats) and column.str.len_bytes().max() != 19


def _clocks(frame: pl.DataFrame) -> Iterator[str]:
    """The columns of text that name hours and minutes alone."""
    for name in _texts(frame):
        column = frame[name].drop_nulls()
        if len(column) and column.str.contains(CLOCK).all():
            yield name


def _hours(frame: pl.DataFrame) -> Iterator[str]:
    """The columns of whole numbers that name the hour of a day."""
    named = (name for name in frame.columns if re.fullmatch(PART_WORDS["hour"], name, re.I) and _is_whole(frame[name]))
    yield from (name for name in named if frame[name].cast(pl.Int64).is_between(0, 23).all())


def _parts(frame: pl.DataFrame) -> tuple[str, ...]:
    """The columns called year, month and so on, the first ones of these, where they are whole numbers."""
    found = []
    for words in PART_WORDS.values():
        name = next((each for each in frame.columns if re.fullmatch(words, each, re.I)), None)
        if name is None or not _is_whole(frame[name]):
            break
        found.append(name)
    return tuple(found)


def _within_year(frame: pl.DataFrame, year: str) -> Iterator[tuple[str, str]]:
    """The columns that name a week, quarter or month of the year in another, and the format of both together."""
    for words, formats in WITHIN_YEAR.items():
        name = next((each for each in frame.columns if re.fullmatch(words, each, re.I)), None)
        if name is not None:
            joined = frame.select(pl.concat_str([year, name], separator=" ")).to_series()
            yield from ((name, each) for each in reading(joined.drop_nulls(), formats))


def _is_whole(column: pl.Series) -> bool:
    if column.dtype == pl.String:
        there = column.drop_nulls()
        return bool(len(there)) and bool(there.str.contains(r"^\d+$").all())
    return column.dtype.is_integer()


def _id(frame: pl.DataFrame, time: tuple[str, ...], candidates: Sequence[str]) -> str | None:
    """The column that tells rows of the same time apart; None where times come once."""
    if not time or not frame.select(time).is_duplicated().any():
        return ID if ID in frame.columns and ID not in time else None
    telling = [name for name in candidates if not frame.select(*time, name).is_duplicated().any()]
    return min(telling, key=lambda name: (name != ID, ID_WORDS.search(name) is None), default=None)


def _keys(frame: pl.DataFrame, time: tuple[str, ...], candidates: Sequence[str]) -> tuple[str, ...]:
    """The two columns that tell rows of the same time apart, where no one does; none where times come once."""
    if not time or not frame.select(time).is_duplicated().any():
        return ()
    pairs = combinations(candidates, 2)
    return next((pair for pair in pairs if not frame.select(*time, *pair).is_duplicated().any()), ())
