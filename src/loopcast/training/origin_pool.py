"""Windows of encoded series with rows in them that are forecast from: all on the device, batches are indices."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from loopcast.features.causal.encode import Encoding

ORIGINS, STEPS = 8, 12  # rows that a window is forecast from at a time, and steps ahead at most
FARTHEST = 200.0  # scales that a target may lie from the base
LIGHTEST, HEAVIEST = 0.001, 2.0  # weights of an origin
EARLY = 0.12  # of the origins in the first rows of a series lie in its first two seasons


class Examples(NamedTuple):
    """Windows, encoded, with origins and targets; an origin is a row of its window."""

    inputs: Any  # float32 [window, time, input]
    origins: Any  # int32 [window, origin]
    candidates: Any  # float32 [window, origin, step, candidate]
    codes: Any  # float32 [window, origin, step, code]
    targets: Any  # float32 [window, origin, step], in units of the scale, from the base; NaN where nothing counts
    weights: Any  # float32 [window, origin]


class Draw(NamedTuple):
    """Some windows of a pool, int32 `[window]`, and which ORIGINS of each, int32 `[]`."""

    windows: Any
    use: Any


@dataclass(frozen=True, kw_only=True, eq=False)
class Pool:
    """examples: each window with ORIGINS origins for each of its uses; order: the windows of each, `[use, window]`."""

    examples: Examples
    order: np.ndarray

    def draw(self, number: int, batch: int) -> Draw:
        """What update `number` learns from, each use in its turn; the windows of a use are a multiple of `batch`."""
        use, place = divmod(number * batch, self.order.shape[1])
        return Draw(
            self.order[use % len(self.order), place : place + batch].astype(np.int32), np.int32(use % len(self.order))
        )


def examples_of(told: Encoding, inputs: np.ndarray, rows: np.ndarray, came: np.ndarray) -> Examples:
    """Windows `[window, time, input]` that are forecast from `rows` `[window, origin]`, the origins of `told` in turn.

    came: values `[origin, step]` that were to be forecast, NaN where none is. An origin counts by its scale beside that
    of its whole series: calm beginnings would drown the rest.
    """
    weights = np.clip(told.scale / np.maximum(told.usual, 1e-12), LIGHTEST, HEAVIEST)
    targets = np.clip(told.targets(came), -FARTHEST, FARTHEST)
    each = told.candidates, told.codes, targets.astype(np.float32), weights.astype(np.float32)
    return Examples(inputs, rows.astype(np.int32), *(part.reshape(*rows.shape, *part.shape[1:]) for part in each))


def draw_origins(
    rng: np.random.Generator, low: np.ndarray, last: np.ndarray, season: int, uses: int, begins: Any
) -> np.ndarray:
    """Rows of each window that are forecast from, int `[window, use * origin]`.

    low, last: between which most lie, int `[window]`; begins: bool, whether a window is the first rows of its series.
    """
    shape, low, last = (len(low), uses * ORIGINS), low[:, None], last[:, None]
    usual = low + rng.random(shape) * (last - low + 1)
    early = rng.random(shape) * np.minimum(max(2 * season, 4), last + 1)
    first = np.reshape(begins, (-1, 1)) & (rng.random(shape) < EARLY)
    return np.minimum(np.where(first, early, usual).astype(np.int64), last)


def draw_steps(rng: np.random.Generator, origins: int, horizon: int) -> np.ndarray:
    """Steps ahead that are learned, int `[origin, step]`: all of a few, else half of them near."""
    if horizon <= STEPS - 4:
        return np.broadcast_to(np.arange(1, horizon + 1), (origins, horizon))
    near = np.exp(rng.uniform(0, np.log(horizon + 1), (origins, STEPS // 2)))
    far = rng.uniform(1, horizon + 1, (origins, STEPS - STEPS // 2))
    return np.minimum(np.concatenate([near, far], axis=-1).astype(np.int64), horizon)
