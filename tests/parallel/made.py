"""What jobs that run elsewhere are tried on."""

import numpy as np
import polars as pl

from loopcast import Recurrent

ROWS = 60
TABLE = pl.DataFrame(
    {
        "unique_id": np.repeat(["a", "b", "c"], ROWS),
        "ds": np.tile(np.arange(ROWS), 3),
        "y": np.random.default_rng(0).normal(9, 2, 3 * ROWS) + np.tile(np.arange(ROWS) % 4, 3),
    }
)
NETWORK = Recurrent(horizon=2, season=4, units=(4,), updates=8, batch_size=4)
