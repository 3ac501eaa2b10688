"""What comes after the rows of a series that were taken in."""

from collections.abc import Sequence

import numpy as np

from loopcast.errors import LengthError, OptionError, ValuesError, quote
from loopcast.live.answers import Ahead
from loopcast.live.checks import Id
from loopcast.live.covariates import Future
from loopcast.live.engine import Engine
from loopcast.live.series import Channel, Series
from loopcast.live.state import State


def forecast(state: State, id_: Id, engines: Sequence[Engine], steps: int, future: Future | None = None) -> Ahead:
    """The forecast of a series; ValuesError where it has no value yet, LengthError where it has too few rows.

    Of several targets, one that has no value yet has NaN. future: future covariates of steps to come, float64
    `[step, covariate]`, in place of those that are known.
    """
    with state.lock:
        found = state.find(id_)
        _check_history(state, id_, found)
        series = id_, found
        if len(engines) == 1:
            whole = _of_target(state, series, found.first, engines[0], steps, future)
        else:
            each = zip(found.channels, engines, strict=True)
            whole = np.stack([_of_target(state, series, *pair, steps, future) for pair in each], axis=1)
        cutoff = state.clock.time(found.phase.tick(found.end))
    ends = 1 + len(engines[0].levels)
    return Ahead(cutoff, whole[0], whole[1:ends], whole[ends:])


def _check_history(state: State, id_: Id, found: Series) -> None:
    if not found.first.head.seen and not any(channel.head.seen for channel in found.channels):
        raise ValuesError(f"series {quote(id_)} has no value yet, and nothing to go by")
    rows = found.first.head.rows
    if rows < state.min_history:
        raise LengthError(
            f"series {quote(id_)} has {rows} rows, and {state.name} looks at the last {state.min_history}: give more "
            "first"
        )


def _of_target(
    state: State, series: tuple[Id, Series], channel: Channel, engine: Engine, steps: int, future: Future | None
) -> np.ndarray:
    """Values, low ends and high ends, float64 `[1 + 2 * level, step]`."""
    if future is not None and not state.columns.future:
        raise OptionError(f"{state.name} was fitted without future covariates")
    if state.known is None:  # the model does without those of its data, if there are any
        return _delivered(channel, engine, steps)
    with state.known.ahead(channel, steps, future) as missing:
        if missing is not None:
            id_, found = series
            time = state.clock.time(found.phase.tick(missing[0]))
            raise ValuesError(
                f"series {quote(id_)}: future covariate {quote(missing[1])} is not known at {time}: give it, future=..."
            )
        return _delivered(channel, engine, steps)


def _delivered(channel: Channel, engine: Engine, steps: int) -> np.ndarray:
    if channel.head.seen:
        return engine.deliver(channel.at, steps)
    return np.full((1 + 2 * len(engine.levels), steps), np.nan)
