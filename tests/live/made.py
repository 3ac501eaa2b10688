"""Fitted models and rows for tests of live states."""

import datetime as dt

import numpy as np

from loopcast import Panel, Pretrained
from loopcast.intervals.tracking import TargetErrors, Tracking
from loopcast.live.engine import Engine, aligned
from loopcast.live.followers import network_follower
from loopcast.live.native import SeriesHead
from loopcast.live.segments import segments_of
from loopcast.nn.step_decoder import PROBABILITIES

START, HOUR = dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.timedelta(hours=1)
HORIZON, SEASON, ROWS = 9, 4, 60


def values(rows=ROWS, seed=0):
    t = np.arange(rows)
    return 50 + 10 * np.sin(t * np.pi / 2) + np.random.default_rng(seed).normal(0, 3, rows)


def panel(rows=ROWS, series=1):
    """Hours in UTC; series "a", "b", ..."""
    return Panel.from_array(
        np.stack([values(rows, seed) for seed in range(series)])[:, :, None],
        ids=[chr(ord("a") + i) for i in range(series)], start=START, freq="h",
    )  # fmt: skip


def fitted(rows=ROWS, series=1, **options):
    return Pretrained(**({"season": SEASON, "horizon": HORIZON, "tune": 0} | options)).fit(panel(rows, series))


def at(row):
    """The time of a row."""
    return START + row * HOUR


def state_of(live):
    """All of a state that is kept, to compare."""
    return [{name: array.tolist() for name, array in part.items()} for part in segments_of(live._state)]


def send(live, rows, id_="a"):
    """Rows (row, value), one by one; the statuses."""
    return [live.update_one(id_, at(row), y).status for row, y in rows]


def engine_of(model, steps, probabilities=()):
    """What follows series of a pretrained network, and reads its median and these quantiles."""
    follower = network_follower(model, (0.5, *probabilities), (0, 0), ())
    untracked = Tracking.of((), 1, steps, TargetErrors(None), PROBABILITIES, own=True)
    return Engine(follower, model.bounds, untracked, steps, 0)


class Following:
    """One series of an engine."""

    def __init__(self, engine, block=None):
        self.engine, self.rows = engine, 0
        self.block = aligned(engine.block_bytes)
        if block is not None:
            self.block[:] = block

    def take(self, y):
        SeriesHead.from_address(self.block.ctypes.data).start = 0
        status = self.engine.place(self.block.ctypes.data, self.rows, float(y), 0)
        assert status == 0
        self.rows += 1

    def read(self, steps):
        return self.engine.read(self.block.ctypes.data, steps)

    def fork(self):
        other = Following(self.engine, self.block)
        other.rows = self.rows
        return other
