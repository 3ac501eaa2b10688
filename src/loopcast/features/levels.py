"""What the values of a series are measured from, so that float32 holds their changes at any level."""

import numpy as np

from loopcast.data.missing import first_observed
from loopcast.data.panel import Panel
from loopcast.features.scaling import Scaling


def levels_of(panel: Panel, scaling: Scaling) -> np.ndarray:
    """What is subtracted from each series before its values become float32, float64 `[series, channel]`.

    The first value that is there: every forecast has seen it. Nothing where a scaling looks at more than differences,
    or a channel has no value.
    """
    if not scaling.differences_only:
        return np.zeros((panel.n_series, panel.n_channels))
    return np.nan_to_num(np.take_along_axis(panel.values, first_observed(panel.values, panel.offsets), axis=0))


def from_levels(values: np.ndarray, levels: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """`values` `[row, channel]` less the levels of their series, float32: the difference is taken in float64."""
    return (values - np.repeat(levels, np.diff(offsets), axis=0)).astype(np.float32)
