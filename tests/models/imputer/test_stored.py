"""Saved imputers: the same bits come back, and what cannot be right is refused."""

import numpy as np
import pytest

from loopcast.data.panel import Panel
from loopcast.errors import ModelFileError, NotFittedError
from loopcast.models.imputer.imputer import Imputer
from loopcast.models.imputer.load import load_imputer as load
from loopcast.storage import model_file
from models.imputer.made import QUICK, ends, filled, waves
from storage.made import rewritten


@pytest.mark.parametrize("mode", ["two-sided", "causal"])
@pytest.mark.parametrize("series", [1, 3])
def test_a_loaded_imputer_fills_the_same_bits(tmp_path, mode, series):
    given = waves(series=series)[1]
    fitted = Imputer(mode=mode, best=True, **QUICK).fit(given)
    fitted.save(tmp_path / "a.loopcast")
    loaded = load(tmp_path / "a.loopcast")
    assert loaded.describe() == fitted.describe()
    assert loaded.scores.equals(fitted.scores)
    for data in (given, waves(series=series, seed=5)[1]):
        panel = Panel.from_array(data)
        np.testing.assert_array_equal(filled(loaded, panel), filled(fitted, panel))
        for one, other in zip(ends(loaded, panel, 90), ends(fitted, panel, 90), strict=True):
            np.testing.assert_array_equal(one, other)
    with pytest.raises(NotFittedError, match="holds no series"):
        loaded.impute()


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "a.loopcast"
    Imputer(**QUICK).fit(waves(series=1)[1]).save(path)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda m: m.update(kind="Naive"), "has the options"),
        (lambda m: m["options"].update(extra=1), "has the options"),
        (lambda m: m["options"].update(units=6), "units is a tuple"),
        (lambda m: m["options"].update(seed="a"), "seed is a whole number"),
        (lambda m: m["model"]["config"].pop("window"), "ImputerConfig"),
        (lambda m: m["model"]["config"].update(window=10**9), "window is a whole number"),
        (lambda m: m["model"]["config"].update(causal=True), "methods of an imputer"),
        (lambda m: m["model"]["config"]["network"].update(units=[10**6] * 3), "at most"),
        (lambda m: m["model"]["config"]["network"].update(units=["6"]), "should be of type int"),
        (lambda m: m["model"]["config"]["network"].update(outputs=3), "expected 1 targets"),
        (lambda m: m["model"].update(weights="float32 1 7"), "another one or none"),
        (lambda m: m["model"]["scores"].update(mae={}), "methods of an imputer"),
        (lambda m: m["model"].update(fitted_on=7), "should be of type str"),
        (lambda m: m["schema"]["columns"].update(target="y"), "targets"),
    ],
)
def test_a_manifest_that_cannot_be_right_is_refused(content, change, match):
    with pytest.raises(ModelFileError, match=match):
        model_file.from_bytes(rewritten(content, change))


def test_damage_is_noticed_and_no_series_is_in_the_file(content):
    for at in range(0, len(content), 997):
        with pytest.raises(ModelFileError):
            model_file.from_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    assert waves(series=1)[1][0, :8].tobytes() not in content
