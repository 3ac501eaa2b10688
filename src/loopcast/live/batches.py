"""Many rows at once: checked, written to the log, and taken in together."""

from collections.abc import Sequence

from loopcast.errors import DataError
from loopcast.live.answers import Rows, Taken, highest
from loopcast.live.checks import Id
from loopcast.live.engine import REVISED, TAKEN
from loopcast.live.known_rows import Checked
from loopcast.live.rows import Placed
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
    placed = Placed(rows.ids, rows.ticks, rows.values, state.series, state.checks)
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
    for row, (id_, given) in enumerate(zip(rows.ids, rows.covariates, strict=True)):
        try:
            found.append(state.checked(id_, given, new=id_ not in state.series and id_ not in new))
        except DataError as error:
            return found, (row, error)
        new.add(id_)
    return found, None


def _apply(state: State, placed: Placed, rows: Rows, checked: Sequence[Checked | None]) -> Taken:
    seqs = highest(rows.seqs)
    if state.log is not None:
        each = zip(rows.ids, rows.ticks.tolist(), rows.values.tolist(), strict=True)
        state.log.rows(each, seqs, rows.covariates)
    state.seqs |= seqs
    if checked:
        return _one_by_one(state, placed, rows, checked)
    blocks = []
    for place, found in enumerate(placed.known):
        series = found or state.start(placed.ids[place], placed.phases[place], placed.first_step(place))
        if state.known is not None:
            state.known.reach(series, *placed.steps_of(place))
        blocks.append(series.at)
    placed.batch.blocks[:] = blocks
    return Taken(placed.batch.statuses, state.engine.take_rows(placed.batch))


def _one_by_one(state: State, placed: Placed, rows: Rows, checked: Sequence[Checked | None]) -> Taken:
    """Rows with covariates, each of which changes what is known of the steps after it."""
    taken = Taken.nothing(state.engine, len(rows.ids))
    steps = placed.batch.steps.tolist()
    for row, (id_, tick, y) in enumerate(zip(rows.ids, rows.ticks.tolist(), rows.values.tolist(), strict=True)):
        status = taken.statuses[row] = state.place(id_, tick, steps[row], y, checked[row])
        if status in (TAKEN, REVISED):
            taken.verdicts[row] = state.engine.verdict[:]
    return taken
