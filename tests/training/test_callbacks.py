"""Callbacks: what they are told, that they change nothing, and that what they raise ends a fit."""

import numpy as np
import pytest

from loopcast import Imputer, OptionError, Panel, PlainRecurrent, Pretrained, Recurrent, load
from loopcast.backend import keras
from loopcast.training.history import Epoch
from loopcast.training.progress import progress

MADE = {
    "Recurrent": lambda **options: Recurrent(horizon=3, season=4, units=(4,), updates=60, **options),
    "PlainRecurrent": lambda **options: PlainRecurrent(horizon=3, units=(4,), epochs=2, patience=1, **options),
    "Pretrained": lambda **options: Pretrained(horizon=3, season=4, tune=2, **options),
    "Imputer": lambda **options: Imputer(season=4, units=(4,), updates=20, window=24, **options),
}


class Told:
    """Keeps what it is told."""

    def __init__(self):
        self.epochs, self.logs = [], []

    def on_epoch_end(self, epoch, logs):
        """As Keras calls it."""
        self.epochs.append(epoch)
        self.logs.append(dict(logs))
        logs.clear()  # what one callback does to its numbers is no matter to others


class Stop:
    """Has enough after so many epochs."""

    def __init__(self, after):
        self.after = after

    def on_epoch_end(self, epoch, logs):
        """As Keras calls it."""
        if epoch + 1 == self.after:
            raise TimeoutError(f"{epoch + 1} epochs are enough")


def panel():
    t = np.arange(48)
    return Panel.from_array(np.stack([50 + i + 9 * np.sin(t * np.pi / 2) for i in range(2)])[..., None])


def weights(estimator):
    """Every number that a fit learned, end to end."""
    model = estimator.model
    members = model.ensemble.members if hasattr(model, "ensemble") else [model.weights]
    return np.concatenate([np.ravel(part) for member in members for part in _leaves(member)])


def _leaves(weights):
    import jax

    return map(np.asarray, jax.tree.leaves(weights))


@pytest.mark.parametrize("kind", MADE)
def test_a_callback_is_told_of_every_epoch_once_and_changes_no_bit(kind):
    told = [Told(), Told()]
    with_them, without = MADE[kind](callbacks=told).fit(panel()), MADE[kind]().fit(panel())
    np.testing.assert_array_equal(weights(with_them), weights(without))
    assert told[0].epochs == list(range(len(told[0].epochs))) == told[1].epochs
    assert len(told[0].epochs) > 1
    assert told[0].logs == told[1].logs
    assert all({"loss", "member", "final"} <= set(logs) for logs in told[0].logs)


def test_losses_are_those_of_the_history_by_keras_names():
    told = Told()
    history = MADE["PlainRecurrent"](callbacks=[told]).fit(panel()).history
    assert [logs["loss"] for logs in told.logs] == history["loss"].to_list()
    assert [logs.get("val_loss") for logs in told.logs] == history["valid_loss"].to_list()
    assert [bool(logs["final"]) for logs in told.logs] == history["final"].to_list()


@pytest.mark.parametrize("kind", MADE)
def test_what_a_callback_raises_ends_the_fit_as_it_is(kind):
    told = Told()
    forecaster = MADE[kind](callbacks=[told, Stop(after=1)])
    with pytest.raises(TimeoutError, match="1 epochs are enough"):
        forecaster.fit(panel())
    assert told.epochs == [0]
    assert forecaster.is_fitted == (kind == "PlainRecurrent")  # which keeps the best epoch so far


def test_a_callback_of_keras_own_is_told_too():
    seen = []
    callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append((epoch, logs["loss"])))
    with progress("Recurrent", show=False, callbacks=(callback,)) as tell:
        tell(Epoch(epoch=7, member=0, final=False, loss=0.25, last_step_mse=0.1, valid_loss=None), 9)
    assert seen == [(0, 0.25)]


def test_a_model_file_holds_no_callbacks(tmp_path):
    fitted = MADE["Recurrent"](callbacks=[Told()]).fit(panel())
    fitted.save(tmp_path / "a.loopcast")
    assert load(tmp_path / "a.loopcast").callbacks == ()
    assert "callbacks" not in fitted.to_code()


@pytest.mark.parametrize("wrong", [Told(), [len], "callbacks", None, [object()]])
def test_what_is_no_list_of_callbacks_is_refused(wrong):
    with pytest.raises(OptionError, match="callbacks is a list of objects that have on_epoch_end"):
        Recurrent(horizon=3, callbacks=wrong)
