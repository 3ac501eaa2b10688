"""Which backend Keras has beside Loopcast, and what is said where it is another."""

import os
import subprocess
import sys

import pytest

ON_JAX = "import keras; assert keras.backend.backend() == 'jax'"


def run(code, **variables):
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"} | variables
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_keras_is_on_jax_once_a_layer_is_imported():
    assert run(f"from loopcast.layers import LSTM\n{ON_JAX}").returncode == 0


def test_the_layers_load_no_keras_until_one_is_used():
    assert run("import sys, loopcast.layers; assert not {'keras', 'jax'} & set(sys.modules)").returncode == 0


@pytest.mark.slow
def test_keras_on_another_backend_is_an_error_and_both_cures_that_it_names_work():
    late = "import keras; from loopcast.layers import LSTM"
    said = run(late, KERAS_BACKEND="numpy").stderr
    assert "LoopcastError: Keras is running on 'numpy'" in said
    assert "import loopcast.layers before keras" in said
    assert run(f"import loopcast.layers; {late}\n{ON_JAX}").returncode == 0
    assert run(late, KERAS_BACKEND="jax").returncode == 0
