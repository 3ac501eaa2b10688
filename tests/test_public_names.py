"""The names that `import loopcast` offers."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import loopcast


@pytest.mark.parametrize("name", loopcast.__all__)
def test_every_public_name_is_there_and_says_what_it_is(name):
    value = getattr(loopcast, name)
    assert value.__name__ == name
    assert value.__module__.startswith("loopcast.")
    assert value.__doc__


def test_the_names_promised_to_a_type_checker_are_those_that_are_loaded():
    tree = ast.parse(Path(loopcast.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    promised = {
        name.name: node.module
        for node in imports
        if node.module.startswith("loopcast.") and node.module != "loopcast.public"
        for name in node.names
    }
    assert promised == {name: f"loopcast.{module}" for name, module in loopcast._PLACES.items()}
    assert sorted(promised) == sorted(loopcast.__all__)


def test_dir_lists_the_public_names():
    assert set(loopcast.__all__) <= set(dir(loopcast))


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Prophet'"):
        loopcast.Prophet  # noqa: B018


@pytest.mark.parametrize(
    "use", ["loopcast", "loopcast.Linear(horizon=2), loopcast.Panel, loopcast.leaderboard, loopcast.evaluate"]
)
def test_without_a_network_neither_jax_nor_keras_is_loaded(use):
    code = f"import sys, loopcast; {use}; assert not {{'jax', 'keras'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_package_loads_no_table_library():
    code = "import sys, loopcast; assert not {'numpy', 'polars', 'plotly'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
