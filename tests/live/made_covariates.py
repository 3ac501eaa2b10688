"""A model that learned from covariates and the calendar, and tables of these, for tests of live states."""

from dataclasses import replace

import numpy as np
import polars as pl

from live.made import HORIZON, SEASON, at, values
from loopcast import Columns, Panel, Pretrained
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.known import width_of_rows, width_of_steps

COVARIATES = Columns(past=["load"], future=["wind", "open"], static=["size", "region"], calendar="auto")
CALENDAR = Columns(calendar="auto")
HOLIDAYS = Columns(holidays=["DE", "FR"], holiday_window=2)
IDS = ("a", "b")


def table_of(rows, columns=COVARIATES):
    rng, parts = np.random.default_rng(1), []
    for place, id_ in enumerate(IDS):
        wind, load = rng.normal(5, 2, rows), rng.normal(0, 1, rows)
        wind[rng.random(rows) < 0.2], load[rng.random(rows) < 0.2] = np.nan, np.nan
        came = values(rows, seed=place) + np.nan_to_num(wind)
        came[rng.random(rows) < 0.1], came[0] = np.nan, 50.0
        given = {
            "load": load,
            "wind": wind,
            "open": rng.random(rows) < 0.7,
            "size": float(place),
            "region": ["n", "s"][place],
        }
        given = given if columns.covariates else {}
        times = [at(row) for row in range(rows)]
        parts.append(pl.DataFrame({"unique_id": id_, "ds": times, "y": came, **given}))
    return pl.concat(parts)


def fitted(columns):
    """A network with weights at random for what is known: what it says has to depend on that."""
    panel = Panel.from_table(table_of(100, columns), columns=columns)
    forecaster = Pretrained(season=SEASON, horizon=HORIZON, tune=0).fit(panel)
    model, encoding = forecaster.model, ExogenousEncoder.of(panel, unknown=True)
    widths = width_of_rows(encoding), width_of_steps(encoding, SEASON)
    network, weights = model.network.widened(model.weights, *widths)
    noise = np.random.default_rng(0).normal(0, 0.02, len(weights)).astype(np.float32)
    changed = replace(model, network=network, weights=weights + noise, encoding=encoding, calibration=None)
    return forecaster.set_model(changed)
