"""Pools of fresh synthetic series, encoded, with the rows that are forecast from and what came after them."""

import numpy as np

from loopcast.features.causal.encode import Origins, encode
from loopcast.features.causal.encoder import left_align
from loopcast.pretraining.draws import Generator
from loopcast.pretraining.plan import USES, Kind
from loopcast.pretraining.series import draw_series
from loopcast.training.origin_pool import Examples, Pool, draw_origins, draw_steps, examples_of


def draw_pool(kind: Kind, seed: int, place: int, number: int) -> Pool:
    """The pool of this number of the kind at this place; the same seed gives the same pool."""
    rng = np.random.default_rng([seed, 1, place, number])
    values = draw_series(rng, kind.pool, kind.length, kind.season, kind.second)
    order = np.stack([rng.permutation(kind.pool) for _ in range(USES)])
    return Pool(examples=encode_examples(rng, values, kind), order=order)


def encode_examples(rng: Generator, values: np.ndarray, kind: Kind) -> Examples:
    """Series `[series, time]` with NaN, encoded at random origins."""
    values, lengths, _, _ = left_align(list(values), values.shape[1])
    last, m = np.maximum(lengths - 2, 0), kind.season
    late = max(m + 1, kind.length // 3 if m >= 24 else 0)
    rows = draw_origins(rng, np.minimum(late, last), last, m, USES, begins=True)
    series = np.repeat(np.arange(len(values)), rows.shape[1])
    origins = Origins(series, rows.ravel(), draw_steps(rng, rows.size, kind.horizon))
    told = encode(values, lengths, kind.periods, origins)
    return examples_of(told, told.inputs, rows, origins.after(values))
