"""Run experiments: fit on the training series, score on the validation and the test series."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from loopcast.data.panel import Panel
from loopcast.models.forecaster import Forecaster
from loopcast.models.plain.forecaster import PlainRecurrent
from loopcast.models.plain.model import PlainModel
from loopcast.models.plain.score import every_step_mse
from loopcast.tasks.notebook.experiments import Experiment
from loopcast.tasks.notebook.series import CONTEXT, Split, split


@dataclass(frozen=True, kw_only=True)
class NotebookRow:
    """One row of the table. Errors are mean squared errors in the series' own units.

    epochs: None where nothing is trained by gradients; train_seconds includes compiling.
    valid_loss: over all steps of the validation series; None where only the last step forecasts.
    """

    name: str
    steps: int
    parameters: int
    epochs: int | None
    train_seconds: float
    valid_mse: float
    test_mse: float
    valid_loss: float | None
    notebook_mse: float | None
    notebook_loss: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Results:
    """A row and the fitted model behind it."""

    row: NotebookRow
    model: Forecaster


def run(
    experiments: Sequence[Experiment], *, shared_frequency: bool, seed: int, callback: Callable[[str], None]
) -> Iterator[Results]:
    """Each experiment in turn; `callback` is told the name of the one that begins."""
    splits = cache(lambda steps: split(steps, shared_frequency=shared_frequency, seed=seed))
    models: dict[str, Results] = {}
    for experiment in experiments:
        callback(experiment.name)
        models[experiment.name] = ran = _run(experiment, splits(experiment.steps), models)
        yield ran


def chosen(experiments: Sequence[Experiment], names: Sequence[str]) -> tuple[Experiment, ...]:
    """The experiments of these names, and those whose models they reuse."""
    wanted = set(names) | {each.reuses for each in experiments if each.name in names}
    return tuple(each for each in experiments if each.name in wanted)


def _run(experiment: Experiment, data: Split, earlier: dict[str, Results]) -> Results:
    began = time.perf_counter()
    if experiment.forecaster is None:
        source = earlier[str(experiment.reuses)]
        model, seconds = source.model, source.row.train_seconds
    else:
        model = experiment.forecaster.fit(data.training)
        seconds = time.perf_counter() - began
    row = NotebookRow(
        name=experiment.name,
        steps=experiment.steps,
        parameters=_parameters(model),
        epochs=model.epochs if isinstance(model, PlainRecurrent) else None,
        train_seconds=seconds,
        valid_mse=last_step_mse(model, data.validation, data.steps),
        test_mse=last_step_mse(model, data.test, data.steps),
        valid_loss=_every_step(model, data.validation) if experiment.every_step else None,
        notebook_mse=experiment.notebook_mse,
        notebook_loss=experiment.notebook_loss,
    )
    return Results(row=row, model=model)


def last_step_mse(model: Forecaster, panel: Panel, steps: int) -> float:
    """Mean squared error over the last `steps` rows of every series, forecast from those before."""
    errors = model.predict_panel(panel.drop_last(steps), steps).values[:, 0] - panel.last(steps)
    return float(np.square(errors).mean())


def _every_step(forecaster: Forecaster, panel: Panel) -> float:
    model = forecaster.model
    if not isinstance(model, PlainModel):
        raise TypeError(f"{forecaster.name} does not forecast at every step")
    return every_step_mse(model.ensemble, panel, CONTEXT)


def _parameters(forecaster: Forecaster) -> int:
    """Of one network, as the notebook counts."""
    model = forecaster.model
    return model.ensemble.network.parameters if isinstance(model, PlainModel) else model.n_parameters
