"""Models in MLflow, with its files in a temporary folder: no server, and no network.

Runs where MLflow is installed; tests/others/test_environments.py runs it in an environment of its own.
"""

import numpy as np
import polars as pl
import pytest

import loopcast
import loopcast.mlflow
from loopcast import Imputer, ModelFileError, Naive, NotFittedError, OptionError, SeasonalNaive, load

mlflow = pytest.importorskip("mlflow", reason="MLflow is not installed")
pytestmark = pytest.mark.filterwarnings("default")  # of MLflow's own


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    """A store of files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri((tmp_path / "store").as_uri())
    mlflow.set_experiment("sales")


def table(gap=False):
    values = [float(t % 4 + 10) for t in range(40)]
    return pl.DataFrame({"ds": range(40), "y": [None if gap and t % 7 == 3 else y for t, y in enumerate(values)]})


@pytest.fixture
def fitted():
    return SeasonalNaive(season=4, horizon=3).fit(table())


def test_a_model_comes_back_as_it_was(fitted):
    info = loopcast.mlflow.log_model(fitted, name="naive")
    again = loopcast.mlflow.load_model(info.model_uri)
    assert again.predict(data=table(), level=80).equals(fitted.predict(data=table(), level=80))
    assert info.metadata["loopcast"]["rows"] == 40
    assert again.metadata == fitted.metadata


def test_what_mlflow_keeps_is_one_of_our_files(fitted, tmp_path):
    info = loopcast.mlflow.log_model(fitted, name="naive")
    folder = mlflow.artifacts.download_artifacts(artifact_uri=info.model_uri, dst_path=str(tmp_path / "got"))
    names = {path.name for path in (tmp_path / "got").rglob("*") if path.is_file()}
    assert {"model.loopcast", "requirements.txt", "MLmodel"} <= names
    assert not any(name.endswith((".pkl", ".pickle")) for name in names)
    assert load(f"{folder}/model.loopcast").metadata == fitted.metadata


def test_the_python_function_forecasts_the_histories_it_is_given(fitted):
    info = loopcast.mlflow.log_model(fitted, name="naive", predict={"horizon": 2, "level": [80]})
    history = table().to_pandas().tail(12)
    told = mlflow.pyfunc.load_model(info.model_uri).predict(history)
    wanted = fitted.predict(2, data=history, level=[80])
    assert list(told.columns) == ["ds", "SeasonalNaive", "SeasonalNaive-lo-80", "SeasonalNaive-hi-80"]
    np.testing.assert_array_equal(told.to_numpy(), wanted.to_numpy())
    longer = mlflow.pyfunc.load_model(info.model_uri, model_config={"horizon": 3}).predict(history)
    assert len(longer) == 3


def test_an_imputer_fills_gaps_there(tmp_path):
    imputer = Imputer(season=4, units=(4,), updates=5, window=24, show_progress=False).fit(table(gap=True))
    info = loopcast.mlflow.log_model(imputer, name="filler")
    filled = mlflow.pyfunc.load_model(info.model_uri).predict(table(gap=True).to_pandas())
    wanted = imputer.impute(table(gap=True))
    np.testing.assert_array_equal(filled["y"].to_numpy(), wanted["y"].to_numpy())


def test_callbacks_and_metadata_fill_a_run_and_numbers_come_back():
    class ToMlflow:
        def on_epoch_end(self, epoch, logs):
            mlflow.log_metrics(logs, step=epoch)

    with mlflow.start_run() as run:
        made = loopcast.Recurrent(horizon=3, season=4, units=(4,), updates=60, callbacks=[ToMlflow()])
        fitted = made.fit(table())
        mlflow.log_params(fitted.metadata["options"])
        loopcast.mlflow.log_model(fitted, name="network", registered_model_name="sales")
    losses = mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")
    assert {each.step for each in losses} == {0, 1, 2}  # MLflow repeats those of step 0 for the model
    assert mlflow.get_run(run.info.run_id).data.params["updates"] == "60"
    assert loopcast.mlflow.load_model("models:/sales/1").predict(2, data=table()).equals(fitted.predict(2))


def test_what_is_not_fitted_or_none_of_ours_is_refused(fitted, tmp_path):
    with pytest.raises(NotFittedError):
        loopcast.mlflow.log_model(Naive(), name="naive")
    with pytest.raises(OptionError, match="a fitted forecaster or imputer is logged, got 3"):
        loopcast.mlflow.log_model(3, name="naive")
    (tmp_path / "other").mkdir()
    with pytest.raises(ModelFileError, match="is no model of Loopcast's"):
        loopcast.mlflow.load_model(str(tmp_path / "other"))
