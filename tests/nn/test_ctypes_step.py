"""Direct calls of the kernels: structures that do not fit the library, and calls that would leave their buffers."""

import ctypes
from itertools import pairwise

import numpy as np
import pytest

from loopcast import kernels
from loopcast.errors import LoopcastError, OptionError
from loopcast.features.causal import native_encode, native_read
from loopcast.features.causal.ahead import CANDIDATES, CODES
from loopcast.features.causal.inputs import INPUTS
from loopcast.kernels import LIBRARY, check_layout, layout
from loopcast.live import native
from loopcast.models.trees import native_trees
from loopcast.nn import ctypes_step, direct_decoder, fused
from loopcast.nn.cells import CELLS
from loopcast.nn.ctypes_step import STRUCTURES, DirectStep, checked_library
from loopcast.nn.shapes import SHAPES, CellWeights, DenseWeights
from loopcast.nn.step_decoder import SIDE
from reference import recurrence

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built")


def draw(rng, *shape):
    return rng.normal(0, 0.4, shape).astype(np.float32)


def draw_layers(rng, cell, widths):
    kind = CELLS[cell]
    return [
        CellWeights(
            draw(rng, inputs, kind.gates * units),
            draw(rng, units, kind.gates * units),
            draw(rng, *kind.bias_shape(units)),
        )
        for inputs, units in pairwise(widths)
    ]


def example(widths=(3, 5, 4), outputs=2):
    """A step that is right."""
    rng = np.random.default_rng(0)
    head = DenseWeights(draw(rng, widths[-1], outputs), draw(rng, outputs))
    return DirectStep("lstm", draw_layers(rng, "lstm", widths), head)


def with_field(structure, name, kind):
    """The structure with another type for one field, or with one more."""
    fields = dict(structure._fields_) | {name: kind}
    return type("Wrong", (ctypes.Structure,), {"_fields_": tuple(fields.items())})


def without_field(structure, name):
    fields = tuple(field for field in structure._fields_ if field[0] != name)
    return type("Wrong", (ctypes.Structure,), {"_fields_": fields})


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("widths", [(0, 5), (3, 1), (3, 5, 17), (2, 16, 40)])
def test_steps_one_by_one_equal_a_numpy_loop(cell, widths):
    rng = np.random.default_rng(1)
    layers, inputs = draw_layers(rng, cell, widths), draw(rng, 1, 8, widths[0])
    states = [[draw(rng, 1, units) for _ in range(CELLS[cell].states)] for units in widths[1:]]
    step = DirectStep(cell, layers, None)
    step.before[:] = np.concatenate([np.pad(part[0], (0, -part.size % 16)) for state in states for part in state])
    outputs = []
    for row in inputs[0]:
        step.inputs[:] = row
        step.run()
        step.before[:] = step.after
        outputs.append(step.outputs.copy())
    expected = inputs
    for layer, state in zip(layers, states, strict=True):
        _, expected = recurrence.run(cell, layer, state, expected)
    np.testing.assert_allclose(outputs, expected[0], atol=1e-5)


def test_the_library_describes_every_structure_and_the_constants_that_python_repeats():
    table = layout()
    structures = STRUCTURES | direct_decoder.STRUCTURES | native_encode.STRUCTURES | native_read.STRUCTURES
    structures |= native.STRUCTURES | native_trees.STRUCTURES
    check_layout(structures, table)
    described = {name.partition(".")[0] for name in table if "." in name}
    assert described == set(structures)
    assert table["max_depth"] == (fused.MOST_LAYERS,)
    assert table["cells"] == (len(SHAPES),)
    assert [shape.number for shape in SHAPES.values()] == list(range(len(SHAPES)))
    assert table["side"] == (SIDE,)
    assert table["causal_inputs"] == (INPUTS,)
    assert (table["causal_candidates"], table["causal_codes"]) == ((CANDIDATES,), (CODES,))


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_field_that_differs_is_named_with_the_cure(name):
    structure = STRUCTURES[name]
    for field, *_ in structure._fields_:
        narrow = with_field(structure, field, ctypes.c_int16)
        with pytest.raises(LoopcastError, match=rf"{name}\.{field} lies at .* 2 bytes in Python.*pip install \."):
            check_layout({name: narrow}, layout())
        with pytest.raises(LoopcastError, match=rf"{name}\..*pip install \."):
            check_layout({name: without_field(structure, field)}, layout())
    with pytest.raises(LoopcastError, match=rf"{name}\.more lies at .* and is absent in"):
        check_layout({name: with_field(structure, "more", ctypes.c_bool)}, layout())


def test_a_structure_of_another_size_is_named():
    table = layout() | {"Head": (128,)}
    with pytest.raises(LoopcastError, match=r"Head has \d+ bytes in Python and has 128 bytes in .*pip install \."):
        check_layout(STRUCTURES, table)


def test_a_direct_step_is_not_made_where_a_structure_differs(monkeypatch):
    monkeypatch.setitem(ctypes_step.STRUCTURES, "Stack", with_field(STRUCTURES["Stack"], "depth", ctypes.c_int32))
    with pytest.raises(LoopcastError, match=r"Stack\.depth"):
        example()


def test_a_library_without_the_table_or_a_target_says_to_rebuild(monkeypatch):
    monkeypatch.setattr(kernels, "library", lambda: ctypes.CDLL(None))
    layout.cache_clear()
    with pytest.raises(LoopcastError, match=r"no table of its structures.*pip install \."):
        layout()
    monkeypatch.undo()
    monkeypatch.setattr(kernels, "FUNCTIONS", (*kernels.FUNCTIONS, "loopcast_other"))
    with pytest.raises(LoopcastError, match=r"has no loopcast_other.*pip install \."):
        kernels.library.__wrapped__()


NULL = ctypes.POINTER(ctypes.c_float)()


def set_field(path, value, call):
    *parents, name = path.split(".")
    for parent in parents:
        call = call[int(parent)] if parent.isdigit() else getattr(call, parent)
        call = call.contents if hasattr(call, "contents") and parent == "head" else call
    if name.isdigit():
        call[int(name)] = value
    else:
        setattr(call, name, value)


MISTAKES = [
    ("cell's number", "forward.stack.cell", -1),
    ("cell's number", "forward.stack.cell", 4),
    ("number of layers", "forward.stack.depth", 0),
    ("number of layers", "forward.stack.depth", 17),
    ("no layers", "forward.stack.layers", ctypes.POINTER(ctypes_step._Layer)()),
    ("as many inputs", "forward.stack.layers.1.inputs", 7),
    ("too large", "forward.stack.time", 2**63),
    ("too large", "forward.stack.layers.0.inputs", 2**60),
    ("no kernel", "forward.stack.layers.0.kernel", NULL),
    ("recurrent kernel", "forward.stack.layers.1.recurrent_kernel", NULL),
    ("or bias", "forward.stack.layers.1.bias", NULL),
    ("no state", "forward.stack.layers.0.state.0", NULL),
    ("no final state", "forward.stack.layers.1.final_state.1", NULL),
    ("the head has no kernel", "forward.stack.head.kernel", NULL),
    ("the head .* no bias", "forward.stack.head.bias", NULL),
    ("no inputs", "forward.inputs", NULL),
    ("no mask", "forward.stack.masked", True),
    ("no outputs", "forward.outputs", NULL),
    ("workspace is null", "forward.workspace", NULL),
    ("too few floats", "workspace_floats", 1),
]


@pytest.mark.parametrize(("message", "path", "value"), MISTAKES)
def test_a_call_that_would_leave_its_buffers_is_refused_and_computes_nothing(message, path, value):
    step = example()
    step.inputs[:] = 1
    set_field(path, value, step._call)
    with pytest.raises(LoopcastError, match=f"cannot take this step: .*{message}.*layers, batch"):
        step.run()
    assert not step.after.any()
    assert not step.outputs.any()


def test_every_status_of_a_step_is_reached_and_has_a_message():
    loaded, statuses = checked_library(), set()
    for _, path, value in MISTAKES:
        step = example()
        set_field(path, value, step._call)
        statuses.add(loaded.loopcast_step(step._reference))
    statuses.add(loaded.loopcast_step(None))
    messages = [loaded.loopcast_step_message(status) for status in range(len(statuses) + 1)]
    assert statuses == set(range(1, len(statuses) + 1))
    assert len(set(messages)) == len(messages)
    assert loaded.loopcast_step_message(len(messages)) is None


def test_a_refused_step_leaves_the_next_one_as_it_was():
    step = example()
    step.inputs[:] = 0.5
    step.run()
    expected = step.outputs.copy()
    set_field("workspace_floats", 0, step._call)
    with pytest.raises(LoopcastError, match="too few floats"):
        step.run()
    set_field("workspace_floats", 10_000, step._call)
    step.run()
    np.testing.assert_array_equal(step.outputs, expected)


def test_too_many_layers_are_refused_when_the_step_is_made():
    with pytest.raises(OptionError, match="17 layers"):
        example(widths=(3, *[5] * 17))
