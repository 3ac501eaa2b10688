"""What every forecaster is: options, fit, predict, describe, save."""

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Generic, Self

import numpy as np

from loopcast.data.convert import as_panel
from loopcast.data.fill_table import fill_like
from loopcast.data.panel import Panel
from loopcast.errors import NotFittedError, OptionError
from loopcast.intervals.calibration import (
    PROBABILITY_GRID,
    Calibration,
    calibration_cutoffs,
    calibration_of,
    check_level,
    interpolate_quantiles,
    interval_probabilities,
    long_enough,
    naive_scale,
    why_no_tail,
)
from loopcast.models.fitted import Fitted, ModelPayload, State
from loopcast.validation import check_cutoffs, check_positive

CALIBRATION = "calibration"  # the name of its errors in a model file


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecaster(ABC, Generic[State]):
    """Options are the (frozen) fields; what `fit` learned is kept beside them.

    horizon: steps ahead that the forecaster is made for; `predict` may ask for fewer or more.
    season: steps in a season; None takes the usual one of the calendar's frequency (12 for monthly data).
    alias: the name of the forecaster's column; None is the class name.

    Missing values (NaN) are data; every forecaster says what it makes of them. A series without any value has nothing
    to go by: `fit` and `predict` raise a ValuesError that names it.

    A subclass gives `_fit`, `_forecast`, `_describe`, and `_to_parts` with `_from_parts` for its model file.
    """

    runtime: ClassVar[frozenset[str]] = frozenset()  # options that say how to run; a model file leaves them out
    network: ClassVar[bool] = False  # True for what has to beat the others, its baselines

    horizon: int = 1
    season: int | None = None
    alias: str | None = None
    _fitted: Fitted[State] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        check_positive("horizon", self.horizon)
        if self.season is not None:
            check_positive("season", self.season)
        if self.alias is not None and not (isinstance(self.alias, str) and self.alias):
            raise OptionError(f"alias is a column name or None, got {self.alias!r}")

    @property
    def name(self) -> str:
        """The name of this forecaster's column in every table."""
        return self.alias or type(self).__name__

    def fit(self, data: Any) -> Self:
        """Learn from `data`: a Panel, or a table with the columns unique_id, ds and y.

        ValuesError for a covariate from which nothing can be learned: without a value, constant, or with more than a
        thousand categories.
        """
        panel = as_panel(data)
        panel.require_informative()
        return self.fit_panel(panel)

    def fit_panel(self, panel: Panel) -> Self:
        """As `fit`, from earlier rows of a panel that was checked: in them a covariate may be constant."""
        usable = self.checked_panel(panel)
        self.set_fitted(Fitted(panel=usable, schema=usable.schema, state=self._fit(usable)))
        return self

    def predict(
        self,
        horizon: int | None = None,
        *,
        data: Any = None,
        future: Any = None,
        level: Sequence[float] = (),
        wide: bool = False,
    ) -> Any:
        """Forecast the `horizon` steps after the end of each series, as a table of the kind that came in.

        Of several targets each has a row, and a column `target` names it.

        data: other histories, of series seen in `fit` or not; None is the series given to `fit`.
        future: where there are future covariates, a table of them for each of these steps, as `Panel.with_future` takes
            it; None where the panel has them already. Models that do without covariates need none.
        level: percentages such as [80, 95]; each adds the columns NAME-lo-80 and NAME-hi-80, the ends of an interval
            that holds so large a share of what comes. The first call with a level may train once more: see `calibrate`.
        wide: of several targets, columns NAME-TARGET (and NAME-TARGET-lo-80) instead of rows.
        """
        panel = self._history(data, future)
        steps = self.horizon if horizon is None else horizon
        if not level:
            return panel.forecast_table({self.name: self.forecast(panel, steps)}, wide=wide)
        columns = self.with_intervals(panel, steps, level)
        return panel.forecast_table({name: values[:, 0] for name, values in columns.items()}, wide=wide)

    def forecast(self, panel: Panel, horizon: int) -> np.ndarray:
        """The same as float32 numbers `[series, horizon, channel]`."""
        return self._forecast(self.fitted.state, self.checked_panel(panel), check_positive("horizon", horizon))

    def predict_at_cutoffs(self, panel: Panel, horizon: int, cutoffs: Sequence[int]) -> np.ndarray:
        """Forecasts from earlier cutoffs, float32 `[series, cutoff, horizon, channel]`, without fitting anew.

        cutoffs: for each cutoff how many of the last rows of each series are to come, fewer from one to the next.
        LengthError where a series would have no row left, ValuesError where it would have no value.
        """
        steps, back = check_positive("horizon", horizon), check_cutoffs(cutoffs)
        return self._predict_at_cutoffs(self.fitted.state, self.checked_panel(panel, back[0]), steps, back)

    def calibrate(self, horizon: int | None = None, *, windows: int | None = None) -> Self:
        """Learn how wide intervals have to be, from a copy that is fitted on all but a tail and forecasts that tail.

        A forecast with a level does this by itself where nothing else says how sure it is; a forecaster that is saved
        has to be calibrated before. horizon: steps ahead; None is the forecaster's. windows: cutoffs in the tail; None
        chooses. LengthError where series are too short to hold a tail back; NotFittedError for a loaded forecaster.
        """
        steps = self.horizon if horizon is None else check_positive("horizon", horizon)
        if self.fitted.panel is None:
            raise NotFittedError(
                f"{self.name} was saved without a calibration for {steps} steps ahead, and a model file has no series "
                f"to make one from: calibrate({steps}) before save (loopcast forecast --level), or ask for no level"
            )
        least = self.min_rows(self._history(None), steps)
        cutoffs = calibration_cutoffs(self._history(None), steps, least, windows and check_positive("windows", windows))
        panel = long_enough(self._history(None), cutoffs[0] + least)
        copy = self.clone().configured_for(panel.drop_last(cutoffs[-1])).fit_panel(panel.drop_last(cutoffs[0]))
        middle, spread = copy.center_and_scale(panel, steps, cutoffs)
        actual = np.stack([panel.actuals(rows, steps) for rows in cutoffs], axis=1)
        calibration = calibration_of(actual - middle, spread, self.name, panel.targets)
        self.set_fitted(replace(self.fitted, calibration=calibration))
        return self

    def why_no_intervals(self, data: Any, horizon: int) -> str | None:
        """Why `calibrate` would find the series of `data` too short, in a sentence; None where it would not."""
        panel = as_panel(data)
        return why_no_tail(panel, horizon, self.min_rows(panel, horizon))

    def simulate(
        self, n: int, horizon: int | None = None, *, data: Any = None, future: Any = None, seed: int = 0
    ) -> Any:
        """`n` ways in which each series may go on: a row per series, `sample` (from 0), time and (of several) `target`.

        At each step they are spread as the quantiles say; from step to step, and target to target, they go together as
        errors did in the calibration (which a forecaster without one makes first). The same seed gives the same paths.
        NotFittedError for a loaded forecaster that was not calibrated before it was saved.

        >>> from loopcast.models.baselines import Naive
        >>> panel = Panel.from_array(np.random.default_rng(0).normal(size=(1, 60, 1)).cumsum(axis=1))
        >>> Naive().fit(panel).simulate(100, horizon=2).shape
        (200, 4)
        """
        panel, count = self._history(data, future), check_positive("n", n)
        steps = self.horizon if horizon is None else check_positive("horizon", horizon)
        shares = self._calibrated(steps).draw((panel.n_series, count), steps, np.random.default_rng(seed))
        quantiles = self.quantiles(panel, steps, PROBABILITY_GRID)[:, 0]
        return panel.sample_table(self.name, interpolate_quantiles(quantiles, shares))

    def quantiles(
        self, panel: Panel, horizon: int, probabilities: np.ndarray, cutoffs: Sequence[int] = (0,)
    ) -> np.ndarray:
        """What value lies above a share of what may come, float32 `[series, cutoff, horizon, channel, probability]`.

        From the calibration; without one, from the forecaster's own distribution; without either, it calibrates.
        """
        steps, back = check_positive("horizon", horizon), check_cutoffs(cutoffs)
        if self.fitted.calibration is None:
            own = self._quantiles(self.fitted.state, self.checked_panel(panel, back[0]), steps, probabilities, back)
            if own is not None:
                return own
        errors = self._calibrated(steps).quantiles(probabilities, steps)[None, None]
        middle, spread = self.center_and_scale(panel, steps, back)
        return (middle[..., None] + spread[..., None] * errors).astype(np.float32)

    def with_intervals(
        self, panel: Panel, horizon: int, level: Sequence[float], cutoffs: Sequence[int] = (0,)
    ) -> dict[str, np.ndarray]:
        """By column name, the forecast and the ends of its intervals, float32 `[series, cutoff, horizon, channel]`."""
        levels = check_level(level)
        ends = self.quantiles(panel, horizon, np.append(interval_probabilities(levels), 0.5), cutoffs)
        columns = {self.name: ends[..., -1]}  # the forecast is the median, and is not computed twice
        for i, each in enumerate(levels):
            columns |= interval_columns(self.name, each, ends[..., i], ends[..., len(levels) + i])
        return columns

    def cross_validation(
        self,
        data: Any,
        horizon: int | None = None,
        *,
        windows: int = 1,
        step: int | None = None,
        refit: bool | int = False,
        level: Sequence[float] = (),
    ) -> Any:
        """What copies of this forecaster would have forecast at past cutoffs; see `loopcast.cross_validation`."""
        from loopcast.evaluation.backtest import cross_validation

        steps = self.horizon if horizon is None else horizon
        return cross_validation(self, data, steps, windows=windows, step=step, refit=refit, level=level)

    def impute(self, data: Any = None, *, level: Sequence[float] = ()) -> Any:
        """The table with each gap filled by the forecast from the row before it; known values are as they came.

        From the past alone, as a live system or a backtest would: a gap at the end of a series is filled with what
        `predict` gives. `loopcast.Imputer` also sees what comes after a gap, and takes less time where there are many:
        this one forecasts anew for each gap.

        data: a panel or table of the fitted kind; None is the series given to `fit`. Added are `TARGET-imputed`, true
        where a value was filled, and for each of `level` the columns `TARGET-lo-80` and `TARGET-hi-80`, missing
        elsewhere. What is missing before a forecast is possible (before a series' first value) stays missing.

        >>> import polars as pl
        >>> from loopcast.models.baselines import Naive
        >>> table = pl.DataFrame({"ds": [1, 2, 3, 4], "y": [5.0, None, None, 8.0]})
        >>> Naive().fit(table).impute(table).rows()[1]
        (2, 5.0, True)
        """
        from loopcast.models.fill_gaps import fill_gaps

        panel = self._history(data)
        filling, marks, ends = fill_gaps(self, panel, check_level(level) if level else ())
        values = np.where(marks, filling, panel.values)
        return fill_like(data, panel, values, marks, interval_arrays(panel.targets, ends))

    @property
    def min_history(self) -> int:
        """How many rows of a series a forecast has to have."""
        return self._min_history(self.fitted.state)

    def needs_calibration(self, horizon: int) -> bool:
        """Whether intervals so far ahead have to be calibrated: nothing else says how sure the forecaster is."""
        return True

    @property
    def parameters(self) -> int:
        """How many numbers `fit` set; 0 where it sets none."""
        return self._parameters(self.fitted.state)

    def to_code(self) -> str:
        """The Python expression that makes this forecaster, less options left as they are or that say how to run it.

        >>> from loopcast.models.baselines import SeasonalNaive
        >>> SeasonalNaive(season=7).to_code()
        'loopcast.SeasonalNaive(season=7)'
        """
        usual = {option.name: option.default for option in fields(self)}
        chosen = [name for name, value in self.options().items() if value != usual[name] and name not in self.runtime]
        said = [f"{name}={getattr(self, name)!r}" for name in chosen]
        return f"loopcast.{type(self).__name__}({', '.join(said)})"

    def describe(self) -> str:
        """In plain words, what `fit` chose and why."""
        return f"{self.name}: {self._describe(self.fitted.state)}"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write one model file, whole or not at all; it holds what was learned and none of the series."""
        from loopcast.models import model_file as archive

        archive.save(self, path)

    @property
    def fitted(self) -> Fitted[State]:
        """What fit left; NotFittedError before it."""
        if self._fitted is None:
            raise NotFittedError(f"{self.name} is not fitted: call fit(data) first")
        return self._fitted

    def to_parts(self) -> ModelPayload:
        """What a model file holds of this fitted forecaster; `from_parts` undoes it."""
        learned, calibration = self._to_parts(self.fitted.state), self.fitted.calibration
        errors = {} if calibration is None else calibration.to_file(CALIBRATION)
        options = {name: value for name, value in self.options().items() if name not in self.runtime}
        return ModelPayload(options=options, facts=learned.facts, arrays=learned.arrays | errors)

    @classmethod
    def from_parts(cls, parts: ModelPayload, schema: Any) -> Self:
        """A forecaster fitted as `parts` say; OptionError or ValueError where they cannot be right."""
        names = {option.name for option in fields(cls) if option.init} - cls.runtime
        if set(parts.options) != names:
            raise OptionError(f"{cls.__name__} has the options {sorted(names)}, got {sorted(parts.options)}")
        made = cls(**parts.options)
        arrays = dict(parts.arrays)
        calibration = Calibration.of_file(arrays, CALIBRATION)
        if calibration is not None and schema is not None and calibration.channels != len(schema.columns.targets):
            raise OptionError(f"a calibration is of the model's targets, got one of {calibration.channels}")
        state = made._from_parts(replace(parts, arrays=arrays))
        made.set_fitted(Fitted(panel=None, schema=schema, state=state, calibration=calibration))
        return made

    def options(self) -> "dict[str, Any]":
        """The options by name."""
        return {option.name: getattr(self, option.name) for option in fields(self) if option.init}

    def with_options(self, **options: Any) -> Self:
        """One with other options, not fitted.

        >>> from loopcast.models.baselines import SeasonalNaive
        >>> SeasonalNaive(season=7).with_options(alias="Last week").name
        'Last week'
        """
        return replace(self, **options)

    def configured_for(self, panel: Panel) -> Self:
        """One that is not fitted, for a fit on earlier rows of `panel` and forecasts from all of it."""
        return replace(self)

    def season_of(self, panel: Panel) -> int:
        """The steps in a season: as chosen, or else the usual one of the panel's calendar."""
        return panel.season if self.season is None else self.season

    def min_rows(self, panel: Panel, horizon: int) -> int:
        """How many rows a series should have for a fit to teach `horizon` steps ahead: those, and a season, and one."""
        return horizon + self.season_of(panel) + 1

    def _calibrated(self, horizon: int) -> Calibration:
        """A calibration for so many steps: as it is, or made now."""
        known = self.fitted.calibration
        if known is not None and known.horizon >= horizon:
            return known
        made = self.calibrate(horizon).fitted.calibration
        if made is None:
            raise NotFittedError(f"{self.name} is not calibrated: call calibrate() first")
        return made

    def center_and_scale(self, panel: Panel, horizon: int, cutoffs: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Where an interval has its middle and in what it is measured, each as `predict_at_cutoffs` or what broadcasts to it."""
        usable = self.checked_panel(panel, cutoffs[0])
        own = self._quantiles(self.fitted.state, usable, horizon, np.array([0.1, 0.5, 0.9]), cutoffs)
        if own is not None:
            return own[..., 1], (own[..., 2] - own[..., 0]) / 2
        return self.predict_at_cutoffs(panel, horizon, cutoffs), naive_scale(panel, self.season_of(panel), cutoffs)

    def _predict_at_cutoffs(self, state: State, panel: Panel, horizon: int, cutoffs: Sequence[int]) -> np.ndarray:
        """`predict_at_cutoffs`, cutoff by cutoff; a forecaster with a state to carry on does better."""
        return np.stack([self._forecast(state, panel.drop_last(rows), horizon) for rows in cutoffs], axis=1)

    def clone(self) -> Self:
        """One that is not fitted, and need not choose again what took this one whole trainings to choose."""
        return replace(self)

    def _parameters(self, state: State) -> int:
        return 0

    def _min_history(self, state: State) -> int:
        return 1

    def _quantiles(
        self, state: State, panel: Panel, horizon: int, probabilities: np.ndarray, cutoffs: Sequence[int]
    ) -> np.ndarray | None:
        """What the forecaster's own distribution says, as `quantiles`; None where it has none."""
        return None

    def _history(self, data: Any, future: Any = None) -> Panel:
        """`data` as a panel of the fitted kind, the fitted series for None, with the `future` covariates if given."""
        fitted = self.fitted
        panel = fitted.panel if data is None else as_panel(data, like=fitted.schema)
        if panel is None:
            raise NotFittedError("a model file holds no series: give the history, data=...")
        return panel if future is None else panel.with_future(future)

    def checked_panel(self, panel: Panel, cutoffs: int = 0) -> Panel:
        panel.require_any_value(f"{self.name} needs a value of each series", cutoffs)
        return panel

    def set_fitted(self, fitted: Fitted[State]) -> None:
        object.__setattr__(self, "_fitted", fitted)

    @abstractmethod
    def _fit(self, panel: Panel) -> State: ...

    @abstractmethod
    def _forecast(self, state: State, panel: Panel, horizon: int) -> np.ndarray: ...

    @abstractmethod
    def _describe(self, state: State) -> str: ...

    @abstractmethod
    def _to_parts(self, state: State) -> ModelPayload: ...

    @abstractmethod
    def _from_parts(self, parts: ModelPayload) -> State:
        """The state, with every fact and every array's shape checked; OptionError where one is wrong."""


def interval_columns(name: str, level: float, low: np.ndarray, high: np.ndarray) -> dict[str, np.ndarray]:
    """The columns of one interval, by the field's names for them.

    >>> list(interval_columns("Naive", 80, np.zeros(1), np.ones(1)))
    ['Naive-lo-80', 'Naive-hi-80']
    """
    return {f"{name}-lo-{level:g}": low, f"{name}-hi-{level:g}": high}


def interval_arrays(
    targets: Sequence[str], ends: Mapping[float, tuple[np.ndarray, np.ndarray]]
) -> dict[str, np.ndarray]:
    """The ends of intervals, by level each `[row, channel]`, as float32 `[row]` by column name: `TARGET-lo-90`, ..."""
    columns: dict[str, np.ndarray] = {}
    for channel, target in enumerate(targets):
        for level, (low, high) in ends.items():
            columns |= interval_columns(target, level, low[:, channel], high[:, channel])
    return columns
