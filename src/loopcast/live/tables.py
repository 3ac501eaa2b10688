"""Tables into and out of a live state."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from loopcast.columns import CUTOFF, TARGET_NAME, Bands
from loopcast.data.calendar import to_ticks, zone_of
from loopcast.data.covariates import bool_to_float
from loopcast.data.edit_table import TableBuilder, finish
from loopcast.data.schema import TableSchema
from loopcast.data.series_index import SeriesIndex, Source
from loopcast.data.tables import Table, build, open_table
from loopcast.data.times import as_times
from loopcast.data.validate import check_ids, check_names, check_target, has_id_column
from loopcast.errors import CalendarError, DataError, OptionError, ValuesError, quote
from loopcast.live.answers import Rows, Taken
from loopcast.live.checks import Id
from loopcast.live.clock import Clock
from loopcast.live.engine import STATUSES, Engine
from loopcast.live.forecasts import forecast
from loopcast.live.model import LiveModel
from loopcast.live.series import Series
from loopcast.live.state import State
from loopcast.live.tracking_plan import FACTS

STATUS, FORECAST, SURPRISE = "status", "forecast", "surprise"


def only_id(schema: TableSchema) -> str:
    """What the one series of a table without ids is called."""
    return ", ".join(schema.columns.targets)


def _opened(table: Any) -> Table:
    opened = open_table(table)
    if opened is None:
        raise DataError(f"expected a pandas, polars or pyarrow table, got {type(table).__qualname__}")
    return opened


def read_rows(table: Any, state: State, schema: TableSchema) -> tuple[Table, Rows]:
    """The rows of a table, in their order; the errors of `Panel.from_table`."""
    opened, names, source = _opened(table), schema.columns, Source()
    has_id = has_id_column(opened, names, source)
    covariates = names.covariates if state.known is not None else ()
    check_names(opened, [*([names.id] if has_id else []), names.time, *names.targets, *covariates], "", source)
    _check_free([*([names.id] if has_id else []), names.time, *names.targets], names.targets)
    rows = SeriesIndex.one("", len(opened.column(names.time)), source)
    ticks = _ticks(opened.column(names.time), rows, state.clock, schema)
    each = [np.asarray(check_target(opened.column(name), rows), np.float64) for name in names.targets]
    values = state.checks.values(np.stack(each, axis=1))
    ids = [only_id(schema)] * len(values)
    if has_id:
        column = opened.column(names.id)
        check_ids(column, source)
        ids = column.to_list()
    return opened, Rows(ids, ticks, values, given_of(opened, covariates))


def _ticks(times: pl.Series, rows: SeriesIndex, clock: Clock, schema: TableSchema) -> np.ndarray:
    """When rows are, int64 `[row]`; text is read as that of single rows, each time once."""
    if times.dtype != pl.String or times.null_count():
        known = as_times(times, rows, plain=clock.numbers)
        _check_kind(known, schema)
        return to_ticks(known)
    found: dict[str, int] = {}
    for row, text in enumerate(texts := times.to_list()):
        if text not in found:
            try:
                found[text] = clock.tick(text)
            except CalendarError as error:
                raise CalendarError(f"{rows.describe_row(row)}, column {quote(times.name)}: {error}") from error
    return np.array([found[text] for text in texts], np.int64)


def given_of(table: Table, names: Sequence[str]) -> list[dict[str, Any]]:
    """The covariates of each row; nothing where there are none."""
    columns = [bool_to_float(table.column(name)).to_list() for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def read_future(table: Any, state: State, schema: TableSchema, steps: int) -> Mapping[Id, np.ndarray]:
    """Future covariates of the steps after each series, `[step, covariate]`; none without a table.

    ValuesError where a step of a series is not there.
    """
    if table is None:
        return {}
    opened, names, source = _opened(table), schema.columns, Source()
    has_id = has_id_column(opened, names, source)
    check_names(opened, [*([names.id] if has_id else []), names.time, *names.future], "", source)
    rows = SeriesIndex.one("", len(opened.column(names.time)), source)
    ticks = to_ticks(as_times(opened.column(names.time), rows, plain=state.clock.numbers)).tolist()
    ids = opened.column(names.id).to_list() if has_id else [only_id(schema)] * len(ticks)
    given = given_of(opened, names.future)
    known = {(id_, tick): row for id_, tick, row in zip(ids, ticks, given, strict=True)}
    return {id_: _ahead(id_, found, known, state, steps) for id_, found in state.series.items()}


def _ahead(id_: Id, found: Series, known: Mapping[Any, dict[str, Any]], state: State, steps: int) -> np.ndarray:
    rows = []
    for tick in (found.phase.tick(found.end + h) for h in range(1, steps + 1)):
        if (id_, tick) not in known:
            raise ValuesError(f"series {quote(id_)}: future has no row at {state.clock.time(tick)}")
        rows.append(known[id_, tick])
    names = rows[0].keys()
    return np.array([[math.nan if row[name] is None else float(row[name]) for name in names] for row in rows])


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


def column_of(name: str, target: str, targets: Sequence[str]) -> str:
    """The column of FORECAST or SURPRISE that is of one of the targets."""
    return name if len(targets) == 1 else f"{name}-{target}"


def _verdict_columns(targets: Sequence[str]) -> list[tuple[str, str, int]]:
    """What is said of each target: the column, the target, and where it lies in a verdict."""
    said = ((FORECAST, 2), (SURPRISE, 0))
    return [(column_of(name, target, targets), target, at) for name, at in said for target in targets]


def _check_free(names: Sequence[str], targets: Sequence[str]) -> None:
    """DataError where a column that is read has the name of one that is added."""
    added = {STATUS, *(column for column, _, _ in _verdict_columns(targets))}
    taken = next((name for name in names if name in added), None)
    if taken is not None:
        raise DataError(f"update adds a column {quote(taken)}, and the table has one of its own: rename that")


def with_verdicts(table: Table, taken: Taken, targets: Sequence[str]) -> Any:
    """The table, and what is said of each row; of several targets by name."""
    native = table.native.copy(deep=False) if table.kind == "pandas" else table.native
    status = np.array(STATUSES, object)[taken.statuses]
    columns: dict[str, Any] = {STATUS: status if table.kind == "pandas" else pl.Series(status, dtype=pl.String)}
    for column, target, at in _verdict_columns(targets):
        numbers = taken.verdicts[:, targets.index(target), at]
        columns[column] = numbers if table.kind == "pandas" else pl.Series(numbers, nan_to_null=True)
    return finish(TableBuilder(native, table.kind), columns)


def forecast_table(
    state: State,
    how: tuple[Sequence[Engine], int, Mapping[Id, np.ndarray]],
    model: LiveModel,
    levels: tuple[float, ...],
) -> Any:
    """The steps after each series as a table of the kind that the model was fitted on.

    how: by which engines, how many steps, and future covariates of these.
    """
    engines, steps, future = how
    if not state.series:
        raise OptionError("no series is followed yet: update first, or start with live(data)")
    ahead = [forecast(state, id_, engines, steps, future.get(id_)) for id_ in state.series]
    columns = {model.name: _flat([each.values for each in ahead])}
    for level in levels:
        place = model.rules.levels.index(level)
        low, high = Bands.of(level).columns(model.name)
        columns[low] = _flat([each.low[place] for each in ahead])
        columns[high] = _flat([each.high[place] for each in ahead])
    ends = [(each.phase, each.end) for each in state.series.values()]
    times = np.array([phase.tick(end + h) for phase, end in ends for h in range(1, steps + 1)])
    cutoffs = np.repeat([phase.tick(end) for phase, end in ends], steps)
    count = len(state.targets)
    ids = ids_of(state).gather(np.repeat(np.arange(len(ends)), steps * count))
    more = {CUTOFF: state.clock.times(np.repeat(cutoffs, count))} | _target_column(state, len(times))
    told = build(_schema(state, model), ids, state.clock.times(np.repeat(times, count)), columns, more_keys=more)
    return told.with_columns(pl.col(*columns).fill_nan(None)) if isinstance(told, pl.DataFrame) else told


def _flat(each: Sequence[np.ndarray]) -> np.ndarray:
    """Forecasts of series, `[step]` or `[target, step]`, as a column: the targets of a step beside each other."""
    return np.concatenate([forecast.T.ravel() for forecast in each])


def _target_column(state: State, rows: int) -> dict[str, pl.Series]:
    """Which target each row is of; nothing where there is one."""
    return {} if len(state.targets) == 1 else {TARGET_NAME: pl.Series(state.targets * rows)}


def ids_of(state: State) -> pl.Series:
    """The ids, in the order in which series came."""
    return pl.Series(list(state.series))


def _schema(state: State, model: LiveModel) -> TableSchema:
    """That of the model; with an id where there are others than the one that a table without ids has."""
    return replace(model.schema, has_id=model.schema.has_id or list(state.series) != [only_id(model.schema)])


def health_table(state: State, model: LiveModel) -> Any:
    """A row for each series, or target of it; see `Live.health`."""
    count = len(state.targets)
    series = [each for each in state.series.values() for _ in range(count)]
    channels = [channel for each in state.series.values() for channel in each.channels]
    last = np.array([each.phase.tick(each.end) for each in series], np.int64)
    until = state.until(int(last.max())) if series else ()
    behind = np.array([steps for _, steps in until for _ in range(count)], np.int64)
    engines = state.engines * len(state.series)
    tracked = [engine.tracked(state.records.block(each.block)) for engine, each in zip(engines, channels, strict=True)]
    facts = {name: np.array([each.fact(name) for each in tracked]) for name in FACTS}
    columns = {
        "rows": np.array([each.head.rows for each in channels], np.int64),
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
        columns[name] = np.array([getattr(each.head, name) for each in channels], np.int64)
    schema = replace(_schema(state, model), columns=replace(model.schema.columns, time="last"))
    ids = ids_of(state).gather(np.repeat(np.arange(len(state.series)), count))
    more = _target_column(state, len(state.series))
    return build(schema, ids, state.clock.times(last), columns, more_keys=more)


def _first(tracked: Any, place: int) -> tuple[float, float]:
    return tracked.missed[0, place], tracked.judged[0]


def _ratio(sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)
