"""The notebook's experiments, one line each, as values."""

from dataclasses import dataclass
from typing import Any

from loopcast.models.baselines import Naive
from loopcast.models.forecaster import Forecaster
from loopcast.models.linear import Linear
from loopcast.models.plain.forecaster import PlainRecurrent
from loopcast.tasks.notebook.series import CONTEXT


@dataclass(frozen=True, kw_only=True, eq=False)
class Experiment:
    """One row of the table.

    steps: steps to forecast; the score is the mean over them, forecast at the last step of the context.
    forecaster: what is fitted to the training series; None where the row reuses the model of the row `reuses`.
    notebook_mse: the notebook's own score, where it gives one.
    notebook_loss: the notebook's own loss over all steps, where it gives one.
    every_step: also report the loss over all steps of the validation series, as the notebook does.
    """

    name: str
    steps: int
    forecaster: Forecaster | None = None
    reuses: str | None = None
    notebook_mse: float | None = None
    notebook_loss: float | None = None
    every_step: bool = False


def notebooks_own(**options: Any) -> PlainRecurrent:
    """A network trained as the notebook does: raw values, squared error, plain Adam, batches of 32, all epochs."""
    plain: dict[str, Any] = {
        "cell": "simple",
        "units": (20, 20),
        "context": CONTEXT,
        "horizon": 1,
        "strategy": "direct",
        "loss": "mse",
        "learning_rate": 0.001,
        "schedule": "constant",
        "clip": None,
        "batch_size": 32,
        "epochs": 20,
        "patience": None,
        "members": 1,
        "dropout": 0.0,
    }
    return PlainRecurrent(**(plain | options))


def best_of_loopcast(**options: Any) -> PlainRecurrent:
    """The settings found best on the validation series."""
    return notebooks_own(
        cell="gru",
        units=(80, 80),
        strategy="sequence",
        learning_rate=0.005,
        schedule="cosine",
        clip=1.0,
        batch_size=64,
        epochs=80,
        **options,
    )


def flat_dense(horizon: int, seed: int, progress: bool | None) -> PlainRecurrent:
    """Flatten, Dense(horizon): no recurrent layer, the whole context shown at its last step."""
    return notebooks_own(horizon=horizon, units=(), context=1, lags=CONTEXT, seed=seed, show_progress=progress)


def experiments(seed: int, progress: bool | None) -> tuple[Experiment, ...]:
    """Every row, in the order of the table."""
    own: dict[str, Any] = {"seed": seed, "show_progress": progress}
    ten = own | {"horizon": 10}
    sequence = ten | {"strategy": "sequence"}
    hot = sequence | {"learning_rate": 0.01}
    exact: dict[str, Any] = {"context": CONTEXT, "ridge": 0.0, "scaling": "none"}
    return (
        Experiment(name="naive-1", steps=1, forecaster=Naive(), notebook_mse=0.0206),
        Experiment(name="linear-1", steps=1, forecaster=flat_dense(1, seed, progress), notebook_mse=0.0037),
        Experiment(
            name="simple-rnn-1",
            steps=1,
            forecaster=notebooks_own(units=(), head="recurrent", **own),
            notebook_mse=0.0117,
        ),
        Experiment(name="deep-rnn-1", steps=1, forecaster=notebooks_own(head="recurrent", **own), notebook_mse=0.00192),
        Experiment(name="deep-rnn-dense-1", steps=1, forecaster=notebooks_own(**own), notebook_mse=0.00190),
        Experiment(name="ols-1", steps=1, forecaster=Linear(horizon=1, **exact)),
        Experiment(name="naive-10", steps=10, forecaster=Naive()),
        Experiment(name="linear-10", steps=10, forecaster=flat_dense(10, seed, progress)),
        Experiment(name="iterated-10", steps=10, reuses="deep-rnn-dense-1"),
        Experiment(name="seq2vec-10-1-epoch", steps=10, forecaster=notebooks_own(**ten | {"epochs": 1})),
        Experiment(name="seq2vec-10", steps=10, forecaster=notebooks_own(**ten)),
        Experiment(
            name="seq2seq-10-1-epoch",
            steps=10,
            forecaster=notebooks_own(**hot | {"epochs": 1}),
            notebook_mse=0.0190,
            notebook_loss=0.0333,
            every_step=True,
        ),
        Experiment(name="seq2seq-10", steps=10, forecaster=notebooks_own(**hot), every_step=True),
        Experiment(
            name="lstm-10",
            steps=10,
            forecaster=notebooks_own(**sequence | {"cell": "lstm"}),
            notebook_loss=0.0176,
            every_step=True,
        ),
        Experiment(name="gru-10", steps=10, forecaster=notebooks_own(**sequence | {"cell": "gru"}), every_step=True),
        Experiment(name="ols-10", steps=10, forecaster=Linear(horizon=10, **exact)),
        Experiment(name="loopcast-1", steps=1, forecaster=best_of_loopcast(**own), every_step=True),
        Experiment(name="loopcast-10", steps=10, forecaster=best_of_loopcast(**ten), every_step=True),
    )
