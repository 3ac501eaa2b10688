"""The imputer: its options, and how what it learns fills the gaps of series."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from loopcast.columns import NO_BANDS, Bands, Columns
from loopcast.data.convert import as_panel
from loopcast.data.fill_table import fill_like
from loopcast.data.panel import Panel
from loopcast.errors import NotFittedError
from loopcast.models.fill_gaps import FilledGaps
from loopcast.models.imputer.fit import fit_imputer
from loopcast.models.imputer.mask_sampler import MaskSampler
from loopcast.models.imputer.model import ImputerModel
from loopcast.models.imputer.options import ImputerOptions
from loopcast.models.imputer.plan import make_plan
from loopcast.models.imputer.validation import check_trainable
from loopcast.models.log import log_fit
from loopcast.models.provenance import describe
from loopcast.storage.registry import register
from loopcast.training.progress import progress


@register
@dataclass(frozen=True, kw_only=True, eq=False)
class Imputer(ImputerOptions):
    """Fills gaps with recurrent networks that read each series from both ends, several channels at once.

    Training hides known values in the pattern that the gaps of the data itself have (points and stretches where it has
    none) and learns, by mean absolute error, to give them back: what it adds to the straight line across a gap, from
    what is known on both sides, a season away and in the other channels. After BRITS (Cao et al., 2018) and its
    successors; the network is a `loopcast.nn.network.Network` of two directions. Its output is then weighed against the
    line and the season, by the distance to the nearest known value.

    Covariates are not looked at: name a column as a target too, and it is read (and filled) as one.

    mode: "two-sided", or "causal", which sees nothing later than what it fills: for live use and for backtests.
    season: steps in one; None is the usual one of the calendar.
    cell, units: of the recurrent layers; units None chooses by the number of known values and channels.
    window: rows of a training window; None is two seasons, 48 at least and 336 at most.
    updates, batch_size, learning_rate: of Adam, on a one-cycle schedule; None chooses the first two. Of up to 20,000
        known values three networks learn, with fewer units and updates, and are averaged.
    best: fill each channel by the way that did best on hidden values: the network, or a simple one. Of several series
        each has its own way where enough of its values were hidden.
    lower, upper, integer: what fills and their intervals never leave, as in forecasters; lower "auto" is 0 for a series
        and target that is never negative (in a causal imputer, that was not so far).
    seed: of weights, windows and what is hidden.
    show_progress: a bar on standard error; None shows it on a terminal.
    callbacks: objects with Keras' `on_epoch_end(epoch, logs)`; what one raises ends the fit.

    A tenth of the rows (a fifth for each of several networks) is held back: values hidden there say how ways are
    weighed, how far off they are (`scores`), and how wide intervals have to be.

    >>> rng = np.random.default_rng(0)
    >>> series = np.sin(np.arange(200) / 3)[None, :, None] + np.where(rng.uniform(size=(4, 200, 1)) < 0.1, np.nan, 0)
    >>> imputer = Imputer(units=(8,), updates=20, show_progress=False).fit(series)
    >>> bool(imputer.impute(Panel.from_array(series))["y"].has_nulls())
    False
    """

    model_type: ClassVar[Any] = ImputerModel

    def fit(self, data: Any, *, gaps_like: Any = None, columns: Columns | None = None) -> Self:
        """Learn from `data`, a panel or what can be one, whose gaps are NaN.

        columns: which column of a table is which; None has the standard names.
        gaps_like: other data of the same channels, whose gaps (and nothing else of it) say which values are hidden to
            learn from: for a history with fewer gaps than what will be filled. None takes those of `data` itself.
        ValuesError where a channel has no value at all; LengthError where no series has 8 rows; TrainingError where the
        loss is not finite.
        """
        panel = as_panel(data, columns=columns)
        other = panel if gaps_like is None else as_panel(gaps_like, columns=columns)
        check_trainable(panel, other)
        there = float(np.isnan(panel.values).mean())
        hiding = MaskSampler(missing=np.isnan(other.values), offsets=other.offsets, missing_share=there)
        plan = make_plan(panel, self)
        with progress("Imputer", show=self.show_progress, callbacks=self.callbacks) as callback:
            model = fit_imputer(panel, hiding, plan, callback)
        log_fit("Imputer", model)
        return self.set_model(model)

    @property
    def model(self) -> ImputerModel:
        """What `fit` left, immutable; NotFittedError before it."""
        if self._model is None:
            raise NotFittedError("the imputer is not fitted: call fit(data) first")
        model: ImputerModel = self._model
        return model

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the channels that it fills."""
        return self.model.schema.columns.targets

    @property
    def scores(self) -> pl.DataFrame:
        """How far off each method of filling was on values that were held back.

        target, method, mae (mean absolute error, in units of the spread of the target), and fills: of how many series
        it fills this target. Best first; a target of which nothing could be hidden is not there.
        """
        return self.model.scores.table(self.targets, self.model.methods[:-1])

    @property
    def verdict(self) -> str:
        """Whether the network was worth it on held-back values, in a sentence or two."""
        return self.model.scores.verdict(self.targets, best=self.model.best)

    def impute(self, data: Any = None, *, level: float | Sequence[float] = (), columns: Columns | None = None) -> Any:
        """The table with its gaps filled, of the kind that came in; known values are as they came.

        data: a long table or a panel of the fitted kind; None is what was fitted on, as the panel has it.
        columns: which column of it is which; None has the names of the fit.
        Added are a column `TARGET-imputed` of true and false for each target, and with level `TARGET-lo-90` and
        `TARGET-hi-90`, missing where a value was known.

        >>> import polars as pl
        >>> table = pl.DataFrame({"ds": range(40), "y": [float(t % 4) if t % 7 else None for t in range(40)]})
        >>> imputer = Imputer(units=(4,), updates=5, show_progress=False).fit(table)
        >>> imputer.impute(table, level=[90]).columns
        ['ds', 'y', 'y-imputed', 'y-lo-90', 'y-hi-90']
        """
        panel = self._history(data, columns)
        filled = self.model.fill(panel, Bands.of(level))
        return fill_like(data, panel, filled.over(panel), filled.marks, filled.columns(panel.targets))

    def fill_panel(self, panel: Panel, bands: Bands = NO_BANDS) -> FilledGaps:
        """The same as arrays; see `ImputerModel.fill`."""
        return self.model.fill(panel, bands)

    def describe(self) -> str:
        """In plain words, what was trained, on what, and the tags of its file."""
        return describe("", self.model)

    def _history(self, data: Any, columns: Columns | None) -> Panel:
        """`data` as a panel like the fitted one; that one for None."""
        if data is not None:
            return as_panel(data, columns=columns, like=self.model.schema)
        if self.model.panel is None:
            raise NotFittedError("a loaded imputer holds no series: call impute(data)")
        return self.model.panel
