"""Files made to do harm: each is a ModelFileError, at once, for less memory than a small model takes."""

import json
import os
import struct
import subprocess
import sys
import tracemalloc
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import safetensors.numpy

from loopcast.columns import Columns
from loopcast.errors import ModelFileError
from loopcast.models.linear import Linear
from loopcast.models.load import load
from loopcast.models.plain.forecaster import PlainRecurrent
from loopcast.models.recurrent.forecaster import Recurrent
from loopcast.storage.canonical_zip import pack
from loopcast.storage.model_file import MANIFEST, WEIGHTS
from loopcast.storage.tensors import MOST_AXES
from storage.made import rewritten, unpack

MEMORY = 64 * 2**20  # bytes; the largest manifest takes most of them
GIB = 2**30


@pytest.fixture(scope="module")
def linear(tmp_path_factory):
    path = tmp_path_factory.mktemp("linear") / "model"
    Linear(horizon=2, context=3).fit([1.0, 2.0, 4.0, 3.0] * 6).save(path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A network that has embeddings."""
    path = tmp_path_factory.mktemp("network") / "model"
    rows = [{"unique_id": name, "ds": step, "y": step % 3.0, "kind": name} for name in "ab" for step in range(20)]
    PlainRecurrent(horizon=2, units=(2,), epochs=1, show_progress=False).fit(
        pl.DataFrame(rows), columns=Columns(static=["kind"])
    ).save(path)
    return path.read_bytes()


def refuse(content, folder):
    """Load these bytes from a file; they must be refused without much memory."""
    path = folder / "model"
    path.write_bytes(content)
    refuse_file(path)


def refuse_file(path):
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError):
            load(path)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


def setting(*path, value):
    """A change of a manifest: `value` at the end of this path."""

    def change(manifest):
        for key in path[:-1]:
            manifest = manifest[key]
        manifest[path[-1]] = value

    return change


def tensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def array(shape, begin=0, end=0, dtype="F32"):
    return {"matrix": {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}}


@pytest.mark.parametrize(
    "weights",
    [
        b"",
        struct.pack("<Q", 2**63),
        struct.pack("<Q", 2**20) + b"{}",
        tensors([]),
        tensors(b"[" * 900_000),
        tensors({"matrix": None}),
        tensors(array([0, 2**62])),
        tensors(array([0, 2**50, 2**50])),
        tensors(array([2**52, 2**52], 0, 4), bytes(4)),
        tensors(array([1] * 70, 0, 4), bytes(4)),
        tensors(array([1] * (MOST_AXES + 1), 0, 4), bytes(4)),
        tensors(array([-1], 0, 4), bytes(4)),
        tensors(array([True], 0, 4), bytes(4)),
        tensors(array(None)),
        tensors(array([1], 4, 8), bytes(8)),
        tensors(array([1], 0, 2**40), bytes(4)),
        tensors(array([1], 4, 0), bytes(4)),
        tensors(array([1], 0, 4), bytes(8)),
        tensors(array([1], 0, 4, dtype=["F32"]), bytes(4)),
        tensors(array([1], 0, 4) | {"other": array([1], 0, 4)["matrix"]}, bytes(4)),
        tensors({"__metadata__": {"format": "pt"}}),
        tensors({f"a{i}": array([0])["matrix"] for i in range(10_000)}),
        tensors(array([1, 4, 2], 0, 32), np.full(8, np.nan, np.float32).tobytes()),
        tensors(array([1, 4, 2], 0, 64, dtype="F64"), np.full(8, -np.inf).tobytes()),
    ],
)
def test_weights_that_lie_about_themselves(weights, linear, tmp_path):
    refuse(rewritten(linear, dict, weights), tmp_path)


@pytest.mark.parametrize(
    "manifest",
    [b"[" * 900_000, b"[" + b"1," * 500_000 + b"1]", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, b" " * (2**20 + 1)],
)
def test_manifests_that_are_large_or_deep(manifest, tmp_path):
    refuse(pack({MANIFEST: manifest, WEIGHTS: b""}), tmp_path)


NETWORK = ("model", "ensemble", "network")


@pytest.mark.parametrize(
    "change",
    [
        setting(*NETWORK, "units", value=[1] * 200_000),
        setting(*NETWORK, "units", value=[10**6] * 90),
        setting("options", "units", value=[1] * 200_000),
        setting("model", "ensemble", "lags", value=10**6),
        setting("schema", "columns", "target", value=[f"c{i}" for i in range(60_000)]),
        setting("schema", "columns", "past", value=["c"] * 60_000),
    ],
)
def test_manifests_whose_lists_are_long_or_numbers_large(change, network, tmp_path):
    refuse(rewritten(network, change), tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="files with holes, pipes and devices are POSIX's")
@pytest.mark.parametrize("begin", [0, 30, 200, 2000])
def test_a_file_that_is_mostly_holes(begin, linear, tmp_path):
    path = tmp_path / "model"
    path.write_bytes(linear[:begin])
    os.truncate(path, GIB)
    refuse_file(path)


@pytest.mark.skipif(os.name == "nt", reason="pipes and devices are POSIX's")
@pytest.mark.parametrize("kind", ["pipe", "/dev/zero", "/dev/null", "folder"])
def test_what_is_no_file_is_refused_and_not_waited_for(kind, tmp_path):
    path = tmp_path / "model"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(kind)
    refuse_file(path)


def test_numbers_are_held_once_however_many_there_are(tmp_path):
    small = Linear(horizon=2, context=3).fit([1.0, 2.0, 4.0, 3.0] * 6)
    matrix = np.ones((1, 10_001, 200))
    large = replace(small.model, matrix=matrix, context=10_000, calibration=None)
    Linear(horizon=200, context=10_000).set_model(large).save(tmp_path / "model")
    size = (tmp_path / "model").stat().st_size
    assert size > matrix.nbytes
    tracemalloc.start()
    load(tmp_path / "model")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < size + 4 * 2**20


PREDICT = """
import resource, sys
import numpy as np
import loopcast

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

model, values = loopcast.load(sys.argv[1]), np.sin(np.arange(40.0))
loopcast.load(sys.argv[2]).predict(data=values)
before = peak()
assert np.isfinite(model.predict(data=values)["Recurrent"].to_numpy()).all()
assert peak() - before < 256, f"{peak() - before} MiB"
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of the peak is Linux's")
@pytest.mark.parametrize("option", ["season", "second"])
def test_a_forecast_takes_memory_by_the_data_and_not_by_what_a_file_says_that_it_looks_back(option, tmp_path):
    usual, far = tmp_path / "usual", tmp_path / "far"
    Recurrent(horizon=2, units=(2,), updates=1, show_progress=False).fit(np.sin(np.arange(60.0))).save(usual)
    change = setting("model", "periods", option, value=10**6)
    far.write_bytes(rewritten(usual.read_bytes(), change))
    subprocess.run([sys.executable, "-c", PREDICT, str(far), str(usual)], check=True)


def test_arrays_are_those_that_safetensors_wrote(tmp_path, linear):
    path = tmp_path / "model"
    path.write_bytes(linear)
    stock = safetensors.numpy.load(unpack(linear)[WEIGHTS])
    np.testing.assert_array_equal(load(path).model.matrix, stock["matrix"])
    assert not load(path).model.matrix.flags.writeable
