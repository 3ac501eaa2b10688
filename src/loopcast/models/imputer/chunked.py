"""Long series in stretches: what the network says of every gap, with as much beside it as it was trained to see."""

import jax
import numpy as np

from loopcast.cache import enable_compile_cache
from loopcast.models.imputer.form import ImputerConfig, ImputerOutput, output
from loopcast.nn.cells import Array
from loopcast.nn.weights import from_vector

BATCH = 256  # sequences taken at once


@jax.jit(static_argnums=0)
def run_network(form: ImputerConfig, weights: np.ndarray, values: Array, inside: Array) -> ImputerOutput:
    """`output` of weights as one vector."""
    return output(form, from_vector(form.network, weights), values, inside)


def predict_gaps(
    form: ImputerConfig, weights: np.ndarray, values: np.ndarray, offsets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What the network says at every row of a stretch that has a gap, and sizes of the errors it expects.

    values: scaled, float32 `[row, channel]` of series end to end, NaN where missing. Both results are as that, and NaN
    where there was nothing to say.
    """
    start, begin, stop, first, last = stretches(form, values, offsets)
    width = min(sum(form.margins) + form.chunk_rows, int(np.diff(offsets).max()))
    filled, sizes = np.full_like(values, np.nan), np.full_like(values, np.nan)
    padded = np.concatenate([values, np.full((1, values.shape[1]), np.nan, np.float32)])
    enable_compile_cache()
    for chunk in np.array_split(np.arange(len(start)), max(-(-len(start) // BATCH), 1)):
        rows = start[chunk, None] + np.arange(width)
        inside = (rows >= begin[chunk, None]) & (rows < stop[chunk, None])
        room = BATCH - len(chunk)  # near sizes compile once
        shown = np.concatenate([padded[np.where(inside, rows, -1)], np.full((room, width, values.shape[1]), np.nan)])
        counted = np.concatenate([inside, np.zeros((room, width), bool)])
        given = run_network(form, weights, shown.astype(np.float32), counted)
        wanted = (rows >= first[chunk, None]) & (rows < last[chunk, None])
        filled[rows[wanted]] = np.asarray(given.values)[: len(chunk)][wanted]
        sizes[rows[wanted]] = np.asarray(given.expected_errors)[: len(chunk)][wanted]
    return filled, sizes


def stretches(form: ImputerConfig, values: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, ...]:
    """Of each stretch with a gap: the first row shown, its series' rows, and which rows are filled; int64 each."""
    before, after = form.margins
    begin, stop = offsets[:-1], offsets[1:]
    short = np.diff(offsets) <= before + form.chunk_rows + after
    counts = np.where(short, 1, -(-(stop - begin) // form.chunk_rows))
    series = np.repeat(np.arange(len(begin)), counts)
    number = np.arange(len(series)) - np.repeat(np.cumsum(counts) - counts, counts)
    first = begin[series] + number * form.chunk_rows
    last = np.where(short[series], stop[series], np.minimum(first + form.chunk_rows, stop[series]))
    start = np.where(short[series], begin[series], first - before)
    missing = np.append(0, np.cumsum(np.isnan(values).any(axis=1)))
    gaps = missing[last] > missing[first]
    return start[gaps], begin[series][gaps], stop[series][gaps], first[gaps], last[gaps]
