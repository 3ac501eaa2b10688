"""What a fit of a recurrent network does, decided before the first update."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from loopcast.data.panel import Panel
from loopcast.features.causal.ahead import CANDIDATES, CODES
from loopcast.features.causal.inputs import INPUTS
from loopcast.features.causal.track import Periods
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.known import width_of_rows, width_of_steps
from loopcast.models.network.further import further_updates
from loopcast.models.network.targets import Channels, apart
from loopcast.nn.origin_shape import OriginShape
from loopcast.nn.shapes import CellName
from loopcast.training.history import Epoch

UPDATES, WITH_KNOWN = 400, 800  # of the weights: what covariates do takes longer to learn
SLOWER = 0.5  # of the learning rate: by which the training goes on
AVERAGE = 0.98  # how much of the mean of weights is kept at each update
STRETCH = 50  # updates between two looks at how the training goes


@dataclass(frozen=True, kw_only=True, eq=False)
class Sight:
    """One way to see the targets: `channels` says how, `encoding` how covariates are shown, `shape` by what network."""

    channels: Channels
    encoding: ExogenousEncoder | None
    shape: OriginShape

    @classmethod
    def of(cls, panel: Panel, periods: Periods, channels: Channels, cell: CellName, units: tuple[int, ...]) -> "Sight":
        """From the rows of a panel that are learned from first."""
        encoding = ExogenousEncoder.of(apart(panel, channels), unknown=True)
        shape = OriginShape(
            inputs=INPUTS + width_of_rows(encoding),
            units=units,
            candidates=CANDIDATES,
            codes=CODES + width_of_steps(encoding, periods.season),
            cell=cell,
        )
        return cls(channels=channels, encoding=encoding, shape=shape)


class Round(NamedTuple):
    """One training: so many updates at this rate; final: on all rows, once others were judged."""

    rate: float
    updates: int
    final: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingPlan:
    """width: rows of a window. updates: of the first training, by `batch` windows each, at `rate`; seed: of all that is
    drawn.
    """

    periods: Periods
    horizon: int
    width: int
    updates: int
    batch: int
    rate: float
    seed: int

    @property
    def further(self) -> int:
        """Updates on all rows."""
        return further_updates(self.updates)

    def learn(
        self, sight: Sight, panel: Panel, start: np.ndarray | None, callback: Callable[[Epoch, int], None]
    ) -> np.ndarray:
        """The weights, from nothing, or from those of another fit."""
        return self._run(sight, panel, start, Round(self.rate, self.updates), callback)

    def go_on(
        self, sight: Sight, weights: np.ndarray, panel: Panel, callback: Callable[[Epoch, int], None]
    ) -> np.ndarray:
        """The weights after a few more updates on all rows."""
        return self._run(sight, panel, weights, Round(SLOWER * self.rate, self.further, final=True), callback)

    def _run(
        self,
        sight: Sight,
        panel: Panel,
        start: np.ndarray | None,
        training: Round,
        callback: Callable[[Epoch, int], None],
    ) -> np.ndarray:
        """The weights after a training; start: to go on from, or None for new ones."""
        from loopcast.models.network.learn import Lesson, Pace  # needs JAX, which forecasts do without

        lesson = Lesson(
            panel=apart(panel, sight.channels),
            periods=self.periods,
            encoding=sight.encoding,
            horizon=self.horizon,
            shape=sight.shape,
            width=self.width,
            drawn=self.updates * self.batch,
            seed=self.seed,
        )
        weights = first = lesson.network.initial(self.seed) if start is None else start
        stretches = tuple(min(STRETCH, training.updates - done) for done in range(0, training.updates, STRETCH))
        pace = Pace(training.rate, AVERAGE, "one-cycle")
        for weights, epoch in lesson.learn(first, pace, stretches, self.batch, final=training.final):  # noqa: B007
            callback(epoch, len(stretches))
        return weights
