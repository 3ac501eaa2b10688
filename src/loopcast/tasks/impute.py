"""Fill the gaps of series, and say how far off that is: what `loopcast impute` does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from loopcast.columns import Bands
from loopcast.data.panel import Panel
from loopcast.data.read import WholeFile
from loopcast.errors import OptionError
from loopcast.models.fill_gaps import FilledGaps
from loopcast.models.imputer.imputer import Imputer


@dataclass(frozen=True, kw_only=True, eq=False)
class ImputeResult:
    """What fills the gaps of a panel, and what filled them.

    filled: None where nothing is to be shown or written.
    """

    imputer: Imputer
    panel: Panel
    filled: FilledGaps | None

    @property
    def counts(self) -> dict[str, int]:
        """How many series and values there are, and how many values were missing."""
        missing = int(np.isnan(self.panel.values).sum())
        return {"series": self.panel.n_series, "values": self.panel.values.size, "filled": missing}

    def table(self, whole: WholeFile) -> pl.DataFrame:
        """The table that the panel was made of, with its gaps filled; OptionError where nothing was filled."""
        filled = self._filled()
        return whole.filled(filled.over(self.panel), filled.marks, filled.columns(self.panel.targets))

    def page(self, command: str = "") -> bytes:
        """A page to look at and pass on; command: that made it. OptionError where nothing was filled."""
        from loopcast.report.gaps_page import gaps_page

        return gaps_page(self.imputer, self.panel, self._filled(), command=command)

    def _filled(self) -> FilledGaps:
        if self.filled is None:
            raise OptionError("nothing was filled: ask for it with fill=True")
        return self.filled

    def facts(self) -> dict[str, Any]:
        """Everything but the values as plain values: what `--json` prints."""
        return {"chosen": self.imputer.describe(), "scores": self.imputer.scores.to_dicts(), **self.counts}


def impute(imputer: Imputer, panel: Panel, *, levels: Sequence[float] = (), fill: bool = True) -> ImputeResult:
    """Fit `imputer` on the panel unless it is fitted, and fill the panel's gaps.

    levels: percentages of intervals. fill: False only fits. Errors are those of `Imputer.fit` and `Imputer.fill_panel`.
    """
    bands = Bands.of(levels)
    if not imputer.is_fitted:
        imputer.fit(panel)
    return ImputeResult(imputer=imputer, panel=panel, filled=imputer.fill_panel(panel, bands) if fill else None)
