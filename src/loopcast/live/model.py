"""Which models can be followed live, and by what."""

from dataclasses import replace
from functools import cached_property

from loopcast.data.schema import TableSchema
from loopcast.errors import OptionError
from loopcast.intervals.tracking import Tracking
from loopcast.live.clock import Clock
from loopcast.live.engine import Engine
from loopcast.live.follower import Follower
from loopcast.live.rules import Rules
from loopcast.live.state import State
from loopcast.models.bounds import Bounds
from loopcast.models.calibrate import USUAL_STEPS
from loopcast.models.forecaster import Forecaster
from loopcast.models.network.model import NetworkModel
from loopcast.nn.step_decoder import PROBABILITIES


class LiveModel:
    """A fitted forecaster, and the rules by which it is followed.

    OptionError where it cannot be: it is not `Pretrained` (nor a choice of it), has several targets, or covariates.
    """

    def __init__(self, forecaster: Forecaster, rules: Rules) -> None:
        self.forecaster, self.rules, self.model = forecaster, rules, followable(forecaster)

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
    def follower(self) -> Follower:
        """Of forecasts as far as the horizon."""
        return self.follower_of(self.horizon)

    def new_state(self) -> State:
        """One that follows no series yet."""
        return State(self.follower, Clock(self.schema), self.rules, self.bounds)

    def follower_of(self, steps: int) -> Follower:
        """Of forecasts of so many steps; its records are those of all others."""
        model, horizon = self.model, self.horizon
        tracking = Tracking.of(self.rules.levels, horizon, steps, model.calibration, PROBABILITIES)
        return Engine(model, max(horizon, steps), tracking=tracking)


def followable(forecaster: Forecaster) -> NetworkModel:
    """The model of a forecaster, where it can be followed; OptionError that says which can."""
    model = forecaster.model
    if not isinstance(model, NetworkModel):
        raise OptionError(f"{forecaster.name} cannot be followed live: Pretrained can, fitted without covariates")
    if model.encoding is not None:
        raise OptionError(
            f"{forecaster.name} was tuned with covariates, and live series have none: fit it on the panel without them "
            "(Panel.drop_covariates), or with tune=0"
        )
    targets = model.schema.columns.targets
    if len(targets) > 1:
        raise OptionError(
            f"live series have one target, and {forecaster.name} was fitted on {len(targets)}: fit it on one "
            "(Panel.channel), or on each as a series of its own (Panel.to_univariate)"
        )
    return replace(model, panel=None)  # its series are no part of a state
