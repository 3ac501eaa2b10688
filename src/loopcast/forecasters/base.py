"""What every forecaster is: options, fit, predict, save."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, Generic, Self, TypeVar

import numpy as np

from loopcast.errors import NotFittedError, OptionError
from loopcast.frames.panel import Panel, as_panel

State = TypeVar("State")


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecaster(ABC, Generic[State]):
    """Options are the (frozen) fields; what `fit` learned is kept beside them.

    horizon: steps ahead that the forecaster is made for; `predict` may ask for fewer or more.
    season: steps in a season; None takes the usual one of the calendar's frequency (12 for monthly data).
    alias: the name of the forecaster's column; None is the class name.
    """

    horizon: int = 1
    season: int | None = None
    alias: str | None = None
    _fitted: "Fitted[State] | None" = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        positive("horizon", self.horizon)
        if self.season is not None:
            positive("season", self.season)

    @property
    def name(self) -> str:
        """The name of this forecaster's column in every table."""
        return self.alias or type(self).__name__

    def fit(self, data: Any) -> Self:
        """Learn from `data`: a Panel, or a table with the columns unique_id, ds and y."""
        panel = as_panel(data)
        self._keep(Fitted(panel=panel, template=panel.template, state=self._fit(panel)))
        return self

    def predict(self, horizon: int | None = None, *, data: Any = None) -> Any:
        """Forecast the `horizon` steps after the end of each series, as a table of the kind that came in."""
        fitted = self.fitted
        panel = fitted.panel if data is None else as_panel(data, like=fitted.template)
        if panel is None:
            raise NotFittedError("a model file holds no series: give the history, predict(data=...)")
        steps = positive("horizon", self.horizon if horizon is None else horizon)
        return panel.forecast_table({self.name: self.forecast(panel, steps)})

    def forecast(self, panel: Panel, horizon: int) -> np.ndarray:
        """The same as float32 numbers `[series, horizon, channel]`."""
        return self._forecast(self.fitted.state, panel, horizon)

    @property
    def fitted(self) -> "Fitted[State]":
        if self._fitted is None:
            raise NotFittedError(f"{self.name} is not fitted: call fit(data) first")
        return self._fitted

    def _keep(self, fitted: "Fitted[State]") -> None:
        object.__setattr__(self, "_fitted", fitted)

    @abstractmethod
    def _fit(self, panel: Panel) -> State: ...

    @abstractmethod
    def _forecast(self, state: State, panel: Panel, horizon: int) -> np.ndarray: ...


@dataclass(frozen=True, kw_only=True)
class Fitted(Generic[State]):
    """What fit leaves: the series it saw (None in a loaded model), how their table looked, what was learned."""

    panel: Panel | None
    template: Any
    state: State


def positive(name: str, value: int) -> int:
    """`value`, if it is a whole number of at least 1; OptionError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise OptionError(f"{name} is a whole number of at least 1, got {value!r}")
    return int(value)
