"""What is known of series besides their values, as fields of a segment, and back."""

from collections.abc import Mapping, Sequence

import numpy as np

from loopcast.errors import ModelFileError
from loopcast.live.known import Before, KnownPlan, KnownSeries
from loopcast.live.series import Channel
from loopcast.live.state import State

PLACES, REST = "known_places", "known_rest"
PAST, FUTURE, COMING = "known_past", "known_future", "known_coming"
BEFORE = (np.float32, np.int64, np.float32, np.int64, np.float64)  # types of Before


def known_fields(state: State, channels: Sequence[Channel]) -> dict[str, np.ndarray]:
    """Of a target of some series; int64 `[series, number]` each, nothing where the model has no covariates."""
    plan = _plan(state)
    if plan is None:
        return {}
    known = [each.known for each in channels if each.known is not None]
    places = np.array([(each.first, each.begin, len(each.future)) for each in known], np.int64)
    most = int(places[:, 2].max())
    return {
        PLACES: places,
        PAST: np.stack([_padded(each.past, most) for each in known]).view(np.int64),
        FUTURE: np.stack([_padded(each.future, most) for each in known]).view(np.int64),
        COMING: np.stack([_padded(each.coming, most) for each in known]).view(np.int64),
        REST: np.stack([_rest(each) for each in known]).view(np.int64),
    }


def known_shapes(state: State, count: int, fields: Mapping[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
    """The shapes that these fields are to have."""
    plan = _plan(state)
    if plan is None:
        return {}
    places = fields.get(PLACES)
    if places is None or places.shape != (count, 3) or (places[:, 2] < 1).any():
        raise ModelFileError("a segment of the state lacks what is known of its series")
    most = int(places[:, 2].max())
    past, future = len(plan.past), len(plan.future)
    shapes = {
        PAST: (count, most * past),
        FUTURE: (count, most * future),
        COMING: (count, most * future),
        REST: (count, len(plan.encodings) * sum(_sizes(plan))),
    }
    return {PLACES: (count, 3), **shapes}


def restore_known(state: State, found: Channel, fields: Mapping[str, np.ndarray]) -> None:
    """Give a series what is known of it; ModelFileError where that does not fit its rows."""
    plan = _plan(state)
    if plan is None or state.known is None:
        return
    first, begin, count = fields[PLACES].tolist()
    each = fields[REST].view(np.float64).reshape(len(plan.encodings), -1)
    parts = [np.split(rest, np.cumsum(_sizes(plan))[:-1]) for rest in each]
    moved = found.head.start - begin  # steps are numbered from the phase's first series, which may be another by now
    known = KnownSeries(plan, found.phase, begin + moved, tuple(part[0].astype(np.float32) for part in parts))
    known.first = first + moved
    known.before = [Before(*map(np.ndarray.astype, part[1:], BEFORE)) for part in parts]
    known.past, known.future, known.coming = (
        fields[name].view(np.float64).reshape(-1, len(names))[:count] if names else np.zeros((count, 0))
        for name, names in ((PAST, plan.past), (FUTURE, plan.future), (COMING, plan.future))
    )
    if not known.begin <= known.first <= found.end < known.first + count - plan.ahead:
        raise ModelFileError("a segment of the state has covariates that do not fit its rows")
    known.see(found.end)
    state.known.attach(found, known)


def _plan(state: State) -> KnownPlan | None:
    return None if state.known is None or state.known.plan.of_time_alone else state.known.plan


def _rest(known: KnownSeries) -> np.ndarray:
    """What is known of a series as a whole, and what comes before its table, by one encoding after the other."""
    each = zip(known.of_series, known.before, strict=True)
    return np.concatenate([part for whole, before in each for part in (whole, *before)], dtype=np.float64)


def _sizes(plan: KnownPlan) -> tuple[int, ...]:
    """Of what is known of a series as a whole, and of what comes before a table."""
    encoding, past, future = plan.encoding, len(plan.past), len(plan.future)
    return (
        encoding.static_width,
        past,
        past,
        future,
        future,
        future,
    )


def _padded(values: np.ndarray, rows: int) -> np.ndarray:
    more = np.full((rows - len(values), values.shape[1]), np.nan)
    return np.ascontiguousarray(np.concatenate([values, more]).ravel())
