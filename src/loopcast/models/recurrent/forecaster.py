"""The recurrent forecaster: its options, and how what it learns is used and kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl

from loopcast.data.panel import Panel
from loopcast.errors import NotFittedError, OptionError
from loopcast.models.model import Fit
from loopcast.models.recurrent.channel_mode import ChannelMode, Channels, select_best
from loopcast.models.recurrent.model import RecurrentModel, history_array
from loopcast.models.recurrent.options import RecurrentOptions
from loopcast.models.recurrent.stepper import Stepper
from loopcast.nn.network import Network
from loopcast.storage.registry import register
from loopcast.training.history import Trained
from loopcast.training.progress import progress

if TYPE_CHECKING:  # a network is trained without Keras, whose import takes longer
    import keras


@register
@dataclass(frozen=True, kw_only=True, eq=False)
class Recurrent(RecurrentOptions):
    """One recurrent network for all series: each step's state sums up the past, a head reads the future off it.

    cell: "lstm" (Hochreiter & Schmidhuber, 1997), "gru" (Cho et al., 2014) or "simple" (Elman, 1990).
    units: units of each recurrent layer; None chooses by the amount of data. With () and a dense head there is no
        recurrence: a linear model of the lags, trained as a network is.
    head: "dense", or "recurrent" for a last recurrent layer of as many units as there are outputs.
    dropout: share of each layer's outputs dropped in training; None chooses by the amount of data.
    strategy: "sequence" learns at every step to give the next `horizon` values; "direct" learns that at the last
        step of each window only; "iterated" learns one step ahead and feeds its forecasts back.
    context: rows from which a forecast builds its state. None or "all" is the whole history, learned from
        stretches of a chosen length; a number is exactly that many, and series must have them.
    scaling: "auto" shows each step causal, relative values (see `loopcast.features.scaling.Scaling`);
        "none" shows the raw value, and the output is the forecast.
    log: proportional scale; None takes it where no value is negative. Only with scaling="auto".
    gaps: whether values may be missing; None is as the data given to `fit`. True is ready for missing values that only
        later data has, of which it then learned nothing; False refuses them.
    channels: of several targets, "joint" is one network whose state sees and gives all of them; "independent" is one
        network for each alone, with the same weights; None takes the one whose forecasts of the held-back rows are
        better. Missing values of one target are missing in no other.
    unknown_categories: whether static covariates may have categories later that `fit` had none of: some are then taken
        for unknown in training. Without it they are an error.
    lags: latest values shown at each step; None chooses from season and length (1 with scaling="none").
    epochs, batch_size: None chooses by the number of windows.
    learning_rate, schedule, clip, weight_decay: Adam's (Kingma & Ba, 2015); clip bounds the gradient's norm.
        learning_rate None chooses by the amount of data.
    distribution: "point" gives one value a step, and intervals come from calibration; "quantile", "normal" and
        "student" give the forecast's whole distribution (see `loopcast.nn.heads`), of which `predict` shows the
        median and the levels asked for. `calibrate` then corrects how wide it is.
    loss: "mae", "mse" or "huber", of the network's (scaled) output; a distribution has its own.
    patience: epochs in a row with clearly worse forecasts of the held-back last `horizon` rows before training
        stops. None holds nothing back and runs every epoch.
    refit: once the held-back rows have chosen the number of epochs, train again on all rows for that number;
        False keeps the best epoch's weights as they are.
    members: networks trained from different seeds, whose mean output is the forecast's; the first one chooses the
        number of epochs for all.
    seed: of initial weights, order of windows and dropout. The same seed on the same machine gives the same bits.
    fused: "auto" runs the layers in the fused kernels where they are built and the processor is a CPU, else as a
        compiled scan (an LSTM on a GPU in cuDNN, where no steps are missing), with the same results to rounding;
        "always" is an OptionError where the kernels cannot run; "never" is the scan.
    show_progress: a bar on standard error; None shows it on a terminal.

    Covariates and the calendar, where `Columns` names any, are shown at each step; what is known ahead (future
    covariates, the calendar) also corrects each step of the forecast, in the same way at each.

    Missing values: a series begins with its first value. After it, each step also shows whether its own value is there
    and how long ago the last one was; what is missing is no target. A series without any, and a history with missing
    values where those of `fit` had none: ValuesError. A series whose last values are all missing, as far back as a step
    sees, is forecast to stay at its last one.

    Ctrl-C during `fit` keeps the best epoch so far, then goes on as KeyboardInterrupt.
    A loss that is not finite: TrainingError, with the last good weights kept.

    >>> from loopcast import generate_time_series
    >>> series = generate_time_series(64, 60, seed=0)
    >>> model = Recurrent(horizon=10, cell="gru", units=(8,), epochs=2, scaling="none", patience=None).fit(series)
    >>> model.predict(3).shape
    (192, 3)
    """

    network: ClassVar[bool] = True
    model_type: ClassVar[Any] = RecurrentModel
    runtime: ClassVar[frozenset[str]] = frozenset({"fused", "show_progress"})

    @property
    def cheap_to_refit(self) -> bool:
        """It is trained."""
        return False

    @property
    def history(self) -> pl.DataFrame:
        """A row per epoch: epoch, member, final, loss, last_step_mse, valid_loss (losses in scaled units)."""
        table = pl.DataFrame(self.model.history, schema=list(_HISTORY), orient="row")
        valid = pl.col("valid_loss").fill_nan(None)
        return table.with_columns(valid, pl.col("final") > 0).cast(_HISTORY)  # type: ignore[arg-type]

    @property
    def model(self) -> RecurrentModel:
        """What `fit` left, immutable; NotFittedError before it."""
        if self._model is None:
            raise NotFittedError(f"{self.name} is not fitted: call fit(data) first")
        model: RecurrentModel = self._model
        return model

    def features(self, data: Any = None) -> list[np.ndarray]:
        """What the network sees of each series, float32 `[time, feature]` each, of the rows its state is built from."""
        return self.model.features(self._history(data, None, None))

    def to_keras(self) -> "keras.Model":
        """The network as a stock Keras model of stock layers, with the same weights; members are averaged.

        It takes `features`, float32 `[batch, time, feature]`, and gives the network's output: `[batch, time, horizon]`,
        or `[batch, horizon]` for the direct strategy. `.keras` files and Keras's other backends take it.
        """
        from loopcast.nn.keras_export import stock_model

        ensemble = self.model.ensemble
        _require_plain(ensemble.network, "a stock Keras model")
        return stock_model(ensemble.network, ensemble.members, every_step=self.strategy != "direct")

    def stepper(self) -> Stepper:
        """The network alone, one step of one series a call, with the state going in and coming out: in microseconds.

        `state, output = stepper(state, features)`, from `stepper.start` on and with a row of `features` each time.
        After the rows that a forecast is built from, `output` is what the forecast was read off.

        >>> from loopcast import generate_time_series
        >>> series = generate_time_series(64, 60, seed=0)
        >>> model = Recurrent(horizon=10, cell="gru", units=(8,), epochs=1, scaling="none", patience=None).fit(series)
        >>> stepper = model.stepper()
        >>> state, output = stepper(stepper.start, model.features()[0][0])
        >>> output.shape
        (10,)
        """
        ensemble = self.model.ensemble
        _require_plain(ensemble.network, "a stepper")
        return Stepper(ensemble.network, ensemble.members)

    def _fit(self, panel: Panel) -> Fit:
        modes = [ChannelMode.of(self, panel, channels) for channels in self._channel_modes(panel)]
        modes = modes if all(mode.has_validation for mode in modes) else modes[:1]
        best = modes[0]
        try:
            with progress(self.name, show=self.show_progress) as callback:
                for mode in modes:
                    mode.training.select_epochs(callback)
                best = select_best(modes)
                held_out = self._model_of(best, modes, panel)
                best.training.refit(callback)
        except BaseException:  # whatever stopped it, the best weights so far are kept
            if best.training.trained is not None:
                self.set_model(self._complete(self._model_of(best, modes, panel), panel))
            raise
        return Fit(self._model_of(best, modes, panel), held_out if best.held_rows else None, best.held_rows)

    def _channel_modes(self, panel: Panel) -> tuple[Channels, ...]:
        """How the targets may be seen: as asked, or one way or the other."""
        if panel.n_channels == 1:
            return ("joint",)
        return ("joint", "independent") if self.channels is None else (self.channels,)

    def _model_of(self, mode: ChannelMode, modes: Sequence[ChannelMode], panel: Panel) -> RecurrentModel:
        """What the training of a mode has come to."""
        trained = mode.training.trained
        if trained is None:
            raise RuntimeError("nothing was trained")
        ensemble = mode.ensemble(trained.members)
        reasons = mode.reasons(modes, asked=self.channels is not None)
        own = ensemble.horizon if self.distribution != "point" else 0
        several = panel.n_channels > 1
        return RecurrentModel(
            **self.model_fields(panel),
            ensemble=ensemble,
            best_epoch=trained.best_epoch,
            history=history_array(trained.history),
            min_history=ensemble.context or 1,
            n_parameters=ensemble.network.parameters * len(trained.members),
            own_horizon=own,
            description="\n  ".join((*reasons, _outcome(trained))),
            recipe=self.with_options(channels=mode.channels) if several else self.with_options(),
        )

    def _min_rows(self, season: int, horizon: int) -> int:
        """A context of its own and a value to forecast."""
        return self.context + 1 if isinstance(self.context, int) else 1


def _outcome(trained: Trained) -> str:
    """How the training went, in a sentence."""
    if all(epoch.loss == 0.0 for epoch in trained.history):
        return "Nothing varies before the values to forecast, so there was nothing to learn."
    return f"Ran {len(trained.history)} epochs in all; {trained.best_epoch} was the best number."


_HISTORY = {
    "epoch": pl.Int64,
    "member": pl.Int64,
    "final": pl.Boolean,
    "loss": pl.Float64,
    "last_step_mse": pl.Float64,
    "valid_loss": pl.Float64,
}


def _require_plain(network: Network, what: str) -> None:
    """OptionError where a network takes in more than features."""
    if network.n_future or network.embeddings:
        raise OptionError(
            f"{what} takes the features of a step alone, and this model also reads what is known ahead, or embeddings "
            "of categories: fit it without future covariates, a calendar and static categories"
        )
