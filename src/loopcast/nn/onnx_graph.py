"""A graph of ONNX operators as plain values: what is computed of what. No library is needed to draw one up."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

Kind = Literal["step", "history"]


@dataclass(frozen=True, kw_only=True)
class Export:
    """What graph is wanted of a model.

    kind: of a row at a time, or of whole series; raw: of values as they are, or as the model reads them; horizon: steps
    ahead, where the graph has to know.
    """

    kind: Kind
    raw: bool
    horizon: int


class Port(NamedTuple):
    """An array that goes in or comes out.

    shape: whole numbers, or names of sizes that the caller chooses, such as "batch".
    """

    name: str
    dtype: Any
    shape: tuple[int | str, ...]


class Node(NamedTuple):
    """An operator, the names of what it reads (empty: nothing) and makes, and its attributes."""

    operator: str
    reads: tuple[str, ...]
    makes: tuple[str, ...]
    attributes: dict[str, Any]


class Graph:
    """Operators in the order in which they run; each gives the name of what it makes.

    outer: the graph that runs this one again and again, whose arrays it reads too; prefix: of the names made here.
    """

    def __init__(self, outer: "Graph | None" = None, prefix: str = "") -> None:
        self.inputs: list[Port] = []
        self.outputs: list[Port] = []
        self.nodes: list[Node] = []
        self.own_constants: dict[str, np.ndarray] = {}
        self.constants: dict[str, np.ndarray] = self.own_constants if outer is None else outer.constants
        self._prefix = prefix

    def port(self, name: str, dtype: Any, *shape: int | str) -> str:
        """What goes in."""
        self.inputs.append(Port(name, dtype, shape))
        return name

    def give(self, made: str, name: str, dtype: Any, *shape: int | str) -> None:
        """Have what was made come out under a name."""
        self.nodes.append(Node("Identity", (made,), (name,), {}))
        self.outputs.append(Port(name, dtype, shape))

    def constant(self, name: str, array: Any, dtype: Any = np.float32) -> str:
        """An array that the file holds; the same name is the same array."""
        self.constants[name] = np.array(array, dtype, order="C")
        return name

    def apply(self, operator: str, *reads: str, **attributes: Any) -> str:
        """What an operator makes, where that is one array."""
        return self.apply_many(operator, 1, *reads, **attributes)[0]

    def apply_many(self, operator: str, count: int, *reads: str, **attributes: Any) -> tuple[str, ...]:
        """What an operator makes, several arrays."""
        makes = tuple(f"{self._prefix}{operator.lower()}_{len(self.nodes)}_{place}" for place in range(count))
        self.nodes.append(Node(operator, reads, makes, attributes))
        return makes

    def scan(self, body: "Graph", states: Sequence[str], rows: str) -> tuple[str, ...]:
        """What states become by a graph that is run for each column of `rows` `[batch, time]`: its inputs and outputs.

        body: takes the states, then a column `[batch]`, and gives the states after it.
        """
        return self.apply_many("Scan", len(states), *states, rows, body=body, num_scan_inputs=1, scan_input_axes=[1])

    def number(self, array: Any, dtype: Any = np.float64) -> str:
        """A number, or an array of them, named after what it is."""
        made = np.asarray(array, dtype)
        content = hashlib.sha256(repr((made.shape, made.dtype.str)).encode() + made.tobytes()).hexdigest()[:16]
        return self.constant(f"number_{content}", made, dtype)

    def integers(self, *numbers: int) -> str:
        """A vector of whole numbers, such as axes."""
        return self.number(numbers, np.int64)

    def split(self, array: str, sizes: Sequence[int]) -> tuple[str, ...]:
        """Parts of the last axis."""
        if len(sizes) == 1:
            return (array,)
        return self.apply_many("Split", len(sizes), array, self.integers(*sizes), axis=-1)

    def join(self, arrays: Iterable[str]) -> str:
        """Arrays end to end, along the last axis."""
        each = tuple(arrays)
        return each[0] if len(each) == 1 else self.apply("Concat", *each, axis=-1)
