"""Many rows at once: checked, written to the log, and taken in together."""

from collections.abc import Sequence

import numpy as np

from loopcast.errors import DataError
from loopcast.live.answers import Rows, Taken, highest
from loopcast.live.checks import Id
from loopcast.live.engine import REVISED, TAKEN, Engine, RowBatch
from loopcast.live.known_rows import Checked
from loopcast.live.rows import Placed
from loopcast.live.series import Series
from loopcast.live.state import State


def take_rows(state: State, rows: Rows) -> Taken:
    """Many rows, in their order; an error, with none taken in, for the first that cannot be after the others."""
    with state.lock:
        placed, checked, failed = _checked(state, rows)
        if failed is not None:
            raise failed[1]
        return _apply(state, placed, rows, checked)


def take_until(state: State, rows: Rows) -> tuple[Taken, DataError | None]:
    """The rows before the first that cannot be taken in, and its error; all where there is none."""
    with state.lock:
        placed, checked, failed = _checked(state, rows)
        if failed is not None:
            return take_rows(state, rows.before(failed[0])), failed[1]
        return _apply(state, placed, rows, checked), None


Failed = tuple[int, DataError] | None  # the first row that cannot be taken in, and why


def _checked(state: State, rows: Rows) -> tuple[Placed, list[Checked | None], Failed]:
    """Where rows lie, and the covariates of each where there are any."""
    placed = Placed(rows.ids, rows.ticks, state.series, state.checks)
    checked, failed = _covariates(state, rows)
    return (
        placed,
        checked,
        min((each for each in (placed.failed, failed) if each), default=None, key=lambda each: each[0]),
    )


def _covariates(state: State, rows: Rows) -> tuple[list[Checked | None], Failed]:
    """Of each row, up to the first of which they cannot be taken in; none where the calendar says all."""
    found: list[Checked | None] = []
    if state.known is None or state.known.plan.of_time_alone:
        return found, None
    new: set[Id] = set()
    covariates = rows.covariates or [None] * len(rows.ids)
    for row, (id_, given, values) in enumerate(zip(rows.ids, covariates, rows.values, strict=True)):
        try:
            found.append(state.checked(id_, given, values, new=id_ not in state.series and id_ not in new))
        except DataError as error:
            return found, (row, error)
        new.add(id_)
    return found, None


def _apply(state: State, placed: Placed, rows: Rows, checked: Sequence[Checked | None]) -> Taken:
    seqs = highest(rows.seqs)
    if state.log is not None:
        each = zip(rows.ids, rows.ticks.tolist(), map(tuple, rows.values.tolist()), strict=True)
        state.log.rows(each, seqs, rows.covariates)
    state.seqs |= seqs
    if checked:
        return _one_by_one(state, placed, rows, checked)
    series = []
    for place, known in enumerate(placed.known):
        found = known or state.start(placed.ids[place], placed.phases[place], placed.first_step(place))
        if state.known is not None:
            state.known.reach_rows(found, *placed.steps_of(place))
        series.append(found)
    return all_at_once(state.engines, placed.batch, rows.values, series)


def all_at_once(engines: Sequence[Engine], batch: RowBatch, values: np.ndarray, series: Sequence[Series]) -> Taken:
    """Rows of which only the values are new, target by target."""
    taken = Taken.nothing(engines, len(values))
    for target, engine in enumerate(engines):
        part = batch.of_target(values[:, target], [each.channels[target].at for each in series])
        taken.verdicts[:, target] = engine.take_rows(part)
        np.maximum(taken.statuses, part.statuses, out=taken.statuses)
    return taken


def _one_by_one(state: State, placed: Placed, rows: Rows, checked: Sequence[Checked | None]) -> Taken:
    """Rows with covariates, each of which changes what is known of the steps after it."""
    taken = Taken.nothing(state.engines, len(rows.ids))
    each = zip(rows.ids, rows.ticks.tolist(), placed.batch.steps.tolist(), rows.values.tolist(), strict=True)
    for row, (id_, tick, step, values) in enumerate(each):
        statuses = state.place(id_, tick, step, values, checked[row])
        taken.statuses[row] = max(statuses)
        for target, (status, engine) in enumerate(zip(statuses, state.engines, strict=True)):
            if status in (TAKEN, REVISED):
                taken.verdicts[row, target] = engine.verdict[:]
    return taken
