"""Arrays of numbers as plain ones: what a subclass or an unusual type says more is kept, and never silently dropped."""

from typing import Any

import numpy as np

from loopcast.errors import DataError


def plain_numbers(array: Any) -> np.ndarray:
    """An array, or nested sequences, as a plain array: NaN where a masked array hides a value.

    Floats of more than 64 bits become float64. What holds no numbers keeps its type, for an error to name.
    DataError for sequences of unequal lengths.

    >>> plain_numbers(np.ma.masked_equal([1, -9999], -9999)).tolist()
    [1.0, nan]
    """
    came = _nested(array)
    if came.dtype.kind not in "iuf":
        return np.asarray(came)
    if isinstance(came, np.ma.MaskedArray):
        came = np.ma.filled(came.astype(np.float64), np.nan) if np.ma.is_masked(came) else came.data
    plain = np.asarray(came)
    return plain.astype(np.float64) if plain.dtype.itemsize > 8 else plain


def _nested(array: Any) -> np.ndarray:
    """Sequences as one array with the masks of the arrays in them; NumPy's own way drops those."""
    if not isinstance(array, list | tuple):
        return np.asanyarray(array)
    parts = [_nested(part) if isinstance(part, list | tuple) else part for part in array]
    if len({np.shape(part) for part in parts}) > 1:
        raise DataError("expected an array of numbers, got sequences of unequal lengths: fill the shorter with NaN")
    return np.ma.asanyarray(parts)
