"""Which of the numbers that are known beside a series are whose: of a covariate, or of a part of the calendar."""

from typing import NamedTuple

import numpy as np

from loopcast.data.explanation import FIRST, LAST, OTHERS
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.standardize import PER_COLUMN


class KnownPart(NamedTuple):
    """A covariate, or a part of the calendar, by name; places: its numbers of a row; ahead: its numbers of a step."""

    name: str
    places: list[int]
    ahead: list[int]


def known_parts(encoding: ExogenousEncoder, more: int) -> list[KnownPart]:
    """All of them, in the order past, future, static, calendar.

    A row has the numbers of `ExogenousEncoder.rows`, a step those of `ahead` and then `more` times one of each future
    covariate, as `Known` has them.
    """
    columns, first = encoding.columns, encoding.past_width + encoding.static_width
    count, own = len(columns.future), encoding.ahead_width
    each = [
        KnownPart(_named(name, encoding.parts), _run(PER_COLUMN * i, PER_COLUMN), [])
        for i, name in enumerate(columns.past)
    ]
    for place, name in enumerate(columns.future):
        ahead = _run(PER_COLUMN * place, PER_COLUMN)
        further = [own + place + count * time for time in range(more)]
        each.append(KnownPart(_named(name, encoding.parts), [first + one for one in ahead], [*ahead, *further]))
    each += [KnownPart(_named(name, encoding.parts), places, []) for name, places in _static_places(encoding)]
    at = PER_COLUMN * count
    for part in encoding.parts:
        ahead = _run(at, encoding.calendar.width(part))
        each.append(KnownPart(part, [first + one for one in ahead], ahead))
        at += len(ahead)
    return each


def usual_known(encoding: ExogenousEncoder, more: int, clock: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What contributions are measured from, as numbers of a row and of a step, float32 `[..., number]` each.

    Each covariate is there, at its mean over the fit; a category is none; the calendar is as `clock` `[..., number]`
    has it, the mean of its numbers over a history, but for holidays: there is none.
    """
    each = np.array(clock, np.float32)
    if "holiday" in encoding.parts:
        each[..., -encoding.calendar.width("holiday") :] = 0
    past, there = (_there(clock.shape[:-1], len(names)) for names in (encoding.columns.past, encoding.columns.future))
    ahead = np.concatenate([there, each], axis=-1)
    static, further = (
        np.zeros((*clock.shape[:-1], count), np.float32)
        for count in (encoding.static_width, more * len(encoding.columns.future))
    )
    return np.concatenate([past, static, ahead], axis=-1), np.concatenate([ahead, further], axis=-1)


def _there(leading: tuple[int, ...], columns: int) -> np.ndarray:
    """So many columns that have their mean now, `[..., number]`."""
    return np.broadcast_to(np.tile(np.array([0, 1, 0], np.float32), columns), (*leading, PER_COLUMN * columns))


def _static_places(encoding: ExogenousEncoder) -> list[tuple[str, list[int]]]:
    """The numbers of a row that each static covariate has: those that are numbers come first."""
    number, category, found = encoding.past_width, encoding.past_width + len(encoding.static.mean), []
    for name, known in zip(encoding.columns.static, encoding.categories, strict=True):
        if known is None:
            found.append((name, [number]))
            number += 1
        else:
            found.append((name, _run(category, len(known))))
            category += len(known)
    return found


def _named(covariate: str, parts: tuple[str, ...]) -> str:
    """What a covariate is called as a feature; those that are no column have their names first."""
    taken = covariate in (*FIRST, *LAST, OTHERS, *parts) or covariate.startswith(("lag ", "lags "))
    return f"{covariate} (covariate)" if taken else covariate


def _run(first: int, count: int) -> list[int]:
    return list(range(first, first + count))
