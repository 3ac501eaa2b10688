"""The notebook's series, split as it meant to: 7,000 to train on, 2,000 to validate, 1,000 to test."""

from dataclasses import dataclass

import numpy as np

from loopcast.data.panel import Panel
from loopcast.data.synthetic import generate_time_series

CONTEXT = 50  # steps of every series that a model sees
TRAINING, VALIDATION, TEST = 7_000, 2_000, 1_000
NOISE_VARIANCE = 0.1**2 / 12  # of 0.1 times a uniform number from an interval of length 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """Panels of `CONTEXT + steps` rows a series; the last `steps` are to be forecast."""

    steps: int
    training: Panel
    validation: Panel
    test: Panel


def split(steps: int, *, shared_frequency: bool, seed: int) -> Split:
    """The notebook's 10,000 series for forecasts of `steps` steps. No series is in two parts.

    (The notebook's own test part for ten steps repeats training targets by a slip.)
    """
    series = generate_time_series(
        TRAINING + VALIDATION + TEST, CONTEXT + steps, shared_frequency=shared_frequency, seed=seed
    )
    training, validation, test = np.split(series, [TRAINING, TRAINING + VALIDATION])
    return Split(
        steps=steps,
        training=Panel.from_array(training),
        validation=Panel.from_array(validation),
        test=Panel.from_array(test),
    )


def best_possible(steps: int, *, shared_frequency: bool, seed: int, count: int = 2_000) -> float:
    """Mean squared error of a forecaster that knows the formula and has to learn its four numbers from the context.

    The noise of the target, and what the noise of 50 steps leaves unknown of two frequencies and two offsets, by
    the linearised least-squares variance: mean of s^2 (1 + g' (J' J)^-1 g), with J `[50, 4]` and g `[4]` the
    formula's derivatives over the context and at the target (Seber & Wild, Nonlinear Regression, 1989, section 5.1).
    """
    random = np.random.default_rng(seed)
    freq1, freq2, offset1, offset2 = random.random((4, count, 1))
    time = np.linspace(0, 1, CONTEXT + steps)
    own1 = 10 * (freq2 if shared_frequency else freq1) + 10
    slope1 = 0.5 * np.cos((time - offset1) * own1)
    slope2 = 0.2 * np.cos((time - offset2) * (20 * freq2 + 20))
    derivatives = (
        slope1 * (time - offset1) * 10,
        slope2 * (time - offset2) * 20,
        -slope1 * own1,
        -slope2 * (20 * freq2 + 20),
    )
    slopes = np.stack(derivatives, axis=-1)
    seen, ahead = slopes[:, :CONTEXT], slopes[:, CONTEXT:]
    inverse = np.linalg.inv(np.swapaxes(seen, 1, 2) @ seen)
    unknown = np.einsum("shp,spq,shq->sh", ahead, inverse, ahead)
    return float(NOISE_VARIANCE * (1 + unknown.mean()))
