"""How a network learns from the series of a panel: on windows of them, at random origins."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from loopcast.data.panel import Panel
from loopcast.features.causal.track import Periods
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.known import Known
from loopcast.nn.origin_network import OriginNetwork
from loopcast.nn.origin_shape import OriginShape
from loopcast.training.config import ScheduleName, TrainingConfig
from loopcast.training.history import Epoch
from loopcast.training.origin_data import OriginData, on_device
from loopcast.training.origin_pool import ORIGINS, Examples
from loopcast.training.origin_windows import OriginWindows
from loopcast.training.run import TrainingRun

BATCH = 32  # windows of an update


class Pace(NamedTuple):
    """rate: how far an update goes, Adam's; average: how much of the mean of weights is kept at each."""

    rate: float
    average: float
    schedule: ScheduleName = "constant"


@dataclass(frozen=True, kw_only=True, eq=False)
class Lesson:
    """What is learned from, and by what.

    panel: series of one channel each; horizon: steps ahead, at most. encoding: how covariates are shown; None where the
    network does without. width: rows of a window; drawn: windows that a training draws at most, all its batches
    together. Lessons that differ in their rows alone share what is compiled. seed: of windows and origins.
    """

    panel: Panel
    periods: Periods
    encoding: ExogenousEncoder | None
    horizon: int
    shape: OriginShape
    width: int
    drawn: int
    seed: int

    @cached_property
    def network(self) -> OriginNetwork:
        return OriginNetwork(shape=self.shape)

    def learn(
        self, start: np.ndarray, pace: Pace, stretches: tuple[int, ...], batch: int = BATCH, *, final: bool = False
    ) -> Iterator[tuple[np.ndarray, Epoch]]:
        """The weights after each stretch of so many updates of `batch` windows, from weights to begin with.

        final: whether this is the last training, on all rows.

        TrainingError where the loss or a weight is not finite.
        """
        data, rows = self._data(batch, stretches)
        recipe = TrainingConfig(
            epochs=len(stretches),
            batch_size=batch,
            learning_rate=pace.rate,
            loss="mae",
            schedule=pace.schedule,
            average=pace.average,
            clip=1.0,
            seed=self.seed,
        )
        for trained in TrainingRun(data, recipe, rows, start=start, final=final).epochs():
            yield self.network.to_vector(trained.members[0]), trained.history[-1]

    def _data(self, batch: int, stretches: tuple[int, ...]) -> tuple[OriginData, Examples]:
        """What is learned from; the examples are on the device alone."""
        examples = self._windows().examples
        windows, uses = len(examples.inputs), examples.origins.shape[1] // ORIGINS
        data = OriginData(network=self.network, windows=windows, uses=uses, batch=batch, stretches=stretches)
        return data, on_device(examples)

    def _windows(self) -> OriginWindows:
        panel, encoding = self.panel, self.encoding
        return OriginWindows(
            periods=self.periods,
            series=[panel.series(i)[:, 0] for i in range(panel.n_series)],
            horizon=self.horizon,
            width=self.width,
            drawn=self.drawn,
            seed=self.seed,
            known=None if encoding is None else Known.of(encoding, panel, 0, self.periods.season),
        )
