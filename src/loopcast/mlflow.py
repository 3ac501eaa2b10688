"""Fitted forecasters and imputers in MLflow: its own flavour, and a `python_function` that forecasts.

What MLflow keeps is a Loopcast model file: no pickle, and no series. `pip install "loopcast[mlflow]"` brings the small
MLflow, mlflow-skinny.
"""

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from loopcast.errors import ModelFileError, OptionError, quote
from loopcast.models.estimator import Estimator
from loopcast.models.forecaster import Forecaster
from loopcast.public import public
from loopcast.storage import model_file

FLAVOR, FILE, REQUIREMENTS = "loopcast", "model.loopcast", "requirements.txt"


def log_model(model: Estimator, name: str, *, predict: Mapping[str, Any] | None = None, **options: Any) -> Any:
    """Keep a fitted forecaster or imputer in the active run of MLflow, or a new one; MLflow's ModelInfo.

    name: of the model in MLflow.
    predict: options of `predict` (of `impute`, for an imputer) that its `python_function` forecasts with, such as
        {"horizon": 12, "level": [80]}; None has none.
    options: of `mlflow.models.Model.log`, such as registered_model_name.

    NotFittedError before `fit`; OptionError where MLflow is not installed, or for what is no forecaster or imputer.
    """
    _require_mlflow()
    from mlflow.models import Model

    if not isinstance(model, Estimator):
        raise OptionError(f"a fitted forecaster or imputer is logged, got {quote(model)}")
    content = {"model": model, "predict": dict(predict or {}), "metadata": {"loopcast": model.metadata}}
    return Model.log(artifact_path=None, name=name, flavor=sys.modules[__name__], **content, **options)


def load_model(model_uri: str) -> Any:
    """The forecaster or imputer that `log_model` kept, as `loopcast.load` would give it.

    model_uri: such as "models:/name/1", "runs:/ID/name" or the `model_uri` of a ModelInfo. ModelFileError where there
    is none of Loopcast's, or it is damaged; MLflow's own errors where the URI leads nowhere.
    """
    _require_mlflow()
    from mlflow.artifacts import download_artifacts

    path = Path(download_artifacts(artifact_uri=model_uri)) / FILE
    if not path.is_file():
        raise ModelFileError(f"{model_uri} is no model of Loopcast's: mlflow.pyfunc.load_model reads others")
    return model_file.load(path)


def save_model(path: str, mlflow_model: Any, *, model: Estimator, predict: Mapping[str, Any]) -> None:
    """Write a fitted forecaster or imputer to a new folder, as MLflow reads it: `Model.log` calls it."""
    from mlflow import pyfunc

    folder, version = Path(path), public("__version__")
    folder.mkdir(parents=True)
    model.save(folder / FILE)
    (folder / REQUIREMENTS).write_text(f"loopcast=={version}\n", encoding="utf-8")
    mlflow_model.add_flavor(FLAVOR, loopcast_version=version, data=FILE)
    pyfunc.add_to_model(mlflow_model, loader_module=__name__, data=FILE, model_config=dict(predict))
    mlflow_model.save(str(folder / "MLmodel"))


class PyFunc:
    """What `mlflow.pyfunc.load_model` forecasts or fills gaps with.

    options: of `predict`, or of `impute`.
    """

    def __init__(self, estimator: Any, options: Mapping[str, Any]) -> None:
        self._estimator, self._options = estimator, options

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> Any:
        """The forecasts after the end of the histories in a table; or that table with its gaps filled."""
        options = {**self._options, **(params or {})}
        if isinstance(self._estimator, Forecaster):
            return self._estimator.predict(data=model_input, **options)
        return self._estimator.impute(model_input, **options)


def _load_pyfunc(path: str, model_config: Mapping[str, Any] | None = None) -> PyFunc:
    """Of a model file; MLflow calls it."""
    return PyFunc(model_file.load(path), model_config or {})


def _require_mlflow() -> None:
    if find_spec("mlflow") is None:
        raise OptionError('this needs MLflow: pip install "loopcast[mlflow]"')
