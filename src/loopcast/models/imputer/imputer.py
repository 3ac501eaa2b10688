"""The imputer: its options, and how what it learns fills the gaps of series."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self

import numpy as np
import polars as pl

from loopcast.data.convert import as_panel
from loopcast.data.fill_table import fill_like
from loopcast.data.panel import Panel
from loopcast.data.schema import TableSchema
from loopcast.errors import NotFittedError, OptionError
from loopcast.intervals.calibration import check_level
from loopcast.models import model_file as archive
from loopcast.models.base import interval_arrays
from loopcast.models.fitted import Fitted, ModelPayload
from loopcast.models.imputer.fit import fit_imputer
from loopcast.models.imputer.mask_sampler import MaskSampler
from loopcast.models.imputer.plan import make_plan
from loopcast.models.imputer.serialize import from_parts, to_parts
from loopcast.models.imputer.state import ImputerState
from loopcast.models.imputer.validation import check_options, check_trainable, require_values, why_unsure
from loopcast.models.imputer.widths import WIDTH_SHARES
from loopcast.nn.network import CellName
from loopcast.progress import progress_bar

UNFITTED = "the imputer is not fitted: call fit(data) first"
RUNTIME = {"show_progress"}  # options that say how to run; a model file leaves them out


@dataclass(frozen=True, kw_only=True, eq=False)
class Imputer:
    """Fills gaps with recurrent networks that read each series from both ends, several channels at once.

    Training hides known values in the pattern that the gaps of the data itself have (points and stretches where it has
    none) and learns, by mean absolute error, to give them back: what it adds to the straight line across a gap, from
    what is known on both sides, a season away and in the other channels. After BRITS (Cao et al., 2018) and its
    successors; the network is `loopcast.nn.bidirectional.BidirectionalNetwork`. What it says is then weighed against the line and the
    season, by the distance to the nearest known value.

    Covariates are not looked at: name a column as a target too, and it is read (and filled) as one.

    mode: "two-sided", or "causal", which sees nothing later than what it fills: for live use and for backtests.
    season: steps in one; None is the usual one of the calendar.
    cell, units: of the recurrent layers; units None chooses by the number of known values and channels.
    window: rows of a training window; None is two seasons, 48 at least and 336 at most.
    updates, batch_size, learning_rate: of Adam, on a one-cycle schedule; None chooses the first two. Of up to 20,000
        known values three networks learn, with fewer units and updates, and are averaged.
    best: fill each channel by the way that did best on hidden values: the network, or a simple one. Of several series
        each has its own way where enough of its values were hidden.
    seed: of weights, windows and what is hidden.
    show_progress: a bar on standard error; None shows it on a terminal.

    A tenth of the rows (a fifth for each of several networks) is held back: values hidden there say how ways are
    weighed, how far off they are (`scores`), and how wide intervals have to be.

    >>> rng = np.random.default_rng(0)
    >>> series = np.sin(np.arange(200) / 3)[None, :, None] + np.where(rng.uniform(size=(4, 200, 1)) < 0.1, np.nan, 0)
    >>> imputer = Imputer(units=(8,), updates=20, show_progress=False).fit(series)
    >>> bool(np.isnan(imputer.fill(Panel.from_array(series))).any())
    False
    """

    mode: Literal["two-sided", "causal"] = "two-sided"
    season: int | None = None
    cell: CellName = "lstm"
    units: tuple[int, ...] | None = None
    window: int | None = None
    updates: int | None = None
    batch_size: int | None = None
    learning_rate: float = 0.003
    best: bool = False
    seed: int = 0
    show_progress: bool | None = None
    _fitted: Fitted[ImputerState] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        check_options(self._options())

    def fit(self, data: Any, *, gaps_like: Any = None) -> Self:
        """Learn from `data`, a panel or what can be one, whose gaps are NaN.

        gaps_like: other data of the same channels, whose gaps (and nothing else of it) say which values are hidden to
            learn from: for a history with fewer gaps than what will be filled. None takes those of `data` itself.
        ValuesError where a channel has no value at all; LengthError where no series has 8 rows; TrainingError where the
        loss is not finite.
        """
        panel = as_panel(data)
        other = panel if gaps_like is None else as_panel(gaps_like)
        check_trainable(panel, other)
        there = float(np.isnan(panel.values).mean())
        hiding = MaskSampler(missing=np.isnan(other.values), offsets=other.offsets, missing_share=there)
        plan = make_plan(panel, self)
        with progress_bar("Imputer", plan.members * plan.updates, show=self.show_progress) as callback:
            learned = fit_imputer(panel, hiding, plan, callback)
        self._keep(Fitted(panel=panel, schema=panel.schema, state=learned))
        return self

    @property
    def fitted(self) -> Fitted[ImputerState]:
        """What fit left; NotFittedError before it."""
        if self._fitted is None:
            raise NotFittedError(UNFITTED)
        return self._fitted

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the channels that it fills."""
        targets: tuple[str, ...] = self.fitted.schema.columns.targets
        return targets

    @property
    def scores(self) -> pl.DataFrame:
        """How far off each way of filling was on values that were held back.

        target, way, mae (mean absolute error, in units of the spread of the target), and fills: of how many series it
        fills this target. Best first; a target of which nothing could be hidden is not there.
        """
        learned = self.fitted.state
        return learned.scores.table(self.targets, learned.methods[:-1])

    def impute(self, data: Any = None, *, level: Sequence[float] = ()) -> Any:
        """The table with its gaps filled, of the kind that came in; known values are as they came.

        data: a long table or a panel of the fitted kind; None is what was fitted on, as the panel has it.
        Added are a column `TARGET-imputed` of true and false for each target, and with level `TARGET-lo-90` and
        `TARGET-hi-90`, missing where a value was known.

        >>> import polars as pl
        >>> table = pl.DataFrame({"ds": range(40), "y": [float(t % 4) if t % 7 else None for t in range(40)]})
        >>> imputer = Imputer(units=(4,), updates=5, show_progress=False).fit(table)
        >>> imputer.impute(table, level=[90]).columns
        ['ds', 'y', 'y-imputed', 'y-lo-90', 'y-hi-90']
        """
        panel = self.resolve_panel(data)
        values, marks = self.fill(panel), np.isnan(panel.values)
        extra = interval_arrays(panel.targets, self.intervals(panel, level)) if len(level) else {}
        return fill_like(data, panel, values, marks, extra)

    def fill(self, panel: Panel) -> np.ndarray:
        """The values of a panel with its gaps filled, float32 `[row, channel]`; known ones come back bit for bit."""
        filled = self.check_panel(panel).filled(panel)[0]
        return np.where(np.isnan(panel.values), filled, panel.values)

    def intervals(self, panel: Panel, level: Sequence[float]) -> dict[float, tuple[np.ndarray, np.ndarray]]:
        """For each level both ends of an interval at each gap, float32 `[row, channel]`; NaN where a value is known.

        An interval is as wide as the network expects to be off there, times what held-back values ask for. Series that
        are new to it are tried first: known values are hidden as their gaps are, and where it is further off than it
        was on what it was fitted on, intervals are wider (not with mode "causal", which looks at nothing later).
        OptionError for levels above 99.
        """
        learned, wanted = self.check_panel(panel), check_level(level)
        if wanted[-1] / 100 > WIDTH_SHARES[-1]:
            raise OptionError(f"intervals of filled values go up to {WIDTH_SHARES[-1]:.0%}, got level {wanted[-1]:g}")
        filled, sizes = learned.filled(panel)
        middle = np.where(np.isnan(panel.values), filled, np.float32(np.nan))
        widths, away = learned.widths_for(panel, self.seed), learned.gap_distance(panel)
        halves = {each: widths.of(each, away) * sizes for each in wanted}
        return {each: (middle - half, middle + half) for each, half in halves.items()}

    def describe(self) -> str:
        """In plain words, what was trained, and for how many targets a simple way would have been better."""
        learned, panel = self.fitted.state, self.fitted.panel
        unsure = None if panel is None else why_unsure(panel)
        network, members = learned.form.network, len(learned.weights)
        units = "-".join(map(str, network.units))
        return (
            f"{f'{members} networks, averaged: ' if members > 1 else ''}{network.cell.upper()} {units}, "
            f"{'from both ends' if network.directions == 2 else 'forwards'}, {network.parameters:,} parameters, windows of "
            f"{learned.form.window} rows, {learned.updates:,} updates. "
            f"{learned.scores.verdict(self.targets, best=self.best)}{f' {unsure}' if unsure else ''}"
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write one model file, whole or not at all; it holds what was learned and none of the series.

        `loopcast.load` reads it. NotFittedError before `fit`; OSError as the system gives it.
        """
        archive.save(self, path)

    def to_parts(self) -> ModelPayload:
        """What a model file holds of this fitted imputer; `from_parts` undoes it."""
        return to_parts(self.fitted.state, {name: self._options()[name] for name in stored_options()})

    @classmethod
    def from_parts(cls, parts: ModelPayload, schema: TableSchema) -> Self:
        """An imputer fitted as `parts` say; OptionError where they cannot be right."""
        if set(parts.options) != stored_options():
            raise OptionError(f"{cls.__name__} has the options {sorted(stored_options())}, got {sorted(parts.options)}")
        made = cls(**parts.options)
        learned = from_parts(parts, cell=made.cell, causal=made.mode == "causal")
        if len(schema.columns.targets) != learned.form.channels:
            raise OptionError(f"expected {learned.form.channels} targets, got {schema.columns.targets}")
        made._keep(Fitted(panel=None, schema=schema, state=learned))
        return made

    def _options(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self) if each.init}

    def _keep(self, fitted: Fitted[ImputerState]) -> None:
        object.__setattr__(self, "_fitted", fitted)

    def resolve_panel(self, data: Any) -> Panel:
        """`data` as a panel like the fitted one; that one for None."""
        if data is not None:
            return as_panel(data, like=self.fitted.schema)
        if self.fitted.panel is None:
            raise NotFittedError("a loaded imputer holds no series: call impute(data)")
        return self.fitted.panel

    def check_panel(self, panel: Panel) -> ImputerState:
        learned = self.fitted.state
        if panel.n_channels != learned.form.channels:
            raise OptionError(f"the imputer was fitted on {learned.form.channels} channels, got {panel.n_channels}")
        if learned.measure.fixed is None:
            require_values(panel)
        return learned


def stored_options() -> set[str]:
    """The options that a model file holds."""
    return {each.name for each in fields(Imputer) if each.init} - RUNTIME
