"""A few more updates of the pretrained network, on the series of a fit: how many, held-back rows say."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from loopcast.data.panel import Panel
from loopcast.features.exogenous import ExogenousEncoder
from loopcast.features.known import Known, width_of_rows, width_of_steps
from loopcast.intervals.holdout import long_enough
from loopcast.models.member_errors import HeldOut, scaled_errors
from loopcast.models.pretrained.model import PretrainedModel
from loopcast.training.config import TrainingConfig
from loopcast.training.history import Epoch
from loopcast.training.origin_data import OriginData
from loopcast.training.run import TrainingRun

UPDATES, UPDATES_KNOWN = (50, 200), (200, 600)  # that are tried, without and with covariates
RATE, RATE_KNOWN = 3e-4, 1e-3  # how far each goes: what covariates do has to be learned from nothing
AVERAGE, AVERAGE_KNOWN = 0.98, 0.99
BATCH = 32
SHORTEST, SEASONS, LONGEST = 96, 3, 192  # rows of a window: so many seasons, within these
FEWEST_SERIES = 50  # or as many windows of longer ones: from fewer, tuning makes forecasts worse
FEWEST_VALUES = 1000  # to learn from what covariates do
BETTER = 0.99  # as large an error, at most, as without: less is chance

Callback = Callable[[Epoch, int], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Tuning:
    """plain: the model as it was shipped. known: whether there are covariates, or a calendar. horizon: steps ahead.

    choices: numbers of updates to choose from. seed: of windows and origins.
    """

    plain: PretrainedModel
    known: bool
    horizon: int
    choices: tuple[int, ...]
    seed: int

    @property
    def width(self) -> int:
        """Rows of a window."""
        return int(np.clip(SEASONS * self.plain.periods.season, SHORTEST, LONGEST))

    def why_too_few(self, panel: Panel) -> str | None:
        """Why it would not pay, in a sentence; None where it may."""
        if self.known:
            values = int((~np.isnan(panel.values)).sum())
            return f"{values:,} values say too little of what covariates do" if values < FEWEST_VALUES else None
        windows = panel.n_channels * int(np.maximum(panel.lengths // self.width, 1).sum())
        return f"{windows} series, or windows of them, are too few" if windows < FEWEST_SERIES else None

    def choose(self, panel: Panel, held_rows: int, callback: Callback) -> tuple[int, PretrainedModel]:
        """The number of updates, 0 among them, and the model that it gives without the last `held_rows` rows.

        By the forecasts of these rows.
        """
        enough = long_enough(panel, held_rows + self.plain.season + 1)
        tuned = list(self.tuned(enough.drop_last(held_rows), self.choices, callback))
        models = (self.plain, *tuned) if len(self.choices) > 1 else tuple(tuned)
        if len(models) == 1:
            return self.choices[0], models[0]
        held_out = HeldOut(models=models, panel=enough, rows=held_rows)
        errors = scaled_errors(held_out, self.plain.season, self.horizon, held_out.cutoffs(self.horizon))
        best = int(errors.argmin()) if errors.min() < BETTER * errors[0] else 0
        return (0, *self.choices)[best], models[best]

    def tuned(self, panel: Panel, updates: tuple[int, ...], callback: Callback) -> Iterator[PretrainedModel]:
        """The model after each of these numbers of updates, on all rows of a panel."""
        alone, periods = panel.to_univariate(), self.plain.periods
        network, weights, known = self.plain.network, self.plain.weights, None
        encoding = ExogenousEncoder.of(alone, unknown=True, gaps=True) if self.known else None
        if encoding is not None:
            known = Known.of(encoding, alone, 0, periods.season)
            widths = width_of_rows(encoding), width_of_steps(encoding, periods.season)
            network, weights = network.widened(weights, *widths)
        data = OriginData(
            network=network,
            periods=periods,
            series=[alone.series(i)[:, 0] for i in range(alone.n_series)],
            horizon=self.horizon,
            width=min(self.width, int(alone.lengths.max())),
            batch=BATCH,
            stretches=tuple(np.diff([0, *updates])),
            seed=self.seed,
            known=known,
        )
        for trained in TrainingRun(data, self._recipe(len(updates)), data.to_device(), start=weights).epochs():
            callback(trained.history[-1], len(updates))
            own = network.to_vector(trained.members[0])
            yield replace(self.plain, network=network, weights=own, encoding=encoding)

    def _recipe(self, stretches: int) -> TrainingConfig:
        return TrainingConfig(
            epochs=stretches,
            batch_size=BATCH,
            learning_rate=RATE_KNOWN if self.known else RATE,
            loss="mae",
            average=AVERAGE_KNOWN if self.known else AVERAGE,
            clip=1.0,
            seed=self.seed,
        )
