"""Darts: `RNNModel`, which learns at every step (sequence to sequence); `BlockRNNModel` to forecast ten at once."""

import logging
import time
import warnings
from typing import Any

import numpy as np
import torch
from darts import TimeSeries
from darts.models import BlockRNNModel, RNNModel
from pytorch_lightning.callbacks import Callback
from worker import Run, cpu_count, data, serve

QUIET = {"accelerator": "cpu", "enable_progress_bar": False, "enable_model_summary": False, "logger": False}
SHARED: dict[str, Any] = {
    "hidden_dim": 20,
    "n_rnn_layers": 2,
    "batch_size": 32,
    "loss_fn": torch.nn.MSELoss(),
    "input_chunk_length": 50,
}


class EpochTimes(Callback):
    """Seconds of each epoch, set-up left out."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def on_train_epoch_start(self, *_: Any) -> None:
        self.began = time.perf_counter()

    def on_train_epoch_end(self, *_: Any) -> None:
        self.seconds.append(time.perf_counter() - self.began)


def series(rows: np.ndarray) -> list[TimeSeries]:
    return [TimeSeries.from_values(each) for each in rows]


def prepare_epoch(job: dict[str, Any]) -> Run:
    x, y = data("x"), data("last")[:, :1, None]
    training = series(np.concatenate([x, y], axis=1))

    def epoch() -> float:
        times = EpochTimes()
        model = RNNModel(
            model=job["cell"].upper(),
            training_length=50,
            n_epochs=2,
            pl_trainer_kwargs=QUIET | {"callbacks": [times]},
            **SHARED,
        )
        model.fit(training, verbose=False)
        return times.seconds[-1]

    return epoch


def prepare_predict(job: dict[str, Any]) -> Run:
    histories = series(data("x"))
    model = BlockRNNModel(model="LSTM", output_chunk_length=10, n_epochs=1, pl_trainer_kwargs=QUIET, **SHARED)
    model.fit(series(np.concatenate([data("x"), data("last")[:, :, None]], axis=1)[:320]), verbose=False)
    return lambda: model.predict(10, series=histories, batch_size=job["batch"], verbose=False)


PREPARE = {"epoch": prepare_epoch, "predict": prepare_predict}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    torch.set_num_threads(cpu_count())
    serve(PREPARE)
