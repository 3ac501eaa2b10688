"""Several targets as a network reads them: each a series of its own, with or without what the others were."""

from dataclasses import replace
from typing import Literal

import numpy as np
import polars as pl

from loopcast.data.covariates import Covariates
from loopcast.data.panel import Panel
from loopcast.data.ranges import concat_ranges

Channels = Literal["joint", "independent"]
OTHER = "other target"  # what the others are called, and a number


def apart(panel: Panel, channels: Channels) -> Panel:
    """Each target of each series as a series of its own, in the order of `Panel.to_univariate`.

    "joint": with the other targets as past covariates, from the next one on and around.
    """
    alone, count = panel.to_univariate(), panel.n_channels
    if channels == "independent" or count == 1:
        return alone
    series = np.repeat(np.arange(panel.n_series), count)
    rows, _ = concat_ranges(panel.offsets[series], alone.lengths)
    own = np.repeat(np.tile(np.arange(count), panel.n_series), alone.lengths)
    others = panel.values[rows[:, None], (own[:, None] + np.arange(1, count)) % count]
    columns = alone.schema.columns
    names = tuple(f"{OTHER} {place}" for place in range(1, count))
    known = alone.covariates or Covariates(
        past=np.zeros((alone.n_rows, 0)),
        future=np.zeros((alone.n_rows, 0)),
        offsets=alone.offsets,
        static=pl.DataFrame(),
    )
    return replace(
        alone,
        schema=replace(alone.schema, columns=replace(columns, past=(*columns.past, *names))),
        covariates=replace(known, past=np.concatenate([known.past, others], axis=1)),
    )
