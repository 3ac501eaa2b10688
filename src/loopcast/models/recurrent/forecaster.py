"""A recurrent network that is trained on the series of a panel, from nothing."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, get_args

import numpy as np

from loopcast.data.panel import Panel
from loopcast.errors import LengthError, OptionError
from loopcast.features.causal.track import Periods
from loopcast.intervals.holdout import calibration_cutoffs, long_enough, why_no_tail
from loopcast.models.member_errors import HeldOut
from loopcast.models.model import Fit, Model
from loopcast.models.network.encoded_forecaster import EncodedForecaster
from loopcast.models.network.model import ANY, NetworkModel
from loopcast.models.network.short import short_widening
from loopcast.models.network.start import (
    gone_on,
    network_to_start_from,
    require_nothing_new,
    unseen_rows,
)
from loopcast.models.network.targets import Channels
from loopcast.models.network.width import width_of
from loopcast.models.network.words import known_in_words
from loopcast.models.recurrent.plan import UPDATES, WITH_KNOWN, Sight, TrainingPlan
from loopcast.models.recurrent.reasons import select, sentences
from loopcast.nn.shapes import CellName
from loopcast.storage.registry import register
from loopcast.training.callbacks import Callback, check_callbacks
from loopcast.training.progress import progress
from loopcast.validation import check_positive, check_seed, check_show_progress

UNITS = (40,)


@register
@dataclass(frozen=True, kw_only=True, eq=False)
class Recurrent(EncodedForecaster):
    """One recurrent network for all series, trained on them: it learns in seconds, at any horizon.

    Each history is read row by row, from its first value on, by a causal encoding that needs no unit from its end; a
    decoder that all steps ahead share says the median and quantiles of each. It learns from some rows of some windows
    at a time, drawn at random, and the last rows of each series are held back from the first training: how wrong the
    network is there, and so how wide intervals have to be, is measured by forecasts that have seen nothing of them.
    Then the training goes on with all rows.

    horizon: steps ahead that are learned; the decoder also reads further ones.
    seasons: steps in a season and in a second one, such as (24, 168); one alone is the only one. None takes `season`,
        or the usual one of the calendar, and a week beside a day.
    cell: "gru" (Cho et al., 2014), "lstm" (Hochreiter & Schmidhuber, 1997) or "simple" (Elman, 1990).
    units: units of each recurrent layer.
    updates: of the weights, by `batch_size` windows each, of the training that the held-back rows judge; a quarter more
        follows on all rows. None is 400, or 800 with covariates or a calendar.
    learning_rate: Adam's (Kingma & Ba, 2015), at its highest.
    channels: of several targets, "joint" shows each what the others were, "independent" each alone; the same weights
        forecast all of them in either case. None takes the one that forecasts the held-back rows better.
    seed: of initial weights, windows and rows. The same seed on the same machine gives the same bits.
    show_progress: a bar on standard error; None shows it on a terminal.
    callbacks: objects with Keras' `on_epoch_end(epoch, logs)`, told of every fifty updates; what one raises ends
        the fit.

    Covariates and the calendar, where `Columns` names any, are shown at each row; what is known ahead, also at each
    step of a forecast, with its means over the latest rows and its change from a season before. A static category that
    the fit did not have is shown as none. Missing values are shown as missing, and are no target.

    LengthError where no series has two rows. TrainingError where the loss or a weight is not finite.

    >>> panel = Panel.from_series([float(i % 4) for i in range(60)])
    >>> Recurrent(horizon=4, season=4, updates=20).fit(panel).predict().shape
    (4, 2)
    """

    network: ClassVar[bool] = True
    model_type: ClassVar[Any] = NetworkModel
    runtime: ClassVar[frozenset[str]] = frozenset({"callbacks", "show_progress"})

    horizon: int = field()
    cell: CellName = "gru"
    units: tuple[int, ...] = UNITS
    updates: int | None = None
    batch_size: int = 32
    learning_rate: float = 0.005
    channels: Channels | None = None
    seed: int = 0
    show_progress: bool | None = None
    callbacks: tuple[Callback, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, kinds in (("cell", get_args(CellName)), ("channels", (None, *get_args(Channels)))):
            if getattr(self, name) not in kinds:
                raise OptionError(f"{name} is one of {', '.join(map(repr, kinds))}, got {getattr(self, name)!r}")
        if not isinstance(self.units, tuple) or not self.units:
            raise OptionError(f"units is a tuple of layer sizes such as (40, 40), got {self.units!r}")
        for name, each in (("units", self.units), ("batch_size", (self.batch_size,)), ("updates", (self.updates,))):
            for number in each:
                if number is not None:
                    check_positive(name, number)
        rate = self.learning_rate
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= 1:
            raise OptionError(f"learning_rate is a number above 0 and at most 1, got {rate!r}")
        check_show_progress(self.show_progress)
        object.__setattr__(self, "callbacks", check_callbacks(self.callbacks))
        check_seed(self.seed)

    @property
    def cheap_to_refit(self) -> bool:
        """It is trained."""
        return False

    def _fit(self, panel: Panel) -> Fit:
        return self._learn(panel, None)

    def _fit_from(self, panel: Panel, start: Model) -> Fit:
        network = network_to_start_from(start, panel, self.periods_of(panel), self.cell, self.units)
        require_nothing_new(network, panel)
        if self.channels not in (None, network.channels) and panel.n_channels > 1:
            raise OptionError(f"start sees its targets {network.channels}: give channels={network.channels!r} or none")
        return gone_on(self._learn(panel, network), network)

    def _learn(self, panel: Panel, start: NetworkModel | None) -> Fit:
        """From new weights, or those of a network of the same architecture."""
        if panel.observed_lengths.max() < 2:
            raise LengthError(f"{self.name} learns from series of 2 rows or more; the longest has one")
        periods = self.periods_of(panel)
        plan = self._plan(panel, periods)
        held, least = self._held_rows(panel, start), periods.season + 1
        seen = long_enough(panel, held + least).drop_last(held) if held else panel
        if start is None:
            ways = [Sight.of(seen, periods, way, self.cell, self.units) for way in self._ways(panel, held)]
        else:
            ways = [Sight(channels=start.channels, encoding=start.encoding, shape=start.network)]
        first = None if start is None else start.weights
        with progress(self.name, show=self.show_progress, callbacks=self.callbacks) as callback:
            tried = [self._model_of(panel, plan, way, plan.learn(way, seen, first, callback), held) for way in ways]
            if not held:
                return Fit(tried[0])
            place, why = select(tried, HeldOut(models=tuple(tried), panel=long_enough(panel, held + least), rows=held))
            weights = plan.go_on(ways[place], tried[place].weights, panel, callback)
        model = self._model_of(panel, plan, ways[place], weights, held)
        return Fit(replace(model, description=model.description + why), tried[place], held)

    def _plan(self, panel: Panel, periods: Periods) -> TrainingPlan:
        usual = WITH_KNOWN if known_in_words(panel) else UPDATES
        return TrainingPlan(
            periods=periods,
            horizon=self.horizon,
            width=width_of(periods, int(panel.lengths.max())),
            updates=self.updates or usual,
            batch=self.batch_size,
            rate=self.learning_rate,
            seed=self.seed,
        )

    def _held_rows(self, panel: Panel, start: NetworkModel | None = None) -> int:
        """How many of the last rows of each series are held back at first.

        0 where series are too short for that; of what `start` has seen, none.
        """
        least = self.season_of(panel) + 1
        if why_no_tail(panel, self.horizon, least) is not None:
            return 0
        rows = calibration_cutoffs(panel, self.horizon, least, None)[0]
        if start is None:
            return rows
        unseen = unseen_rows(start, long_enough(panel, rows + least), rows)
        return unseen if unseen >= self.horizon else 0

    def _ways(self, panel: Panel, held: int) -> tuple[Channels, ...]:
        """How the targets may be seen: as asked, or one way or the other where rows are held back that tell."""
        if panel.n_channels > 1 and held and self.channels is None:
            return ("joint", "independent")
        return ("independent" if self.channels is None or panel.n_channels == 1 else self.channels,)

    def _model_of(self, panel: Panel, plan: TrainingPlan, way: Sight, weights: np.ndarray, held: int) -> NetworkModel:
        several = panel.n_channels > 1
        return NetworkModel(
            **self.model_fields(panel),
            network=way.shape,
            weights=weights,
            periods=plan.periods,
            encoding=way.encoding,
            channels=way.channels,
            own_horizon=ANY,
            own_widening=short_widening(plan.periods.season),
            n_parameters=way.shape.parameters,
            description="\n  ".join(sentences(panel, plan, way, held)),
            recipe=self.with_options(channels=way.channels) if several else self.with_options(),
        )

    def _min_rows(self, season: int, horizon: int) -> int:
        """A row to forecast from, and one that comes."""
        return 2
