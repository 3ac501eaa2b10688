"""What every forecaster is: options, fit, predict, describe, save."""

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Generic, Self, TypeVar

import numpy as np

from loopcast.errors import NotFittedError, OptionError
from loopcast.frames.panel import Panel, as_panel

State = TypeVar("State")

LARGEST = 1_000_000  # of any horizon, season or context: past it a typing slip is likelier than a wish


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecaster(ABC, Generic[State]):
    """Options are the (frozen) fields; what `fit` learned is kept beside them.

    horizon: steps ahead that the forecaster is made for; `predict` may ask for fewer or more.
    season: steps in a season; None takes the usual one of the calendar's frequency (12 for monthly data).
    alias: the name of the forecaster's column; None is the class name.

    A subclass gives `_fit`, `_forecast`, `_describe`, and `_to_parts` with `_from_parts` for its model file.
    """

    runtime: ClassVar[frozenset[str]] = frozenset()  # options that say how to run; a model file leaves them out
    needs_observed: ClassVar[bool] = True  # False where the forecaster handles missing values itself
    network: ClassVar[bool] = False  # True for what has to beat the others, its baselines

    horizon: int = 1
    season: int | None = None
    alias: str | None = None
    _fitted: "Fitted[State] | None" = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        positive("horizon", self.horizon)
        if self.season is not None:
            positive("season", self.season)
        if self.alias is not None and not (isinstance(self.alias, str) and self.alias):
            raise OptionError(f"alias is a column name or None, got {self.alias!r}")

    @property
    def name(self) -> str:
        """The name of this forecaster's column in every table."""
        return self.alias or type(self).__name__

    def fit(self, data: Any) -> Self:
        """Learn from `data`: a Panel, or a table with the columns unique_id, ds and y."""
        panel = self._usable(as_panel(data))
        self._keep(Fitted(panel=panel, template=panel.template, state=self._fit(panel)))
        return self

    def predict(self, horizon: int | None = None, *, data: Any = None) -> Any:
        """Forecast the `horizon` steps after the end of each series, as a table of the kind that came in.

        data: other histories, of series seen in `fit` or not; None is the series given to `fit`.
        """
        panel = self._history(data)
        steps = self.horizon if horizon is None else horizon
        return panel.forecast_table({self.name: self.forecast(panel, steps)})

    def forecast(self, panel: Panel, horizon: int) -> np.ndarray:
        """The same as float32 numbers `[series, horizon, channel]`."""
        return self._forecast(self.fitted.state, self._usable(panel), positive("horizon", horizon))

    def describe(self) -> str:
        """In plain words, what `fit` chose and why."""
        return f"{self.name}: {self._describe(self.fitted.state)}"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write one model file, whole or not at all; it holds what was learned and none of the series."""
        from loopcast.forecasters import archive

        archive.save(self, path)

    @property
    def fitted(self) -> "Fitted[State]":
        """What fit left; NotFittedError before it."""
        if self._fitted is None:
            raise NotFittedError(f"{self.name} is not fitted: call fit(data) first")
        return self._fitted

    def to_parts(self) -> "Parts":
        """What a model file holds of this fitted forecaster; `from_parts` undoes it."""
        learned = self._to_parts(self.fitted.state)
        options = {name: value for name, value in self.options().items() if name not in self.runtime}
        return Parts(options=options, facts=learned.facts, arrays=learned.arrays)

    @classmethod
    def from_parts(cls, parts: "Parts", template: Any) -> Self:
        """A forecaster fitted as `parts` say; OptionError or ValueError where they cannot be right."""
        names = {option.name for option in fields(cls) if option.init} - cls.runtime
        if set(parts.options) != names:
            raise OptionError(f"{cls.__name__} has the options {sorted(names)}, got {sorted(parts.options)}")
        made = cls(**parts.options)
        made._keep(Fitted(panel=None, template=template, state=made._from_parts(parts)))
        return made

    def options(self) -> "dict[str, Any]":
        """The options by name."""
        return {option.name: getattr(self, option.name) for option in fields(self) if option.init}

    def season_of(self, panel: Panel) -> int:
        """The steps in a season: as chosen, or else the usual one of the panel's calendar."""
        return panel.season if self.season is None else self.season

    def _history(self, data: Any) -> Panel:
        """`data` as a panel of the fitted kind; the fitted series themselves for None."""
        fitted = self.fitted
        panel = fitted.panel if data is None else as_panel(data, like=fitted.template)
        if panel is None:
            raise NotFittedError("a model file holds no series: give the history, data=...")
        return panel

    def _usable(self, panel: Panel) -> Panel:
        if self.needs_observed:
            panel.require_observed(self.name)
        return panel

    def _keep(self, fitted: "Fitted[State]") -> None:
        object.__setattr__(self, "_fitted", fitted)

    @abstractmethod
    def _fit(self, panel: Panel) -> State: ...

    @abstractmethod
    def _forecast(self, state: State, panel: Panel, horizon: int) -> np.ndarray: ...

    @abstractmethod
    def _describe(self, state: State) -> str: ...

    @abstractmethod
    def _to_parts(self, state: State) -> "Parts": ...

    @abstractmethod
    def _from_parts(self, parts: "Parts") -> State:
        """The state, with every fact and every array's shape checked; OptionError where one is wrong."""


@dataclass(frozen=True, kw_only=True)
class Fitted(Generic[State]):
    """What fit leaves: the series it saw (None in a loaded model), how their table looked, what was learned."""

    panel: Panel | None
    template: Any
    state: State


@dataclass(frozen=True, kw_only=True)
class Parts:
    """A fitted forecaster as a model file holds it.

    options: the forecaster's options; numbers, strings, None and tuples of them.
    facts: what fit chose, the same kinds of value.
    arrays: what fit learned, float32 or float64, by name.
    """

    options: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    def take(self, facts: set[str], arrays: dict[str, tuple[int, ...]]) -> None:
        """Check that these facts and these arrays, by shape, are all there is; OptionError otherwise."""
        shapes = {name: array.shape for name, array in self.arrays.items()}
        if set(self.facts) != facts or shapes != arrays:
            raise OptionError(f"expected {sorted(facts)} and {arrays}, got {sorted(self.facts)} and {shapes}")


def positive(name: str, value: int) -> int:
    """`value`, if it is a whole number from 1 to LARGEST; OptionError otherwise.

    >>> positive("horizon", 12)
    12
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 1 <= value <= LARGEST:
        raise OptionError(f"{name} is a whole number from 1 to {LARGEST:,}, got {value!r}")
    return int(value)
