"""A plain recurrent network on raw values, as one is first taught: its options, and how what it learns is used."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl

from loopcast.data.panel import Panel
from loopcast.errors import NotFittedError
from loopcast.models.model import Fit
from loopcast.models.network.words import known_in_words
from loopcast.models.plain.ensemble import Ensemble
from loopcast.models.plain.model import PlainModel, history_array
from loopcast.models.plain.options import PlainOptions
from loopcast.models.plain.setup import Setup, set_up
from loopcast.models.plain.stepper import Stepper
from loopcast.storage.registry import register
from loopcast.training.history import Trained
from loopcast.training.progress import progress
from loopcast.training.trainer import Training

if TYPE_CHECKING:  # a network is trained without Keras, whose import takes longer
    import keras


@register
@dataclass(frozen=True, kw_only=True, eq=False)
class PlainRecurrent(PlainOptions):
    """A plain recurrent network on raw values, as notebooks and courses have it; `Recurrent` forecasts better.

    Each step's state sums up the past, and a head reads the future off it. Values go in and come out as they are, so
    series should be of about one size, near one. It is what stock Keras layers are, and can become them (`to_keras`).

    cell: "lstm" (Hochreiter & Schmidhuber, 1997), "gru" (Cho et al., 2014) or "simple" (Elman, 1990).
    units: units of each recurrent layer; None chooses by the amount of data. With () and a dense head there is no
        recurrence: a linear model of the lags, trained as a network is.
    head: "dense", or "recurrent" for a last recurrent layer of as many units as there are outputs.
    dropout: share of each layer's outputs dropped in training.
    strategy: "sequence" learns at every step to give the next `horizon` values (sequence to sequence); "direct" learns
        that at the last step of each window only (sequence to vector); "iterated" learns one step ahead and feeds its
        forecasts back.
    context: rows from which a forecast builds its state. None is the whole history, learned from stretches of a chosen
        length; a number is exactly that many, and series must have them.
    lags: latest values shown at each step.
    epochs, batch_size: None chooses by the number of windows.
    learning_rate, schedule, clip, weight_decay: Adam's (Kingma & Ba, 2015); clip bounds the gradient's norm.
    loss: "mae", "mse" or "huber".
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
    callbacks: objects with Keras' `on_epoch_end(epoch, logs)`; what one raises ends the fit.

    Several targets are seen and given by one state. Covariates and the calendar are left out. Missing values are a
    ValuesError.

    Ctrl-C during `fit` keeps the best epoch so far, then goes on as KeyboardInterrupt.
    A loss that is not finite: TrainingError, with the last good weights kept.

    >>> from loopcast import generate_time_series
    >>> series = generate_time_series(64, 60, seed=0)
    >>> model = PlainRecurrent(horizon=10, cell="gru", units=(8,), epochs=2, patience=None).fit(series)
    >>> model.predict(3).shape
    (192, 3)
    """

    network: ClassVar[bool] = True
    model_type: ClassVar[Any] = PlainModel
    runtime: ClassVar[frozenset[str]] = frozenset({"callbacks", "fused", "show_progress"})

    @property
    def cheap_to_refit(self) -> bool:
        """It is trained."""
        return False

    @property
    def history(self) -> pl.DataFrame:
        """A row per epoch: epoch, member, final, loss, last_step_mse, valid_loss (losses in the series' units)."""
        table = pl.DataFrame(self.model.history, schema=list(_HISTORY), orient="row")
        valid = pl.col("valid_loss").fill_nan(None)
        return table.with_columns(valid, pl.col("final") > 0).cast(_HISTORY)  # type: ignore[arg-type]

    @property
    def model(self) -> PlainModel:
        """What `fit` left, immutable; NotFittedError before it."""
        if self._model is None:
            raise NotFittedError(f"{self.name} is not fitted: call fit(data) first")
        model: PlainModel = self._model
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
        return stock_model(ensemble.network, ensemble.members, every_step=self.strategy != "direct")

    def stepper(self) -> Stepper:
        """The network alone, one step of one series a call, with the state going in and coming out: in microseconds.

        `state, output = stepper(state, features)`, from `stepper.start` on and with a row of `features` each time.
        After the rows that a forecast is built from, `output` is what the forecast was read off.

        >>> from loopcast import generate_time_series
        >>> series = generate_time_series(64, 60, seed=0)
        >>> model = PlainRecurrent(horizon=10, cell="gru", units=(8,), epochs=1, patience=None).fit(series)
        >>> stepper = model.stepper()
        >>> state, output = stepper(stepper.start, model.features()[0][0])
        >>> output.shape
        (10,)
        """
        ensemble = self.model.ensemble
        return Stepper(ensemble.network, ensemble.members)

    def _fit(self, panel: Panel) -> Fit:
        setup = set_up(self, panel)
        training = Training(setup.data, setup.recipe, members=self.members)
        try:
            with progress(self.name, show=self.show_progress, callbacks=self.callbacks) as callback:
                training.select_epochs(callback)
                held_out = self._model_of(setup, training, panel)
                training.refit(callback)
        except BaseException:  # whatever stopped it, the best weights so far are kept
            if training.trained is not None:
                self.set_model(self._complete(self._model_of(setup, training, panel), panel))
            raise
        return Fit(self._model_of(setup, training, panel), held_out if setup.held_rows else None, setup.held_rows)

    def _model_of(self, setup: Setup, training: Training, panel: Panel) -> PlainModel:
        """What a training has come to."""
        trained, data = training.trained, setup.data
        if trained is None:
            raise RuntimeError("nothing was trained")
        ensemble = Ensemble(
            network=data.network,
            lags=self.lags,
            context=self.context,
            members=trained.members,
            channels=panel.n_channels,
        )
        known = known_in_words(panel)
        left_out = [f"It does without {known}."] if known else []
        return PlainModel(
            **self.model_fields(panel),
            ensemble=ensemble,
            best_epoch=trained.best_epoch,
            history=history_array(trained.history),
            min_history=ensemble.context or 1,
            n_parameters=ensemble.network.parameters * len(trained.members),
            description="\n  ".join((*setup.reasons, *left_out, _outcome(trained))),
        )

    def _min_rows(self, season: int, horizon: int) -> int:
        """What it sees of a series, and a value to forecast."""
        return self.lags + 1 if self.context is None else self.context + 1


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
