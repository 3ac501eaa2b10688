"""Many series of unequal length on one regular calendar."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from loopcast.columns import Columns


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    values: np.ndarray  # float32 [row, channel], all series end to end, NaN is missing
    offsets: np.ndarray  # int64 [series + 1]: series i is rows offsets[i]:offsets[i + 1]
    ids: pl.Series  # [series], unique
    starts: pl.Series  # [series], time of the first row
    columns: Columns
