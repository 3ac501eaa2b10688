"""The imputer: its options, and how what it learns fills the gaps of series."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
import polars as pl

from loopcast.errors import LengthError, NotFittedError, OptionError, ValuesError
from loopcast.forecasters.base import interval_columns
from loopcast.forecasters.checks import positive
from loopcast.forecasters.conformal import check_level
from loopcast.forecasters.waiting import waiting
from loopcast.frames.filled import fill_table
from loopcast.frames.panel import Panel, as_panel
from loopcast.frames.tables import open_table
from loopcast.imputers.fitting import Lesson, learn
from loopcast.imputers.hiding import Hiding
from loopcast.imputers.model import Form, Scale, fill
from loopcast.imputers.simple import METHODS
from loopcast.imputers.trial import Trial, by_series, cut, held_back, tried
from loopcast.imputers.widths import SHARES, Widths, distances, widths_of
from loopcast.networks.joined import Joined
from loopcast.networks.network import CellName
from loopcast.training.recipe import Recipe

WINDOW = (48, 168)  # rows of a training window, at least and at most
UPDATES = 1500
WIDE, NARROW = (96, 96), (48, 48)  # units, for several channels and for one
NETWORK = "network"
UNFITTED = "the imputer is not fitted: call fit(data) first"
LEAST_ROWS = 8  # of the longest series


@dataclass(frozen=True, kw_only=True, eq=False)
class Learned:
    """What a fit leaves.

    scale: of the one series it was fitted on; None where each series has its own.
    chosen: for each channel the way that fills it, a name of `simple.METHODS` or "network".
    """

    form: Form
    weights: np.ndarray
    scale: Scale | None
    widths: Widths
    trial: Trial
    chosen: tuple[str, ...]
    season: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Imputer:
    """Fills gaps with recurrent networks that read each series from both ends, several channels at once.

    Training hides known values in the pattern that the gaps of the data itself have (points and stretches where it has
    none) and learns, by mean absolute error, to give them back: what it adds to the straight line across a gap, from
    what is known on both sides and in the other channels. After BRITS (Cao et al., 2018) and its successors; the
    network is `loopcast.networks.joined.Joined`.

    mode: "two-sided", or "causal", which sees nothing later than what it fills: for live use and for backtests.
    cell, units: of the recurrent layers; units None chooses by the number of channels.
    window: rows of a training window; None chooses by season and gaps.
    updates, batch_size, learning_rate: of Adam, on a one-cycle schedule.
    best: fill each channel by the way that did best on the hidden values: the network, or a simple one.
    seed: of weights, windows and what is hidden.
    show_progress: a bar on standard error; None shows it on a terminal.

    A tenth of the rows is held back (`loopcast.imputers.trial.held_back`): values hidden there say how far off the
    network and the simple ways are (`scores`), and how wide intervals have to be.

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
    updates: int = UPDATES
    batch_size: int = 64
    learning_rate: float = 0.003
    best: bool = False
    seed: int = 0
    show_progress: bool | None = None
    _fitted: "tuple[Panel, Learned] | None" = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.mode not in ("two-sided", "causal"):
            raise OptionError(f'mode is "two-sided" or "causal", got {self.mode!r}')
        if self.cell not in ("lstm", "gru", "simple"):
            raise OptionError(f"cell is one of 'lstm', 'gru', 'simple', got {self.cell!r}")
        for name in ("updates", "batch_size"):
            positive(name, getattr(self, name))
        for name in ("season", "window"):
            if getattr(self, name) is not None:
                positive(name, getattr(self, name))
        for units in self.units or ():
            positive("units", units)
        if not isinstance(self.learning_rate, int | float) or not 0 < self.learning_rate < math.inf:
            raise OptionError(f"learning_rate is a number above 0, got {self.learning_rate!r}")

    def fit(self, data: Any, *, gaps_like: Any = None) -> Self:
        """Learn from `data`, a panel or what can be one, whose gaps are NaN.

        gaps_like: other data of the same channels, whose gaps (and nothing else of it) say which values are hidden to
            learn from: for a history with fewer gaps than what will be filled. None takes those of `data` itself.
        ValuesError where a channel has no value at all; LengthError where no series has 8 rows; TrainingError where the
        loss is not finite.
        """
        panel = as_panel(data)
        _require_values(panel)
        if panel.lengths.max() < LEAST_ROWS:
            raise LengthError(
                f"an imputer learns from series of {LEAST_ROWS} rows; the longest has {panel.lengths.max()}"
            )
        other = panel if gaps_like is None else as_panel(gaps_like)
        if other.n_channels != panel.n_channels:
            raise OptionError(f"gaps_like has {other.n_channels} channels, and the data {panel.n_channels}")
        there = float(np.isnan(panel.values).mean())
        hiding = Hiding(missing=np.isnan(other.values), offsets=other.offsets, there=there)
        object.__setattr__(self, "_fitted", (panel, self._learn(panel, hiding)))
        return self

    @property
    def fitted(self) -> Learned:
        """What fit left; NotFittedError before it."""
        if self._fitted is None:
            raise NotFittedError(UNFITTED)
        return self._fitted[1]

    @property
    def scores(self) -> pl.DataFrame:
        """Mean absolute error of each way at the hidden values: target, way, mae, and whether it fills this target."""
        learned, names = self.fitted, self._known(None).targets
        rows = [
            {"target": name, "way": way, "mae": mae, "fills": learned.chosen[channel] == way}
            for channel, name in enumerate(names)
            for way, mae in learned.trial.ranked(channel)
        ]
        return pl.DataFrame(rows)

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
        panel = self._known(data)
        values, marks = self.fill(panel), np.isnan(panel.values)
        extra = self.ends(panel, level, filled=values) if len(level) else {}
        if data is None or isinstance(data, Panel) or open_table(data) is None:
            return panel.filled_table(values, marks, extra)
        return fill_table(data, panel, values, marks, extra)

    def fill(self, panel: Panel) -> np.ndarray:
        """The values of a panel with its gaps filled, float32 `[row, channel]`; known ones come back bit for bit."""
        learned = self._of_kind(panel)
        filled = self._filled(learned, panel)
        return np.where(np.isnan(panel.values), filled, panel.values)

    def intervals(
        self, panel: Panel, level: Sequence[float], *, filled: np.ndarray | None = None
    ) -> dict[float, tuple[np.ndarray, np.ndarray]]:
        """For each level both ends of an interval at each gap, float32 `[row, channel]`; NaN where a value is known.

        filled: what `fill` gave for this panel, so that it is not computed again; None computes it.
        """
        learned, wanted = self._of_kind(panel), check_level(level)
        if wanted[-1] / 100 > SHARES[-1]:
            raise OptionError(f"intervals of filled values go up to {SHARES[-1]:.0%}, got level {wanted[-1]:g}")
        missing = np.isnan(panel.values)
        middle = np.where(missing, self.fill(panel) if filled is None else filled, np.float32(np.nan))
        away = distances(missing, panel.offsets, causal=learned.form.causal)
        spread = self._scale(learned, panel).rows(panel.offsets)[1]
        halves = {each: learned.widths.of(each, away) * spread for each in wanted}
        return {each: (middle - half, middle + half) for each, half in halves.items()}

    def ends(self, panel: Panel, level: Sequence[float], *, filled: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """The ends of every interval, float32 `[row]` by column name (`TARGET-lo-90`), as `impute` adds them.

        filled: as for `intervals`.
        """
        columns: dict[str, np.ndarray] = {}
        ends = self.intervals(panel, level, filled=filled)
        for channel, target in enumerate(panel.targets):
            for each, (low, high) in ends.items():
                columns |= interval_columns(target, each, low[:, channel], high[:, channel])
        return columns

    def describe(self) -> str:
        """In plain words, what was chosen, and which way of filling was best for how many targets."""
        learned, network = self.fitted, self.fitted.form.network
        ranked = [learned.trial.ranked(channel) for channel in range(network.outputs)]
        others = [ways[0][0] for ways in ranked if ways and ways[0][0] != NETWORK]
        said = f"{', '.join(sorted(set(others)))} did better" if others else "the network filled hidden values best"
        count = f"for {len(others) or sum(map(bool, ranked))} of {network.outputs}"
        units = "-".join(map(str, network.units))
        return (
            f"{network.cell.upper()} {units}, {'from both ends' if network.sides == 2 else 'forwards'}, "
            f"{network.parameters:,} parameters, windows of {learned.form.window} rows, {self.updates} updates. "
            f"On rows that were held back, {said} {count} targets."
        )

    def _learn(self, panel: Panel, hiding: Hiding) -> Learned:
        season = panel.season if self.season is None else self.season
        window = self.window or choose_window(panel, season)
        units = self.units if self.units is not None else NARROW if panel.n_channels == 1 else WIDE
        causal = self.mode == "causal"
        network = Joined(
            cell=self.cell,
            units=units,
            inputs=3 * panel.n_channels,
            outputs=panel.n_channels,
            sides=1 if causal else 2,
        )
        form = Form(network=network, window=window, causal=causal)
        rng = np.random.default_rng(self.seed)
        held = held_back(panel.offsets, window, rng)
        shown = np.where(held[:, None], np.float32(np.nan), panel.values)
        scale = Scale.of(shown, panel.offsets) if panel.n_series == 1 else None
        values = self._scaled(panel, scale)
        lesson = np.where(held[:, None], np.float32(np.nan), values)
        weights = self._trained(Lesson(form=form, values=lesson, offsets=panel.offsets, hiding=hiding))
        pieces = cut(panel.offsets, int(np.diff(hiding.offsets).max()))
        trial = tried(
            values,
            pieces,
            held,
            hiding,
            lambda left: fill(form, weights, left, pieces),
            season=season,
            causal=causal,
            rng=rng,
        )
        return Learned(
            form=form,
            weights=weights,
            scale=scale,
            widths=widths_of(trial.errors[NETWORK], trial.away),
            trial=trial,
            chosen=self._chosen(trial, panel.n_channels),
            season=season,
        )

    def _trained(self, lesson: Lesson) -> np.ndarray:
        recipe = Recipe(
            epochs=1,
            batch_size=self.batch_size,
            learning_rate=float(self.learning_rate),
            loss="mae",
            schedule="one-cycle",
            clip=1.0,
        )
        with waiting("Imputer", self.updates, show=self.show_progress) as tell:
            return learn(lesson, recipe, self.updates, tell, self.seed)

    def _chosen(self, trial: Trial, channels: int) -> tuple[str, ...]:
        if not self.best:
            return (NETWORK,) * channels
        ranked = [trial.ranked(channel) for channel in range(channels)]
        return tuple(ways[0][0] if ways else NETWORK for ways in ranked)

    def _scale(self, learned: Learned, panel: Panel) -> Scale:
        return Scale.of(panel.values, panel.offsets) if learned.scale is None else learned.scale

    def _scaled(self, panel: Panel, scale: Scale | None) -> np.ndarray:
        level, spread = (scale or Scale.of(panel.values, panel.offsets)).rows(panel.offsets)
        return (panel.values - level) / spread

    def _filled(self, learned: Learned, panel: Panel) -> np.ndarray:
        level, spread = self._scale(learned, panel).rows(panel.offsets)
        said = fill(learned.form, learned.weights, self._scaled(panel, learned.scale), panel.offsets) * spread + level
        for channel, way in enumerate(learned.chosen):
            if way != NETWORK:
                own = panel.values[:, [channel]]
                said[:, [channel]] = by_series(own, panel.offsets, METHODS[way], learned.season)
        return said

    def _known(self, data: Any) -> Panel:
        """`data` as a panel like the fitted one; that one for None."""
        fitted = self._fitted
        if fitted is None:
            raise NotFittedError(UNFITTED)
        return fitted[0] if data is None else as_panel(data, like=fitted[0].template)

    def _of_kind(self, panel: Panel) -> Learned:
        learned = self.fitted
        if panel.n_channels != learned.form.network.outputs:
            raise OptionError(
                f"the imputer was fitted on {learned.form.network.outputs} channels, got {panel.n_channels}"
            )
        if learned.scale is None:
            _require_values(panel)
        return learned


def choose_window(panel: Panel, season: int) -> int:
    """Two seasons, within WINDOW, and no more than the longest series."""
    return int(min(np.clip(2 * season, *WINDOW), panel.lengths.max()))


def _require_values(panel: Panel) -> None:
    known = np.add.reduceat(~np.isnan(panel.values), panel.offsets[:-1], dtype=np.int64)
    if (known == 0).any():
        series, channel = np.argwhere(known == 0)[0]
        raise ValuesError(
            f"series {panel.ids[int(series)]!r} has no value in {panel.targets[int(channel)]!r}: leave the series or "
            "the column out"
        )
