"""A fitted forecaster and the rules by which its series are followed."""

from dataclasses import replace
from functools import cached_property

from loopcast.data.schema import TableSchema
from loopcast.intervals.tracking import Tracking
from loopcast.live.calendar import Calendar
from loopcast.live.clock import Clock
from loopcast.live.engine import Engine
from loopcast.live.followers import follower_of
from loopcast.live.known import KnownPlan
from loopcast.live.rules import Rules
from loopcast.live.state import State
from loopcast.models.bounds import Bounds
from loopcast.models.calibrate import USUAL_STEPS
from loopcast.models.forecaster import Forecaster
from loopcast.models.model import Model
from loopcast.models.network.model import NetworkModel
from loopcast.nn.step_decoder import PROBABILITIES


class LiveModel:
    """A fitted forecaster, and the rules by which it is followed.

    OptionError where it cannot be: another kind, several targets, or covariates. NotFittedError where intervals are
    asked for that it cannot give.
    """

    def __init__(self, forecaster: Forecaster, rules: Rules) -> None:
        self.forecaster, self.rules = forecaster, rules
        self.model: Model = replace(forecaster.model, panel=None)  # its series are no part of a state
        self._follower = follower_of(self.model, rules.levels)
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
    def engine(self) -> Engine:
        """Of forecasts as far as the horizon."""
        return self.engine_of(self.horizon)

    def new_state(self) -> State:
        """One that follows no series yet."""
        clock = Clock(self.schema)
        return State(self.engine, clock, self.rules, self.model, self._known(clock))

    def _known(self, clock: Clock) -> KnownPlan | None:
        """How what is known besides values is shown; None where the model does without."""
        model = self.model
        if not isinstance(model, NetworkModel) or model.encoding is None:
            return None
        calendar = Calendar(clock, model.encoding.calendar)
        reach = self.rules.lateness, self.horizon
        return KnownPlan(model.encoding, model.periods.season, calendar, reach)

    def engine_of(self, steps: int) -> Engine:
        """Of forecasts of so many steps; its blocks are those of all others."""
        model, horizon = self.model, self.horizon
        own = model.own_horizon >= horizon
        tracking = Tracking.of(self.rules.levels, horizon, steps, model.calibration, PROBABILITIES, own=own)
        tracking = replace(tracking, widening=model.widening)
        return Engine(self._follower, model.bounds, tracking, max(horizon, steps), self.rules.lateness)
