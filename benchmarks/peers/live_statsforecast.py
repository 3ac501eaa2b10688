"""statsforecast: models of which each forecast begins with the history.

`forecast` estimates parameters anew; `forward` runs those that `fit` found once over the new history.
"""

from functools import partial

import numpy as np
from live_worker import DAY, HORIZON, LEVELS, WEEK, serve
from statsforecast.models import AutoETS, DynamicOptimizedTheta, SeasonalNaive

LATE = 4 * WEEK  # of two years of hours, `DynamicOptimizedTheta` takes seconds


class History:
    def __init__(self, make, past: np.ndarray) -> None:
        self.model, self.values = make(season_length=DAY), past.tolist()

    def take(self, y: float) -> None:
        self.values.append(y)

    def forecast(self) -> np.ndarray:
        return self.model.forecast(y=np.array(self.values), h=HORIZON, level=list(LEVELS))["mean"]


class Late(History):
    def forecast(self) -> np.ndarray:
        return self.model.forecast(y=np.array(self.values[-LATE:]), h=HORIZON, level=list(LEVELS))["mean"]


class Fitted(History):
    def __init__(self, make, past: np.ndarray) -> None:
        super().__init__(make, past)
        self.model.fit(past)

    def forecast(self) -> np.ndarray:
        return self.model.forward(y=np.array(self.values), h=HORIZON, level=list(LEVELS))["mean"]


if __name__ == "__main__":
    serve(
        {
            "SeasonalNaive": partial(History, SeasonalNaive),
            "AutoETS, forward": partial(Fitted, AutoETS),
            "DynamicOptimizedTheta": partial(Late, DynamicOptimizedTheta),
        }
    )
