"""Rows as they come to a live state, and what is said of them."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, Self

import numpy as np

from loopcast.live.checks import Id
from loopcast.live.covariates import Given
from loopcast.live.engine import Engine

NO_SEQS: Mapping[str, int] = MappingProxyType({})


class Seen(NamedTuple):
    """What is said of a row that came.

    status: "taken" (the next row, or one after steps that were left out), "duplicate" (known already), "revised" (late,
    or another value than before, and put in its place), "late" (too late, and left out).
    surprise: how far out the value lies among what was expected, as a normal score: beyond 3 in size is rare. NaN where
    nothing was expected yet, or the value is missing. drift: whether values have been off on one side for so long that
    it is no chance. Of several targets both are arrays, `[target]`; a row is revised where one of its values is another
    than before, and surprise is NaN of those that are not.
    """

    status: str
    surprise: Any
    drift: Any


class Ahead(NamedTuple):
    """What comes after `cutoff`, the time of the last row: values float64 `[step]`, low and high `[level, step]`.

    Of several targets `[target, step]` and `[level, target, step]`.
    """

    cutoff: Any
    values: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Taken(NamedTuple):
    """What is said of many rows: statuses uint8 `[row]`, places in STATUSES.

    verdicts: float64 `[row, target, number]`, the numbers of `Engine.take_rows`.
    """

    statuses: np.ndarray
    verdicts: np.ndarray

    @classmethod
    def nothing(cls, engines: Sequence[Engine], rows: int = 0) -> Self:
        shape = (rows, len(engines), engines[0].verdict_width)
        return cls(np.zeros(rows, np.uint8), np.full(shape, np.nan))


class Rows(NamedTuple):
    """Rows as they came: ticks int64; values float64 `[row, target]`, NaN where missing.

    covariates: of each, where there are any. seqs: of each its source and its number there, or None; or none at all.
    """

    ids: Sequence[Id]
    ticks: np.ndarray
    values: np.ndarray
    covariates: Sequence[Given | None] = ()
    seqs: Sequence[tuple[str, int] | None] = ()

    def before(self, row: int) -> "Rows":
        """Those before a row."""
        ids, ticks, values, covariates, seqs = self
        return Rows(ids[:row], ticks[:row], values[:row], covariates[:row], seqs[:row])


class Log(Protocol):
    """Where what is done is written before it is done."""

    def rows(
        self,
        rows: Iterable[tuple[Id, int, tuple[float, ...]]],
        seqs: Mapping[str, int] = NO_SEQS,
        covariates: Sequence[Given | None] = (),
    ) -> None: ...

    def known(self, id_: Id, tick: int, future: Given) -> None: ...

    def forget(self, ids: Iterable[Id]) -> None: ...

    @property
    def entries(self) -> int: ...

    def sync(self) -> None: ...

    def close(self) -> None: ...


def highest(seqs: Iterable[tuple[str, int] | None]) -> Mapping[str, int]:
    """The last number of each source, which is its highest."""
    return dict(seq for seq in seqs if seq is not None)
