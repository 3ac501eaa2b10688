"""Pools of fresh synthetic series, encoded, with the rows that are forecast from and what came after them."""

from dataclasses import dataclass

import numpy as np

from loopcast.features.causal.encode import Encoding, encode
from loopcast.features.causal.encoder import left_align
from loopcast.pretraining.draws import Generator
from loopcast.pretraining.plan import BATCH, ORIGINS, STEPS, USES, Kind
from loopcast.pretraining.series import draw_series
from loopcast.training.origin_objective import OriginBatch

EARLY = 0.12  # of the rows that are forecast from lie in the first two seasons
FARTHEST = 200.0  # scales that a target may lie from the base
LIGHTEST, HEAVIEST = 0.001, 2.0  # weights of an origin


@dataclass(frozen=True, kw_only=True)
class Pool:
    """All that a pool's updates need; the arrays of an `OriginBatch` with `[series, use * origin]`."""

    examples: OriginBatch
    order: np.ndarray

    def batch(self, number: int) -> OriginBatch:
        """The examples of update `number` of the pool."""
        per_use = len(self.order[0]) // BATCH
        use, place = divmod(number, per_use)
        rows = self.order[use][place * BATCH : (place + 1) * BATCH]
        kept = slice(use * ORIGINS, (use + 1) * ORIGINS)
        each = self.examples
        return OriginBatch(each.inputs[rows], *(part[rows, kept] for part in each[1:]))


def draw_pool(kind: Kind, seed: int, place: int, number: int) -> Pool:
    """The pool of this number of the kind at this place; the same seed gives the same pool."""
    rng = np.random.default_rng([seed, 1, place, number])
    values = draw_series(rng, kind.pool, kind.length, kind.season, kind.second)
    order = np.stack([rng.permutation(kind.pool) for _ in range(USES)])
    return Pool(examples=encode_examples(rng, values, kind), order=order)


def encode_examples(rng: Generator, values: np.ndarray, kind: Kind) -> OriginBatch:
    """Series `[series, time]` with NaN, encoded at random origins."""
    values, lengths, _, _ = left_align(list(values), values.shape[1])
    origins, steps = draw_origins(rng, lengths, kind), draw_steps(rng, len(values), kind)
    told = encode(values, lengths, kind.periods, origins, steps)
    return OriginBatch(
        inputs=told.inputs,
        origins=origins.astype(np.int32),
        candidates=told.candidates,
        codes=told.codes,
        targets=_targets(values, told, origins, steps).astype(np.float32),
        weights=_weights(told).astype(np.float32),
    )


def draw_origins(rng: Generator, lengths: np.ndarray, kind: Kind) -> np.ndarray:
    """Rows that are forecast from, int `[series, use * origin]`: some early, most once a season was seen."""
    shape = (len(lengths), USES * ORIGINS)
    last = np.maximum(lengths - 2, 0)[:, None]
    m = kind.season
    late = max(m + 1, kind.length // 3 if m >= 24 else 0)
    low = np.minimum(late, last)
    usual = low + rng.random(shape) * (last - low + 1)
    early = rng.random(shape) * np.minimum(max(2 * m, 4), last + 1)
    return np.minimum(np.where(rng.random(shape) < EARLY, early, usual).astype(np.int64), last)


def draw_steps(rng: Generator, series: int, kind: Kind) -> np.ndarray:
    """Steps ahead that are learned, int `[series, use * origin, step]`: all of a few, else half of them near."""
    shape = (series, USES * ORIGINS)
    if kind.horizon <= STEPS - 4:
        return np.broadcast_to(np.arange(1, kind.horizon + 1), (*shape, kind.horizon))
    near = np.exp(rng.uniform(0, np.log(kind.horizon + 1), (*shape, STEPS // 2)))
    far = rng.uniform(1, kind.horizon + 1, (*shape, STEPS - STEPS // 2))
    return np.minimum(np.concatenate([near, far], axis=-1).astype(np.int64), kind.horizon)


def _targets(values: np.ndarray, told: Encoding, origins: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """What came, as written at the origin, in units of its scale from the base; NaN where nothing is there."""
    at = origins[..., None] + steps
    series = np.arange(len(values))[:, None, None]
    came = np.where(at < values.shape[1], values[series, np.minimum(at, values.shape[1] - 1)], np.nan)
    off = (told.written.write(came) - told.base) / told.scale[..., None]
    return np.clip(off, -FARTHEST, FARTHEST)


def _weights(told: Encoding) -> np.ndarray:
    """An origin counts by its scale beside that of its whole series: calm beginnings would drown the rest."""
    return np.clip(told.scale / np.maximum(told.usual, 1e-12), LIGHTEST, HEAVIEST)
