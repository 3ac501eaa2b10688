"""The options that say which column of a file is what, and the panel that they make of it."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from loopcast.cli.cure import with_cure
from loopcast.cli.options import Closed, Freq, GapsOption, Id, Target, Time, stated_freq
from loopcast.cli.printing import say
from loopcast.cli.reading import ReadingOptions
from loopcast.columns import STANDARD, Columns
from loopcast.errors import DataError, OptionError
from loopcast.tasks.texts import parse_holidays, parse_names, resolve_columns, time_parts

if TYPE_CHECKING:
    from loopcast import Panel, ReadOptions
    from loopcast.data.build import Freq as Step
    from loopcast.data.read import WholeFile

ROLES = MappingProxyType(
    {"past_covariates": "past", "future_covariates": "future", "static": "static", "calendar": "calendar"}
)

Future = Annotated[
    Path | None,
    Parameter(metavar="FILE", help="The future covariates of the steps ahead: a row for each series and time."),
]
Wide = Annotated[
    bool, Parameter(negative="", help="Of several targets: columns MODEL-TARGET instead of a row for each.")
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class SeriesOptions(ReadingOptions):
    """Where the id, the time and the targets are, on which calendar, and how the file is written."""

    id_: Id = None
    time: Time = None
    target: Target = None
    freq: Freq = None
    closed: Closed = None
    gaps: GapsOption = "error"

    def columns(self, usual: Columns = STANDARD) -> Columns:
        """The columns that were named; the others are as `usual`."""
        return resolve_columns(self.id_, self.time, self.target, usual)

    def options(self) -> "ReadOptions":
        """How the file is written."""
        return self.read_options(time_parts(self.time))

    def read(self, file: Path, usual: Columns = STANDARD, freq: "Step" = None) -> "Panel":
        """The panel in a file, with what was done to its rows said on standard error.

        freq: of its calendar where none was given. UnreadError, which holds options that read it, where these do not.
        """
        return self.read_file(file, usual, freq, every=False).panel

    def read_file(
        self, file: Path, usual: Columns = STANDARD, freq: "Step" = None, *, every: bool = True
    ) -> "WholeFile":
        """As `read`, with the table, to give it back; every: with all its columns."""
        from loopcast.data.read import read_whole

        columns, options = self.columns(usual), self.options()
        step = self._step(self.closed, options, freq)
        try:
            whole = read_whole(file, columns=columns, freq=step, gaps=self.gaps, options=options, every=every)
        except DataError as error:
            raise with_cure(
                error, file, columns, options,
                lambda found: self._step(",".join(found.closed) or self.closed, found.options, freq),
            ) from error  # fmt: skip
        for note in whole.notes:
            say(f"{note}.", file=sys.stderr)
        return whole

    def _step(self, closed: str | None, options: "ReadOptions", usual: "Step") -> "Step":
        """The step of the calendar: what was stated, or the usual one where rows are not put into steps."""
        return stated_freq(self.freq, closed) or (None if options.resample else usual)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class SeriesAndCovariates(SeriesOptions):
    """And what is known besides."""

    past_covariates: Annotated[
        str | None, Parameter(metavar="A,B", help="Columns of numbers known up to the last row.")
    ] = None
    future_covariates: Annotated[
        str | None, Parameter(metavar="A,B", help="Columns of numbers known over the steps ahead too; see --future.")
    ] = None
    static: Annotated[
        str | None, Parameter(metavar="A,B", help="Columns that do not change within a series: numbers or categories.")
    ] = None
    calendar: Annotated[
        str | None, Parameter(metavar="A,B", help="Parts of the time to show: hour, weekday, month, or auto.")
    ] = None
    holidays: Annotated[
        str | None,
        Parameter(metavar="A,B", help="Show the public holidays of a country or several, such as US-CA or DE,FR."),
    ] = None
    holiday_window: Annotated[
        int, Parameter(metavar="DAYS", help="Show so many days before and after each holiday too.")
    ] = 0
    since: Annotated[
        str | None, Parameter(metavar="TIME", help="Learn from rows from then on, such as 2020-01-01.")
    ] = None
    last: Annotated[
        str | None, Parameter(metavar="30d|N", help="Learn from the last stretch of each series, or so many rows.")
    ] = None

    def read(self, file: Path, usual: Columns = STANDARD, freq: "Step" = None) -> "Panel":
        """As `Series.read`, from the rows that are to be learned from."""
        panel = super().read(file, usual, freq)
        panel = panel if self.since is None else panel.since(self.since)
        return panel if self.last is None else panel.latest(self.last)

    def columns(self, usual: Columns = STANDARD) -> Columns:
        """The columns that were named; the others are as `usual`."""
        holidays = parse_holidays(self.holidays)
        return replace(super().columns(usual), holidays=holidays, holiday_window=self.holiday_window, **self._roles())

    def _roles(self) -> Mapping[str, Any]:
        given = {option: getattr(self, option) for option in ROLES}
        named = {option: parse_names(option, text) for option, text in given.items() if text is not None}
        return {ROLES[option]: "auto" if names == ("auto",) else names for option, names in named.items()}


def require_future(panel: "Panel", horizon: int) -> None:
    """As `Panel.require_future`; an OptionError where rows of FILE without a target seem to be what is known ahead."""
    from loopcast.data.missing import last_observed

    last = last_observed(panel.values, panel.offsets).max(axis=1)
    spare = (panel.offsets[1:] - 1 - last) * (last >= 0)
    if panel.schema.columns.future and (panel.future_lengths < horizon).any() and spare.any():
        i = int(spare.argmax())
        raise OptionError(
            f"the last {spare[i]} rows of series {panel.ids[i]!r} have no value of a target, and forecasts begin after "
            "them; if they hold what is known ahead, put them in a file of their own, --future FILE"
        )
    panel.require_future(horizon)


USUAL, USUAL_COLUMNS = SeriesOptions(), SeriesAndCovariates()  # where nothing was named


def with_future(panel: "Panel", future: Path | None, options: "ReadOptions", cure: str) -> "Panel":
    """The panel with the future covariates in a file, which is written as the other one.

    OptionError, which says `cure`, where the panel has none of those.
    """
    if future is None:
        return panel
    if not panel.schema.columns.future:
        raise OptionError(f"--future {future}: no future covariates are named; {cure}")
    from loopcast.data.read import read_future

    return read_future(future, panel, options)
