"""NeuralForecast: `LSTM` and `GRU` as encoders of two layers of 20 units, ten steps ahead."""

import logging
import time
import warnings
from typing import Any

import numpy as np
import pandas as pd
import torch
from neuralforecast import NeuralForecast
from neuralforecast.losses.pytorch import MSE
from neuralforecast.models import GRU, LSTM
from pytorch_lightning.callbacks import Callback
from worker import Run, cpu_count, data, serve

KINDS = {"gru": GRU, "lstm": LSTM}
UPDATES = -(-7_000 // 32)  # in an epoch


class StretchTime(Callback):
    """Seconds of the second half of the updates, set-up left out.

    They are kept on the class: NeuralForecast trains a copy of the model, callbacks included.
    """

    seconds = 0.0

    def on_train_batch_start(self, trainer: Any, *_: Any) -> None:
        if trainer.global_step == UPDATES:
            self.began = time.perf_counter()

    def on_train_end(self, *_: Any) -> None:
        StretchTime.seconds = time.perf_counter() - self.began


def table(rows: np.ndarray) -> pd.DataFrame:
    """`[series, time]` as NeuralForecast's long table."""
    count, steps = rows.shape
    return pd.DataFrame(
        {"unique_id": np.repeat(np.arange(count), steps), "ds": np.tile(np.arange(steps), count), "y": rows.ravel()}
    )


def model(cell: str, updates: int, batch: int, callbacks: list[Callback]) -> NeuralForecast:
    network = KINDS[cell](
        h=10,
        input_size=50,
        encoder_n_layers=2,
        encoder_hidden_size=20,
        decoder_layers=1,
        decoder_hidden_size=20,
        recurrent=False,
        loss=MSE(),
        scaler_type="identity",
        max_steps=updates,
        batch_size=32,
        windows_batch_size=32,
        valid_batch_size=batch,
        inference_windows_batch_size=batch,
        callbacks=callbacks,
        accelerator="cpu",
        enable_progress_bar=False,
        enable_model_summary=False,
        logger=False,
    )
    return NeuralForecast(models=[network], freq=1)


def prepare_epoch(job: dict[str, Any]) -> Run:
    training = table(np.concatenate([data("x")[:, :, 0], data("last")], axis=1))

    def epoch() -> float:
        model(job["cell"], 2 * UPDATES, 32, [StretchTime()]).fit(training)
        return StretchTime.seconds

    return epoch


def prepare_predict(job: dict[str, Any]) -> Run:
    fitted = model("lstm", 10, job["batch"], [])
    fitted.fit(table(np.concatenate([data("x")[:, :, 0], data("last")], axis=1)[:320]))
    histories = table(data("x")[:, :, 0])
    return lambda: fitted.predict(histories)


PREPARE = {"epoch": prepare_epoch, "predict": prepare_predict}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    torch.set_num_threads(cpu_count())
    serve(PREPARE)
