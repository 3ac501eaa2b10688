"""Weights of recurrent layers, and what tells their shapes: plain values, of JAX's arrays or NumPy's.

Names, gate order and shapes are Keras's, so weights go to stock Keras layers and back unchanged: `kernel` W `[input,
gates * units]`, `recurrent_kernel` U `[units, gates * units]`, `bias` b `[gates * units]` (GRU: `[2, 3 * units]`, one
row for the input and one for the recurrent product, where it resets after that).
"""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

CellName = Literal["simple", "gru", "lstm"]
MOST_LAYERS = 100  # and with two they are deep
MOST_PARAMETERS = 2**28  # of which a gigabyte holds the weights

LSTM_GATES = ("input", "forget", "candidate", "output")
GRU_GATES = ("update", "reset", "candidate")


class CellWeights(NamedTuple):
    """Weights of one recurrent layer, shaped and ordered as `keras.Layer.get_weights()` gives them."""

    kernel: Any
    recurrent_kernel: Any
    bias: Any


class DenseWeights(NamedTuple):
    """A linear head, `y = h W + b`: kernel `[units, output]`, bias `[output]`."""

    kernel: Any
    bias: Any

    def read(self, hidden: Any) -> Any:
        """`[..., units] -> [..., output]`"""
        return hidden @ self.kernel + self.bias


@dataclass(frozen=True, kw_only=True)
class CellShape:
    """What tells the shapes of one kind of cell from another's.

    number: as the kernels count them; states: how many arrays its state has; bias_rows: 2 where input and recurrent
    product have a bias each.
    """

    number: int
    gates: int
    states: int
    bias_rows: int

    def bias_shape(self, units: int) -> tuple[int, ...]:
        columns = self.gates * units
        return (columns,) if self.bias_rows == 1 else (self.bias_rows, columns)

    def layer_shapes(self, inputs: int, units: int) -> tuple[tuple[int, ...], ...]:
        """Of kernel, recurrent kernel and bias."""
        return (inputs, self.gates * units), (units, self.gates * units), self.bias_shape(units)


SHAPES = {
    "simple": CellShape(number=0, gates=1, states=1, bias_rows=1),
    "gru": CellShape(number=1, gates=len(GRU_GATES), states=1, bias_rows=2),
    "lstm": CellShape(number=2, gates=len(LSTM_GATES), states=2, bias_rows=1),
    "gru_reset_before": CellShape(number=3, gates=len(GRU_GATES), states=1, bias_rows=1),
}
