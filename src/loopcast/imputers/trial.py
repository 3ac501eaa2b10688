"""How well gaps are filled: known values of stretches that training did not see are hidden, and every way is asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from loopcast.imputers.hiding import Hiding
from loopcast.imputers.simple import CAUSAL, METHODS, Fill
from loopcast.imputers.widths import distances

ERRORS = 2000  # of a channel that are looked for, where there are so many known values
MOST_ROUNDS = 8  # of hiding other values
SHARE = 10  # one stretch in so many is held back

Filler = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """Errors at hidden values, filled less known.

    errors: by way of filling, float32 `[round * row, channel]`, NaN where nothing was hidden.
    away: steps to the nearest value that was left, int64 of the same shape.
    """

    errors: Mapping[str, np.ndarray]
    away: np.ndarray

    def mae(self, name: str) -> np.ndarray:
        """Mean absolute error of one way, `[channel]`; NaN for a channel of which nothing was hidden."""
        sizes = np.abs(self.errors[name].astype(np.float64))
        count = (~np.isnan(sizes)).sum(axis=0)
        return np.where(count > 0, np.nansum(sizes, axis=0) / np.maximum(count, 1), np.nan)

    def ranked(self, channel: int) -> list[tuple[str, float]]:
        """Ways of filling a channel and their mean absolute errors, best first; none if nothing of it was hidden."""
        errors = {name: float(self.mae(name)[channel]) for name in self.errors}
        return sorted(((way, mae) for way, mae in errors.items() if not np.isnan(mae)), key=lambda pair: pair[1])


def held_back(offsets: np.ndarray, window: int, rng: np.random.Generator) -> np.ndarray:
    """Rows that training does not see, bool `[row]`: a tenth of the stretches of a window, here and there.

    Gaps come anywhere, so what they are judged by comes from anywhere. Short series are cut into shorter stretches,
    so that there are four at least of the longest.
    """
    width = max(min(window, int(np.diff(offsets).max()) // 4), 1)
    begin = np.repeat(offsets[:-1], np.diff(offsets))
    stretch = (np.arange(offsets[-1]) - begin) // width + begin  # a number of its own for each stretch
    numbers = np.unique(stretch)
    chosen = rng.choice(numbers, size=max(len(numbers) // SHARE, 1), replace=False)
    return np.isin(stretch, chosen)


def cut(offsets: np.ndarray, longest: int) -> np.ndarray:
    """Series in pieces of no more rows than what will be filled has: a short series has less to be filled from.

    >>> cut(np.array([0, 5, 7]), 2).tolist()
    [0, 2, 4, 5, 7]
    """
    begins = [np.arange(a, b, longest) for a, b in pairwise(offsets)]
    return np.append(np.concatenate(begins), offsets[-1])


def tried(
    values: np.ndarray,
    offsets: np.ndarray,
    held: np.ndarray,
    hiding: Hiding,
    fill: Filler,
    *,
    season: int,
    causal: bool,
    rng: np.random.Generator,
) -> Trial:
    """Hide values in the rows that were held back, several times over, and fill them in every way.

    values: `[row, channel]` with NaN; fill: what the network makes of them, of the same shape.
    """
    rounds = [hiding.all_over(rng, len(values)) & held[:, None] & ~np.isnan(values) for _ in range(MOST_ROUNDS)]
    counts = np.cumsum([hidden.sum() for hidden in rounds])
    needed = 1 + int(np.searchsorted(counts, ERRORS * values.shape[1]))
    errors: dict[str, list[np.ndarray]] = {}
    away = []
    for hidden in rounds[:needed]:
        left = np.where(hidden, np.float32(np.nan), values)
        for name, filled in _every_way(left, offsets, fill, season, causal=causal).items():
            errors.setdefault(name, []).append(np.where(hidden, filled - values, np.nan)[held].astype(np.float32))
        away.append(distances(np.isnan(left), offsets, causal=causal)[held])
    return Trial(errors={name: np.concatenate(parts) for name, parts in errors.items()}, away=np.concatenate(away))


def _every_way(
    left: np.ndarray, offsets: np.ndarray, fill: Filler, season: int, *, causal: bool
) -> dict[str, np.ndarray]:
    simple = {name: method for name, method in METHODS.items() if not causal or name in CAUSAL}
    ways = {"network": fill(left)}
    return ways | {name: by_series(left, offsets, method, season) for name, method in simple.items()}


def by_series(values: np.ndarray, offsets: np.ndarray, method: Fill, season: int) -> np.ndarray:
    """A simple way of filling, for each of the series that lie end to end."""
    return np.concatenate([method(values[a:b], season) for a, b in pairwise(offsets)])
