"""What the forecasts of a linear model are made of, exactly: each weight times how far its input is from usual.

The same numbers as the SHAP values of a linear model whose inputs are taken for independent, w (x - E x), summed over
the inputs of a feature (Lundberg & Lee, 2017, "A unified approach to interpreting model predictions", corollary 1).
"""

from collections.abc import Iterator

import numpy as np

from loopcast.data.explanation import LEVEL, TREND
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.exogenous_parts import known_parts, usual_known


def linear_parts(
    matrix: np.ndarray, seen: np.ndarray, usual: np.ndarray, season: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """By lags what values add, and what they add when they are as usual, `[series, step, channel]`, in units.

    matrix: `[channel, context + more, step]`; seen, usual: values `[series, context, channel]`.
    """
    context = seen.shape[1]
    weights = matrix[:, :context]
    parts = {}
    for first, last in _blocks(context, season):
        rows = slice(context - last, context - first + 1)
        off = seen[:, rows] - usual[:, rows]
        name = f"lags {first} to {last}" if last > first else f"lag {first}"
        parts[name] = np.einsum("slc,clh->shc", off, weights[:, rows])
    return parts, np.einsum("slc,clh->shc", usual, weights)


def known_linear_parts(
    matrix: np.ndarray, known: np.ndarray, clock: np.ndarray, encoding: ExogenousEncoder | None
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The same of what is known besides: by covariate and part of the calendar; usual is as `usual_known` says.

    matrix: `[channel, number, step]`; known: `[series, step, number]`, of the cutoff and then of the step; clock: the
    mean of the calendar's numbers over each history, `[series, number]`.
    """
    if encoding is None:
        return {}, np.zeros(())
    usual = np.concatenate(usual_known(encoding, 0, clock), axis=-1).astype(np.float64)
    parts = {}
    for name, places, steps in known_parts(encoding, 0):
        at = [*places, *(encoding.width + step for step in steps)]
        parts[name] = np.einsum("shk,ckh->shc", known[..., at] - usual[:, None, at], matrix[:, at])
    return parts, np.einsum("sk,ckh->shc", usual, matrix)


def usual_lags(values: np.ndarray, context: int, *, relative: bool) -> np.ndarray:
    """What the windows of one series `[row, channel]` have in them on average, `[context, channel]`.

    relative: less their last value.
    """
    windows = np.lib.stride_tricks.sliding_window_view(values, context, axis=0)
    mean = windows.mean(axis=0).T
    return np.asarray(mean - mean[-1] if relative else mean)


def base_parts(level: np.ndarray, usual: np.ndarray, *, relative: bool) -> dict[str, np.ndarray]:
    """What all else is measured from: the last value and how the series usually goes on, or its usual level alone."""
    if not relative:
        return {LEVEL: level + usual}
    return {LEVEL: np.broadcast_to(level, usual.shape), TREND: usual}


def _blocks(context: int, season: int) -> Iterator[tuple[int, int]]:
    """First and last lag of each season that is seen, from the last value on, which is lag 1."""
    length = season if season > 1 else context
    return ((first, min(first + length - 1, context)) for first in range(1, context + 1, length))
