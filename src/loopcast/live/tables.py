"""Tables into and out of a live state."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from loopcast.columns import CUTOFF, Bands
from loopcast.data.calendar import to_ticks, zone_of
from loopcast.data.edit_table import TableBuilder, finish
from loopcast.data.schema import TableSchema
from loopcast.data.series_index import SeriesIndex, Source
from loopcast.data.tables import Table, build, open_table
from loopcast.data.times import as_times
from loopcast.data.validate import check_ids, check_names, check_target, has_id_column
from loopcast.errors import CalendarError, DataError, OptionError, quote
from loopcast.live.checks import Id
from loopcast.live.engine import STATUSES, Engine
from loopcast.live.model import LiveModel
from loopcast.live.state import State, Taken
from loopcast.live.tracking_plan import FACTS

STATUS, FORECAST, SURPRISE = "status", "forecast", "surprise"


def ticks_of(times: pl.Series) -> np.ndarray:
    """Times as whole numbers, int64."""
    return to_ticks(times)


def only_id(schema: TableSchema) -> str:
    """What the one series of a table without ids is called."""
    return ", ".join(schema.columns.targets)


def read_rows(
    table: Any, state: State, schema: TableSchema
) -> tuple[Table, tuple[Sequence[Id], np.ndarray, np.ndarray]]:
    """The rows of a table as ids, ticks and values, in their order; the errors of `Panel.from_table`."""
    opened, names = open_table(table), schema.columns
    if opened is None:
        raise DataError(f"expected a pandas, polars or pyarrow table, got {type(table).__qualname__}")
    source = Source()
    has_id = has_id_column(opened, names, source)
    check_names(opened, [*([names.id] if has_id else []), names.time, names.one_target], "", source)
    rows = SeriesIndex.one("", len(opened.column(names.time)), source)
    times = as_times(opened.column(names.time), rows, plain=state.clock.numbers)
    _check_kind(times, schema)
    values = state.checks.values(np.asarray(check_target(opened.column(names.one_target), rows), np.float64))
    ids = [only_id(schema)] * len(values)
    if has_id:
        column = opened.column(names.id)
        check_ids(column, source)
        ids = column.to_list()
    return opened, (ids, ticks_of(times), values)


def _check_kind(times: pl.Series, schema: TableSchema) -> None:
    """CalendarError where times are of another kind than the model's, or in another zone."""
    whole = times.dtype.is_integer(), schema.time_dtype.is_integer()
    if whole[0] != whole[1]:
        kinds = ["whole numbers" if each else "dates or timestamps" for each in whole]
        raise CalendarError(f"column {quote(times.name)} holds {kinds[0]}, and the model's times are {kinds[1]}")
    if zone_of(times.dtype) != schema.zone:
        raise CalendarError(
            f"the model was fitted on times in zone {schema.zone or 'none'}, and these are in "
            f"{zone_of(times.dtype) or 'none'}: convert them first"
        )


def with_verdicts(table: Table, taken: Taken) -> Any:
    """The table, and what is said of each row."""
    native = table.native.copy(deep=False) if table.kind == "pandas" else table.native
    status = np.array(STATUSES, object)[taken.statuses]
    columns: dict[str, Any] = {STATUS: status if table.kind == "pandas" else pl.Series(status, dtype=pl.String)}
    for name, place in ((FORECAST, 2), (SURPRISE, 0)):
        numbers = taken.verdicts[:, place]
        columns[name] = numbers if table.kind == "pandas" else pl.Series(numbers).fill_nan(None)
    return finish(TableBuilder(native, table.kind), columns)


def forecast_table(state: State, engine: Engine, steps: int, model: LiveModel, levels: tuple[float, ...]) -> Any:
    """The steps after each series as a table of the kind that the model was fitted on."""
    if not state.series:
        raise OptionError("no series is followed yet: update first, or start with live(data)")
    ahead = [state.ahead(id_, engine, steps) for id_ in state.series]
    columns = {model.name: np.concatenate([each.values for each in ahead])}
    for level in levels:
        place = model.rules.levels.index(level)
        low, high = Bands.of(level).columns(model.name)
        columns[low] = np.concatenate([each.low[place] for each in ahead])
        columns[high] = np.concatenate([each.high[place] for each in ahead])
    ends = [(each.phase, each.end) for each in state.series.values()]
    times = [phase.tick(end + h) for phase, end in ends for h in range(1, steps + 1)]
    cutoffs = np.repeat([phase.tick(end) for phase, end in ends], steps)
    ids = ids_of(state).gather(np.repeat(np.arange(len(ends)), steps))
    more = {CUTOFF: state.clock.times(cutoffs)}
    return build(_schema(state, model), ids, state.clock.times(np.array(times)), columns, more_keys=more)


def ids_of(state: State) -> pl.Series:
    """The ids, in the order in which series came."""
    return pl.Series(list(state.series))


def _schema(state: State, model: LiveModel) -> TableSchema:
    """That of the model; with an id where there are others than the one that a table without ids has."""
    return replace(model.schema, has_id=model.schema.has_id or list(state.series) != [only_id(model.schema)])


def health_table(state: State, model: LiveModel) -> Any:
    """A row for each series; see `Live.health`."""
    series = list(state.series.values())
    last = np.array([each.phase.tick(each.end) for each in series], np.int64)
    behind = np.array([steps for _, steps in state.until(int(last.max()))] if series else [], np.int64)
    tracked = [state.engine.tracked(state.records.block(each.block)) for each in series]
    facts = {name: np.array([each.fact(name) for each in tracked]) for name in FACTS}
    columns = {
        "rows": np.array([each.head.rows for each in series], np.int64),
        "behind": behind,
        "stale": behind > model.rules.lateness,
        "drifts": facts["drifts"].astype(np.int64),
        "since_drift": np.where(facts["drifts"] > 0, facts["rows"] - 1 - facts["last_drift"], np.nan),
        "judged": facts["judged"].astype(np.int64),
        "mae": _ratio(facts["error"], facts["judged"]),
        "mae_seasonal_naive": _ratio(facts["naive_error"], facts["naive_judged"]),
    }
    for place, level in enumerate(model.rules.levels):
        missed, judged = (np.array([_first(each, place)[i] for each in tracked]) for i in (0, 1))
        columns[f"missed-{level:g}"] = _ratio(missed, judged)
    for name in ("duplicates", "late", "revised"):
        columns[name] = np.array([getattr(each.head, name) for each in series], np.int64)
    schema = replace(_schema(state, model), columns=replace(model.schema.columns, time="last"))
    return build(schema, ids_of(state), state.clock.times(last), columns)


def _first(tracked: Any, place: int) -> tuple[float, float]:
    return tracked.missed[0, place], tracked.judged[0]


def _ratio(sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
