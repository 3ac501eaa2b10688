"""Arithmetic on what a graph computes, float64, written as arithmetic: `a + b` is an operator of the graph."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from loopcast.nn.onnx_graph import Graph


@dataclass(frozen=True, eq=False)
class Value:
    """What one operator made, float64 or bool `[batch, number]` as a rule; plain numbers stand beside it."""

    graph: Graph
    name: str

    def apply(self, operator: str, *others: "Value | float", **attributes: Any) -> "Value":
        """What an operator makes of this and others."""
        names = [self.of(other).name for other in others]
        return Value(self.graph, self.graph.apply(operator, self.name, *names, **attributes))

    def of(self, number: "Value | float") -> "Value":
        """A number in the same graph."""
        return number if isinstance(number, Value) else self.array(number)

    def array(self, numbers: Any) -> "Value":
        """An array of numbers in the same graph."""
        return Value(self.graph, self.graph.number(numbers))

    def __add__(self, other: "Value | float") -> "Value":
        return self.apply("Add", other)

    def __sub__(self, other: "Value | float") -> "Value":
        return self.apply("Sub", other)

    def __rsub__(self, other: float) -> "Value":
        return self.of(other) - self

    def __mul__(self, other: "Value | float") -> "Value":
        return self.apply("Mul", other)

    def __rmul__(self, other: float) -> "Value":
        return self * other

    def __truediv__(self, other: "Value | float") -> "Value":
        return self.apply("Div", other)

    def __rtruediv__(self, other: float) -> "Value":
        return self.of(other) / self

    def __ge__(self, other: "Value | float") -> "Value":
        return self.apply("GreaterOrEqual", other)

    def __gt__(self, other: "Value | float") -> "Value":
        return self.apply("Greater", other)

    def __lt__(self, other: "Value | float") -> "Value":
        return self.apply("Less", other)

    def __and__(self, other: "Value") -> "Value":
        return self.apply("And", other)

    def __or__(self, other: "Value") -> "Value":
        return self.apply("Or", other)

    def __invert__(self) -> "Value":
        return self.apply("Not")

    def __getitem__(self, places: int | slice | Sequence[int]) -> "Value":
        """Some of the last axis, which stays."""
        if isinstance(places, int):
            places = slice(places, places + 1)
        if isinstance(places, slice):
            ends = (self.graph.integers(places.start or 0), self.graph.integers(places.stop), self.graph.integers(-1))
            return Value(self.graph, self.graph.apply("Slice", self.name, *ends))
        return Value(self.graph, self.graph.apply("Gather", self.name, self.graph.integers(*places), axis=-1))

    def last(self) -> "Value":
        """The last of the last axis, which goes."""
        return Value(self.graph, self.graph.apply("Gather", self.name, self.graph.number(-1, np.int64), axis=-1))

    def beside(self, count: int, number: float, dtype: Any) -> "Value":
        """A number, so many times for each of the first axis."""
        shape = self.graph.join([self.graph.apply("Shape", self.name, start=0, end=1), self.graph.integers(count)])
        return Value(self.graph, self.graph.apply("Expand", self.graph.number(number, dtype), shape))

    def equals(self, other: "Value | float") -> "Value":
        return self.apply("Equal", other)

    def most(self, other: "Value | float") -> "Value":
        """The larger of both."""
        return self.apply("Max", other)

    def least(self, other: "Value | float") -> "Value":
        return self.apply("Min", other)

    def clip(self, most: float) -> "Value":
        """Within -most and most."""
        return self.apply("Clip", -most, most)

    def size(self) -> "Value":
        return self.apply("Abs")

    def log(self) -> "Value":
        return self.apply("Log")

    def root(self) -> "Value":
        return self.apply("Sqrt")

    def asinh(self) -> "Value":
        """Of logarithms: runtimes have it in float32 alone."""
        size = self.size()
        return self.apply("Sign") * (size + (size * size + 1.0).root()).log()

    def sinh(self) -> "Value":
        """Of exponentials, likewise."""
        return (self.apply("Exp") - (0.0 - self).apply("Exp")) / 2.0

    def total(self) -> "Value":
        """The sum of the last axis, which stays."""
        return Value(self.graph, self.graph.apply("ReduceSum", self.name, self.graph.integers(-1), keepdims=1))

    def number(self) -> "Value":
        """True as 1, False as 0."""
        return self.apply("Cast", to=np.float64)

    def single(self) -> "Value":
        """As float32."""
        return self.apply("Cast", to=np.float32)

    def unsqueeze(self, axis: int) -> "Value":
        return Value(self.graph, self.graph.apply("Unsqueeze", self.name, self.graph.integers(axis)))

    def where(self, this: "Value | float", other: "Value | float") -> "Value":
        """One number or the other, as this is true or not."""
        return self.apply("Where", this, other)


def join(values: Sequence[Value]) -> Value:
    """End to end, along the last axis."""
    return Value(values[0].graph, values[0].graph.join(value.name for value in values))


def stack(values: Sequence[Value]) -> Value:
    """Beside each other, along a new last axis."""
    return join([value.unsqueeze(-1) for value in values])
