"""The only place that names the columns of a table."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from numbers import Real
from typing import Any, Literal

from loopcast.errors import OptionError, quote, quote_all

ID, TIME, TARGET = "unique_id", "ds", "y"
CUTOFF = "cutoff"  # of a backtest: the last time that was known when a forecast was made
SAMPLE = "sample_id"  # of simulated paths: which one
TARGET_NAME = "target"  # of results for several targets: which of them a row is about


CALENDAR = ("hour", "weekday", "month")  # parts of a calendar that a time may be shown by
MOST_HOLIDAY_WINDOW = 14  # days
ADDED_LATER = {"added_later": True}  # metadata of a field that older model files lack: it has its default there


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which column of a long table is which; the defaults are the field's standard names.

    id: the column that tells series apart; a table without it is one series.
    time: timestamps, dates or integers.
    target: the number to forecast, or several of them: a list or tuple of names, kept as a tuple in its order.
    past, future, static: covariates, each a list of names. `past` are numbers known up to the cutoff, `future` those
        known over the horizon as well (see `Forecaster.predict`); of both, true and false are 1 and 0. `static` does
        not change within a series: numbers, or categories (text, categories, true and false).
    calendar: what of a time is shown beside them: some of "hour" (of the day), "weekday" and "month" (the time of the
        year, to the day), or "auto", which is all of these that change from step to step and come again.
    holidays: a country, such as "DE", or a part of one, "US-CA", or several, ["DE", "FR"], whose public holidays are
        shown, those of each country by themselves; needs the package `holidays` (`pip install loopcast[holidays]`).
    holiday_window: days before and after each holiday that are shown too, 0 to 14.

    Raises OptionError when two roles share one name, a column is named twice, or a name is empty.

    >>> Columns(target="passengers")
    Columns(target='passengers')
    >>> Columns(target=["pm25", "no2"], future=["temperature"]).targets
    ('pm25', 'no2')
    """

    id: str = ID
    time: str = TIME
    target: str | Sequence[str] = TARGET
    past: Sequence[str] = ()
    future: Sequence[str] = ()
    static: Sequence[str] = ()
    calendar: Sequence[str] | Literal["auto"] = ()
    holidays: str | Sequence[str] | None = None
    holiday_window: int = field(default=0, metadata=ADDED_LATER)

    def __post_init__(self) -> None:
        for name in ("target", "past", "future", "static", "calendar", "holidays"):
            if isinstance(getattr(self, name), list):
                object.__setattr__(self, name, tuple(getattr(self, name)))
        self._check_kinds()
        self._check_calendar()
        names = (self.id, self.time, *self.targets, *self.covariates)
        if not all(isinstance(name, str) and name and is_text(name) for name in names):
            raise OptionError(
                f"column names are non-empty strings of valid text, got {quote_all(names)}: rename a column that is "
                "called by a number, as with table.rename(columns=str)"
            )
        twice = _first_repeated(self.targets)
        if twice is not None:
            raise OptionError(
                f"each target is named once, got {quote(twice)} twice in {quote_all(self.targets)}: leave one out"
            )
        if len({self.id, self.time, *self.targets}) < 2 + len(self.targets):
            raise OptionError(
                f"id, time and target are different columns, got {quote_all(names[: 2 + len(self.targets)])}"
            )
        twice = _first_repeated(names)
        if twice is not None:
            raise OptionError(f"a column has one role, and {quote(twice)} has two ({' and '.join(self._roles(twice))})")

    def _roles(self, name: str) -> list[str]:
        kinds = {"past": "past covariate", "future": "future covariate", "static": "static covariate"}
        roles = [role for role, named in (("id", self.id), ("time", self.time)) if named == name]
        roles += ["target"] if name in self.targets else []
        return roles + [role for kind, role in kinds.items() for each in getattr(self, kind) if each == name]

    def _check_kinds(self) -> None:
        if not isinstance(self.target, str | tuple) or not self.target:
            raise OptionError(f"target is the name of a column, or a list of several names, got {quote(self.target)}")
        for name in ("past", "future", "static"):
            if not isinstance(getattr(self, name), tuple):
                raise OptionError(f"{name} is a list of names of columns, got {quote(getattr(self, name))}")

    def _check_calendar(self) -> None:
        parts = self.calendar
        words = isinstance(parts, tuple) and all(isinstance(part, str) for part in parts)
        known = parts == "auto" or (words and set(parts) <= set(CALENDAR))
        if not known or len(set(parts)) < len(parts):
            raise OptionError(
                f'calendar is "auto" alone, or a list of some of {", ".join(CALENDAR)}, got {quote(parts)}'
            )
        given = (self.holidays,) if isinstance(self.holidays, str) else self.holidays
        words = isinstance(given, tuple) and bool(given) and all(isinstance(each, str) and each for each in given)
        if given is not None and (not words or len(set(given)) < len(given)):
            raise OptionError(
                f'holidays is a country such as "DE" or "US-CA", a list of several, or None, got {quote(self.holidays)}'
            )
        days, most = self.holiday_window, MOST_HOLIDAY_WINDOW
        if type(days) is not int or not 0 <= days <= most:
            raise OptionError(f"holiday_window is a whole number of days, 0 to {most}, got {quote(days)}")
        if days and not self.countries:
            raise OptionError(f'holiday_window={days} is around holidays: name whose, holidays="DE" (--holidays DE)')

    def __repr__(self) -> str:
        chosen = {each.name: getattr(self, each.name) for each in fields(self)}
        usual = {each.name: each.default for each in fields(self)}
        return f"Columns({', '.join(f'{name}={value!r}' for name, value in chosen.items() if value != usual[name])})"

    def to_json(self) -> dict[str, Any]:
        """These columns as plain values that `json.dumps` takes."""
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in named.items()}

    @classmethod
    def from_json(cls, plain: Any) -> "Columns":
        """The columns that `to_json` wrote; OptionError for anything else."""
        names = {each.name for each in fields(cls)}
        needed = {each.name for each in fields(cls) if "added_later" not in each.metadata}
        if not isinstance(plain, Mapping) or not needed <= set(plain) <= names:
            raise OptionError(f"columns have the entries {sorted(names)}, got {quote(plain)}")
        return cls(**plain)

    @property
    def covariates(self) -> tuple[str, ...]:
        """The columns of all covariates: past, future, static."""
        return (*self.past, *self.future, *self.static)

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets in their order, one or several."""
        return (self.target,) if isinstance(self.target, str) else tuple(self.target)

    @property
    def countries(self) -> tuple[str, ...]:
        """The countries whose holidays are shown, none, one or several."""
        return (self.holidays,) if isinstance(self.holidays, str) else tuple(self.holidays or ())

    @property
    def one_target(self) -> str:
        """The target where there is one; OptionError for several.

        >>> Columns(target=("pm25",)).one_target
        'pm25'
        """
        if len(self.targets) > 1:
            raise OptionError(
                f"one target was expected, got {len(self.targets)}: {quote_all(self.targets)}; "
                "name one, or take one out of a panel with Panel.channel(name)"
            )
        return self.targets[0]

    @property
    def actual_column(self) -> str:
        """The column of a backtest's table that holds what came: the target's, or for several the usual `y`.

        >>> Columns(target="sales").actual_column, Columns(target=("sales", "visits")).actual_column
        ('sales', 'y')
        """
        return self.targets[0] if len(self.targets) == 1 else TARGET


def _first_repeated(names: Sequence[str]) -> str | None:
    """The first name that was there before, in one walk: a file may name very many."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def is_text(text: str) -> bool:
    """Whether text can be written down: half of a surrogate pair is no character.

    >>> is_text("Zürich"), is_text(chr(0xD800))
    (True, False)
    """
    return text.isascii() or _SURROGATE.search(text) is None


STANDARD = Columns()

_SURROGATE = re.compile("[\ud800-\udfff]")
_BAND = re.compile(r"(?P<model>.+)-(?P<kind>lo|hi|q)-(?P<percent>\d+(?:\.\d+)?)", re.DOTALL)


def interval_columns(name: str, level: float) -> tuple[str, str]:
    """The columns of the two ends of an interval.

    >>> interval_columns("Naive", 80)
    ('Naive-lo-80', 'Naive-hi-80')
    """
    return f"{name}-lo-{level:g}", f"{name}-hi-{level:g}"


def quantile_column(name: str, probability: float) -> str:
    """The column of a quantile, which is called by its percent.

    >>> quantile_column("Naive", 0.025)
    'Naive-q-2.5'
    """
    return f"{name}-q-{100 * probability:.10g}"


@dataclass(frozen=True, kw_only=True)
class BandColumn:
    """What the name of a column says: whose end of an interval, or quantile, it is.

    level: of the interval in percent, None for a quantile. probability: the share of what comes that lies below.
    """

    model: str
    probability: float
    level: float | None


def parse_band_column(column: str) -> BandColumn | None:
    """What a column's name says; None where it is no end of an interval and no quantile.

    >>> parse_band_column("Naive-hi-80")
    BandColumn(model='Naive', probability=0.9, level=80.0)
    """
    parts = _BAND.fullmatch(column)
    if parts is None:
        return None
    percent = float(parts["percent"])
    if parts["kind"] == "q":
        return BandColumn(model=parts["model"], probability=round(percent / 100, 10), level=None)
    low, high = interval_probabilities(percent)
    return BandColumn(model=parts["model"], probability=low if parts["kind"] == "lo" else high, level=percent)


def interval_probabilities(level: float) -> tuple[float, float]:
    """The shares of what comes that lie below the two ends of an interval of `level` percent.

    >>> interval_probabilities(80)
    (0.1, 0.9)
    """
    return round((100 - level) / 200, 10), round((100 + level) / 200, 10)


@dataclass(frozen=True, kw_only=True)
class Bands:
    """Which intervals and quantiles a forecast comes with.

    levels: of intervals in percent, ascending; quantiles: probabilities, ascending.
    """

    levels: tuple[float, ...] = ()
    quantiles: tuple[float, ...] = ()

    @classmethod
    def of(cls, level: Any = (), quantiles: Any = ()) -> "Bands":
        """From what a caller asks for: numbers, or one of them; OptionError for what cannot be.

        >>> Bands.of(level=[95, 80], quantiles=0.5)
        Bands(levels=(80, 95), quantiles=(0.5,))
        """
        levels = _numbers("level", level, 1, 100, "percentages from 1 to below 100, such as [80, 95]")
        return cls(
            levels=levels,
            quantiles=_numbers("quantiles", quantiles, 0, 1, "probabilities between 0 and 1, such as [0.1, 0.5, 0.9]"),
        )

    def __bool__(self) -> bool:
        return bool(self.levels or self.quantiles)

    @property
    def probabilities(self) -> tuple[float, ...]:
        """Of the ends, the lower one first, level by level; then of the quantiles."""
        ends = [end for level in self.levels for end in interval_probabilities(level)]
        return (*ends, *self.quantiles)

    def columns(self, name: str) -> tuple[str, ...]:
        """The names of their columns for a model, in the order of `probabilities`."""
        ends = [column for level in self.levels for column in interval_columns(name, level)]
        return (*ends, *(quantile_column(name, each) for each in self.quantiles))


def _numbers(option: str, given: Any, least: float, bound: float, expected: str) -> tuple[float, ...]:
    """The numbers asked for, ascending; OptionError unless each is in range, and its name is its own."""
    each: list[Any] = [given] if isinstance(given, Real) else list(given)
    usable = [isinstance(one, Real) and not isinstance(one, bool) and 0 < float(one) < bound for one in each]
    if not all(usable) or any(one < least for one in each) or len({f"{one:g}" for one in each}) < len(each):
        raise OptionError(f"{option} is {expected}, each once; got {given if isinstance(given, Real) else each}")
    return tuple(sorted(one.item() if hasattr(one, "item") else one for one in each))


NO_BANDS = Bands()
