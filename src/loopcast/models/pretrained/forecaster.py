"""The forecaster that has learned already: from synthetic series, before it came here."""

import os
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from loopcast.data.panel import Panel
from loopcast.errors import LengthError, OptionError
from loopcast.intervals.holdout import calibration_cutoffs
from loopcast.models.calibrate import usual_steps
from loopcast.models.model import Fit, Model
from loopcast.models.network.encoded_forecaster import EncodedForecaster
from loopcast.models.network.model import ANY, NetworkModel
from loopcast.models.network.short import short_widening
from loopcast.models.network.start import gone_on, network_to_start_from, unseen_rows
from loopcast.models.network.words import known_in_words
from loopcast.models.pretrained.tuning import USUAL, WITH_KNOWN, Choice, Tuning
from loopcast.models.pretrained.weights import read_weights, shipped_network, shipped_weights
from loopcast.storage.registry import register
from loopcast.training.callbacks import Callback, check_callbacks
from loopcast.training.progress import progress
from loopcast.validation import check_seed, check_show_progress


@register
@dataclass(frozen=True, kw_only=True, eq=False)
class Pretrained(EncodedForecaster):
    """A recurrent network that forecasts any series at once, without training: it learned from synthetic ones alone.

    An LSTM of 74 thousand parameters reads each history from its first value on, row by row, and a decoder that all
    steps ahead share says the median and the quantiles of each, for any horizon and any season. `fit` stores the
    series, and measures how wide intervals have to be at past cutoffs of these, where rows allow; elsewhere they are as
    the network has them. `predict(data=)` takes series that it never saw, also of one row.

    seasons: steps in a season and in a second one, such as (24, 168); one alone is the only one. None takes `season`,
        or the usual one of the calendar, and a week beside a day.

    tune: "auto" trains it further on panels of fifty series or more (or as many windows of longer ones), and where
        there are covariates or a calendar, on a thousand values or more: by as many updates as forecast held-back rows
        best, none being one of the choices. A number asks for so many updates, 0 or False for none.
    share: how far of the way from the shipped weights to the tuned ones is gone, above 0 and at most 1; None is half of
        it, or all where that forecasts held-back rows clearly better, and all with covariates.
    start: a file of weights that `python -m loopcast.pretraining` wrote, to be taken instead of the shipped ones.
    seed: of the windows and rows that tuning learns from. show_progress, callbacks: as of
        `Recurrent`.

    Covariates and the calendar are learned in tuning, and left out without it: `describe` says so. Missing values are
    shown as missing. Several targets are forecast each by itself. A series of zeros is forecast to stay so.

    >>> panel = Panel.from_series([float(i % 4) for i in range(40)])
    >>> Pretrained(horizon=4, season=4).fit(panel).predict().shape
    (4, 2)
    """

    runtime: ClassVar[frozenset[str]] = frozenset({"callbacks", "show_progress"})
    network: ClassVar[bool] = True
    model_type: ClassVar[Any] = NetworkModel

    tune: int | Literal["auto"] = "auto"
    share: float | None = None
    start: str | os.PathLike[str] | None = None
    seed: int = 0
    show_progress: bool | None = None
    callbacks: tuple[Callback, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        check_seed(self.seed)
        if self.start is not None:
            if not isinstance(self.start, str | os.PathLike):
                raise OptionError(f"start is the path of a file of weights, or None, got {self.start!r}")
            object.__setattr__(self, "start", os.fspath(self.start))
        if self.tune != "auto" and (self.tune is True or not isinstance(self.tune, int) or self.tune < 0):
            raise OptionError(f'tune is "auto", False, or a number of updates, got {self.tune!r}')
        check_show_progress(self.show_progress)
        object.__setattr__(self, "callbacks", check_callbacks(self.callbacks))
        number = isinstance(self.share, int | float) and not isinstance(self.share, bool)
        if self.share is not None and not (number and 0 < self.share <= 1):
            raise OptionError(f"share is above 0 and at most 1, got {self.share!r}")

    @property
    def cheap_to_refit(self) -> bool:
        """Not where it may be trained."""
        return self.tune == 0

    def _fit(self, panel: Panel) -> Fit:
        return self._learn(panel, self._plain(panel), None)

    def _fit_from(self, panel: Panel, start: Model) -> Fit:
        if self.tune == 0:
            raise OptionError("tune=0 trains nothing: forecast with the fitted one, predict(data=...), or let it tune")
        if self.start is not None:
            raise OptionError(
                f"weights to start from are given twice: by the file {self.start!r} and by fit(start=...)"
            )
        shipped = shipped_network()
        before = network_to_start_from(start, panel, self.periods_of(panel), shipped.cell, shipped.units)
        plain = replace(self._plain(panel), network=before.network, weights=before.weights, encoding=before.encoding)
        return gone_on(self._learn(panel, plain, before), before)

    def _learn(self, panel: Panel, plain: NetworkModel, start: NetworkModel | None) -> Fit:
        """From a network as it was before, which is that of a fit (`start`), or as it was shipped."""
        known = known_in_words(panel)
        if self.tune == 0:
            return Fit(_told(plain, f"It is not trained on it{_left_out(known, plain)}."))
        tuning = Tuning(
            plain=plain,
            known=bool(known),
            horizon=self.horizon or usual_steps(panel, plain.season),
            choices=self._choices(bool(known)),
            longest=int(panel.lengths.max()),
            seed=self.seed,
        )
        few = tuning.why_too_few(panel) if self.tune == "auto" else None
        if few is not None:
            return self._untuned(plain, f"It is not trained on these series: {few}{_left_out(known, plain)}.")
        return self._tuned(tuning, panel, known, start)

    def _choices(self, known: bool) -> tuple[Choice, ...]:
        """What tuning tries, with or without covariates."""
        usual = WITH_KNOWN if known else USUAL
        if self.tune == "auto":
            return usual if self.share is None else (Choice(usual[-1].updates, self.share),)
        return (Choice(self.tune, usual[0].share if self.share is None else self.share),)

    def _tuned(self, tuning: Tuning, panel: Panel, known: str, start: NetworkModel | None) -> Fit:
        """Tuned by the number of updates that forecasts held-back rows best; as it was shipped, where that is best."""
        from loopcast.models.pretrained.tuned import go_on, tuned  # needs JAX, which forecasts do without

        try:
            rows = calibration_cutoffs(panel, tuning.horizon, tuning.plain.season + 1, None)[0]
        except LengthError as error:
            if self.tune != "auto":
                raise
            return self._untuned(tuning.plain, f"It is not trained on these series, which are too short: {error}.")
        if start is not None:
            rows = unseen_rows(start, tuning.long_enough(panel, rows), rows)
            if rows < tuning.horizon:
                return self._tuned_on_all(tuning, panel, known)
        with progress(self.name, show=self.show_progress, callbacks=self.callbacks) as callback:
            tried = list(tuned(tuning, tuning.before(panel, rows), callback))
            place = tuning.choose([each.model for each in tried], panel, rows)
            if place is None:
                why = f"more training did not make its forecasts of the last {rows} rows better"
                why += _left_out(known, tuning.plain)
                return self._untuned(tuning.plain, f"It is not trained on these series: {why}.")
            model, choice = go_on(tuning, panel, tried[place], callback), tried[place].choice
        best = f"which forecast the last {rows} rows best, held back"
        return Fit(self._learned(model, choice, known, best), tried[place].model, rows)

    def _tuned_on_all(self, tuning: Tuning, panel: Panel, known: str) -> Fit:
        """Tuned by the usual number of updates, where no rows can be held back that the network has not seen."""
        from loopcast.models.pretrained.tuned import tuned  # needs JAX

        with progress(self.name, show=self.show_progress, callbacks=self.callbacks) as callback:
            [found] = tuned(replace(tuning, choices=tuning.choices[:1]), panel, callback)
        return Fit(self._learned(found.model, found.choice, known, "the usual number"))

    def _learned(self, model: NetworkModel, choice: Choice, known: str, why: str) -> NetworkModel:
        """A tuned model, with how it was tuned; why: by so many updates, where that was not asked for."""
        beside = f", with {known}" if known else ""
        how = "as asked" if self.tune != "auto" else why
        far = f", and {choice.share:.0%} of that is kept" if choice.share < 1 else ""
        said = f"It learned from these series in {choice.updates} updates{beside}{far} ({how})."
        recipe = self.with_options(tune=choice.updates, share=choice.share)
        return replace(_told(model, said), n_parameters=model.network.parameters, recipe=recipe)

    def _untuned(self, plain: NetworkModel, why: str) -> Fit:
        return Fit(replace(_told(plain, why), recipe=self.with_options(tune=0)))

    def _plain(self, panel: Panel) -> NetworkModel:
        """As it was shipped, for series of these seasons."""
        periods, network = self.periods_of(panel), shipped_network()
        second = f" and of {periods.second}" if periods.second else ""
        return NetworkModel(
            **self.model_fields(panel),
            network=network,
            weights=shipped_weights() if self.start is None else read_weights(self.start),
            periods=periods,
            own_horizon=ANY,
            own_widening=short_widening(periods.season),
            n_parameters=network.parameters,
            description=(
                f"a recurrent network of {network.parameters:,} parameters, which learned from synthetic series, reads "
                f"each history (seasons of {periods.season}{second} steps)."
            ),
        )

    def _min_rows(self, season: int, horizon: int) -> int:
        return 1


def _left_out(known: str, plain: NetworkModel) -> str:
    return f", and {known} are left out" if known and plain.encoding is None else ""


def _told(model: NetworkModel, why: str) -> NetworkModel:
    return replace(model, description=f"{model.description} {why}")
