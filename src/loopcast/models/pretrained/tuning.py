"""A few more updates of the pretrained network, on the series of a fit: how many, held-back rows say.

Half way from the shipped weights to the tuned ones is hardly ever worse than either end, and often better than both
(Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from loopcast.data.panel import Panel
from loopcast.intervals.holdout import long_enough
from loopcast.models.member_errors import HeldOut, scaled_errors
from loopcast.models.network.model import NetworkModel
from loopcast.models.network.width import width_of
from loopcast.validation import LARGEST


class Choice(NamedTuple):
    """So many updates, and how far of the way from the shipped weights to the tuned ones is gone.

    below: the share of the usual choice's error below which its own has to lie to be taken instead.
    """

    updates: int
    share: float
    below: float = 1.0


NONE = Choice(0, 0.0, below=0.99)
USUAL = (Choice(200, 0.5), Choice(200, 1.0, below=0.96))  # the first is the usual one: a few cutoffs say little
WITH_KNOWN = (Choice(200, 1.0), Choice(400, 1.0))  # covariates are learned from nothing
FEWEST_SERIES = 50  # or as many windows of longer ones: from fewer, tuning makes forecasts worse
FEWEST_VALUES = 1000  # to learn from what covariates do


@dataclass(frozen=True, kw_only=True, eq=False)
class Tuning:
    """plain: the model as it was shipped, or as a fit left it. known: whether there are covariates, or a calendar.

    horizon: steps ahead. choices: what is tried, the usual one first, by rising updates. longest: rows of the longest
    series. seed: of windows and origins.
    """

    plain: NetworkModel
    known: bool
    horizon: int
    choices: tuple[Choice, ...]
    longest: int
    seed: int

    def why_too_few(self, panel: Panel) -> str | None:
        """Why it would not pay, in a sentence; None where it may."""
        if self.known:
            values = int((~np.isnan(panel.values)).sum())
            return f"{values:,} values say too little of what covariates do" if values < FEWEST_VALUES else None
        windows = panel.n_channels * int(np.maximum(panel.lengths // width_of(self.plain.periods, LARGEST), 1).sum())
        return f"{windows} series, or windows of them, are too few" if windows < FEWEST_SERIES else None

    def before(self, panel: Panel, held_rows: int) -> Panel:
        """The series that are long enough, without their last rows; LengthError where none is."""
        return self.long_enough(panel, held_rows).drop_last(held_rows)

    def long_enough(self, panel: Panel, held_rows: int) -> Panel:
        """The series with so many rows to hold back; LengthError where there is none."""
        return long_enough(panel, held_rows + self.plain.season + 1)

    def choose(self, models: Sequence[NetworkModel], panel: Panel, held_rows: int) -> int | None:
        """The place of the model, one of each choice, that forecasts the last `held_rows` rows best.

        None where the model as it was shipped does, which is a choice too where there are several.
        """
        if len(models) == 1:
            return 0
        each, choices = (*models, self.plain), (*self.choices, NONE)
        held_out = HeldOut(models=each, panel=self.long_enough(panel, held_rows), rows=held_rows)
        errors = scaled_errors(held_out, self.plain.season, self.horizon, held_out.cutoffs(self.horizon))
        usual = errors[0]
        best = int(np.argmin([error / (usual * choice.below) for error, choice in zip(errors, choices, strict=True)]))
        return None if best == len(models) else best
