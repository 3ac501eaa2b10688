"""A table of forecasts of random series, with their histories, for every test of scores."""

import numpy as np
import polars as pl

LEVELS = (50, 80)
MODELS = ("A", "B")


def history(rng, *, lengths=(40, 33, 52)):
    """Random walks as a long table; float32 inside, as a panel keeps them."""
    walks = [np.float32(rng.normal(size=length).cumsum() + 20).astype(float) for length in lengths]
    ids = np.repeat([f"s{i}" for i in range(len(lengths))], lengths)
    return pl.DataFrame({"unique_id": ids, "ds": np.concatenate([np.arange(n) for n in lengths])}).with_columns(
        y=np.concatenate(walks)
    )


def forecasts(rng, whole, *, horizon=4, windows=3, step=2):
    """Noisy forecasts of the last times of each series, from several cutoffs, with intervals."""
    tables = []
    for window in range(windows):
        last = pl.col("ds").max().over("unique_id") - horizon - step * (windows - 1 - window)
        ahead = pl.col("ds") - pl.col("cutoff")
        tables.append(whole.with_columns(cutoff=last).filter(ahead.is_between(1, horizon)))
    table = pl.concat(tables)
    for model in MODELS:
        noise = rng.normal(size=table.height)
        table = table.with_columns((pl.col("y") + pl.Series(noise)).alias(model))
        for level in LEVELS:
            low, high = rng.uniform(0, 0.02 * level, size=(2, table.height))
            table = table.with_columns(
                (pl.col(model) - pl.Series(low)).alias(f"{model}-lo-{level}"),
                (pl.col(model) + pl.Series(high)).alias(f"{model}-hi-{level}"),
            )
    return table.sort("unique_id", "cutoff", "ds").select(
        "unique_id", "cutoff", "ds", "y", pl.exclude("unique_id", "cutoff", "ds", "y")
    )
