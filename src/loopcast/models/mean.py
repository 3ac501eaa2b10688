"""The mean of what several forecasters say."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, get_args

import numpy as np

from loopcast.data.explanation import Contributions, add_contributions
from loopcast.data.panel import Panel
from loopcast.data.prediction import Prediction
from loopcast.errors import DataError, LoopcastError, OptionError
from loopcast.intervals.widening import NO_WIDENING
from loopcast.models import calibrate
from loopcast.models.forecaster import Forecaster
from loopcast.models.member_errors import HeldOut, held_out_members, inverse, scaled_errors
from loopcast.models.model import Fit, Model
from loopcast.models.model_list import as_model_list
from loopcast.storage.codec import OF_ANY_KIND
from loopcast.storage.registry import register

Weights = Literal["equal", "error"]


@dataclass(frozen=True, kw_only=True, eq=False)
class MeanModel(Model):
    """models: of the members, each between its own bounds; weights: of each, of sum 1.

    Where all have distributions of their own, so has it: its quantiles are means of theirs.
    """

    models: tuple[Model, ...] = field(metadata=OF_ANY_KIND)
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.models or len(self.models) != len(self.weights):
            raise OptionError(f"a mean has a weight for each model, got {len(self.weights)} for {len(self.models)}")
        if min(self.weights) < 0 or abs(sum(self.weights) - 1) > 1e-9:
            raise OptionError(f"weights are 0 or more, and 1 in all, got {self.weights}")

    def _predict(
        self, panel: Panel, cutoffs: tuple[int, ...], horizon: int, probabilities: tuple[float, ...]
    ) -> Prediction:
        own = probabilities if horizon <= self.own_horizon else ()
        each = [model.predict(panel, horizon, cutoffs, own) for model in self.models]
        values = self._mean([one.values for one in each])
        quantiles = self._mean([one.quantiles for one in each if one.quantiles is not None]) if own else None
        return Prediction(
            name=self.name, panel=panel, cutoffs=cutoffs, values=values, probabilities=own, quantiles=quantiles
        )

    def _mean(self, each: Sequence[np.ndarray]) -> np.ndarray:
        return np.asarray(sum(weight * one for weight, one in zip(self.weights, each, strict=True)))

    def _contributions(self, panel: Panel, horizon: int) -> Contributions:
        """Those of each member, by its weight; errors name the member."""
        weighed = []
        for model, weight in zip(self.models, self.weights, strict=True):
            parts = model.explain(panel, horizon).contributions()
            weighed.append({name: weight * part for name, part in parts.items()})
        return add_contributions(weighed)


@register
@dataclass(frozen=True, kw_only=True, eq=False)
class Mean(Forecaster):
    """The mean of the forecasts of several forecasters, each of which `fit` fits once.

    models: forecasters with different names, each with options of its own: its horizon, its season, its bounds.
    weights: "equal", or "error": in inverse proportion to the mean absolute scaled error of each on held-back rows.
        These are the rows that networks among the members held back anyway, the fewest of any, or else up to a third
        of the series; the other members are fitted once more without them. Errors are those of forecasts of `horizon`
        steps from up to a thousand cutoffs of all series together, spread evenly over these rows, divided by the mean
        change of each series from season to season. With too few rows weights are equal, and `describe` says so.
    horizon: steps ahead that weights and intervals are measured for; None is two seasons or 12.
    season: of the scale of errors.

    Intervals are those of the mean: from its errors on rows that no member had seen, in units of the width that the
    members give where all have quantiles of their own, and else of how much each series changes.
    With weights "error", the weights there come from rows before these, or are equal where those are too few. Missing
    values, covariates and several targets are as each member takes them. An error of a member's fit names it.

    >>> from loopcast.models.baselines import Drift, Naive
    >>> panel = Panel.from_series([1.0, 2.0, 3.0])
    >>> Mean(models=[Naive(), Drift()]).fit(panel).predict_panel(panel, 2).values.ravel().tolist()
    [3.5, 4.0]
    """

    model_type: ClassVar[Any] = MeanModel

    models: Sequence[Forecaster] = field()
    weights: Weights = "equal"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.models, list | tuple):
            raise OptionError(f"models is a list of forecasters, got {self.models!r}")
        as_model_list(self.models)
        object.__setattr__(self, "models", tuple(self.models))
        if self.weights not in get_args(Weights):
            raise OptionError(f'weights is "equal" or "error", got {self.weights!r}')

    def _fit(self, panel: Panel) -> Fit:
        members = as_model_list(self.models)
        fits = [self._fit_member(member, panel) for member in members]
        recipes = tuple(fit.model.recipe.with_options(alias=fit.model.name) for fit in fits)
        recipe = self.with_options(models=recipes)
        held_out, why_not = recipe._held_out(fits, panel)
        weights, why = recipe._weigh(held_out, why_not)
        model = replace(self._model_of([fit.model for fit in fits], weights, panel, why), recipe=recipe)
        if held_out is None or held_out.rows < self._steps(panel) or not any(fit.held_out for fit in fits):
            return Fit(model)
        return recipe._with_copy(model, held_out)

    def _fit_member(self, member: Forecaster, panel: Panel) -> Fit:
        """Its model as it would be alone, but for a calibration, and what its training held back."""
        with self._naming(member):
            member.bounds.check(panel)
            fit = member._fit(panel)
            whole = member._complete(fit.model, panel)
            said = fit.model.description  # without the bounds: those of the mean are said of what comes out
            return fit._replace(model=replace(whole, calibration=None, description=said))

    @contextmanager
    def _naming(self, member: Forecaster) -> Iterator[None]:
        """Errors of a member say whose they are."""
        try:
            yield
        except LoopcastError as error:
            raise type(error)(f"{member.name}, a member of {self.name}: {error}") from error

    def _held_out(self, fits: Sequence[Fit], panel: Panel) -> tuple[HeldOut | None, str]:
        """Copies that know less, where weights or a network's held-back rows ask for them; or why there are none."""
        if self.weights == "equal" and not any(fit.held_out for fit in fits):
            return None, ""
        season, steps = self.season_of(panel), self._steps(panel)
        least = max(season + 1, *(member.min_rows(panel, steps) - steps for member in self.models))
        try:
            return held_out_members(self.models, fits, panel, steps, least), ""
        except DataError as error:  # too little is known to weigh by, and weights are equal
            return None, str(error)

    def _weigh(self, held_out: HeldOut | None, why_not: str, judged_rows: int = 0) -> tuple[np.ndarray, str]:
        """The weights, and in words what they go by; from rows before the last `judged_rows`."""
        even = np.full(len(self.models), 1 / len(self.models))
        if self.weights == "equal":
            return even, "with equal weights"
        if held_out is None:
            return even, f"with equal weights, for errors are unknown: {why_not}"
        steps = self._steps(held_out.panel)
        try:
            cutoffs = held_out.cutoffs(steps, judged_rows)
            errors = scaled_errors(held_out, self.season_of(held_out.panel), steps, cutoffs)
        except DataError as error:
            return even, f"with equal weights, for errors are unknown: {error}"
        said = ", ".join(f"{one.name} {error:.3g}" for one, error in zip(self.models, errors, strict=True))
        where = f"at {len(cutoffs)} cutoff{'s' if len(cutoffs) > 1 else ''} in the last {held_out.rows} rows"
        return inverse(errors), f"weighed in inverse proportion to scaled errors {where} ({said})"

    def _model_of(self, models: Sequence[Model], weights: np.ndarray, panel: Panel, why: str) -> MeanModel:
        shares = ", ".join(f"{model.name} {weight:.1%}" for model, weight in zip(models, weights, strict=True))
        each = [f"{model.name}: {model.description}" for model in models]
        own = min(model.own_horizon for model in models)
        return MeanModel(
            **self.model_fields(panel),
            models=tuple(_as_member(model) for model in models),
            own_horizon=own,
            own_widening=models[0].own_widening if own else NO_WIDENING,
            weights=tuple(weights.tolist()),
            min_history=max(model.min_history for model in models),
            n_parameters=sum(model.n_parameters for model in models) + (len(models) if self.weights == "error" else 0),
            description="\n  ".join([f"the mean of {shares}, {why}", *each]),
        )

    def _with_copy(self, model: MeanModel, held_out: HeldOut) -> Fit:
        """With a copy to calibrate from; what its own weights go by are rows before those that it is judged on.

        Copies of members may know no other categories than those of the series that they were fitted on.
        """
        half = max(-(-held_out.rows // 2), self._steps(held_out.panel))
        judged = held_out.rows if self.weights == "equal" else half
        weights, why = self._weigh(held_out, "", judged)
        copy = self._model_of(held_out.models, weights, held_out.panel, why)
        series = held_out.panel if held_out.panel.schema.columns.static else None
        return Fit(model, held_out=copy, held_rows=judged, held_series=series)

    def _steps(self, panel: Panel) -> int:
        return self.horizon or calibrate.usual_steps(panel, self.season_of(panel))

    def _min_rows(self, season: int, horizon: int) -> int:
        """What its members need."""
        return max(member._min_rows(member.season or season, horizon) for member in self.models)


def _as_member(model: Model) -> Model:
    """A model whose errors, widths and whole numbers are the mean's matter."""
    bounds = replace(model.bounds, integer=False)
    return replace(model, calibration=None, own_widening=NO_WIDENING, bounds=bounds)
