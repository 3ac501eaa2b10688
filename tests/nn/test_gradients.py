"""Gradients: of the scan in float64 against finite differences, and of the kernels against that scan."""

import json
import os
import subprocess
import sys

import pytest

from loopcast.kernels import LIBRARY
from loopcast.nn.cells import CELLS

# In a process of its own: float64 is a switch of the whole of JAX.
PROGRAM = """
import json
import jax, jax.numpy as jnp, numpy as np
jax.config.update("jax_enable_x64", True)
from loopcast.kernels import LIBRARY
from loopcast.nn.cells import CELLS
from loopcast.nn.shapes import CellWeights, DenseWeights
from loopcast.nn.fused import fused_scan
from loopcast.nn.stack import scan_stack

BATCH, TIME, WIDTHS, OUTPUTS = 3, 7, (2, 5, 3), 4

def errors(cell, path):
    kind, rng = CELLS[cell], np.random.default_rng(11)

    def draw(*shape):
        return rng.normal(0, 0.6, shape)

    weights = tuple(
        CellWeights(
            draw(inputs, kind.gates * units),
            draw(units, kind.gates * units),
            draw(kind.gates * units) if kind.bias_rows == 1 else draw(2, kind.gates * units),
        )
        for inputs, units in zip(WIDTHS, WIDTHS[1:])
    )
    states = tuple(tuple(draw(BATCH, units) for _ in range(kind.states)) for units in WIDTHS[1:])
    given = (weights, states, draw(BATCH, TIME, WIDTHS[0]), DenseWeights(draw(WIDTHS[-1], OUTPUTS), draw(OUTPUTS)))
    observed = jnp.asarray(rng.random((BATCH, TIME)) < 0.7)
    leaves, tree = jax.tree.flatten(given)
    shares = [draw(BATCH, TIME, OUTPUTS), *(draw(*leaf.shape) for leaf in jax.tree.leaves(states))]

    def weighed(scan, dtype, *leaves):
        # A sum of all outputs and final states, each number with a weight of its own
        weights, states, inputs, head = jax.tree.unflatten(tree, leaves)
        final, outputs = scan(cell, weights, states, inputs, observed, head=head)
        parts = [outputs, *jax.tree.leaves(final)]
        return sum((part * share.astype(dtype)).sum() for part, share in zip(parts, shares, strict=True))

    def scanned(*arguments, **options):
        return scan_stack(*arguments, fused="never", **options)

    every = tuple(range(len(leaves)))
    exact = jax.jit(jax.grad(lambda *leaves: weighed(scanned, np.float64, *leaves), every))(*leaves)
    if path == "scan":
        value = jax.jit(lambda *leaves: weighed(scanned, np.float64, *leaves))
        compared = []
        for k, leaf in enumerate(leaves):
            differences = np.zeros_like(leaf)
            for at in np.ndindex(leaf.shape):
                def moved(by):
                    changed = leaf.copy()
                    changed[at] += by
                    return float(value(*leaves[:k], changed, *leaves[k + 1:]))
                # the fourth-order rule: (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h
                h = 1e-3
                differences[at] = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h)
            compared.append(differences)
    else:
        singles = [leaf.astype(np.float32) for leaf in leaves]
        compared = jax.jit(jax.grad(lambda *leaves: weighed(fused_scan, np.float32, *leaves), every))(*singles)
    found = []
    for wanted, got in zip(exact, compared, strict=True):
        assert wanted.shape == got.shape and np.abs(wanted).max() > 1e-3
        found.append(float(np.abs(np.asarray(got, np.float64) - wanted).max() / np.abs(wanted).max()))
    return found

paths = ["scan", "kernels"] if LIBRARY.exists() else ["scan"]
print(json.dumps({path: {cell: errors(cell, path) for cell in CELLS} for path in paths}))
"""


@pytest.fixture(scope="module")
def errors():
    """By path and cell, the largest error of each gradient array, as a share of its largest number."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=os.environ, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def worst(found, cell):
    """The largest error of any gradient array of a cell."""
    assert len(found[cell]) >= 8 + 2 * CELLS[cell].states + 1
    return max(found[cell])


@pytest.mark.parametrize("cell", list(CELLS))
def test_the_scan_s_gradients_are_the_limits_of_differences_in_double_precision(cell, errors):
    assert worst(errors["scan"], cell) < 1e-9


@pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")
@pytest.mark.parametrize("cell", list(CELLS))
def test_the_kernels_gradients_are_those_of_the_scan_in_double_precision(cell, errors):
    assert worst(errors["kernels"], cell) < 2e-6
