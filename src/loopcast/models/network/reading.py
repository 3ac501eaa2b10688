"""From a network's quantiles to values at any probabilities."""

from statistics import NormalDist  # SciPy's import would be a third of a cold forecast

import numpy as np

from loopcast.features.causal.native_read import native_read
from loopcast.kernels import why_not_built
from loopcast.models.network.histories import Questions
from loopcast.nn.step_decoder import PROBABILITIES


def read_values(questions: Questions, quantiles: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Values `[series, cutoff, step, probability]`, the median first; quantiles: float32 `[origin, step,
    quantile]`, at PROBABILITIES.

    By the kernels, as live series have them; without, to the same numbers in NumPy.
    """
    if why_not_built() is None:
        places = places_of(probabilities)
        values = native_read(questions.told, quantiles, places, questions.highest, questions.repeated)
        return values.reshape(*questions.rows.shape, *values.shape[1:])
    return questions.read(interpolate(quantiles, probabilities))


def places_of(probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each probability, which of PROBABILITIES is below it, and the share of the way to the next.

    Shares are of the scale of a normal distribution; beyond the outer two they are below 0 or above 1.
    """
    known, wanted = (np.array([NormalDist().inv_cdf(each) for each in some]) for some in (PROBABILITIES, probabilities))
    left = np.clip(np.searchsorted(known, wanted, side="right") - 1, 0, len(known) - 2)
    return left.astype(np.int64), (wanted - known[left]) / (known[left + 1] - known[left])


def interpolate(quantiles: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Quantiles `[..., probability]` at other probabilities, straight lines on the scale of a normal distribution.

    quantiles: at PROBABILITIES; beyond the outer two as the outer two lie apart.
    """
    left, share = places_of(probabilities)
    low, high = quantiles[..., left].astype(np.float64), quantiles[..., left + 1]
    between: np.ndarray = low + share * (high - low)
    return between
