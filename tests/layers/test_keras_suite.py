"""Keras's own tests of its recurrent layers, from the installed package, with our layers in the place of Keras's.

Each of their test classes becomes one of this module, so that every test of theirs is one of ours, by name.
`rnn_test.py` is not among them: it tests `keras.layers.RNN` on cells of its own, of which we replace nothing.
"""

import importlib.util
from pathlib import Path
from types import SimpleNamespace
from unittest import TestCase

import pytest

from loopcast import layers
from loopcast.backend import keras
from loopcast.kernels import LIBRARY
from loopcast.layers import keras_layers as drop_in

pytestmark = pytest.mark.filterwarnings(
    # Keras's test case trains on a generator and leaves shuffle at its default
    "ignore:`shuffle=True` was passed, but will be ignored since the data `x` was provided as a generator:UserWarning"
)

FILES = ("simple_rnn_test", "gru_test", "lstm_test", "bidirectional_test")
FOLDER = Path(keras.__file__).parent / "src" / "layers" / "rnn"
SHIPPED = [name for name in FILES if (FOLDER / f"{name}.py").exists()]
OURS = {name: getattr(layers, name) for name in layers.__all__}


def suites(name):
    """The test classes of a file, named after it; where they say `layers.LSTM`, it is ours."""
    spec = importlib.util.spec_from_file_location(f"keras_suite_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.layers = SimpleNamespace(**vars(module.layers) | OURS)
    classes = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, TestCase)]
    return {f"{name.title().replace('_', '')}_{suite.__name__}": suite for suite in classes}


for shipped in SHIPPED:
    globals().update(suites(shipped))


# Tests of numbers: these must have run the kernels, in part at least. The others look at shapes and options.
OF_NUMBERS = ("basics", "correctness", "masking", "pass_initial_state", "pass_return_state", "statefulness")


@pytest.fixture(autouse=True)
def kernels_run(request, monkeypatch):
    """A test of numbers takes the kernels, if they are built."""
    real, calls = drop_in.fused_scan, []
    monkeypatch.setattr(drop_in, "fused_scan", lambda *args, **options: calls.append(args) or real(*args, **options))
    yield
    keras.config.enable_traceback_filtering()  # their test cases turn it off for good
    if LIBRARY.exists() and request.node.name.removeprefix("test_").startswith(OF_NUMBERS):
        assert calls, "Keras's own loop ran alone"


@pytest.mark.parametrize("name", FILES)
def test_keras_ships_its_tests(name):
    if name not in SHIPPED:
        pytest.skip(f"this Keras was installed without {name}.py")
