"""What every forecaster is: frozen options, `fit`, and everything that is made of the model which `fit` leaves."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from loopcast.columns import Bands, Columns
from loopcast.data.convert import as_panel, refuse_table
from loopcast.data.fill_table import fill_like
from loopcast.data.output import sample_table
from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction, to_table
from loopcast.errors import NotFittedError, OptionError
from loopcast.forks import check_not_forked
from loopcast.intervals.calibration import Calibration
from loopcast.models import calibrate
from loopcast.models.explaining import ExplainingEstimator
from loopcast.models.exportable import Exportable
from loopcast.models.fill_gaps import fill_gaps
from loopcast.models.log import log_fit
from loopcast.models.model import Fit, Model
from loopcast.models.provenance import Provenance, describe
from loopcast.models.start import no_start, require_fitted
from loopcast.public import public
from loopcast.validation import check_positive


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecaster(ExplainingEstimator, Exportable, ABC):
    """Options are the (frozen) fields; what `fit` learned is one immutable `Model` beside them.

    horizon: steps ahead that the forecaster is made for; `predict` may ask for fewer or more.
    season: steps in a season; None takes the usual one of the calendar's frequency (12 for monthly data).
    alias: the name of the forecaster's column; None is the class name.

    Missing values (NaN) are data; every forecaster says what it makes of them. A series without any value has nothing
    to go by: `fit` and `predict` raise a ValuesError that names it.

    A subclass gives `_fit` and `_min_rows`, and its models `_predict`; `loopcast.register` lets a file hold them.
    """

    horizon: int | None = None
    season: int | None = None
    alias: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.horizon is not None:
            check_positive("horizon", self.horizon)
        if self.season is not None:
            check_positive("season", self.season)
        if self.alias is not None and not (isinstance(self.alias, str) and self.alias):
            raise OptionError(f"alias is a column name or None, got {self.alias!r}")

    @property
    def name(self) -> str:
        """The name of this forecaster's column in every table."""
        return self.alias or type(self).__name__

    @property
    def model(self) -> Model:
        """What `fit` left, immutable; NotFittedError before it."""
        if self._model is None:
            raise NotFittedError(f"{self.name} is not fitted: call fit(data) first")
        model: Model = self._model
        return model

    def fit(self, data: Any, *, columns: Columns | None = None, start: "Forecaster | None" = None) -> Self:
        """Learn from `data`, and measure on held-back rows how wrong that is, wherever there are enough.

        data: a Panel, or a table with the columns unique_id, ds and y, or those that `columns` names.
        start: a fitted forecaster, whose network the training goes on from (`Recurrent` and `Pretrained`); None starts
            from new weights, or the shipped ones. `data` has its columns. OptionError where this forecaster trains no
            network, or the architectures, seasons or covariates differ. Rows that it was fitted on measure nothing:
            where no later ones can be held back, its calibration is kept.
        ValuesError for a covariate without a value, constant, or with more than a thousand categories: nothing can be
        learned from it; and for a value beyond a bound that was asked for.
        """
        before = require_fitted(start)
        panel = as_panel(data, columns=columns, like=None if before is None else before.schema)
        panel.require_informative()
        self.fit_panel(panel, start=before)
        log_fit(self.name, self.model)
        return self

    def fit_panel(self, panel: Panel, *, calibrate: bool = True, start: Model | None = None) -> Self:
        """As `fit`, from earlier rows of a panel that was checked: in them a covariate may be constant."""
        check_not_forked()
        panel.require_any_value(f"{self.name} needs a value of each series")
        self.bounds.check(panel)
        fit = self._fit(panel) if start is None else self._fit_from(panel, start)
        model = self._complete(replace(fit.model, started=start is not None), panel)
        return self.set_model(self._calibrated(model, fit, start) if calibrate else model)

    def calibrate(
        self,
        horizon: int | None = None,
        *,
        data: Any = None,
        columns: Columns | None = None,
        n_windows: int | None = None,
    ) -> Self:
        """Measure anew how wide intervals have to be, from more cutoffs than `fit` does, or from data of their own.

        horizon: steps ahead; None is the forecaster's.
        data: rows that the model was not fitted on, which it forecasts as it is; None takes the series of the fit, and
            a copy that is fitted on all but a tail of them forecasts that.
        n_windows: cutoffs; None chooses. LengthError where series are too short; NotFittedError for a file alone.
        """
        model, steps = self.model, self.steps_ahead(horizon)
        count = None if n_windows is None else check_positive("n_windows", n_windows)
        if data is not None:
            found = calibrate.on_new_data(model, self._history(data, None, columns), steps, count)
        elif model.started:
            raise NotFittedError(f"{self.name} goes on from another model: calibrate it on rows of their own, data=...")
        elif model.panel is not None:
            found = model.recipe.calibration_by_refit(model.panel, steps, count)
        else:
            raise NotFittedError(f"a model file holds no series to calibrate {self.name} from: give some, data=...")
        return self.set_model(replace(model, calibration=found))

    def require_calibration(self, horizon: int) -> None:
        """Calibrate, where neither what `fit` left nor a distribution of the model's own reaches so far ahead."""
        if self.model.why_no_quantiles(horizon) is not None:
            self.calibrate(horizon)

    def predict(
        self,
        horizon: int | None = None,
        *,
        data: Any = None,
        future: Any = None,
        level: float | Sequence[float] = (),
        quantiles: float | Sequence[float] = (),
        wide: bool = False,
        columns: Columns | None = None,
    ) -> Any:
        """Forecast the `horizon` steps after the end of each series, as a table of the kind that came in.

        Of several targets each has a row, and a column `target` names it.

        data: other histories, of series seen in `fit` or not; None is the series given to `fit`.
        future: where there are future covariates, a table of them for each of these steps, as `Panel.with_future` takes
            it; None where the panel has them already. Models that do without covariates need none.
        level: percentages such as [80, 95]; each adds the columns NAME-lo-80 and NAME-hi-80, the ends of an interval
            that holds so large a share of what comes.
        quantiles: probabilities such as [0.1, 0.5]; each adds a column NAME-q-10, below which so large a share lies.
        wide: of several targets, columns NAME-TARGET (and NAME-TARGET-lo-80) instead of rows.
        columns: which column of `data` is which; None has the names of the fit.
        Nothing is trained, and nothing changes: NotFittedError where intervals are asked for and there is neither a
        calibration so far ahead nor a distribution of the model's own.
        """
        refuse_table(horizon)
        panel = self._history(data, future, columns)
        prediction = self.model.predict_bands(panel, self.steps_ahead(horizon), Bands.of(level, quantiles))
        return to_table([prediction], wide=wide)

    def predict_panel(
        self, panel: Panel, horizon: int, cutoffs: Sequence[int] = (0,), probabilities: Sequence[float] = ()
    ) -> Prediction:
        """The same as arrays, from the end of each series or from earlier cutoffs; see `Model.predict`."""
        return self.model.predict(panel, horizon, cutoffs, probabilities)

    def simulate(
        self,
        n_paths: int,
        horizon: int | None = None,
        *,
        data: Any = None,
        future: Any = None,
        seed: int = 0,
        columns: Columns | None = None,
    ) -> Any:
        """Paths that each series may take: a row per series, `sample_id` (from 0), time and (of several) `target`.

        At each step they are spread as the quantiles say; from step to step, and target to target, they go together as
        errors did in the calibration. The same seed gives the same paths. NotFittedError without a calibration that
        reaches so far.

        >>> from loopcast.models.baselines import Naive
        >>> panel = Panel.from_series([float(i % 7) for i in range(60)])
        >>> Naive().fit(panel).simulate(100, horizon=2).shape
        (200, 3)
        """
        panel, count = self._history(data, future, columns), check_positive("n_paths", n_paths)
        return sample_table(panel, self.name, self.model.sample_paths(panel, count, self.steps_ahead(horizon), seed))

    def cross_validation(self, data: Any, horizon: int | None = None, **options: Any) -> Any:
        """As `loopcast.cross_validation`."""
        return public("cross_validation")(self, data, self.steps_ahead(horizon), **options)

    def live(self, data: Any = None, **options: Any) -> Any:
        """Follow series one row at a time: a `loopcast.Live`, empty or with the rows of `data`, which are not judged.

        Options: level=(80, 95), of the intervals; lateness=0, how many steps late a row, or a correction, may come;
        new="start" or "refuse", for unknown series; gaps="insert" or "error", for steps left out, longest_gap=1000 of
        them at most; most_series=1_000_000. OptionError where the model cannot be followed, which says which can.
        """
        return public("Live").start(self, data, **options)

    def anomalies(self, data: Any = None, **options: Any) -> Any:
        """As `loopcast.anomalies`: which rows are not as those before them say; `level=99`."""
        return public("anomalies")(self, data, **options)

    def impute(self, data: Any = None, *, level: float | Sequence[float] = (), columns: Columns | None = None) -> Any:
        """The table with each gap filled by the forecast from the row before it; known values are as they came.

        From the past alone, as a live system or a backtest would: a gap at the end of a series is filled with what
        `predict` gives. `loopcast.Imputer` also sees what comes after a gap, and takes less time where there are many:
        this one forecasts anew for each gap.

        data: a panel or table of the fitted kind; None is the series given to `fit`. Added are `TARGET-imputed`, true
        where a value was filled, and for each of `level` the columns `TARGET-lo-80` and `TARGET-hi-80`, missing
        elsewhere. What is missing before a forecast is possible (before a series' first value) stays missing.
        NotFittedError for a level where a gap is longer than the calibration reaches.

        >>> import polars as pl
        >>> from loopcast.models.baselines import Naive
        >>> table = pl.DataFrame({"ds": [1, 2, 3, 4], "y": [5.0, None, None, 8.0]})
        >>> Naive().fit(table).impute(table).rows()[1]
        (2, 5.0, True)
        """
        panel = self._history(data, None, columns)
        filled = fill_gaps(self.model, panel, Bands.of(level))
        return fill_like(data, panel, filled.over(panel), filled.marks, filled.columns(panel.targets))

    def describe(self) -> str:
        """In plain words, what `fit` chose and why, on what, and the tags of its file."""
        return describe(f"{self.name}: ", self.model)

    def min_rows(self, panel: Panel, horizon: int) -> int:
        """How many rows a series should have for a fit to teach `horizon` steps ahead: those, a season, and one."""
        season = self.season_of(panel)
        return max(horizon + season + 1, self._min_rows(season, horizon))

    def season_of(self, panel: Panel) -> int:
        """The steps in a season: as chosen, or else the usual one of the panel's calendar."""
        return panel.season if self.season is None else self.season

    def calibration_by_refit(self, panel: Panel, horizon: int, n_windows: int | None) -> Calibration:
        """From a copy that is fitted on all but a tail of `panel`; errors are those of `calibrate`."""

        def refit(seen: Panel) -> Model:
            return self.with_options().fit_panel(seen, calibrate=False).model

        return calibrate.by_refit(refit, panel, horizon, self.min_rows(panel, horizon), n_windows)

    def model_fields(self, panel: Panel) -> dict[str, Any]:
        """What a model takes over from its forecaster, and from the panel of the fit."""
        return {
            "name": self.name,
            "schema": panel.schema,
            "season": self.season_of(panel),
            "horizon": self.horizon,
            "bounds": self.bounds,
        }

    def _calibrated(self, model: Model, fit: Fit, start: Model | None) -> Model:
        """The model with a calibration, where it has none: measured, or else that of what the training started from."""
        if model.calibration is not None or model.panel is None:
            return model
        if start is not None and fit.held_out is None:
            return replace(model, calibration=start.calibration, uncalibrated=start.uncalibrated)
        steps = self.horizon or calibrate.usual_steps(model.panel, self.season_of(model.panel))
        return calibrate.after_fit(model, fit, steps)

    def _complete(self, model: Model, panel: Panel) -> Model:
        """The model with what is the same for every kind."""
        recipe = model.recipe if model.recipe is not None else self.with_options()
        bounds = self.bounds.describe(panel)
        known = bounds and bounds in model.description  # of one that was chosen, which said so itself
        said = "\n  ".join(filter(None, [model.description, "" if known else bounds]))
        return replace(model, panel=panel, recipe=recipe, provenance=Provenance.of(panel), description=said)

    def steps_ahead(self, horizon: int | None) -> int:
        """So many steps as are asked for, or as the forecaster is made for; OptionError where neither says."""
        steps = self.horizon if horizon is None else horizon
        if steps is None:
            raise OptionError(f"{self.name} forecasts any number of steps: say how many, horizon=...")
        return check_positive("horizon", steps)

    def _history(self, data: Any, future: Any, columns: Columns | None) -> Panel:
        """`data` as a panel of the fitted kind, the fitted series for None, with the `future` covariates if given."""
        model = self.model
        panel = model.panel if data is None else as_panel(data, columns=columns, like=model.schema)
        if panel is None:
            raise NotFittedError("a model file holds no series: give the history, data=...")
        return panel if future is None else panel.with_future(future)

    @abstractmethod
    def _fit(self, panel: Panel) -> Fit: ...

    def _fit_from(self, panel: Panel, start: Model) -> Fit:
        """The same, in which training goes on from a model that was fitted before."""
        raise no_start(self.name)

    @abstractmethod
    def _min_rows(self, season: int, horizon: int) -> int:
        """How many rows a series has to have at least, by what this forecaster looks at."""
