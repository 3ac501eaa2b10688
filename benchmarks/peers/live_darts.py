"""Darts: `BlockRNNModel` of two layers as its documentation has it, on a scaled series; trained once."""

import logging
import warnings
from functools import partial

import numpy as np
import torch
from darts import TimeSeries
from darts.dataprocessing.transformers import Scaler
from darts.models import BlockRNNModel
from live_worker import HORIZON, WEEK, serve

QUIET = {"accelerator": "cpu", "enable_progress_bar": False, "enable_model_summary": False, "logger": False}
STEPS, LONGER = 300, 3000


def series(values: np.ndarray) -> TimeSeries:
    return TimeSeries.from_values(values.astype(np.float32))


class Trained:
    """A forecast is given the last week alone: all that the network sees."""

    def __init__(self, steps: int, past: np.ndarray) -> None:
        self.values, self.scaler = past.tolist(), Scaler()
        self.model = BlockRNNModel(
            model="LSTM",
            input_chunk_length=WEEK,
            output_chunk_length=HORIZON,
            n_rnn_layers=2,
            random_state=0,
            pl_trainer_kwargs=QUIET | {"max_steps": steps},
        )
        self.model.fit(self.scaler.fit_transform(series(past)), verbose=False)

    def take(self, y: float) -> None:
        self.values.append(y)

    def forecast(self) -> np.ndarray:
        seen = self.scaler.transform(series(np.array(self.values[-WEEK:])))
        return self.scaler.inverse_transform(self.model.predict(HORIZON, series=seen, verbose=False)).values()[:, 0]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    torch.set_num_threads(1)
    serve({"BlockRNNModel": partial(Trained, STEPS), "BlockRNNModel, longer": partial(Trained, LONGER)})
