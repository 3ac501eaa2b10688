import signal
import subprocess
import sys

import jax
import numpy as np
import pytest

from loopcast.backend import keras
from loopcast.errors import TrainingError
from loopcast.features.windows import WindowPlan
from loopcast.nn.init import initial_weights
from loopcast.nn.keras_export import stock_model
from loopcast.nn.losses import elementwise_loss
from loopcast.nn.network import Network
from loopcast.training.config import TrainingConfig
from loopcast.training.early_stopping import EarlyStopping, tolerance
from loopcast.training.history import Epoch
from loopcast.training.run import require_finite
from loopcast.training.trainer import Training
from loopcast.training.window_data import WindowData

CONTEXT, HORIZON, SERIES = 12, 3, 70


def values(seed=0):
    return np.random.default_rng(seed).normal(size=(SERIES, CONTEXT + HORIZON)).astype(np.float32)


def task(cell="gru", every_step=True, held_back=0, numbers=None):
    plan = WindowPlan(context=CONTEXT - held_back, horizon=HORIZON, every_step=every_step)
    offsets = np.arange(SERIES + 1) * (CONTEXT + HORIZON)
    return WindowData(
        network=Network(cell=cell, units=(6,), inputs=1, outputs=HORIZON),
        lags=1,
        plan=plan,
        values=(values() if numbers is None else numbers).reshape(-1, 1),
        training=plan.training(offsets, held_back),
        validation=plan.validation(offsets, np.array([held_back])) if held_back else None,
        refit_windows=plan.training(offsets, 0) if held_back else None,
    )


def recipe(**options):
    plain = {"epochs": 3, "batch_size": 16, "learning_rate": 0.01, "loss": "mse"}
    return TrainingConfig(**(plain | options))


def ignore(epoch, epochs):
    pass


def run(training, callback=ignore):
    """The whole training, as `fit` does it."""
    training.select_epochs(callback)
    training.refit(callback)


def stock_schedule(how, updates):
    schedules = keras.optimizers.schedules
    if how.schedule == "cosine":
        return schedules.CosineDecay(how.learning_rate, updates)
    if how.schedule == "one-cycle":
        warm = round(updates / 4)
        start = how.learning_rate / 25
        return schedules.CosineDecay(start, updates - warm, warmup_target=how.learning_rate, warmup_steps=warm)
    return how.learning_rate


@pytest.mark.parametrize(
    ("every_step", "options"),
    [
        (True, {}),
        (False, {"loss": "mae", "clip": 0.05}),
        (True, {"loss": "huber", "schedule": "cosine", "weight_decay": 0.01}),
        (False, {"schedule": "one-cycle"}),
    ],
)
def test_losses_are_those_of_stock_keras_with_the_same_start_and_order(every_step, options):
    job, how = task(every_step=every_step), recipe(**options)
    training = Training(job, how)
    run(training)
    stock = stock_model(job.network, [initial_weights(job.network, how.seed)], every_step=every_step)
    optimizer = keras.optimizers.Adam(
        stock_schedule(how, how.epochs * -(-SERIES // how.batch_size)),
        global_clipnorm=how.clip,
        weight_decay=how.weight_decay,
    )
    losses = {"mse": "mse", "mae": "mae", "huber": keras.losses.Huber()}
    stock.compile(optimizer=optimizer, loss=losses[how.loss])
    windows = values()
    inputs = windows[:, :CONTEXT, None]
    ahead = np.stack([windows[:, t + 1 : t + 1 + HORIZON] for t in range(CONTEXT)], axis=1)
    targets = ahead if every_step else ahead[:, -1]
    order = np.random.default_rng(how.seed)
    for epoch in training.trained.history:
        shuffled, total = order.permutation(SERIES), 0.0
        for first in range(0, SERIES, how.batch_size):
            batch = shuffled[first : first + how.batch_size]
            stock.reset_metrics()
            total += float(stock.train_on_batch(inputs[batch], targets[batch])) * len(batch)
        assert epoch.loss == pytest.approx(total / SERIES, rel=1e-4)


@pytest.mark.parametrize("name", ["mse", "mae", "huber"])
def test_each_loss_is_that_of_keras(name):
    errors = np.linspace(-3, 3, 25).astype(np.float32)
    stock = {"mse": keras.losses.MeanSquaredError, "mae": keras.losses.MeanAbsoluteError, "huber": keras.losses.Huber}
    wanted = [float(stock[name]()(np.zeros((1, 1)), error.reshape(1, 1))) for error in errors]
    np.testing.assert_allclose(elementwise_loss(name, errors), wanted, rtol=1e-6)


def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not():
    runs = []
    for seed in (1, 1, 2):
        training = Training(task(), recipe(seed=seed))
        run(training)
        runs.append(jax.tree.leaves(training.trained.members))
    for first, second in zip(*runs[:2], strict=True):
        np.testing.assert_array_equal(first, second)
    assert any((first != other).any() for first, other in zip(runs[0], runs[2], strict=True))


def test_training_lowers_the_loss_and_reports_every_epoch():
    seen = []
    waves = np.sin(np.arange(SERIES * (CONTEXT + HORIZON)) / 3).reshape(SERIES, -1).astype(np.float32)
    training = Training(task(numbers=waves), recipe(epochs=20))
    run(training, lambda epoch, epochs: seen.append(epoch))
    assert [epoch.epoch for epoch in seen] == list(range(1, 21))
    assert seen[-1].loss < 0.2 * seen[0].loss
    assert seen[-1].last_step_mse < 0.2 * seen[0].last_step_mse
    assert tuple(seen) == training.trained.history


def test_ctrl_c_keeps_the_weights_of_the_last_whole_epoch():
    def third(epoch, epochs):
        if epoch.epoch == 3:
            raise KeyboardInterrupt

    cut, short = Training(task(), recipe(epochs=9)), Training(task(), recipe(epochs=3))
    with pytest.raises(KeyboardInterrupt):
        run(cut, third)
    run(short)
    assert len(cut.trained.history) == 3
    for got, wanted in zip(jax.tree.leaves(cut.trained.members), jax.tree.leaves(short.trained.members), strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_an_infinite_loss_is_an_error_that_says_what_to_try_and_leaves_no_bad_weights():
    huge = values() * np.float32(1e30)
    training = Training(task(numbers=huge), recipe())
    with pytest.raises(TrainingError, match=r"learning_rate below 0\.01"):
        run(training)
    assert training.trained is None


def test_weights_that_the_last_update_broke_are_noticed_too():
    fine = Epoch(epoch=1, member=0, final=False, loss=1.0, last_step_mse=1.0, valid_loss=None)
    with pytest.raises(TrainingError, match="broke down in epoch 1"):
        require_finite(fine, np.float32([1.0, np.inf]), "try less")
    require_finite(fine, np.float32([1.0, 2.0]), "try less")


def test_held_back_rows_choose_the_epochs_of_a_last_training_on_everything():
    job = task(held_back=HORIZON)
    training = Training(job, recipe(epochs=6, patience=2))
    run(training)
    history = training.trained.history
    first = [epoch for epoch in history if not epoch.final]
    last = [epoch for epoch in history if epoch.final]
    losses = [epoch.valid_loss for epoch in first]
    best = max(
        epoch.epoch for epoch in first if epoch.valid_loss <= min(losses[: epoch.epoch]) * (1 + tolerance(SERIES))
    )
    assert training.trained.best_epoch == best
    assert [epoch.epoch for epoch in last] == list(range(1, best + 1))
    alone = Training(job.for_refit(), recipe(epochs=best))
    run(alone)
    for got, want in zip(
        jax.tree.leaves(training.trained.members), jax.tree.leaves(alone.trained.members), strict=True
    ):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("held_back", [0, HORIZON])
def test_every_member_is_what_a_training_of_its_own_gives(held_back):
    job = task(held_back=held_back)
    together = Training(job, recipe(epochs=4, seed=5), members=3)
    run(together)
    epochs = together.trained.best_epoch
    for number, weights in enumerate(together.trained.members):
        alone = Training(job.for_refit(), recipe(epochs=epochs, seed=5 + number))
        run(alone)
        for got, want in zip(jax.tree.leaves(weights), jax.tree.leaves(alone.trained.members[0]), strict=True):
            np.testing.assert_array_equal(got, want)
    assert [epoch.member for epoch in together.trained.history if epoch.final or not held_back] == [
        number for number in range(3) for _ in range(epochs)
    ]


def test_patience_counts_epochs_that_are_clearly_worse():
    best = EarlyStopping(patience=2, tolerance=0.1, weights=np.zeros(1))
    for number, loss in enumerate([5.0, 4.0, 4.3, 4.5, 4.6], 1):
        best = best.update(
            Epoch(epoch=number, member=0, final=False, loss=1.0, last_step_mse=1.0, valid_loss=loss), np.zeros(1)
        )
    assert (best.epoch, best.least, best.out_of_patience) == (3, 4.0, True)


INTERRUPTED = """
import loopcast, sys
class Telling:
    def on_epoch_end(self, epoch, logs):
        print("epoch", epoch, flush=True)

data = loopcast.generate_time_series(2000, 60, seed=0)
options = {"cell": "gru", "units": (30,), "epochs": 100000, "patience": None, "show_progress": False}
model = loopcast.PlainRecurrent(horizon=10, callbacks=[Telling()], **options)
try:
    model.fit(data)
except KeyboardInterrupt:
    print("kept", model.history.height, model.predict(2)["PlainRecurrent"].is_finite().all(), flush=True)
"""


def test_a_real_interrupt_leaves_a_model_that_forecasts():
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        while not line.startswith("epoch 2"):
            assert line, "training ended before it was interrupted"
            line = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    kept = [line for line in rest.splitlines() if line.startswith("kept")]
    assert len(kept) == 1
    assert int(kept[0].split()[1]) >= 2
    assert kept[0].endswith("True")
