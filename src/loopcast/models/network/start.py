"""A network that was fitted before, as one that a training can go on from."""

from bisect import bisect_left
from dataclasses import replace
from datetime import datetime

from loopcast.data.panel import Panel
from loopcast.data.time_grid import future_times
from loopcast.errors import OptionError
from loopcast.features.causal.track import Periods
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.models.model import Fit, Model
from loopcast.models.network.model import NetworkModel
from loopcast.models.network.targets import apart
from loopcast.models.network.words import known_in_words
from loopcast.models.start import no_start
from loopcast.nn.shapes import CellName


def network_to_start_from(
    start: Model, panel: Panel, periods: Periods, cell: CellName, units: tuple[int, ...]
) -> NetworkModel:
    """The fitted network; OptionError where it is another than the one to be trained, or reads other series."""
    if not isinstance(start, NetworkModel):
        raise no_start(f"a training that is to start from {start.name}")
    theirs = start.network
    if (theirs.cell, theirs.units) != (cell, units):
        raise OptionError(
            f"start is a network of {theirs.units} {theirs.cell} units, and the one to be trained has {units} {cell} "
            f"units: take a Recurrent with cell={theirs.cell!r}, units={theirs.units}, or fit it without start"
        )
    if start.periods != periods:
        raise OptionError(
            f"start reads seasons of {_words(start.periods)} steps, and the one to be trained {_words(periods)}: give "
            "both the same seasons, or fit it without start"
        )
    if start.encoding is not None:
        _require_same_calendar(start.encoding, panel, start)
    return start


def require_nothing_new(start: NetworkModel, panel: Panel) -> None:
    """OptionError where the panel has a calendar or covariates, and the network was shown neither."""
    known = known_in_words(panel)
    if start.encoding is None and known:
        raise OptionError(
            f"start was shown neither covariates nor a calendar, and this data has {known}: leave them out of Columns, "
            "or fit it without start"
        )


def unseen_rows(start: Model, panel: Panel, most: int) -> int:
    """How many of the last rows of each series, at most so many, lie after all that `start` was fitted on."""
    return bisect_left(range(1, most + 1), True, key=lambda rows: saw(start, panel, rows))


def saw(start: Model, panel: Panel, rows: int) -> bool:
    """Whether the fit of `start` reached any of the last `rows` rows of the series."""
    if start.provenance is None:
        return True
    first = future_times(panel.starts, panel.lengths - rows, 1, panel.schema.freq).min()
    return not _moment(str(first)) > _moment(start.provenance.last)  # type: ignore[operator]


def gone_on(fit: Fit, start: NetworkModel) -> Fit:
    """A fit of which training went on from `start`: it says so."""
    of = "" if start.provenance is None else f" ({start.provenance.describe().rstrip('.')})"
    measured = " Its intervals are those of that fit, whose rows measure nothing here." if fit.held_out is None else ""
    said = f"{fit.model.description}\n  It started from the weights of {start.name}{of}.{measured}"
    return fit._replace(model=replace(fit.model, description=said))


def _require_same_calendar(encoding: ExogenousEncoder, panel: Panel, start: NetworkModel) -> None:
    """Covariates were compared with the columns of `start`; a calendar and holidays are not among those."""
    found = ExogenousEncoder.of(apart(panel, start.channels), unknown=True)
    theirs = encoding.columns
    if found is None or found.calendar != encoding.calendar:
        raise OptionError(
            f"start was shown the calendar's {', '.join(encoding.parts) or 'nothing'}: give the data with the same "
            f"Columns(calendar={theirs.calendar!r}, holidays={theirs.holidays!r}, "
            f"holiday_window={theirs.holiday_window})"
        )


def _words(periods: Periods) -> str:
    return f"{periods.season} and {periods.second}" if periods.second else str(periods.season)


def _moment(text: str) -> int | datetime:
    """A time as a provenance writes it."""
    return int(text) if text.lstrip("-").isdecimal() else datetime.fromisoformat(text)
