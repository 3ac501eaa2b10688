"""What a fit leaves, and how a model file holds it."""

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np

from loopcast.data.panel import Panel
from loopcast.errors import OptionError
from loopcast.intervals.calibration import Calibration

State = TypeVar("State")


@dataclass(frozen=True, kw_only=True)
class Fitted(Generic[State]):
    """What fit leaves: the series it saw (None in a loaded model), how their table looked, what was learned.

    calibration: how wrong it is on a tail it has not seen; None until that was measured.
    """

    panel: Panel | None
    schema: Any
    state: State
    calibration: Calibration | None = None


@dataclass(frozen=True, kw_only=True)
class ModelPayload:
    """A fitted forecaster as a model file holds it.

    options: the forecaster's options; numbers, strings, None and tuples of them.
    facts: what fit chose, the same kinds of value.
    arrays: what fit learned, float32 or float64, by name.
    """

    options: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    def check_schema(self, facts: set[str], arrays: dict[str, tuple[int, ...]]) -> None:
        """Check that these facts and these arrays, by shape, are all there is; OptionError otherwise."""
        shapes = {name: array.shape for name, array in self.arrays.items()}
        if set(self.facts) != facts or shapes != arrays:
            raise OptionError(f"expected {sorted(facts)} and {arrays}, got {sorted(self.facts)} and {shapes}")
