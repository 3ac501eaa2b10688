"""A few more updates of the pretrained network, on the series of a fit: how many, held-back rows say.

Half way from the shipped weights to the tuned ones is hardly ever worse than either end, and often better than both
(Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

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


class Choice(NamedTuple):
    """So many updates, and how far of the way from the shipped weights to the tuned ones is gone.

    below: the share of the usual choice's error below which its own has to lie to be taken instead.
    """

    updates: int
    share: float
    below: float = 1.0


NONE = Choice(0, 0.0, below=0.99)
USUAL = (Choice(200, 0.5), Choice(200, 1.0, below=0.96))  # the first is the usual one: a few cutoffs say little
WITH_KNOWN = (Choice(200, 1.0), Choice(600, 1.0))  # covariates are learned from nothing
RATE, RATE_KNOWN = 3e-4, 1e-3  # how far each goes: what covariates do has to be learned from nothing
AVERAGE, AVERAGE_KNOWN = 0.98, 0.99
BATCH = 32
SHORTEST, SEASONS, LONGEST = 96, 3, 192  # rows of a window: so many seasons, within these
FEWEST_SERIES = 50  # or as many windows of longer ones: from fewer, tuning makes forecasts worse
FEWEST_VALUES = 1000  # to learn from what covariates do

Callback = Callable[[Epoch, int], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Tuning:
    """plain: the model as it was shipped. known: whether there are covariates, or a calendar. horizon: steps ahead.

    choices: what is tried, the usual one first, by rising updates. seed: of windows and origins.
    """

    plain: PretrainedModel
    known: bool
    horizon: int
    choices: tuple[Choice, ...]
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

    def choose(self, panel: Panel, held_rows: int, callback: Callback) -> tuple[Choice, PretrainedModel]:
        """The choice that forecasts the last `held_rows` rows best, and the model that it gives without them.

        None at all is a choice too, where there are others.
        """
        enough = long_enough(panel, held_rows + self.plain.season + 1)
        models = [self.plain, *self.tuned(enough.drop_last(held_rows), self.choices, callback)]
        if len(self.choices) == 1:
            return self.choices[0], models[1]
        held_out = HeldOut(models=tuple(models), panel=enough, rows=held_rows)
        errors = scaled_errors(held_out, self.plain.season, self.horizon, held_out.cutoffs(self.horizon))
        shares = [
            error / (errors[1] * choice.below) for error, choice in zip(errors, (NONE, *self.choices), strict=True)
        ]
        best = int(np.argmin(shares))
        return (NONE, *self.choices)[best], models[best]

    def tuned(self, panel: Panel, choices: Sequence[Choice], callback: Callback) -> Iterator[PretrainedModel]:
        """The model of each choice, of all rows of a panel."""
        alone, periods = panel.to_univariate(), self.plain.periods
        network, weights, known = self.plain.network, self.plain.weights, None
        encoding = ExogenousEncoder.of(alone, unknown=True, gaps=True) if self.known else None
        if encoding is not None:
            known = Known.of(encoding, alone, 0, periods.season)
            widths = width_of_rows(encoding), width_of_steps(encoding, periods.season)
            network, weights = network.widened(weights, *widths)
        ends = sorted({choice.updates for choice in choices})
        data = OriginData(
            network=network,
            periods=periods,
            series=[alone.series(i)[:, 0] for i in range(alone.n_series)],
            horizon=self.horizon,
            width=min(self.width, int(alone.lengths.max())),
            batch=BATCH,
            stretches=tuple(np.diff(ends, prepend=0).tolist()),
            seed=self.seed,
            known=known,
        )
        run = TrainingRun(data, self._recipe(len(ends)), data.to_device(), start=weights)
        for end, trained in zip(ends, run.epochs(), strict=True):
            callback(trained.history[-1], len(ends))
            whole = network.to_vector(trained.members[0])
            for share in (choice.share for choice in choices if choice.updates == end):
                own = weights + np.float32(share) * (whole - weights)
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
