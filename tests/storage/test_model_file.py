"""Model files: what comes back, what is refused, and what a crash leaves behind."""

import io
import json
import os
import pickle
import random
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
import polars as pl
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from loopcast.columns import Columns
from loopcast.errors import ModelFileError, NotFittedError, OptionError
from loopcast.models.baselines import Drift, Naive, SeasonalNaive, WindowAverage
from loopcast.models.linear import Linear
from loopcast.models.load import load
from loopcast.models.recurrent.forecaster import Recurrent
from loopcast.storage import atomic, model_file
from loopcast.storage.canonical_zip import pack
from loopcast.storage.model_file import MANIFEST, WEIGHTS
from loopcast.storage.registry import register
from loopcast.storage.strict_json import strict_json
from storage.made import rewritten, unpack

EVERY = [
    Naive(alias="flat"),
    SeasonalNaive(season=3),
    Drift(horizon=4),
    WindowAverage(window=2),
    Linear(horizon=2, context=3),
]


def table():
    values = np.random.default_rng(3).normal(size=24).cumsum()
    return pl.DataFrame({"unique_id": ["secret name"] * 24, "ds": range(24), "y": values})


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model.loopcast"
    Linear(horizon=2, context=3).fit(table()).save(path)
    return path


def refuses(content, match=None):
    with pytest.raises(ModelFileError, match=match):
        model_file.from_bytes(content)


@pytest.mark.parametrize("forecaster", EVERY, ids=lambda each: type(each).__name__)
def test_a_loaded_model_forecasts_the_same_bits(forecaster, tmp_path):
    path = tmp_path / "model.loopcast"
    fitted = forecaster.fit(table())
    fitted.save(path)
    loaded = load(path)
    assert type(loaded) is type(forecaster)
    assert loaded.get_params() == forecaster.get_params()
    assert loaded.predict(5, data=table()).equals(fitted.predict(5))
    assert loaded.describe() == fitted.describe()


def forecast_elsewhere(path, folder, check=""):
    """The forecast of a saved model, made by a process of its own."""
    table().write_parquet(folder / "data.parquet")
    code = (
        "import sys, polars as pl; from loopcast.models.load import load;"
        f"out = load({str(path)!r}).predict(5, data=pl.read_parquet({str(folder / 'data.parquet')!r}));"
        f"out.write_parquet({str(folder / 'out.parquet')!r}); {check}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    return pl.read_parquet(folder / "out.parquet")


def test_a_fresh_process_forecasts_the_same_bits_and_needs_no_jax(saved, tmp_path):
    elsewhere = forecast_elsewhere(saved, tmp_path, check="assert not {'jax', 'keras'} & set(sys.modules)")
    assert elsewhere.equals(Linear(horizon=2, context=3).fit(table()).predict(5))


def test_a_network_forecasts_the_same_bits_in_a_fresh_process(tmp_path):
    network = Recurrent(horizon=3, units=(3, 2), cell="gru", updates=1).fit(table())
    network.save(tmp_path / "network.loopcast")
    assert forecast_elsewhere(tmp_path / "network.loopcast", tmp_path).equals(network.predict(5))


def test_equal_models_give_equal_bytes_that_any_zip_program_reads(saved, tmp_path):
    fitted = load(saved)
    fitted.save(tmp_path / "again.loopcast")
    assert (tmp_path / "again.loopcast").read_bytes() == saved.read_bytes()
    with zipfile.ZipFile(saved) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == [MANIFEST, WEIGHTS]
        assert safetensors.numpy.load(opened.read(WEIGHTS))["matrix"].shape == (1, 4, 2)


def test_a_model_file_holds_no_series(saved):
    assert b"secret name" not in saved.read_bytes()
    with pytest.raises(NotFittedError, match="holds no series"):
        load(saved).predict(2)


def test_every_flipped_byte_is_noticed(saved):
    content = saved.read_bytes()
    for at in range(len(content)):
        for flip in (0x01, 0x80, 0xFF):
            refuses(content[:at] + bytes([content[at] ^ flip]) + content[at + 1 :])


def test_every_cut_and_every_addition_is_noticed(saved):
    content = saved.read_bytes()
    for at in range(len(content)):
        refuses(content[:at])
    refuses(content + b"\0")
    refuses(b"\0" + content)


@given(st.binary(max_size=300))
def test_no_bytes_whatever_give_another_error(content):
    refuses(content)
    refuses(pack({MANIFEST: content, WEIGHTS: b""}))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda m: m.update(format=99, loopcast="9.9"), r"newer Loopcast \(9.9"),
        (lambda m: m.update(format=True), "does not say its format"),
        (lambda m: m.update(format=2, loopcast="0.1.0"), "format 2, written by Loopcast 0.1.0"),
        (lambda m: m.update(extra=1), "has the keys"),
        (lambda m: m.pop("model"), "has the keys"),
        (lambda m: m.update(kind="os:system"), "of kind 'os:system', which"),
        (lambda m: m.update(kind=["Linear"]), "does not know"),
        (lambda m: m.update(kind="load"), "does not know"),
        (lambda m: m.update(options=[]), "has the options"),
        (lambda m: m["options"].update(extra=1), "has the options"),
        (lambda m: m["options"].update(horizon=10**9), "horizon is a whole number"),
        (lambda m: m["options"].update(alias=7), "alias"),
        (lambda m: m["model"].update(context="3"), "context should be of type int"),
        (lambda m: m["model"].update(context=999_999), r"the weights are \[channel"),
        (lambda m: m["model"].update(more=1), "LinearModel"),
        (lambda m: m["model"]["calibration"].update(errors="float32 1 2 1"), "another one or none"),
        (lambda m: m.update(tags={"a": 1}), "tags|str"),
        (lambda m: m["weights"].update(size=1), "not those"),
        (lambda m: m.update(schema=None), "schema"),
    ],
)
def test_a_manifest_that_cannot_be_right_is_refused(saved, change, match):
    refuses(rewritten(saved.read_bytes(), change), match)


def test_a_file_from_before_holidays_had_a_window_forecasts_the_same_bits(tmp_path):
    days = pl.DataFrame({"ds": pl.date_range(pl.date(2023, 1, 1), pl.date(2024, 3, 1), "1d", eager=True)})
    data = days.with_columns(y=pl.col("ds").dt.day().cast(pl.Float64))
    fitted = Linear(horizon=2, context=3).fit(data, columns=Columns(holidays="DE"))
    fitted.save(tmp_path / "model.loopcast")

    def older(manifest):
        for columns in (manifest["schema"]["columns"], manifest["model"]["encoding"]["columns"]):
            del columns["holiday_window"]

    loaded = model_file.from_bytes(rewritten((tmp_path / "model.loopcast").read_bytes(), older))
    assert loaded.predict(data=data).equals(fitted.predict())


@pytest.mark.parametrize(
    ("weights", "match"),
    [
        (lambda w: w | {"matrix": np.full((1, 4, 2), np.nan)}, "NaN or infinity"),
        (lambda w: w | {"matrix": np.zeros((1, 4, 2), np.int32)}, "F32 or F64"),
        (lambda w: w | {"matrix": np.zeros((1, 4, 3))}, "another one or none"),
        (lambda w: w | {"other": np.zeros((1, 4, 2))}, "nothing asks for"),
    ],
)
def test_weights_that_cannot_be_right_are_refused(saved, weights, match):
    arrays = safetensors.numpy.load(unpack(saved.read_bytes())[WEIGHTS])
    refuses(rewritten(saved.read_bytes(), dict, safetensors.numpy.save(weights(arrays))), match)


def test_weights_that_are_no_safetensors_file_are_refused(saved):
    refuses(rewritten(saved.read_bytes(), dict, pickle.dumps(np.zeros(3))), "not a safetensors file")


@pytest.mark.parametrize(
    "text",
    [b'{"a": NaN}', b'{"a": 1e999}', b'{"a": 1, "a": 2}', b'{"a": 99999999999999999999}', b"[" * 100_000, b"\xff", b""],
)
def test_json_that_readers_disagree_on_is_refused(text):
    with pytest.raises(ModelFileError):
        strict_json(io.BytesIO(text), len(text))


def test_a_compressed_archive_is_refused_without_unpacking_it():
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(MANIFEST, bytes(10**7))
        made.writestr(WEIGHTS, bytes(10**7))
    refuses(bomb.getvalue(), "damaged")


@pytest.mark.parametrize("limit", ["LARGEST_FILE", "LARGEST_TEXT"])
def test_a_model_that_could_not_be_loaded_again_is_not_saved(limit, tmp_path, monkeypatch):
    monkeypatch.setattr(model_file, limit, 10)
    with pytest.raises(OptionError, match="could not be loaded again"):
        Naive().fit(table()).save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


ODD = [None, True, 0, -1, 2, 1.5, 1e300, "x", "", [], {}, [[1]], {"a": 1}, 10**6, "datetime[us, Mars/X]", "1D"]


def places(value, path=()):
    """Where there is a value in a manifest, however deep."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, key))


@pytest.mark.parametrize(
    "forecaster",
    [Linear(horizon=2), SeasonalNaive(season=3), Recurrent(horizon=2, units=(2,), updates=1, show_progress=False)],
    ids=lambda forecaster: forecaster.name,
)
def test_whatever_value_a_manifest_has_in_any_place_there_is_a_model_or_a_typed_error(forecaster, tmp_path):
    forecaster.fit(table()).save(tmp_path / "model")
    members = unpack((tmp_path / "model").read_bytes())
    refused = 0
    for path in places(json.loads(members[MANIFEST])):
        for odd in ODD:
            manifest = inner = json.loads(members[MANIFEST])
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = odd
            try:
                model_file.from_bytes(pack(members | {MANIFEST: json.dumps(manifest).encode()})).describe()
            except ModelFileError:
                refused += 1
    assert refused > 200


def test_a_matrix_without_shape_is_refused(saved):
    arrays = safetensors.numpy.load(unpack(saved.read_bytes())[WEIGHTS])
    weights = safetensors.numpy.save(arrays | {"matrix": np.array(1.0)})
    refuses(rewritten(saved.read_bytes(), lambda m: m["model"].update(matrix="float64"), weights), "the weights are")


def test_tags_and_what_a_model_was_fitted_on_come_back(tmp_path):
    Linear(horizon=2, context=3).fit(table()).save(tmp_path / "model", tags={"owner": "ada"})
    loaded = load(tmp_path / "model")
    assert loaded.model.tags == {"owner": "ada"}
    assert "owner: ada" in loaded.describe()
    assert "24 rows of 1 series, 0 to 23" in loaded.describe()
    loaded.save(tmp_path / "again")
    assert load(tmp_path / "again").model.tags == {"owner": "ada"}
    with pytest.raises(OptionError, match="tags are texts"):
        loaded.save(tmp_path / "bad", tags={"owner": 7})


def test_a_file_too_large_to_be_a_model_is_refused(saved, monkeypatch):
    monkeypatch.setattr(model_file, "LARGEST_FILE", 10)
    with pytest.raises(ModelFileError, match="at most 10 bytes"):
        load(saved)


def test_the_error_names_the_file(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(b"\x89PNG")
    with pytest.raises(ModelFileError, match=r"photo\.png: damaged, or not a model file"):
        load(path)


def test_a_forecaster_of_ones_own_is_saved_once_it_is_registered(tmp_path):
    class Mine(Naive):
        pass

    with pytest.raises(OptionError, match=r"loopcast\.register"):
        Mine().fit(table()).save(tmp_path / "mine")
    assert not list(tmp_path.iterdir())
    register(Mine)
    fitted = Mine().fit(table())
    fitted.save(tmp_path / "mine")
    assert isinstance(load(tmp_path / "mine"), Mine)
    assert load(tmp_path / "mine").predict(2, data=table()).equals(fitted.predict(2))


def test_options_that_are_numpy_s_whole_numbers_are_kept_as_numbers(tmp_path):
    Linear(horizon=np.int64(2), context=np.int32(3)).fit(table()).save(tmp_path / "model")
    loaded = load(tmp_path / "model")
    assert loaded.get_params() == Linear(horizon=2, context=3).get_params()


def test_before_fit_there_is_nothing_to_save(tmp_path):
    with pytest.raises(NotFittedError):
        Naive().save(tmp_path / "model")


class DiskFullError(OSError):
    """The disk is full."""


@pytest.mark.parametrize("stage", ["write", "fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(saved, stage, monkeypatch):
    old = saved.read_bytes()

    def fail(*_):
        raise DiskFullError

    if stage == "write":
        real = atomic.Path.open
        monkeypatch.setattr(atomic.Path, "open", lambda path, mode: _Full(real(path, mode)))
    elif stage == "fsync":
        monkeypatch.setattr(atomic.os, "fsync", fail)
    else:
        monkeypatch.setattr(atomic.Path, "replace", fail)
    with pytest.raises(DiskFullError):
        Naive().fit(table()).save(saved)
    monkeypatch.undo()
    assert saved.read_bytes() == old
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


class _Full:
    """A file that takes half of what it is given."""

    def __init__(self, file):
        self.file = file

    def __getattr__(self, name):
        return getattr(self.file, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, content):
        self.file.write(content[: len(content) // 2])
        raise DiskFullError


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX's")
def test_a_process_killed_while_saving_leaves_one_whole_model(tmp_path):
    path = tmp_path / "model.loopcast"
    code = (
        "import sys; from loopcast.storage.atomic import write_whole\n"
        "while True:\n"
        "    for letter in (b'a', b'b'):\n"
        f"        write_whole({str(path)!r}, letter * 2_000_000)\n"
        "        print(end='.', flush=True)\n"
    )
    moments = random.Random(0)
    for _ in range(5):
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.read(2)
            time.sleep(moments.uniform(0, 0.02))
            process.send_signal(signal.SIGKILL)
        content = path.read_bytes()
        assert len(content) == 2_000_000
        assert len(set(content)) == 1


def test_intervals_of_a_model_saved_without_a_calibration_say_what_to_do(tmp_path):
    short = table()[:7]
    SeasonalNaive(horizon=2, season=4).fit(short).save(tmp_path / "model.loopcast")
    again = load(tmp_path / "model.loopcast")
    with pytest.raises(
        NotFittedError, match=r"takes 2 rows and 7 before them.*calibrate\(horizon=2, data=\.\.\.\) first"
    ):
        again.predict(2, data=short, level=[80])
    again.calibrate(data=table())
    assert again.predict(2, data=short, level=[80]).height == 2
