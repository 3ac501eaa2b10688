"""Loopcast's live states, with two intervals."""

import datetime as dt
from functools import partial

import numpy as np
from live_worker import HORIZON, LEVELS, serve

from loopcast import Panel, Pretrained, Recurrent, SeasonalNaive

START, HOUR = dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.timedelta(hours=1)


class Live:
    def __init__(self, forecaster, past: np.ndarray) -> None:
        panel = Panel.from_array(past[None, :, None], ids=["a"], start=START, freq="h")
        self.live = forecaster.fit(panel).live(panel, level=LEVELS)
        self.next = START + len(past) * HOUR

    def take(self, y: float) -> None:
        self.live.update_one("a", self.next, y)
        self.next += HOUR

    def forecast(self) -> np.ndarray:
        return self.live.predict_one("a").values


if __name__ == "__main__":
    serve(
        {
            "Pretrained(tune=0)": partial(Live, Pretrained(horizon=HORIZON, tune=0)),
            "Pretrained": partial(Live, Pretrained(horizon=HORIZON, show_progress=False)),
            "Recurrent": partial(Live, Recurrent(horizon=HORIZON, show_progress=False)),
            "SeasonalNaive": partial(Live, SeasonalNaive(horizon=HORIZON)),
        }
    )
