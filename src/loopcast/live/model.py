"""A fitted forecaster and the rules by which its series are followed."""

from dataclasses import replace
from functools import cached_property

from loopcast.data.schema import TableSchema
from loopcast.intervals.tracking import TargetErrors, Tracking
from loopcast.live.calendar import Calendar
from loopcast.live.clock import Clock
from loopcast.live.engine import Engine
from loopcast.live.followers import followers_of
from loopcast.live.known import KnownPlan
from loopcast.live.known_rows import KnownRows
from loopcast.live.rules import Rules
from loopcast.live.shown import encodings_of, shown_models
from loopcast.live.state import State
from loopcast.models.bounds import Bounds
from loopcast.models.calibrate import USUAL_STEPS
from loopcast.models.forecaster import Forecaster
from loopcast.models.model import Model
from loopcast.nn.step_decoder import PROBABILITIES


class LiveModel:
    """A fitted forecaster, and the rules by which it is followed.

    OptionError where it cannot be, which says why. NotFittedError where intervals are
    asked for that it cannot give.
    """

    def __init__(self, forecaster: Forecaster, rules: Rules) -> None:
        self.forecaster, self.rules = forecaster, rules
        self.model: Model = replace(forecaster.model, panel=None)  # its series are no part of a state
        self._shown = shown_models(self.model)
        self._followers = followers_of(self.model, rules.levels, encodings_of(self._shown))
        self.require_intervals(self.horizon)

    def require_intervals(self, steps: int) -> None:
        """NotFittedError where intervals are tracked, and the model cannot say how wide they are so far ahead."""
        if self.rules.levels and steps > self.model.own_horizon:
            self.model.require_calibration(steps)

    @property
    def name(self) -> str:
        """Of the forecast's columns."""
        return self.forecaster.name

    @property
    def schema(self) -> TableSchema:
        """How tables look."""
        return self.model.schema

    @property
    def bounds(self) -> Bounds:
        """What no forecast leaves, and no value."""
        return self.model.bounds

    @property
    def horizon(self) -> int:
        """Steps ahead: the forecaster's; without one as far as it is calibrated, or two seasons."""
        if self.forecaster.horizon is not None:
            return self.forecaster.horizon
        calibration = self.model.calibration
        return max(2 * self.model.season, USUAL_STEPS) if calibration is None else calibration.horizon

    @cached_property
    def engines(self) -> tuple[Engine, ...]:
        """Of each target, of forecasts as far as the horizon."""
        return self.engines_of(self.horizon)

    def new_state(self) -> State:
        """One that follows no series yet."""
        clock = Clock(self.schema)
        return State(self.engines, clock, self.rules, self.model, self._known(clock))

    def _known(self, clock: Clock) -> KnownRows | None:
        """How what is known besides values is shown; None where the model does without."""
        if not self._shown:
            return None
        season, channels = self._shown[0].periods.season, self._shown[0].channels
        encodings = encodings_of(self._shown)
        reach = self.rules.lateness, self.horizon
        plan = KnownPlan(encodings, season, Calendar(clock, encodings[0].calendar), reach)
        return KnownRows(plan, self.rules.lateness, self.schema.columns, channels)

    def engines_of(self, steps: int) -> tuple[Engine, ...]:
        """Of each target, of forecasts of so many steps; their blocks are those of all others."""
        model, most = self.model, max(self.horizon, steps)
        each = zip(self._followers, range(len(self._followers)), strict=True)
        return tuple(
            Engine(follower, model.bounds, self._tracking(target, steps), most, self.rules.lateness)
            for follower, target in each
        )

    def _tracking(self, target: int, steps: int) -> Tracking:
        model, horizon = self.model, self.horizon
        own, measured = model.own_horizon >= horizon, TargetErrors(model.calibration, target)
        tracking = Tracking.of(self.rules.levels, horizon, steps, measured, PROBABILITIES, own=own)
        return replace(tracking, widening=model.widening)
