"""NeuralForecast: `LSTM` as its documentation has it, but a week of hours as input; trained once."""

import logging
import warnings
from functools import partial

import numpy as np
import pandas as pd
import torch
from live_worker import HORIZON, LEVELS, WEEK, serve
from neuralforecast import NeuralForecast
from neuralforecast.losses.pytorch import DistributionLoss
from neuralforecast.models import LSTM

STEPS, LONGER = 200, 1000  # of the example, and of the class
QUIET = {"accelerator": "cpu", "enable_progress_bar": False, "enable_model_summary": False, "logger": False}


def table(values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"unique_id": 0, "ds": np.arange(len(values)), "y": values})


class Trained:
    """A forecast is given the last week alone: all that the network sees."""

    def __init__(self, steps: int, past: np.ndarray) -> None:
        network = LSTM(
            h=HORIZON,
            input_size=WEEK,
            loss=DistributionLoss(distribution="Normal", level=list(LEVELS)),
            scaler_type="robust",
            encoder_n_layers=2,
            encoder_hidden_size=128,
            decoder_layers=2,
            decoder_hidden_size=128,
            max_steps=steps,
            **QUIET,
        )
        self.model, self.values = NeuralForecast(models=[network], freq=1), past.tolist()
        self.model.fit(table(past))

    def take(self, y: float) -> None:
        self.values.append(y)

    def forecast(self) -> np.ndarray:
        return self.model.predict(table(np.array(self.values[-WEEK:])))["LSTM"].to_numpy()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    torch.set_num_threads(1)
    serve({"LSTM": partial(Trained, STEPS), "LSTM, longer": partial(Trained, LONGER)})
